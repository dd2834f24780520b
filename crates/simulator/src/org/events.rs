//! The org's events as administrators set them up and subscribers read them, in the order of their
//! replay ids. Most runs have no subscriber, so a write only moves a counter; events are made from
//! the log when somebody reads.

mod bitmap;
mod deliver;
mod managed;
mod mishap;
mod payload;
mod platform;
mod topic;

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::Org;
use super::error::ApiError;
use super::event_bus::supports_events;
use super::state::State;

pub(crate) use super::event_bus::replay;
pub use super::event_bus::{EventSettings, ManagedSubscription};
pub use platform::PlatformKind;

pub(crate) use deliver::{Delivered, Start};
pub(crate) use platform::PublishRefused;
pub(crate) use topic::{Topic, TopicRefused};

impl State {
    /// Wakes the subscribers when the log has grown.
    pub fn announce_changes(&mut self) {
        if self.changes.len() > self.events.settled {
            self.events.announce();
        }
    }
}

impl Org {
    /// How the event bus behaves.
    pub fn event_settings(&self) -> EventSettings {
        self.read().events.settings.clone()
    }

    /// Changes how the event bus behaves, for events that come.
    pub fn set_event_settings(&self, settings: EventSettings) {
        let mut state = self.settled_events();
        state.events.settings = settings;
        state.events.announce();
    }

    /// Selects an object for change events, as all that can have them are from the start.
    pub fn select_for_events(&self, object: &str) -> Result<(), ApiError> {
        let name = self.event_entity(object)?;
        self.settled_events().events.deselected.remove(&name);
        Ok(())
    }

    /// From now on changes of this object make no events.
    pub fn deselect_for_events(&self, object: &str) -> Result<(), ApiError> {
        let name = self.event_entity(object)?;
        self.settled_events().events.deselected.insert(name);
        Ok(())
    }

    /// Defines `/data/NAME__chn` with the change events of these objects.
    pub fn define_event_channel(&self, name: &str, objects: &[&str]) -> Result<(), ApiError> {
        let members: Result<BTreeSet<String>, ApiError> =
            objects.iter().map(|o| self.event_entity(o)).collect();
        let members = members?;
        let mut state = self.lock();
        state.events.channels.insert(name.to_owned(), members);
        Ok(())
    }

    /// Rises with everything that subscribers may want to see.
    pub(crate) fn event_watch(&self) -> watch::Receiver<u64> {
        self.read().events.wake.subscribe()
    }

    /// The schema of this id, a past one too.
    pub(crate) fn event_schema(&self, id: &str) -> Option<String> {
        self.read().events.schemas.get(id).cloned()
    }

    /// The object's own spelling, if it can have change events.
    fn event_entity(&self, object: &str) -> Result<String, ApiError> {
        let state = self.read();
        let def = state.store.schema.object(object);
        let def = def.filter(|def| supports_events(&def.name));
        def.map(|def| def.name.clone())
            .ok_or_else(ApiError::not_found)
    }

    /// The state with every change of the log made into its events.
    fn settled_events(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        let State {
            events,
            changes,
            store,
            ..
        } = &mut *state;
        events.settle(&store.schema, changes, now_ms);
        state
    }
}

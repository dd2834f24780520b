//! What a topic name stands for, and who may read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::org::Org;
use crate::org::event_bus::{What, event_name, supports_events};
use crate::org::id::RecordId;
use crate::org::state::State;

/// A topic that somebody may subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `/data/ChangeEvents`: all selected objects.
    All,
    /// `/data/ContactChangeEvent`.
    Entity(String),
    /// `/data/Some__chn`: the objects of a custom channel.
    Channel(BTreeSet<String>),
    /// `/event/Some__e`.
    Platform(String),
}

/// Why a topic is closed to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicRefused {
    Unknown,
    NoAccess,
}

impl Topic {
    pub(super) fn holds(&self, what: &What) -> bool {
        match (self, what) {
            (_, What::Mark) => false,
            (Self::All, What::Change(_)) => true,
            (Self::Entity(name), What::Change(change)) => *name == change.object,
            (Self::Channel(names), What::Change(change)) => names.contains(&change.object),
            (Self::Platform(name), What::Published(event)) => *name == event.event,
            _ => false,
        }
    }
}

impl Org {
    /// The topic of this name, if the user may read what it carries.
    pub(crate) fn event_topic(&self, user: &RecordId, name: &str) -> Result<Topic, TopicRefused> {
        let state = self.read();
        if let Some(event) = name.strip_prefix("/event/") {
            let known = state.events.platform.contains_key(event);
            return match known {
                true => Ok(Topic::Platform(event.to_owned())),
                false => Err(TopicRefused::Unknown),
            };
        }
        let channel = name.strip_prefix("/data/").ok_or(TopicRefused::Unknown)?;
        if channel == "ChangeEvents" {
            return Ok(Topic::All);
        }
        if let Some(stem) = channel.strip_suffix("__chn") {
            let members = state.events.channels.get(stem);
            let members = members.or_else(|| state.events.channels.get(channel));
            let members = members.ok_or(TopicRefused::Unknown)?;
            return Ok(Topic::Channel(members.clone()));
        }
        entity(&state, user, channel).map(Topic::Entity)
    }

    /// The id of a topic's schema; channels of several objects have none of their own.
    pub(crate) fn topic_schema(&self, topic: &Topic) -> String {
        let mut state = self.lock();
        let shape = match topic {
            Topic::All | Topic::Channel(_) => None,
            Topic::Platform(name) => state.events.platform.get(name).map(Arc::clone),
            Topic::Entity(name) => {
                let schema = Arc::clone(&state.store.schema);
                schema.object(name).map(|def| state.events.shape_of(def))
            }
        };
        shape.map_or_else(String::new, |shape| shape.id.clone())
    }
}

fn entity(state: &State, user: &RecordId, channel: &str) -> Result<String, TopicRefused> {
    let objects = &state.store.schema.objects;
    let def = objects
        .iter()
        .find(|o| supports_events(&o.name) && event_name(&o.name) == channel);
    let def = def.ok_or(TopicRefused::Unknown)?;
    match state.view(user).object(def.index).read {
        true => Ok(def.name.clone()),
        false => Err(TopicRefused::NoAccess),
    }
}

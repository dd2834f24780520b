//! The org's event bus: what was changed becomes change events, what was published becomes
//! platform events, and subscribers read both in the order of their replay ids. Most runs have no
//! subscriber, so a write only moves a counter; events are made from the log when somebody reads.

mod avro;
mod bitmap;
mod deliver;
mod managed;
mod mishap;
mod payload;
mod platform;
pub(crate) mod replay;
mod settle;
mod shape;
mod topic;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use super::Org;
use super::error::ApiError;
use super::state::State;
use managed::Managed;
use mishap::Mishaps;
use replay::ReplayIds;
use shape::Shape;

pub use managed::ManagedSubscription;
pub use platform::PlatformKind;

pub(crate) use deliver::{Delivered, Start};
pub(crate) use platform::PublishRefused;
pub(crate) use topic::{Topic, TopicRefused};

/// How the bus behaves; the defaults are those of a real org.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// How long events can be replayed.
    pub retention_ms: i64,
    /// A transaction with more changes than this reports an overflow.
    pub overflow_changes: usize,
    /// A change with more bytes than this becomes a gap event.
    pub event_bytes_max: usize,
    /// A stream that has nothing to say says so after this time.
    pub keep_alive_ms: u64,
    /// A stream that asks for nothing is closed after this time.
    pub idle_close_ms: u64,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self {
            retention_ms: 72 * 3_600_000,
            overflow_changes: 100_000,
            event_bytes_max: 1_000_000,
            keep_alive_ms: 270_000,
            idle_close_ms: 70_000,
        }
    }
}

/// Everything that the org knows of its events.
#[derive(Clone)]
pub(crate) struct EventBus {
    seed: u64,
    settings: EventSettings,
    ids: ReplayIds,
    /// Entries of the log that were already made into events.
    settled: usize,
    events: VecDeque<Stored>,
    deselected: BTreeSet<String>,
    channels: BTreeMap<String, BTreeSet<String>>,
    platform: BTreeMap<String, Arc<Shape>>,
    shapes: HashMap<String, Arc<Shape>>,
    /// Schemas by id, those of the past too.
    schemas: BTreeMap<String, String>,
    managed: BTreeMap<String, Managed>,
    mishaps: Mishaps,
    wake: watch::Sender<u64>,
}

/// One place in the order of events.
#[derive(Clone)]
struct Stored {
    replay: u64,
    at_ms: i64,
    /// Not delivered before.
    due_ms: i64,
    what: What,
}

#[derive(Clone)]
enum What {
    Change(Box<Change>),
    Published(Box<Published>),
    /// Only a replay id, so that subscribers without events have a fresh one to keep.
    Mark,
}

/// A change event as it is kept: its fields stay in the log until somebody reads them.
#[derive(Clone)]
struct Change {
    shape: Arc<Shape>,
    object: String,
    change_type: String,
    sequence: u32,
    /// The entry of the log that the others equal.
    entry: usize,
    record_ids: Vec<String>,
    /// Gap and overflow events have nothing beside their header.
    header_only: bool,
}

#[derive(Clone)]
struct Published {
    event: String,
    id: String,
    schema_id: String,
    payload: Vec<u8>,
}

impl EventBus {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            settings: EventSettings::default(),
            ids: ReplayIds::new(seed),
            settled: 0,
            events: VecDeque::new(),
            deselected: BTreeSet::new(),
            channels: BTreeMap::new(),
            platform: BTreeMap::new(),
            shapes: HashMap::new(),
            schemas: BTreeMap::new(),
            managed: BTreeMap::new(),
            mishaps: Mishaps::default(),
            wake: watch::Sender::new(0),
        }
    }

    /// Gives out ids that a bus which goes has not given out, so that none is valid twice.
    pub fn continue_after(&mut self, gone: &EventBus) {
        self.ids = gone.ids.clone();
    }

    fn announce(&self) {
        self.wake.send_modify(|count| *count += 1);
    }

    /// The shape is known from here on by its schema id.
    fn register(&mut self, shape: Shape) -> Arc<Shape> {
        self.schemas.insert(shape.id.clone(), shape.json.clone());
        Arc::new(shape)
    }
}

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
        let def = def.filter(|def| shape::supports_events(&def.name));
        def.map(|def| def.name.clone())
            .ok_or_else(ApiError::not_found)
    }

    /// The state with every change of the log made into its events.
    fn settled_events(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        settle::settle(&mut state, now_ms);
        state
    }
}

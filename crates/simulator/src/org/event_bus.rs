//! The org's event bus: what was changed becomes change events, what was published becomes platform
//! events, each in its place in the order of replay ids.

pub(super) mod avro;
mod mishap;
pub(crate) mod replay;
mod settle;
mod shape;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use mishap::Mishaps;
use replay::ReplayIds;

pub(crate) use shape::{CHANGE_TYPES, Holds, Part, Shape, carried, event_name, supports_events};

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
    pub seed: u64,
    pub settings: EventSettings,
    pub ids: ReplayIds,
    /// Entries of the log that were already made into events.
    pub settled: usize,
    pub events: VecDeque<Stored>,
    pub deselected: BTreeSet<String>,
    pub channels: BTreeMap<String, BTreeSet<String>>,
    pub platform: BTreeMap<String, Arc<Shape>>,
    shapes: HashMap<String, Arc<Shape>>,
    /// Schemas by id, those of the past too.
    pub schemas: BTreeMap<String, String>,
    pub managed: BTreeMap<String, Managed>,
    pub mishaps: Mishaps,
    pub wake: watch::Sender<u64>,
}

/// One place in the order of events.
#[derive(Clone)]
pub(crate) struct Stored {
    pub replay: u64,
    pub at_ms: i64,
    /// Not delivered before.
    pub due_ms: i64,
    pub what: What,
}

#[derive(Clone)]
pub(crate) enum What {
    Change(Box<Change>),
    Published(Box<Published>),
    /// Only a replay id, so that subscribers without events have a fresh one to keep.
    Mark,
}

/// A change event as it is kept: its fields stay in the log until somebody reads them.
#[derive(Clone)]
pub(crate) struct Change {
    pub shape: Arc<Shape>,
    pub object: String,
    pub change_type: String,
    pub sequence: u32,
    /// The entry of the log that the others equal.
    pub entry: usize,
    pub record_ids: Vec<String>,
    /// Gap and overflow events have nothing beside their header.
    pub header_only: bool,
}

#[derive(Clone)]
pub(crate) struct Published {
    pub event: String,
    pub id: String,
    pub schema_id: String,
    pub payload: Vec<u8>,
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

    /// Wakes the subscribers.
    pub fn announce(&self) {
        self.wake.send_modify(|count| *count += 1);
    }

    /// The shape is known from here on by its schema id.
    pub fn register(&mut self, shape: Shape) -> Arc<Shape> {
        self.schemas.insert(shape.id.clone(), shape.json.clone());
        Arc::new(shape)
    }
}

/// A subscription whose progress the org keeps.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedSubscription {
    /// Its name for programs.
    pub developer_name: String,
    /// For example `/data/ContactChangeEvent`.
    pub topic: String,
    /// Where it begins before the first commit: with the oldest event, or with new ones.
    #[serde(default)]
    pub from_earliest: bool,
}

/// A subscription with its progress.
#[derive(Clone)]
pub(crate) struct Managed {
    pub id: String,
    pub definition: ManagedSubscription,
    /// The replay id up to which everything is done.
    pub committed: Option<u64>,
}

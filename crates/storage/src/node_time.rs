//! Time on one node: what the database's clock showed when it was asked last, and what has passed
//! since by a count that nobody can set. So a node whose clock is wrong, or is set while it works,
//! takes nobody's lease and loses none.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tieline_domain::time::{Clock, Timestamp};

/// What asking takes would else move the clock to and fro.
const CLOSE_ENOUGH_MS: i64 = 250;

/// Every node has looked at the database's clock by then, twice.
const KNOWN_AFTER_MS: i64 = 60_000;
const NEVER: i64 = i64::MAX;

/// Cheap to clone; all clones learn together.
#[derive(Clone)]
pub(crate) struct NodeTime {
    clock: Arc<dyn Clock>,
    offset_ms: Arc<AtomicI64>,
    /// When it was noticed, by the count, that the database's clock was set back.
    set_back_ms: Arc<AtomicI64>,
}

impl NodeTime {
    pub fn new(clock: Arc<dyn Clock>) -> NodeTime {
        let offset_ms = clock.now().0 - clock.steady_ms();
        NodeTime {
            clock,
            offset_ms: Arc::new(AtomicI64::new(offset_ms)),
            set_back_ms: Arc::new(AtomicI64::new(NEVER)),
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.steady_ms() + self.offset_ms.load(Ordering::SeqCst))
    }

    /// What has passed, from whatever moment.
    pub fn steady(&self) -> Timestamp {
        Timestamp(self.clock.steady_ms())
    }

    /// The database's clock, where a test sets it.
    pub fn given(&self) -> Option<Timestamp> {
        self.clock.database_now()
    }

    /// How far the present moment is to be moved to be what the database's clock shows now; a database of
    /// this node's has its clock.
    pub fn step_to(&self, there: Option<Timestamp>) -> Option<i64> {
        let there = there.unwrap_or_else(|| self.clock.now());
        let step_ms = there.0 - self.now().0;
        (step_ms.abs() > CLOSE_ENOUGH_MS).then_some(step_ms)
    }

    /// The database's clock was set back.
    pub fn was_set_back(&self) {
        self.set_back_ms
            .store(self.clock.steady_ms(), Ordering::SeqCst);
    }

    /// Whether it was, and every node knows.
    pub fn is_known_set_back(&self) -> bool {
        let noticed_ms = self.set_back_ms.load(Ordering::SeqCst);
        noticed_ms != NEVER && self.clock.steady_ms() - noticed_ms >= KNOWN_AFTER_MS
    }

    /// What was to be done for that is done.
    pub fn forget_set_back(&self) {
        self.set_back_ms.store(NEVER, Ordering::SeqCst);
    }

    /// Moves the present moment.
    pub fn step(&self, step_ms: i64) {
        self.offset_ms.fetch_add(step_ms, Ordering::SeqCst);
    }
}

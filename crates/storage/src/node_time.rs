//! Time on one node: its own clock, corrected by what the database's clock shows, so that a node
//! whose clock is wrong takes nobody's lease and loses none.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tieline_domain::time::{Clock, Timestamp};

/// What asking takes would else move the clock to and fro.
const CLOSE_ENOUGH_MS: i64 = 250;

/// Cheap to clone; all clones learn together.
#[derive(Clone)]
pub(crate) struct NodeTime {
    clock: Arc<dyn Clock>,
    offset_ms: Arc<AtomicI64>,
}

impl NodeTime {
    pub fn new(clock: Arc<dyn Clock>) -> NodeTime {
        NodeTime {
            clock,
            offset_ms: Arc::default(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now() + self.offset_ms.load(Ordering::SeqCst)
    }

    /// The database's clock, where a test sets it.
    pub fn given(&self) -> Option<Timestamp> {
        self.clock.database_now()
    }

    /// Takes over what the database's clock shows now.
    pub fn learn(&self, there: Option<Timestamp>) {
        let offset_ms = there.map_or(0, |there| there.since(self.clock.now()));
        let known = self.offset_ms.load(Ordering::SeqCst);
        if (offset_ms - known).abs() > CLOSE_ENOUGH_MS {
            self.offset_ms.store(offset_ms, Ordering::SeqCst);
        }
    }
}

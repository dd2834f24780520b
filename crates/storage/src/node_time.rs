//! Time on one node: what the database's clock showed when it was asked last, and what has passed
//! since by a count that nobody can set. So a node whose clock is wrong, or is set while it works,
//! takes nobody's lease and loses none.

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
        let offset_ms = clock.now().0 - clock.steady_ms();
        NodeTime {
            clock,
            offset_ms: Arc::new(AtomicI64::new(offset_ms)),
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.steady_ms() + self.offset_ms.load(Ordering::SeqCst))
    }

    /// The database's clock, where a test sets it.
    pub fn given(&self) -> Option<Timestamp> {
        self.clock.database_now()
    }

    /// Takes over what the database's clock shows now; a database of this node's has its clock.
    pub fn learn(&self, there: Option<Timestamp>) {
        let there = there.unwrap_or_else(|| self.clock.now());
        let offset_ms = there.0 - self.clock.steady_ms();
        let known = self.offset_ms.load(Ordering::SeqCst);
        if (offset_ms - known).abs() > CLOSE_ENOUGH_MS {
            self.offset_ms.store(offset_ms, Ordering::SeqCst);
        }
    }
}

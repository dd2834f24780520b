//! What a run is: who began it, and where it stands.

use crate::words::words;

words! {
    /// What began a run.
    RunTrigger {
        /// Somebody asked for it.
        Staff = "staff",
        /// The clock.
        Schedule = "schedule",
        /// A change that waits to go to the org.
        Change = "change",
        /// Nothing was read from the org before.
        First = "first",
    }
}

words! {
    /// Where a run stands.
    RunState {
        Running = "running",
        /// Somebody asked it to stop; it ends behind the batch in hand.
        Cancelling = "cancelling",
        Cancelled = "cancelled",
        Done = "done",
        Failed = "failed",
    }
}

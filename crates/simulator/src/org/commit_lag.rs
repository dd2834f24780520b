//! Changes that carry an older stamp than the moment at which others see them: a real org stamps a
//! record when its transaction begins, and a long one is committed seconds later. Whoever polls by
//! SystemModstamp misses such a change unless the polled spans overlap.

use super::Org;

/// Which of the next writes are stamped early.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitLag {
    /// Seconds from the stamp to the moment at which the change is seen.
    pub seconds: u32,
    /// How many of the next writing calls.
    pub times: u32,
}

impl Org {
    /// Stamps the next writes earlier than they are seen; `times: 0` ends it.
    pub fn set_commit_lag(&self, lag: CommitLag) {
        self.lock().commit_lag = lag;
    }

    /// The writes that are still to be stamped early.
    pub fn commit_lag(&self) -> CommitLag {
        self.read().commit_lag
    }
}

impl CommitLag {
    /// The stamp of a write that is made now.
    pub(super) fn stamp_of_write(&mut self, now_ms: i64) -> i64 {
        if self.times == 0 {
            return now_ms;
        }
        self.times -= 1;
        now_ms.saturating_sub(i64::from(self.seconds) * 1_000)
    }
}

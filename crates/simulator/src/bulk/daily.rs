//! What the bulk jobs of the last day used up.

/// Time over which is counted.
const DAY_MS: i64 = 86_400_000;

/// What was used and when. A lock of its own beside the jobs: it is read inside transactions, where
/// the jobs must not be locked.
#[derive(Default)]
pub(crate) struct DailyUse {
    batches: Vec<(i64, usize)>,
    queries: Vec<i64>,
    stored: Vec<(i64, u64)>,
}

/// What of the day's allowance is used.
pub(crate) struct Used {
    /// Batches of uploads.
    pub batches: i64,
    /// Query jobs.
    pub queries: i64,
    /// Megabytes of results of queries.
    pub stored_mb: i64,
}

impl DailyUse {
    pub fn count_batches(&mut self, now_ms: i64, batches: usize) {
        self.batches.push((now_ms, batches));
    }

    pub fn count_query(&mut self, now_ms: i64) {
        self.queries.push(now_ms);
    }

    pub fn count_stored(&mut self, now_ms: i64, bytes: u64) {
        self.stored.push((now_ms, bytes));
    }

    /// What was used of the last 24 hours' allowance.
    pub fn used(&self, now_ms: i64) -> Used {
        let recent = |at: &i64| *at > now_ms - DAY_MS;
        let stored = self.stored.iter().filter(|(at, _)| recent(at));
        let batches = self.batches.iter().filter(|(at, _)| recent(at));
        Used {
            batches: batches.map(|(_, count)| *count as i64).sum(),
            queries: self.queries.iter().filter(|at| recent(at)).count() as i64,
            stored_mb: (stored.map(|(_, bytes)| bytes).sum::<u64>() / 1_000_000) as i64,
        }
    }
}

//! Figures that nobody counts as they happen: looked up now and then, so that whoever reads them
//! costs nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tieline_domain::job::{JobKind, JobState};
use tieline_edge::Load;
use tieline_storage::{Store, job};
use tieline_web::Metrics;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(15);

/// Looks until told to stop.
pub async fn keep(
    store: Store,
    metrics: Arc<Metrics>,
    load: Arc<Load>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut seen: BTreeSet<(JobKind, JobState)> = BTreeSet::new();
    while !*stopped.borrow() {
        metrics.set_connections(load.open(), &load.refused());
        // Without a database the last figures stand, and readiness says what is wrong.
        if let Ok(now) = jobs(&store).await {
            // What is gone by now is none, not what it was.
            for (kind, state) in &seen {
                metrics.set_jobs(*kind, *state, 0);
            }
            for (kind, state, number) in now {
                metrics.set_jobs(kind, state, number);
                seen.insert((kind, state));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Jobs that are done leave no row, so these are those that wait.
async fn jobs(store: &Store) -> tieline_storage::Result<Vec<(JobKind, JobState, i64)>> {
    job::count_by_state(&mut *store.reader().await?).await
}

//! Whether the hub can do its work: asked of what the work needs, which is the writer.
//!
//! Anybody may ask, so all who ask at one time share one look.

use std::sync::Arc;
use std::time::{Duration, Instant};
use tieline_storage::Store;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Whoever asks is answered within this time.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_800);
/// What was seen stands for so long.
const STANDS: Duration = Duration::from_secs(1);

/// What was seen last, and when.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, bool)>>>);

impl Readiness {
    /// Whether the database takes changes, as it was seen a moment ago.
    pub(crate) async fn look(&self, store: &Store) -> bool {
        // Those who come meanwhile wait here, and find an answer.
        let mut last = self.0.lock().await;
        if let Some((at, is_ready)) = *last
            && at.elapsed() < STANDS
        {
            return is_ready;
        }
        // A full disk reads as ever, and begins to write as ever.
        let is_ready = matches!(timeout(PATIENCE, store.try_writing()).await, Ok(Ok(())));
        *last = Some((Instant::now(), is_ready));
        is_ready
    }
}

//! Whether the hub can do its work: asked of what the work needs, which is the writer, and the key to what
//! carriers sign with.
//!
//! Anybody may ask, so all who ask at one time share one look.

use std::sync::Arc;
use std::time::{Duration, Instant};
use tieline_messaging::{OpenSecret, is_sealed};
use tieline_storage::{Store, carrier_account};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Whoever asks is answered within this time.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_800);
/// What was seen stands for so long.
const STANDS: Duration = Duration::from_secs(1);

/// What to do where the secret of a carrier account does not open.
pub(crate) const KEY_MISSING_FIX: &str =
    "add the key that it was sealed with to the key file of this node, and start it again";

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Ready,
    /// The database takes no changes, or not in time.
    NoWrites,
    /// The keys of this node do not open what a carrier signs with: another node is to be asked.
    KeyMissing,
}

/// What was seen last, and when.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, Seen)>>>);

impl Readiness {
    /// How it was seen a moment ago.
    pub(crate) async fn look(&self, store: &Store, open_secret: &OpenSecret) -> Seen {
        // Those who come meanwhile wait here, and find an answer.
        let mut last = self.0.lock().await;
        if let Some((at, seen)) = *last
            && at.elapsed() < STANDS
        {
            return seen;
        }
        let seen = timeout(PATIENCE, try_all(store, open_secret)).await;
        let seen = seen.map_or(Seen::NoWrites, |it| it.unwrap_or(Seen::NoWrites));
        *last = Some((Instant::now(), seen));
        seen
    }
}

async fn try_all(store: &Store, open_secret: &OpenSecret) -> tieline_storage::Result<Seen> {
    // A full disk reads as ever, and begins to write as ever.
    store.try_writing().await?;
    let accounts = carrier_account::all(&mut *store.reader().await?).await?;
    Ok(match accounts.iter().any(|it| is_sealed(it, open_secret)) {
        true => Seen::KeyMissing,
        false => Seen::Ready,
    })
}

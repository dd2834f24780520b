//! What is dropped each hour: old news, sessions and links, and files that never got their message.

use super::Worker;
use tieline_domain::access::Actor;
use tieline_storage::attachment_store::sweep;
use tieline_storage::event;

/// Events are kept this long for browsers that were away.
const EVENTS_KEPT_MS: i64 = 24 * 3_600_000;
/// Bytes of attachments may wait this long for their row.
const ORPHANS_KEPT_MS: i64 = 24 * 3_600_000;

impl Worker {
    pub(super) async fn clean(&self) {
        let cleaned = async {
            let mut tx = self.store.begin(&Actor::system()).await?;
            let before = tx.now() - EVENTS_KEPT_MS;
            event::forget_before(&mut tx, before).await?;
            tx.commit().await
        };
        if let Err(error) = cleaned.await {
            tracing::warn!(error = %error, "old events could not be dropped; it is tried again");
        }
        if let Err(error) = self.sync.look_for_old_readings().await {
            tracing::warn!(error = %error, "it is not known whether numbers must be read anew; it is looked again");
        }
        if let Err(error) = self.access.sweep().await {
            tracing::warn!(error = %error, "old sessions and links could not be dropped; it is tried again");
        }
        let before = self.store.now() - ORPHANS_KEPT_MS;
        if let Err(error) = sweep(&self.store, &*self.attachments, before).await {
            tracing::warn!(error = %error, "files without a message could not be dropped; it is tried again");
        }
    }
}

//! Inboxes and the secrets of their carrier accounts, as webhooks are checked against them: read once
//! and kept for a while, so that a text costs no look-up of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tieline_domain::id::InboxId;
use tieline_messaging::OpenSecret;
use tieline_storage::Store;
use tieline_storage::inbox::{self, Inbox};
use tokio::time::Instant;

/// What changed in the database is seen after this long; a signature that does not fit is checked
/// once more against what stands there at that moment.
const KEPT: Duration = Duration::from_secs(10);

/// An inbox and its account's secret.
pub(crate) struct Account {
    pub inbox: Inbox,
    /// None when it was sealed with another key.
    pub secret: Option<String>,
    read_at: Instant,
}

/// The accounts that were asked for; as many as there are inboxes at most.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<HashMap<InboxId, Arc<Account>>>>);

impl Accounts {
    /// The account of an inbox as it stood a moment ago, if it was read then.
    pub(crate) fn known(&self, id: InboxId) -> Option<Arc<Account>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let account = known.get(&id).cloned();
        account.filter(|account| account.read_at.elapsed() < KEPT)
    }

    /// The account of an inbox as it stands now.
    pub(crate) async fn read(
        &self,
        store: &Store,
        open_secret: &OpenSecret,
        id: InboxId,
    ) -> tieline_storage::Result<Arc<Account>> {
        let inbox = inbox::by_id(&mut *store.reader().await?, id).await?;
        let account = Arc::new(Account {
            secret: open_secret(inbox.id, &inbox.carrier_secret),
            inbox,
            read_at: Instant::now(),
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, account.clone());
        Ok(account)
    }
}

//! What handlers need, and where it comes from.

use crate::accounts::Accounts;
use crate::api::me::DemoLinks;
use crate::metrics::Metrics;
use crate::readiness::Readiness;
use crate::strangers::Held;
use crate::teller::Teller;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tieline_access::Access;
use tieline_messaging::{OpenSecret, Receiver};
use tieline_storage::Store;
use tieline_storage::attachment_store::AttachmentStore;
use tieline_sync::Sync;

/// A person waits this long for a connection to the database, and is told to come again.
pub const REQUEST_PATIENCE: Duration = Duration::from_secs(2);
/// A carrier gives up after 15 s. A webhook may wait for two connections.
pub const WEBHOOK_PATIENCE: Duration = Duration::from_secs(5);

/// What handlers need. Each layer of a route has a clone of it, and makes more for each request: one
/// counter for all of it, not one for each part.
#[derive(Clone)]
pub struct WebState(Arc<WebParts>);

impl WebState {
    /// Puts the parts together.
    pub fn new(parts: WebParts) -> WebState {
        WebState(Arc::new(parts))
    }
}

impl Deref for WebState {
    type Target = WebParts;
    fn deref(&self) -> &WebParts {
        &self.0
    }
}

/// What handlers need, part by part.
pub struct WebParts {
    /// Where everything is kept.
    pub store: Store,
    /// Who is signed in.
    pub access: Access,
    /// The door for what comes in.
    pub receiver: Receiver,
    /// Tells browsers what was committed.
    pub teller: Teller,
    /// The sync.
    pub sync: Sync,
    /// What webhooks are checked against.
    pub accounts: Accounts,
    /// Where the bytes of attachments are.
    pub attachments: Arc<dyn AttachmentStore>,
    /// Opens carriers' secrets, for checking signatures.
    pub open_secret: OpenSecret,
    /// Where people and carriers reach us; no slash at its end.
    pub public_url: String,
    /// The simulated org and phones, in the demo.
    pub demo: Option<DemoLinks>,
    /// Whether this node can do its work, as it was seen last.
    pub readiness: Readiness,
    /// What is held of strangers' bodies.
    pub held: Held,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

//! What handlers need, and where it comes from.

use crate::live::Teller;
use crate::metrics::Metrics;
use std::sync::Arc;
use tieline_access::Access;
use tieline_messaging::{OpenSecret, Receiver};
use tieline_storage::Store;
use tieline_sync::Sync;

/// What handlers need; cheap to clone.
#[derive(Clone)]
pub struct WebState {
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
    /// Opens carriers' secrets, for checking signatures.
    pub open_secret: OpenSecret,
    /// Where people and carriers reach us; no slash at its end.
    pub public_url: String,
    /// The simulated org and phones, in the demo.
    pub demo: Option<DemoLinks>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// Where the pretend outside parties have their pages.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct DemoLinks {
    /// "Someone in Salesforce".
    pub org_url: String,
    /// The pretend phones.
    pub phones_url: String,
}

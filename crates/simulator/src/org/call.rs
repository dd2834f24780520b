//! What goes into the org's calls and what comes back.

use std::sync::Arc;

use super::error::ApiError;
use super::id::RecordId;
use crate::clock::Clock;
use crate::seeded::mix;

/// Whether the org calls itself a production org or a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgKind {
    /// Signs in at the production login host.
    Production,
    /// Signs in at the sandbox login host.
    Sandbox,
}

/// How an org is made.
pub struct OrgOptions {
    /// Decides ids, people and the order of unordered results.
    pub seed: u64,
    /// Generated contacts beside the sample records.
    pub contacts: usize,
    /// Generated leads beside the sample records.
    pub leads: usize,
    /// Whether persons can be accounts.
    pub person_accounts: bool,
    /// Production or sandbox.
    pub kind: OrgKind,
    /// The org's time.
    pub clock: Arc<dyn Clock>,
}

/// By which way a call came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// The REST API.
    #[default]
    Rest,
    /// A person in one of the org's pages.
    Page,
}

/// Who asks, and how: goes with every call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The running user.
    pub user: RecordId,
    /// `client=` of Sforce-Call-Options, kept in the log of changes.
    pub client: Option<String>,
    /// API version for the URLs in answers, for example `60.0`.
    pub version: String,
    /// Whether a program or a person in a page acts; change events tell.
    pub origin: Origin,
    /// A planned failure of one record of a collection: its position and the error.
    pub refuse: Option<(usize, ApiError)>,
    /// Of a hundred records, how many another transaction holds, and the seed that picks them.
    pub contention: Option<(u64, u64)>,
    /// `allowSave=true` of Sforce-Duplicate-Rule-Header: save although an alert rule finds twins.
    pub allow_duplicate_save: bool,
    /// `includeRecordDetails=true` of Sforce-Duplicate-Rule-Header.
    pub include_duplicate_details: bool,
    /// False for `Sforce-Auto-Assign: FALSE`.
    pub auto_assign: bool,
    /// `updateMru=true` of Sforce-Mru: what is read counts as recently viewed.
    pub update_recently_viewed: bool,
}

impl Call {
    /// A call of a user without any options, in API version 60.0.
    pub fn of(user: RecordId) -> Self {
        Self {
            user,
            client: None,
            version: "60.0".to_owned(),
            origin: Origin::Rest,
            refuse: None,
            contention: None,
            allow_duplicate_save: false,
            include_duplicate_details: false,
            auto_assign: true,
            update_recently_viewed: false,
        }
    }

    /// `changeOrigin` of the change events; empty when a person acted in a page.
    pub(super) fn change_origin(&self) -> String {
        match (self.origin, &self.client) {
            (Origin::Page, _) => String::new(),
            (Origin::Rest, None) => format!("com/salesforce/api/rest/{}", self.version),
            (Origin::Rest, Some(client)) => {
                format!("com/salesforce/api/rest/{};client={client}", self.version)
            }
        }
    }

    /// Why the record at this position of the request is not written, if that is planned.
    pub(crate) fn refusal(&self, position: usize) -> Option<ApiError> {
        if let Some((planned, error)) = &self.refuse
            && *planned == position
        {
            return Some(error.clone());
        }
        let (percent, seed) = self.contention?;
        let drawn = mix(seed.wrapping_add(position as u64 + 1)) % 100;
        (drawn < percent).then(ApiError::locked_row)
    }
}

/// What saving one record of a collection gave.
#[derive(Debug, Clone, PartialEq)]
pub struct SaveResult {
    /// The record, when there is one.
    pub id: Option<RecordId>,
    /// For upserts: whether it was made.
    pub created: Option<bool>,
    /// Empty on success.
    pub errors: Vec<ApiError>,
}

/// How an upsert ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upserted {
    /// No record had the value: one was made.
    Created(RecordId),
    /// One record had it and was changed.
    Updated(RecordId),
    /// Several records have it: nothing was done (HTTP 300).
    Ambiguous(Vec<RecordId>),
}

/// Where an upsert looks.
#[derive(Debug, Clone, Copy)]
pub struct ExternalKey<'a> {
    /// API name of the object.
    pub object: &'a str,
    /// API name of the external-id field, or `Id`.
    pub field: &'a str,
    /// The value to look for.
    pub value: &'a str,
}

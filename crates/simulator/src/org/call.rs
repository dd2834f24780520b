//! What goes into the org's calls and what comes back.

use std::sync::Arc;

use super::error::ApiError;
use super::id::RecordId;
use super::soql::{Found, Plan};
use crate::clock::Clock;

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

/// Who asks, and how: goes with every call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The running user.
    pub user: RecordId,
    /// `client=` of Sforce-Call-Options, kept in the log of changes.
    pub client: Option<String>,
    /// API version for the URLs in answers, for example `60.0`.
    pub version: String,
    /// `allowSave=true` of Sforce-Duplicate-Rule-Header: an alert does not stop the save.
    pub allow_duplicate_save: bool,
    /// `includeRecordDetails=true` of the same: matches come with their fields.
    pub include_duplicate_details: bool,
    /// A planned failure of one record of a collection: its position and the error.
    pub refuse: Option<(usize, ApiError)>,
}

impl Call {
    /// A call of a user without any options, in API version 60.0.
    pub fn of(user: RecordId) -> Self {
        Self {
            user,
            client: None,
            version: "60.0".to_owned(),
            allow_duplicate_save: false,
            include_duplicate_details: false,
            refuse: None,
        }
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

/// The answer to a query. Rows are rendered when asked for, from the records as they are then.
#[derive(Clone)]
pub struct QueryAnswer {
    pub(super) plan: Arc<Plan>,
    pub(super) found: Arc<Found>,
}

impl QueryAnswer {
    /// `totalSize`: rows of the whole result, or the number of a `SELECT count()`.
    pub fn total_size(&self) -> usize {
        match &*self.found {
            Found::Count(count) => *count,
            _ => self.len(),
        }
    }

    /// Rows that can be fetched; 0 for `SELECT count()`.
    pub fn len(&self) -> usize {
        match &*self.found {
            Found::Slots(slots) => slots.len(),
            Found::Rows(rows) => rows.len(),
            Found::Count(_) => 0,
        }
    }

    /// Whether there is no row to fetch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

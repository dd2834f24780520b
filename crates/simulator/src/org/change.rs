//! The org's own log of who changed what. A story is judged from here, from the other side,
//! instead of from the tables of the program under test.

use serde_json::Value as Json;

use super::id::RecordId;

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The record was made.
    Create,
    /// Some of its fields were written.
    Update,
    /// It was put into the recycle bin.
    Delete,
    /// It came back from the recycle bin.
    Undelete,
    /// It left the recycle bin for good; nobody outside is told.
    Purge,
}

/// What a change was a part of, where that makes a difference to who hears of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A lead became account, contact and deal; events of it carry no LastModifiedDate.
    Converted,
    /// The record was deleted since it was merged into this one (18 characters).
    MergedInto(String),
}

/// One field of a change, as values of the REST API.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FieldChange {
    /// API name of the field.
    pub field: String,
    /// Before; null for a new record.
    pub old: Json,
    /// After.
    pub new: Json,
}

/// One committed change of one record.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct RecordedChange {
    /// Position in the log, from 1, without gaps.
    pub seq: u64,
    /// Changes of one call share a number; later calls have higher ones.
    pub transaction: u64,
    /// When, in epoch milliseconds of the org's clock.
    pub at_ms: i64,
    /// The running user's id (18 characters).
    pub user: String,
    /// The `client=` that the caller named, if any.
    pub client: Option<String>,
    /// `changeOrigin` of the change event; empty when a person acted in a page.
    #[serde(skip)]
    pub origin: String,
    /// API name of the object.
    pub object: String,
    /// The record (18 characters).
    pub id: String,
    /// What happened.
    pub act: Act,
    /// True when the org did it by itself as a consequence, for example a cascading delete.
    pub by_system: bool,
    /// The fields whose value differs.
    pub fields: Vec<FieldChange>,
    /// What it was a part of, if that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// A change before the log gives it a number.
pub(crate) struct Draft {
    pub object: usize,
    pub id: RecordId,
    pub act: Act,
    pub by_system: bool,
    pub fields: Vec<FieldChange>,
}

//! A pretend Salesforce org without HTTP: schema, records, rules, queries and its own log of
//! changes. Everything is in memory, synchronous and safe to call from many threads; the surface
//! in `http` only translates requests into the calls below.

pub mod change;
pub mod error;
pub mod id;
pub mod user;

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::clock::Clock;

pub use change::{Act, FieldChange, RecordedChange};
pub use error::ApiError;
pub use id::RecordId;
pub use user::{FieldAccess, ObjectAccess, User};

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
    /// A planned failure of one record of a collection: its position and the error.
    pub refuse: Option<(usize, ApiError)>,
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
    rows: Vec<Json>,
}

impl QueryAnswer {
    /// `totalSize`: rows of the whole result, or the number of a `SELECT count()`.
    pub fn total_size(&self) -> usize {
        self.rows.len()
    }

    /// Rows that can be fetched; 0 for `SELECT count()`.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row to fetch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The pretend org.
pub struct Org {
    id: RecordId,
    kind: OrgKind,
    clock: Arc<dyn Clock>,
}

/// Errors of one record; never empty.
pub type ApiErrors = Vec<ApiError>;

impl Org {
    /// An org with the sample records of a new Developer Edition, and generated ones.
    pub fn new(options: OrgOptions) -> Self {
        Self {
            id: RecordId::new("00D", *b"gL", options.seed),
            kind: options.kind,
            clock: options.clock,
        }
    }

    /// Record id of the Organization; `to_string()` gives 18 characters.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// Production or sandbox.
    pub fn kind(&self) -> OrgKind {
        self.kind
    }

    /// The org's time in epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Name of the organisation.
    pub fn name(&self) -> String {
        String::new()
    }

    /// All users, inactive ones too, in a fixed order; the first is the administrator.
    pub fn users(&self) -> Vec<User> {
        Vec::new()
    }

    /// The user with this record id.
    pub fn user(&self, _id: &RecordId) -> Option<User> {
        None
    }

    /// The user with this sign-in name, whatever its case.
    pub fn user_by_username(&self, _username: &str) -> Option<User> {
        None
    }

    /// Deactivates or reactivates a user, as an administrator would on the user's page.
    pub fn set_user_active(
        &self,
        _call: &Call,
        _user: &RecordId,
        _active: bool,
    ) -> Result<(), ApiErrors> {
        Ok(())
    }

    /// Changes what the users of a profile may do with an object.
    pub fn set_object_access(
        &self,
        _profile: &str,
        _object: &str,
        _access: ObjectAccess,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Changes what the users of a profile may do with a field.
    pub fn set_field_access(
        &self,
        _profile: &str,
        _object: &str,
        _field: &str,
        _access: FieldAccess,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// `GET sobjects`.
    pub fn describe_global(&self, _call: &Call) -> Json {
        Json::Null
    }

    /// `GET sobjects/X/describe`.
    pub fn describe(&self, _call: &Call, _object: &str) -> Result<Json, ApiError> {
        Err(ApiError::not_found())
    }

    /// `GET sobjects/X`: `{objectDescribe, recentItems}`.
    pub fn basic_describe(&self, _call: &Call, _object: &str) -> Result<Json, ApiError> {
        Err(ApiError::not_found())
    }

    /// `GET sobjects/X/{id}`; all readable fields when `fields` is `None`.
    pub fn get(
        &self,
        _call: &Call,
        _object: &str,
        _id: &str,
        _fields: Option<&[String]>,
    ) -> Result<Json, ApiError> {
        Err(ApiError::not_found())
    }

    /// The live records whose external-id field has this value: never empty, several are ambiguous.
    pub fn find_by_external_id(
        &self,
        _call: &Call,
        _key: ExternalKey<'_>,
    ) -> Result<Vec<RecordId>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `POST sobjects/X`.
    pub fn create(
        &self,
        _call: &Call,
        _object: &str,
        _body: &Map<String, Json>,
    ) -> Result<RecordId, ApiErrors> {
        Err(vec![ApiError::not_found()])
    }

    /// `PATCH sobjects/X/{id}`.
    pub fn update(
        &self,
        _call: &Call,
        _object: &str,
        _id: &str,
        _body: &Map<String, Json>,
    ) -> Result<(), ApiErrors> {
        Err(vec![ApiError::not_found()])
    }

    /// `PATCH sobjects/X/{field}/{value}`; with `update_only` nothing is made.
    pub fn upsert(
        &self,
        _call: &Call,
        _key: ExternalKey<'_>,
        _body: &Map<String, Json>,
        _update_only: bool,
    ) -> Result<Upserted, ApiErrors> {
        Err(vec![ApiError::not_found()])
    }

    /// `DELETE sobjects/X/{id}`.
    pub fn delete(&self, _call: &Call, _object: &str, _id: &str) -> Result<(), ApiErrors> {
        Err(vec![ApiError::not_found()])
    }

    /// `POST composite/sobjects`: records with `attributes.type`, at most 200.
    pub fn create_many(
        &self,
        _call: &Call,
        _records: &[Json],
        _all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `PATCH composite/sobjects`: records with `attributes.type` and `Id`, at most 200.
    pub fn update_many(
        &self,
        _call: &Call,
        _records: &[Json],
        _all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `PATCH composite/sobjects/X/{field}`: the key's value stands in each record.
    pub fn upsert_many(
        &self,
        _call: &Call,
        _target: (&str, &str),
        _records: &[Json],
        _all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `DELETE composite/sobjects?ids=`, at most 200, of any objects.
    pub fn delete_many(
        &self,
        _call: &Call,
        _ids: &[String],
        _all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `POST composite/sobjects/X {ids, fields}`: one entry per id, null for a missing record.
    pub fn retrieve_many(
        &self,
        _call: &Call,
        _object: &str,
        _ids: &[String],
        _fields: &[String],
    ) -> Result<Vec<Json>, ApiError> {
        Err(ApiError::not_found())
    }

    /// `GET query?q=`, or `queryAll` when `include_deleted`.
    pub fn query(
        &self,
        _call: &Call,
        _soql: &str,
        _include_deleted: bool,
    ) -> Result<QueryAnswer, ApiError> {
        Err(ApiError::not_found())
    }

    /// The rows of an answer in `range` (cut to what there is), read now.
    pub fn rows(&self, _call: &Call, answer: &QueryAnswer, range: Range<usize>) -> Vec<Json> {
        answer
            .rows
            .get(range)
            .map(<[Json]>::to_vec)
            .unwrap_or_default()
    }

    /// The org's own log: every change since the org was made, oldest first.
    pub fn changes(&self) -> Vec<RecordedChange> {
        self.changes_after(0)
    }

    /// The log from the entry after `seq`.
    pub fn changes_after(&self, _seq: u64) -> Vec<RecordedChange> {
        Vec::new()
    }

    /// Names of the objects that a user sees, in order of describe.
    pub fn object_names(&self, _call: &Call) -> Vec<String> {
        Vec::new()
    }

    /// The object's API name in its own casing, for an id's key prefix.
    pub fn object_of(&self, _id: &RecordId) -> Option<&str> {
        None
    }
}

//! A pretend Salesforce org without HTTP: schema, records, rules, queries and its own log of
//! changes. Everything is in memory, synchronous and safe to call from many threads; the surface
//! in `http` only translates requests into the calls below.

mod bulk;
mod call;
pub mod change;
mod commit_lag;
mod csv;
pub mod customise;
mod datetime;
mod describe;
mod dml;
mod duplicates;
pub mod error;
mod event_bus;
pub mod events;
mod expression;
mod field_kind;
mod formula;
mod generate;
mod grants;
pub mod id;
mod json_text;
mod list_views;
mod made_records;
mod maker;
mod people;
mod permission_sets;
mod person_accounts;
mod person_fields;
mod queries;
mod read;
mod recent;
mod record;
mod records;
mod related;
mod replication;
mod retrieve;
mod rights;
mod rules;
mod sample_data;
mod saved_view;
mod schema;
mod search;
mod settings;
mod sharing;
mod sharing_rules;
mod snapshot;
pub mod soql;
mod state;
mod statistics;
mod store;
mod transaction;
pub mod user;
mod value;
mod view;

use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Map, Value as Json};

use crate::clock::Clock;
use describe::Describer;
use dml::Writer;
use event_bus::EventBus;
use schema::Schema;
use state::State;
use transaction::Turn;

pub(crate) use bulk::UploadColumn;
pub use call::{Call, ExternalKey, OrgKind, OrgOptions, Origin, SaveResult, Upserted};
pub use change::{Act, Cause, FieldChange, RecordedChange};
pub use commit_lag::CommitLag;
pub(crate) use csv::CsvStyle;
pub use customise::{FieldType, NewField, NewObject, OnParentDelete, PicklistValue};
pub(crate) use datetime::show_time;
pub use dml::{BinEntry, LeadConvert, LeadConvertResult, MergeRequest, MergeResult};
pub use duplicates::{DuplicateAction, DuplicateSetting};
pub use error::ApiError;
pub use id::RecordId;
pub use queries::QueryAnswer;
pub use related::Related;
pub use replication::{Deleted, Updated};
pub use rules::NewValidationRule;
pub use saved_view::{ListView, ListViewScope};
pub use schema::SharingModel;
pub use search::{Search, SearchIn};
pub use settings::OrgSettings;
pub use sharing_rules::{RecordAccess, Sharing};
pub use snapshot::OrgSnapshot;
pub use user::{FieldAccess, ObjectAccess, User};

/// Errors of one record; never empty.
pub type ApiErrors = Vec<ApiError>;

type Body = Map<String, Json>;

/// The pretend org.
pub struct Org {
    id: RecordId,
    kind: OrgKind,
    clock: Arc<dyn Clock>,
    turn: Turn,
    state: RwLock<State>,
}

impl Org {
    /// An org with the sample records of a new Developer Edition, and generated ones.
    pub fn new(options: OrgOptions) -> Self {
        let mut state = sample_data::populate(&options);
        state.events = EventBus::new(options.seed);
        if options.person_accounts {
            state.enable_person_accounts();
        }
        let organization = state.store.schema.index("Organization");
        let id = state.store.id_at(organization, 0);
        Self {
            id,
            kind: options.kind,
            clock: options.clock,
            turn: Turn::default(),
            state: RwLock::new(state),
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
        let state = self.read();
        let organization = state.store.schema.index("Organization");
        let name = state.store.read_named(organization, 0, "Name");
        name.as_str().unwrap_or_default().to_owned()
    }

    /// `GET sobjects`.
    pub fn describe_global(&self, call: &Call) -> Json {
        let state = self.read();
        self.describer(&state, call).global()
    }

    /// `GET sobjects/X/describe`.
    pub fn describe(&self, call: &Call, object: &str) -> Result<Json, ApiError> {
        let state = self.read();
        let object = state.visible_object(&call.user, object)?;
        Ok(self.describer(&state, call).full(object))
    }

    /// `GET sobjects/X`: `{objectDescribe, recentItems}`.
    pub fn basic_describe(&self, call: &Call, object: &str) -> Result<Json, ApiError> {
        let state = self.read();
        let object = state.visible_object(&call.user, object)?;
        Ok(self.describer(&state, call).basic(object))
    }

    /// The org's own log: every change since the org was made, oldest first.
    pub fn changes(&self) -> Vec<RecordedChange> {
        self.changes_after(0)
    }

    /// The log from the entry after `seq`.
    pub fn changes_after(&self, seq: u64) -> Vec<RecordedChange> {
        let state = self.read();
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        state.changes.get(from..).unwrap_or_default().to_vec()
    }

    /// Names of the objects that a user sees, in order of describe.
    pub fn object_names(&self, call: &Call) -> Vec<String> {
        let state = self.read();
        let view = state.view(&call.user);
        let seen = state
            .store
            .schema
            .objects
            .iter()
            .filter(|o| view.object(o.index).read);
        seen.map(|o| o.name.clone()).collect()
    }

    /// The object's API name in its own casing, for an id's key prefix.
    pub fn object_of(&self, id: &RecordId) -> Option<String> {
        let schema = self.schema();
        let object = schema.object_of_prefix(id.prefix())?;
        Some(object.name.clone())
    }

    /// The object of this name, whatever its case, in its own spelling.
    pub(crate) fn object_named(&self, name: &str) -> Option<String> {
        let schema = self.schema();
        let object = schema.object(name)?;
        Some(object.name.clone())
    }

    fn describer<'a>(&'a self, state: &'a State, call: &'a Call) -> Describer<'a> {
        Describer {
            schema: &state.store.schema,
            view: state.view(&call.user),
            version: &call.version,
        }
    }

    /// The schema as it is now; an administrator may add to it.
    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.read().store.schema)
    }

    fn known(&self, object: &str) -> Result<usize, ApiError> {
        let schema = self.schema();
        let object = schema.object(object);
        object.map(|o| o.index).ok_or_else(ApiError::not_found)
    }

    /// A write of a single record, which another transaction may hold.
    fn write_one<T>(
        &self,
        call: &Call,
        act: impl FnOnce(&mut Writer<'_>) -> Result<T, ApiErrors>,
    ) -> Result<T, ApiErrors> {
        match call.refusal(0) {
            Some(error) => Err(vec![error]),
            None => self.write(call, act),
        }
    }

    fn write<T>(&self, call: &Call, act: impl FnOnce(&mut Writer<'_>) -> T) -> T {
        let now_ms = self.now_ms();
        let inside = self.in_transaction();
        let mut state = self.lock();
        if !inside {
            state.transaction += 1;
        }
        let now_ms = state.commit_lag.stamp_of_write(now_ms);
        let value = act(&mut Writer {
            state: &mut state,
            call,
            now_ms,
        });
        if !inside {
            state.announce_changes();
        }
        value
    }

    /// A poisoned lock means that a thread died in mid-change; the records are still whole enough
    /// to look at, which is what a test that failed needs.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.expire_bin();
        let _turn = self.turn.wait();
        self.state.read().unwrap_or_else(|e| e.into_inner())
    }

    fn lock(&self) -> RwLockWriteGuard<'_, State> {
        self.expire_bin();
        let _turn = self.turn.wait();
        self.state.write().unwrap_or_else(|e| e.into_inner())
    }
}

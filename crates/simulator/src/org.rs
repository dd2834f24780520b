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
pub mod events;
mod formula;
mod generate;
pub mod id;
mod json_text;
mod list_views;
mod person_accounts;
mod recent;
mod record;
mod related;
mod replication;
mod retrieve;
mod rights;
mod rules;
mod sample_data;
mod schema;
mod search;
mod settings;
mod sharing;
mod snapshot;
pub mod soql;
mod state;
mod statistics;
mod store;
mod transaction;
pub mod user;
mod value;

use std::ops::Range;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Map, Value as Json, json};

use crate::clock::Clock;
use describe::Describer;
use dml::Writer;
use events::EventBus;
use schema::Schema;
use soql::{Found, Renderer};
use state::State;
use transaction::Turn;

pub(crate) use bulk::UploadColumn;
pub use call::{Call, ExternalKey, OrgKind, OrgOptions, Origin, QueryAnswer, SaveResult, Upserted};
pub use change::{Act, Cause, FieldChange, RecordedChange};
pub use commit_lag::CommitLag;
pub(crate) use csv::CsvStyle;
pub use customise::{FieldType, NewField, NewObject, OnParentDelete, PicklistValue, SharingModel};
pub(crate) use datetime::show_time;
pub use dml::{BinEntry, LeadConvert, LeadConvertResult, MergeRequest, MergeResult};
pub use duplicates::{DuplicateAction, DuplicateSetting};
pub use error::ApiError;
pub use id::RecordId;
pub use list_views::{ListView, ListViewScope};
pub use related::Related;
pub use replication::{Deleted, Updated};
pub use rules::NewValidationRule;
pub use search::{Search, SearchIn};
pub use settings::OrgSettings;
pub use sharing::{RecordAccess, Sharing};
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

    /// All users, inactive ones too, in a fixed order; the first is the administrator.
    pub fn users(&self) -> Vec<User> {
        let state = self.read();
        let count = state.store.table(state.store.schema.index("User")).len() as u32;
        (0..count).map(|slot| state.user_at(slot)).collect()
    }

    /// The user with this record id.
    pub fn user(&self, id: &RecordId) -> Option<User> {
        let state = self.read();
        let (object, slot) = state.store.locate(id)?;
        (object == state.store.schema.index("User")).then(|| state.user_at(slot))
    }

    /// The user with this sign-in name, whatever its case.
    pub fn user_by_username(&self, username: &str) -> Option<User> {
        let mut users = self.users().into_iter();
        users.find(|u| u.username.eq_ignore_ascii_case(username))
    }

    /// When a user was last saved as inactive, in epoch milliseconds: older sessions are over.
    pub fn left_ms(&self, user: &RecordId) -> Option<i64> {
        self.read().left_ms.get(user).copied()
    }

    /// Deactivates or reactivates a user, as an administrator would on the user's page.
    pub fn set_user_active(
        &self,
        call: &Call,
        user: &RecordId,
        active: bool,
    ) -> Result<(), ApiErrors> {
        let body = Map::from_iter([("IsActive".to_owned(), json!(active))]);
        self.update(call, "User", &user.to_string(), &body)
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

    /// `GET sobjects/X/{id}`; all readable fields when `fields` is `None`.
    pub fn get(
        &self,
        call: &Call,
        object: &str,
        id: &str,
        fields: Option<&[String]>,
    ) -> Result<Json, ApiError> {
        self.read().get(call, (object, id), fields)
    }

    /// The live records whose external-id field has this value: never empty, several are ambiguous.
    pub fn find_by_external_id(
        &self,
        call: &Call,
        key: ExternalKey<'_>,
    ) -> Result<Vec<RecordId>, ApiError> {
        self.read().find_by_external_id(call, key)
    }

    /// `POST sobjects/X`.
    pub fn create(&self, call: &Call, object: &str, body: &Body) -> Result<RecordId, ApiErrors> {
        self.write_one(call, |writer| writer.create(object, body))
    }

    /// `PATCH sobjects/X/{id}`.
    pub fn update(
        &self,
        call: &Call,
        object: &str,
        id: &str,
        body: &Body,
    ) -> Result<(), ApiErrors> {
        self.write_one(call, |writer| writer.update(object, id, body))
    }

    /// `PATCH sobjects/X/{field}/{value}`; with `update_only` nothing is made.
    pub fn upsert(
        &self,
        call: &Call,
        key: ExternalKey<'_>,
        body: &Body,
        update_only: bool,
    ) -> Result<Upserted, ApiErrors> {
        self.write_one(call, |writer| writer.upsert(key, body, update_only))
    }

    /// `DELETE sobjects/X/{id}`.
    pub fn delete(&self, call: &Call, object: &str, id: &str) -> Result<(), ApiErrors> {
        self.write_one(call, |writer| writer.delete(object, id))
    }

    /// `POST composite/sobjects`: records with `attributes.type`, at most 200.
    pub fn create_many(
        &self,
        call: &Call,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.create_many(records, all_or_none))
    }

    /// `PATCH composite/sobjects`: records with `attributes.type` and `Id`, at most 200.
    pub fn update_many(
        &self,
        call: &Call,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.update_many(records, all_or_none))
    }

    /// `PATCH composite/sobjects/X/{field}`: the key's value stands in each record.
    pub fn upsert_many(
        &self,
        call: &Call,
        target: (&str, &str),
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| {
            writer.upsert_many(target, records, all_or_none)
        })
    }

    /// `DELETE composite/sobjects?ids=`, at most 200, of any objects.
    pub fn delete_many(
        &self,
        call: &Call,
        ids: &[String],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.delete_many(ids, all_or_none))
    }

    /// `POST composite/sobjects/X {ids, fields}`: one entry per id, null for a missing record.
    pub fn retrieve_many(
        &self,
        call: &Call,
        object: &str,
        ids: &[String],
        fields: &[String],
    ) -> Result<Vec<Json>, ApiError> {
        self.read().retrieve_many(call, object, ids, fields)
    }

    /// `GET query?q=`, or `queryAll` when `include_deleted`.
    pub fn query(
        &self,
        call: &Call,
        soql: &str,
        include_deleted: bool,
    ) -> Result<QueryAnswer, ApiError> {
        let state = self.read();
        let now_ms = self.now_ms();
        let query = soql::parse(soql).map_err(|error| error.into_api(soql))?;
        let (plan, found) = match state.made(call, (&query, soql), now_ms)? {
            Some(answered) => answered,
            None => {
                let plan = soql::bind(&state, call, (&query, soql), (now_ms, include_deleted))?;
                let found = soql::run(&state.store, &plan);
                (plan, found)
            }
        };
        Ok(QueryAnswer {
            plan: Arc::new(plan),
            found: Arc::new(found),
        })
    }

    /// `GET query?columns=true&q=`: the shape of the rows, without the rows.
    pub fn query_columns(&self, call: &Call, soql: &str) -> Result<Json, ApiError> {
        let state = self.read();
        let plan = soql::plan(&state, call, soql, (self.now_ms(), false))?;
        Ok(soql::column_metadata(&state.store.schema, &plan))
    }

    /// The rows of an answer in `range` (cut to what there is), read now.
    pub fn rows(&self, call: &Call, answer: &QueryAnswer, range: Range<usize>) -> Vec<Json> {
        let end = range.end.min(answer.len());
        let range = range.start.min(end)..end;
        match &*answer.found {
            Found::Count(_) => Vec::new(),
            Found::Rows(rows) => rows[range].to_vec(),
            Found::Slots(slots) => {
                let state = self.read();
                let renderer = Renderer::new(&state.store, &answer.plan, &call.version);
                // The org may have been put back to a time before some of the records.
                let known = state.store.table(answer.plan.object).len() as u32;
                let slots = slots[range].iter().filter(|slot| **slot < known);
                slots.map(|slot| renderer.json(*slot)).collect()
            }
        }
    }

    /// Appends the rows of an answer from one on, read now, as JSON with commas between them, until
    /// `room` rows are there; the rows of child queries take room as well. How many rows it took.
    pub(crate) fn write_rows(
        &self,
        call: &Call,
        answer: &QueryAnswer,
        (from, mut room): (usize, usize),
        out: &mut Vec<u8>,
    ) -> usize {
        let state = self.read();
        let renderer = Renderer::new(&state.store, &answer.plan, &call.version);
        let known = state.store.table(answer.plan.object).len() as u32;
        let mut written = 0;
        while room > 0 && from + written < answer.len() {
            // The org may have been put back to a time before the record.
            if matches!(&*answer.found, Found::Slots(slots) if slots[from + written] >= known) {
                break;
            }
            if written > 0 {
                out.push(b',');
            }
            let children = match &*answer.found {
                Found::Slots(slots) => renderer.write(slots[from + written], out),
                Found::Rows(rows) => {
                    out.extend_from_slice(rows[from + written].to_string().as_bytes());
                    0
                }
                Found::Count(_) => 0,
            };
            written += 1;
            room = room.saturating_sub(1 + children);
        }
        written
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
        let inside = self.turn.is_mine();
        let mut state = self.lock();
        if !inside {
            state.transaction += 1;
        }
        let now_ms = state.stamp_of_write(now_ms);
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

//! Everything of the org that changes, behind one lock: records, rights and the log. A reader sees
//! either all or nothing of a call.

use std::collections::{BTreeMap, HashMap};

use super::Call;
use super::change::{Cause, Draft, RecordedChange};
use super::error::ApiError;
use super::id::RecordId;
use super::list_views::ListView;
use super::schema::{FieldDef, ObjectDef};
use super::settings::OrgSettings;
use super::store::{Slot, Store};
use super::user::{FieldAccess, ObjectAccess, Rights, User};
use crate::seeded::Seeded;

/// Records, rights by profile, and the log.
pub(crate) struct State {
    pub store: Store,
    pub rights: HashMap<RecordId, Rights>,
    pub changes: Vec<RecordedChange>,
    /// Number of the call that is writing, or of the last one that did.
    pub transaction: u64,
    pub settings: OrgSettings,
    pub list_views: BTreeMap<RecordId, ListView>,
    /// What each user looked at, and when in epoch milliseconds; the latest last.
    pub viewed: BTreeMap<RecordId, Vec<(i64, RecordId)>>,
    /// Decides which writes find a parent locked.
    pub contention: Seeded,
    /// The queue that an assignment rule gives new leads to.
    pub lead_queue: Option<RecordId>,
}

/// Where a transaction began in the log.
#[derive(Clone, Copy)]
pub(crate) struct Savepoint {
    logged: usize,
}

/// What one user sees of the schema.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    rights: Option<&'a Rights>,
}

impl State {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            rights: HashMap::new(),
            changes: Vec::new(),
            transaction: 0,
            settings: OrgSettings::default(),
            list_views: BTreeMap::new(),
            viewed: BTreeMap::new(),
            contention: Seeded::new(0, "locks"),
            lead_queue: None,
        }
    }

    /// From here on everything can be taken back.
    pub fn begin(&mut self) -> Savepoint {
        self.store.begin();
        Savepoint {
            logged: self.changes.len(),
        }
    }

    /// Ends the innermost transaction; without `keep`, neither records nor log know of it.
    pub fn end(&mut self, savepoint: Savepoint, keep: bool) {
        self.store.end(keep);
        if !keep {
            self.changes.truncate(savepoint.logged);
        }
    }

    /// The schema as the user's profile shows it.
    pub fn view(&self, user: &RecordId) -> View<'_> {
        let profile = self
            .store
            .locate(user)
            .and_then(|(object, slot)| self.store.read_named(object, slot, "ProfileId").as_id());
        View {
            rights: profile.and_then(|p| self.rights.get(&p)),
        }
    }

    /// An object by name, if the user may know of it.
    pub fn visible_object(&self, user: &RecordId, name: &str) -> Result<&ObjectDef, ApiError> {
        let object = self.store.schema.object(name);
        let readable = |o: &&ObjectDef| self.view(user).object(o.index).read;
        object.filter(readable).ok_or_else(ApiError::not_found)
    }

    /// Appends to the log.
    pub fn log(&mut self, call: &Call, at_ms: i64, draft: Draft) {
        self.changes.push(RecordedChange {
            seq: self.changes.len() as u64 + 1,
            transaction: self.transaction,
            at_ms,
            user: call.user.to_string(),
            client: call.client.clone(),
            object: self.store.def(draft.object).name.clone(),
            id: draft.id.to_string(),
            act: draft.act,
            by_system: draft.by_system,
            fields: draft.fields,
            cause: None,
        });
    }

    /// Says what the change that was logged last was a part of.
    pub fn explain_last(&mut self, cause: Cause) {
        if let Some(change) = self.changes.last_mut() {
            change.cause = Some(cause);
        }
    }

    pub fn user_at(&self, slot: Slot) -> User {
        let store = &self.store;
        let object = store.schema.index("User");
        let read = |name: &str| store.read_named(object, slot, name);
        let text = |name: &str| read(name).as_str().unwrap_or_default().to_owned();
        let id = store.id_at(object, slot);
        let profile_id = read("ProfileId").as_id().unwrap_or(id);
        let profile = store
            .locate(&profile_id)
            .map(|(o, s)| store.read_named(o, s, "Name"));
        User {
            id,
            username: text("Username"),
            email: text("Email"),
            first_name: text("FirstName"),
            last_name: text("LastName"),
            name: text("Name"),
            active: read("IsActive").is_true(),
            profile_id,
            profile: profile
                .and_then(|p| p.as_str().map(str::to_owned))
                .unwrap_or_default(),
            language: text("LanguageLocaleKey"),
            locale: text("LocaleSidKey"),
            time_zone: text("TimeZoneSidKey"),
            user_type: text("UserType"),
            modified_ms: store.record((object, slot)).modified * 1_000,
        }
    }
}

impl View<'_> {
    pub fn object(&self, object: usize) -> ObjectAccess {
        self.rights.map_or(ObjectAccess::FULL, |r| r.object(object))
    }

    pub fn access(&self, object: usize, field: u16) -> FieldAccess {
        self.rights
            .map_or(FieldAccess::Full, |r| r.field(object, field))
    }

    pub fn sees(&self, object: usize, field: &FieldDef) -> bool {
        self.access(object, field.index) != FieldAccess::Hidden
    }

    /// The visible field of this name.
    pub fn field<'d>(&self, object: &'d ObjectDef, name: &str) -> Option<&'d FieldDef> {
        object.field(name).filter(|f| self.sees(object.index, f))
    }

    pub fn may_create(&self, object: &ObjectDef, field: &FieldDef) -> bool {
        let full = self.access(object.index, field.index) == FieldAccess::Full;
        full && field.createable && self.object(object.index).create
    }

    pub fn may_update(&self, object: &ObjectDef, field: &FieldDef) -> bool {
        let full = self.access(object.index, field.index) == FieldAccess::Full;
        full && field.updateable && self.object(object.index).edit
    }
}

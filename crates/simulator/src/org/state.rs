//! Everything of the org that changes, behind one lock: records, rights and the log. A reader sees
//! either all or nothing of a call.

use std::collections::{BTreeMap, HashMap};

use super::Call;
use super::change::{Cause, Draft, RecordedChange};
use super::commit_lag::CommitLag;
use super::error::ApiError;
use super::event_bus::EventBus;
use super::id::RecordId;
use super::person_fields::PersonAccounts;
use super::rights::Rights;
use super::rules::Rules;
use super::saved_view::ListView;
use super::schema::ObjectDef;
use super::settings::OrgSettings;
use super::sharing_rules::SharingRules;
use super::store::{Slot, Store};
use super::user::User;
use crate::seeded::Seeded;

/// Records, rights by profile, and the log.
#[derive(Clone)]
pub(crate) struct State {
    pub store: Store,
    /// By profile, or by permission set that no profile owns.
    pub rights: HashMap<RecordId, Rights>,
    /// What rights were before each change, so that a transaction can take them back.
    pub rights_before: Vec<(RecordId, Option<Rights>)>,
    pub sharing: SharingRules,
    /// When users were last saved as inactive, in epoch milliseconds.
    pub left_ms: BTreeMap<RecordId, i64>,
    pub changes: Vec<RecordedChange>,
    pub rules: Rules,
    pub person_accounts: Option<PersonAccounts>,
    /// Number of the call that is writing, or of the last one that did.
    pub transaction: u64,
    pub settings: OrgSettings,
    pub commit_lag: CommitLag,
    pub list_views: BTreeMap<RecordId, ListView>,
    /// What each user looked at, and when in epoch milliseconds; the latest last.
    pub viewed: BTreeMap<RecordId, Vec<(i64, RecordId)>>,
    pub events: EventBus,
    /// Decides which writes find a parent locked.
    pub contention: Seeded,
    /// The queue that an assignment rule gives new leads to.
    pub lead_queue: Option<RecordId>,
}

/// Where a transaction began in the log.
#[derive(Clone, Copy)]
pub(crate) struct Savepoint {
    logged: usize,
    granted: usize,
}

impl State {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            rights: HashMap::new(),
            rights_before: Vec::new(),
            sharing: SharingRules::default(),
            left_ms: BTreeMap::new(),
            changes: Vec::new(),
            rules: Rules::default(),
            person_accounts: None,
            transaction: 0,
            settings: OrgSettings::default(),
            commit_lag: CommitLag::default(),
            list_views: BTreeMap::new(),
            viewed: BTreeMap::new(),
            events: EventBus::new(0),
            contention: Seeded::new(0, "locks"),
            lead_queue: None,
        }
    }

    /// From here on everything can be taken back.
    pub fn begin(&mut self) -> Savepoint {
        self.store.begin();
        Savepoint {
            logged: self.changes.len(),
            granted: self.rights_before.len(),
        }
    }

    /// Ends the innermost transaction; without `keep`, neither records nor log know of it.
    pub fn end(&mut self, savepoint: Savepoint, keep: bool) {
        self.store.end(keep);
        if !keep {
            self.changes.truncate(savepoint.logged);
            for (holder, before) in self
                .rights_before
                .split_off(savepoint.granted)
                .into_iter()
                .rev()
            {
                match before {
                    Some(rights) => self.rights.insert(holder, rights),
                    None => self.rights.remove(&holder),
                };
            }
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
            origin: call.change_origin(),
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

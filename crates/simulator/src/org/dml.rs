//! Creating, changing and deleting records: coercion, the object's rules, the three marks of time,
//! and the entry in the log, in that order. Everything is checked before anything is written.

mod bin;
mod cascade;
mod coerce;
mod collection;
mod convert;
mod lock;
mod lookup;
mod merge;
mod owner;
mod person;
mod rights;
mod rules;
mod upsert;

use serde_json::{Map, Value as Json};

pub use bin::BinEntry;
pub(super) use coerce::default_of;
pub use convert::{LeadConvert, LeadConvertResult};
pub(super) use lookup::holders;
pub use merge::{MergeRequest, MergeResult};
pub(super) use rules::settle_stage;
pub(super) use upsert::key_field;

use super::change::{Act, Draft, FieldChange};
use super::error::ApiError;
use super::formula::Scene;
use super::id::RecordId;
use super::record::Record;
use super::schema::{FieldKind, ObjectDef, Role, Schema};
use super::sharing_rules::RecordAccess;
use super::state::State;
use super::store::Slot;
use super::value::Value;
use super::{ApiErrors, Call};

/// One call that writes, holding the org's lock.
pub(crate) struct Writer<'a> {
    pub state: &'a mut State,
    pub call: &'a Call,
    pub now_ms: i64,
}

/// A record on its way in: what it will be, and which fields the caller named.
pub(crate) struct Pending {
    /// `None` while it is being created.
    pub slot: Option<Slot>,
    pub record: Record,
    pub given: Vec<u16>,
}

impl Writer<'_> {
    pub fn create(
        &mut self,
        object: &str,
        body: &Map<String, Json>,
    ) -> Result<RecordId, ApiErrors> {
        let object = self.object(object)?;
        self.create_in(object, body)
    }

    pub fn update(
        &mut self,
        object: &str,
        id: &str,
        body: &Map<String, Json>,
    ) -> Result<(), ApiErrors> {
        let object = self.object(object)?;
        let slot = self.target(object, id).map_err(|e| vec![e])?;
        self.update_at(object, slot, body)
    }

    pub fn delete(&mut self, object: &str, id: &str) -> Result<(), ApiErrors> {
        let object = self.object(object)?;
        let slot = self.target(object, id).map_err(|e| vec![e])?;
        self.delete_at(object, slot).map_err(|e| vec![e])
    }

    fn create_in(
        &mut self,
        object: usize,
        body: &Map<String, Json>,
    ) -> Result<RecordId, ApiErrors> {
        let schema = self.schema();
        let def = &schema.objects[object];
        if !def.createable {
            let text = format!("entity type cannot be inserted: {}", def.label);
            return Err(vec![ApiError::record(
                "INVALID_TYPE_FOR_OPERATION",
                text,
                &[],
            )]);
        }
        if !self.state.view(&self.call.user).object(object).create {
            return Err(vec![ApiError::no_access_to_object()]);
        }
        let values = self.coerce(def, body, true)?;
        let mut record = Record::new(self.call.user, self.now());
        self.set_defaults(def, &mut record);
        let given = values.iter().map(|(field, _)| *field).collect();
        for (field, value) in values {
            let defaulted = def.fields[field as usize].defaulted;
            if !(value.is_null() && defaulted) {
                record.set(field, value);
            }
        }
        let mut pending = Pending {
            slot: None,
            record,
            given,
        };
        self.assign_lead(def, &mut pending);
        let pending = self.check(def, pending)?;
        if State::is_made(&def.name) {
            return self.grant(def, &pending.record).map_err(|e| vec![e]);
        }
        self.contend(object, &pending.record).map_err(|e| vec![e])?;
        let slot = self.commit_new(object, pending.record);
        self.after_insert(object, slot);
        self.settle_rights(def, slot);
        Ok(self.state.store.id_at(object, slot))
    }

    fn update_at(
        &mut self,
        object: usize,
        slot: Slot,
        body: &Map<String, Json>,
    ) -> Result<(), ApiErrors> {
        let schema = self.schema();
        let def = &schema.objects[object];
        if !def.updateable || !self.state.view(&self.call.user).object(object).edit {
            return Err(vec![ApiError::no_access_to_object()]);
        }
        self.check_shared((object, slot), RecordAccess::Edit)
            .map_err(|e| vec![e])?;
        self.refuse_converted(object, slot).map_err(|e| vec![e])?;
        let values = self.coerce(def, body, false)?;
        let mut record = self.state.store.table(object).record(slot).clone();
        let given = values.iter().map(|(field, _)| *field).collect();
        for (field, value) in values {
            record.set(field, value);
        }
        record.touch(self.call.user, self.now());
        let pending = Pending {
            slot: Some(slot),
            record,
            given,
        };
        let pending = self.check(def, pending)?;
        self.contend(object, &pending.record).map_err(|e| vec![e])?;
        let owner = self.state.store.read_named(object, slot, "OwnerId");
        self.commit_change(object, slot, pending.record, false);
        self.settle_rights(def, slot);
        self.follow_person(object, slot);
        self.hand_over_account(object, slot, &owner);
        Ok(())
    }

    /// The live record of an id in a path.
    fn target(&self, object: usize, id: &str) -> Result<Slot, ApiError> {
        let parsed = RecordId::parse(id).ok_or_else(|| ApiError::external_id_not_found(id))?;
        self.state.live_of(object, &parsed)
    }

    fn object(&self, name: &str) -> Result<usize, ApiErrors> {
        let object = self.state.visible_object(&self.call.user, name);
        object.map(|o| o.index).map_err(|e| vec![e])
    }

    fn schema(&self) -> std::sync::Arc<Schema> {
        std::sync::Arc::clone(&self.state.store.schema)
    }

    fn now(&self) -> i64 {
        self.now_ms.div_euclid(1_000)
    }

    fn set_defaults(&self, def: &ObjectDef, record: &mut Record) {
        for field in &def.fields {
            if let Some(value) = &field.custom.initial {
                record.set(field.index, value.clone());
            } else if let (Role::Stored, Some(value)) = (field.role, field.default_value()) {
                record.set(field.index, Value::text(value));
            }
        }
        if let Some(owner) = def.field_index("OwnerId") {
            record.set(owner, Value::Id(self.call.user));
        }
    }

    /// The language in which the running user is told what is wrong.
    fn language(&self) -> String {
        let store = &self.state.store;
        let key = store
            .locate(&self.call.user)
            .map(|(object, slot)| store.read_named(object, slot, "LanguageLocaleKey"));
        key.and_then(|k| k.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The rules of the object, then required and unique fields.
    fn check(&self, def: &ObjectDef, mut pending: Pending) -> Result<Pending, ApiErrors> {
        self.apply_rules(def, &mut pending)?;
        if def.name == "PermissionSetAssignment" {
            let refused = self.state.check_assignment(&pending.record);
            refused.map_err(|error| vec![error])?;
        }
        let missing: Vec<&str> = def
            .fields
            .iter()
            .filter(|f| match pending.slot {
                None => f.required(),
                Some(_) => f.custom.required || !f.nillable && pending.given.contains(&f.index),
            })
            .filter(|f| f.role == Role::Stored && f.kind != FieldKind::Bool)
            .filter(|f| pending.record.cell(f.index).is_null())
            .map(|f| f.name.as_str())
            .collect();
        if !missing.is_empty() {
            let language = self.language();
            return Err(vec![ApiError::required_missing_in(&language, &missing)]);
        }
        let prior = pending.slot.map(|slot| (def.index, slot));
        let scene = Scene {
            store: &self.state.store,
            object: def.index,
            slot: pending.slot,
            record: &pending.record,
            prior: prior.map(|place| self.state.store.record(place)),
            user: Some(self.call.user),
            level: 0,
        };
        self.state.rules.judge(&scene)?;
        let duplicates = &self.state.rules.duplicates;
        duplicates
            .judge(&scene, self.call, &pending.given)
            .map_err(|e| vec![e])?;
        self.check_unique(def, &pending).map_err(|e| vec![e])?;
        Ok(pending)
    }

    fn check_unique(&self, def: &ObjectDef, pending: &Pending) -> Result<(), ApiError> {
        for field in def.fields.iter().filter(|f| f.unique) {
            let value = pending.record.cell(field.index);
            if value.is_null() {
                continue;
            }
            let table = self.state.store.table(def.index);
            let twin = table.with_key(field.index, value.index_key()).find(|slot| {
                let other = table.record(*slot);
                let same = field.same(other.cell(field.index), value);
                same && !other.deleted && Some(*slot) != pending.slot
            });
            if let Some(twin) = twin {
                return Err(match field.name.as_str() {
                    "Username" => ApiError::record(
                        "DUPLICATE_USERNAME",
                        "Duplicate Username. Another user has already selected this username.",
                        &["Username"],
                    ),
                    name => ApiError::duplicate_value(name, table.id_at(twin).short()),
                });
            }
        }
        Ok(())
    }

    fn commit_new(&mut self, object: usize, record: Record) -> Slot {
        let fields = self.differences(object, None, &record);
        let slot = self.state.store.insert(object, record);
        self.log_act((object, slot), Act::Create, false, fields);
        slot
    }

    fn commit_change(&mut self, object: usize, slot: Slot, record: Record, by_system: bool) {
        let old = self.state.store.table(object).record(slot);
        let act = match (old.deleted, record.deleted) {
            (false, true) => Act::Delete,
            (true, false) => Act::Undelete,
            _ => Act::Update,
        };
        let fields = self.differences(object, Some(old), &record);
        self.state.store.replace(object, slot, record);
        self.log_act((object, slot), act, by_system, fields);
    }

    fn log_act(
        &mut self,
        (object, slot): (usize, Slot),
        act: Act,
        by_system: bool,
        fields: Vec<FieldChange>,
    ) {
        let id = self.state.store.id_at(object, slot);
        let draft = Draft {
            object,
            id,
            act,
            by_system,
            fields,
        };
        self.state.log(self.call, self.now_ms, draft);
    }

    fn differences(&self, object: usize, old: Option<&Record>, new: &Record) -> Vec<FieldChange> {
        let stored = self.state.store.def(object).fields.iter();
        let stored = stored.filter(|f| f.role == Role::Stored);
        let null = Value::Null;
        stored
            .map(|f| (f, old.map_or(&null, |r| r.cell(f.index)), new.cell(f.index)))
            .filter(|(_, before, after)| before != after)
            .map(|(f, before, after)| FieldChange {
                field: f.name.clone(),
                old: shown(before, f.kind, old.is_some()),
                new: shown(after, f.kind, true),
            })
            .collect()
    }
}

/// A stored value as the API shows it: an absent checkbox of an existing record is false.
fn shown(value: &Value, kind: FieldKind, exists: bool) -> Json {
    match value {
        Value::Null if kind == FieldKind::Bool && exists => Json::Bool(false),
        value => value.to_json(kind),
    }
}

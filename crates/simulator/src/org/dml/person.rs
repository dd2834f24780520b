//! Writing person accounts: which accounts are persons, what cannot be said of them, and the other
//! record that follows in the same transaction.

use super::{Pending, Writer};
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::person_fields::PersonAccounts;
use crate::org::record::Record;
use crate::org::schema::ObjectDef;
use crate::org::store::{Place, Slot};
use crate::org::value::Value;

impl Writer<'_> {
    /// Before an account is saved: a person's name follows from its parts.
    pub(super) fn settle_account(
        &self,
        def: &ObjectDef,
        pending: &mut Pending,
    ) -> Result<(), ApiError> {
        let Some(mirror) = &self.state.person_accounts else {
            return Ok(());
        };
        let (flag, name, last) = (
            def.at("IsPersonAccount"),
            def.at("Name"),
            def.at("LastName"),
        );
        let record_type = def.at("RecordTypeId");
        let chosen = pending.record.cell(record_type).as_id();
        let person = match pending.slot {
            Some(_) => pending.record.cell(flag).is_true(),
            None => {
                let named = !pending.record.cell(last).is_null();
                chosen == Some(mirror.person_type) || (chosen.is_none() && named)
            }
        };
        if !person {
            return mirror.settle_business(def, pending);
        }
        if pending.given.contains(&name) {
            return Err(bad_field_names(&["Name"]));
        }
        if pending.record.cell(last).is_null() {
            return Err(ApiError::required_missing(&["LastName"]));
        }
        let full = full_name(def, &pending.record);
        pending.record.set(name, full);
        pending.record.set(flag, Value::Bool(true));
        pending
            .record
            .set(record_type, Value::Id(mirror.person_type));
        if pending.slot.is_none() {
            let contacts = self.state.store.table(mirror.contact);
            let next = contacts.id_at(contacts.len() as Slot);
            pending
                .record
                .set(def.at("PersonContactId"), Value::Id(next));
        }
        Ok(())
    }

    /// Before a contact is saved: persons have no contacts and theirs do not move.
    pub(super) fn settle_contact(
        &self,
        def: &ObjectDef,
        pending: &Pending,
    ) -> Result<(), ApiError> {
        if self.state.person_accounts.is_none() || !pending.given.contains(&def.at("AccountId")) {
            return Ok(());
        }
        let store = &self.state.store;
        let now = pending.record.cell(def.at("AccountId"));
        if pending.record.cell(def.at("IsPersonAccount")).is_true() {
            let before = pending.slot.map(|slot| store.record((def.index, slot)));
            let moved = before.is_some_and(|b| b.cell(def.at("AccountId")) != now);
            let text = "Account ID: the contact of a person account cannot be moved";
            return match moved {
                true => Err(ApiError::record(
                    "FIELD_INTEGRITY_EXCEPTION",
                    text,
                    &["AccountId"],
                )),
                false => Ok(()),
            };
        }
        let account = now.as_id().and_then(|id| store.locate(&id));
        let person = account.is_some_and(|(object, slot)| {
            store.read_named(object, slot, "IsPersonAccount").is_true()
        });
        match person {
            true => {
                let text = "Account ID: a person account cannot have contacts";
                Err(ApiError::record(
                    "FIELD_INTEGRITY_EXCEPTION",
                    text,
                    &["AccountId"],
                ))
            }
            false => Ok(()),
        }
    }

    /// The contact of a person account goes when the account goes, and not before.
    pub(super) fn refuse_person_contact(&self, object: usize, slot: Slot) -> Result<(), ApiError> {
        let store = &self.state.store;
        let contact = store.def(object).name == "Contact";
        if contact && store.read_named(object, slot, "IsPersonAccount").is_true() {
            let text = "This contact belongs to a person account; delete the account instead";
            return Err(ApiError::record("DELETE_FAILED", text, &[]));
        }
        Ok(())
    }

    /// The contact of an account that is a person.
    pub(super) fn person_contact(&self, (object, slot): Place) -> Option<RecordId> {
        let mirror = self.mirror_of(object, slot)?;
        let account = object == mirror.account;
        let contact = || self.state.store.read_named(object, slot, "PersonContactId");
        account.then(contact).and_then(|id| id.as_id())
    }

    /// After an insert: a person account gets its contact.
    pub(super) fn add_person_contact(&mut self, object: usize, slot: Slot) {
        let Some(mirror) = self.mirror_of(object, slot).filter(|m| m.account == object) else {
            return;
        };
        let mut contact = Record::new(self.call.user, self.now());
        let schema = self.schema();
        let def = &schema.objects[mirror.contact];
        let id = self.state.store.id_at(object, slot);
        contact.set(def.at("AccountId"), Value::Id(id));
        contact.set(def.at("IsPersonAccount"), Value::Bool(true));
        let account = self.state.store.record((object, slot));
        for (from, to) in &mirror.pairs {
            contact.set(*to, account.cell(*from).clone());
        }
        self.commit_new(mirror.contact, contact);
    }

    /// After a change: the other record of the person follows, and its stamps move as well.
    pub(super) fn follow_person(&mut self, object: usize, slot: Slot) {
        let Some(mirror) = self.mirror_of(object, slot) else {
            return;
        };
        let forth = object == mirror.account;
        let link = if forth {
            "PersonContactId"
        } else {
            "AccountId"
        };
        let store = &self.state.store;
        let other = store.read_named(object, slot, link).as_id();
        let Some((other, at)) = other.and_then(|id| store.live(&id)) else {
            return;
        };
        let source = store.record((object, slot));
        let mut record = store.record((other, at)).clone();
        for (account, contact) in &mirror.pairs {
            let (from, to) = if forth {
                (account, contact)
            } else {
                (contact, account)
            };
            record.set(*to, source.cell(*from).clone());
        }
        let schema = self.schema();
        if !forth {
            let def = &schema.objects[mirror.account];
            let name = full_name(def, &record);
            record.set(def.at("Name"), name);
        }
        record.touch(self.call.user, self.now());
        self.commit_change(other, at, record, true);
    }

    /// How a person's two records hang together, if this is one of them.
    fn mirror_of(&self, object: usize, slot: Slot) -> Option<PersonAccounts> {
        let mirror = self.state.person_accounts.as_ref()?;
        let concerned = object == mirror.account || object == mirror.contact;
        let store = &self.state.store;
        let person = concerned && store.read_named(object, slot, "IsPersonAccount").is_true();
        person.then(|| mirror.clone())
    }
}

impl PersonAccounts {
    /// A company has none of a person's fields.
    fn settle_business(&self, def: &ObjectDef, pending: &mut Pending) -> Result<(), ApiError> {
        let record_type = def.at("RecordTypeId");
        if pending.record.cell(record_type).as_id() == Some(self.person_type) {
            let text = "Record Type ID: a business account cannot become a person account";
            let code = "FIELD_INTEGRITY_EXCEPTION";
            return Err(ApiError::record(code, text, &["RecordTypeId"]));
        }
        let personal: Vec<&str> = pending
            .given
            .iter()
            .filter(|field| self.persons_only.contains(field))
            .filter(|field| {
                let value = pending.record.cell(**field);
                !matches!(value, Value::Null | Value::Bool(false))
            })
            .map(|field| def.fields[*field as usize].name.as_str())
            .collect();
        if !personal.is_empty() {
            return Err(bad_field_names(&personal));
        }
        if pending.record.cell(record_type).is_null() {
            pending
                .record
                .set(record_type, Value::Id(self.business_type));
        }
        // Defaults of a contact's fields are not a company's.
        if pending.slot.is_none() {
            for field in &self.persons_only {
                pending.record.set(*field, Value::Null);
            }
        }
        Ok(())
    }
}

fn bad_field_names(fields: &[&str]) -> ApiError {
    let text = format!(
        "Account: bad field names on insert/update call: {}",
        fields.join(", ")
    );
    ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields)
}

fn full_name(account: &ObjectDef, record: &Record) -> Value {
    let parts = ["FirstName", "MiddleName", "LastName", "Suffix"];
    let parts = parts.iter().filter_map(|name| account.field_index(name));
    let known: Vec<&str> = parts
        .filter_map(|field| record.cell(field).as_str())
        .collect();
    Value::text(&known.join(" "))
}

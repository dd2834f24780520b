//! Which fields of a person account hold the same as fields of its contact.

use super::id::RecordId;
use super::schema::{FieldDef, FieldKind, Role, Schema};

/// What writing needs to know about person accounts.
#[derive(Clone)]
pub(crate) struct PersonAccounts {
    pub account: usize,
    pub contact: usize,
    /// Fields of the account that hold the same as fields of the contact.
    pub pairs: Vec<(u16, u16)>,
    /// Those of the account's that only persons have.
    pub persons_only: Vec<u16>,
    pub business_type: RecordId,
    pub person_type: RecordId,
}

impl PersonAccounts {
    /// Adds a field to the account that holds the same as one of the contact's.
    pub fn append(&mut self, schema: &mut Schema, name: &str, of_contact: &str) {
        let contact = &schema.objects[self.contact];
        let Some(source) = contact.field(of_contact) else {
            return;
        };
        if !matches!(source.role, Role::Stored | Role::Address) {
            return;
        }
        let label = match name.ends_with("__pc") || name == of_contact {
            true => source.label.clone(),
            false => format!("Person Account: {}", source.label),
        };
        let mut field = renamed(source, name, &label);
        let at = source.index;
        let mirrored = source.role == Role::Stored;
        field.nillable = field.kind != FieldKind::Bool;
        (field.unique, field.external_id, field.id_lookup) = (false, false, false);
        field.custom.required = false;
        let compound = |c: &String| match c.as_str() {
            "Name" => c.clone(),
            c => format!("Person{c}"),
        };
        field.compound = field.compound.as_ref().map(compound);
        field.relationship = field
            .relationship
            .as_ref()
            .map(|r| r.replace("__r", "__pr"));
        let index = schema.append_field(self.account, field, None);
        self.persons_only.push(index);
        if mirrored {
            self.pairs.push((index, at));
        }
    }
}

/// How an account shows a contact's custom field.
pub(super) fn custom_name(of_contact: &str) -> String {
    of_contact.replace("__c", "__pc")
}

/// The same field under another name.
pub(super) fn renamed(field: &FieldDef, name: &str, label: &str) -> FieldDef {
    FieldDef {
        name: name.to_owned(),
        label: label.to_owned(),
        ..field.clone()
    }
}

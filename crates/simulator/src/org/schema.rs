//! Which objects the org has and how their fields behave. It starts as the tables in `describe/`,
//! which were recorded from real orgs; what an administrator adds is appended, so that a place in
//! the schema never changes its meaning.

mod append;
mod parse;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::expression::Formula;
use super::id::RecordId;
use super::value::Value;

pub(crate) use super::field_kind::FieldKind;

/// All objects of the org.
#[derive(Clone)]
pub(crate) struct Schema {
    pub objects: Vec<ObjectDef>,
    by_name: HashMap<String, usize>,
}

/// One object: a kind of record.
#[derive(Clone)]
pub(crate) struct ObjectDef {
    pub index: usize,
    pub name: String,
    pub label: String,
    pub label_plural: String,
    pub prefix: [u8; 3],
    pub createable: bool,
    pub updateable: bool,
    pub deletable: bool,
    pub undeletable: bool,
    pub searchable: bool,
    pub mergeable: bool,
    pub layoutable: bool,
    pub feed_enabled: bool,
    /// Record types beside the master.
    pub record_types: Vec<RecordType>,
    /// Of custom objects: how records are shared by default.
    pub sharing: Option<SharingModel>,
    pub fields: Vec<FieldDef>,
    pub children: Vec<ChildRelation>,
    by_name: HashMap<String, u16>,
    by_relationship: HashMap<String, u16>,
}

/// One field of an object.
#[derive(Clone)]
pub(crate) struct FieldDef {
    pub index: u16,
    pub name: String,
    pub label: String,
    pub kind: FieldKind,
    pub length: usize,
    pub precision: u32,
    pub scale: u32,
    pub soap_type: String,
    pub nillable: bool,
    pub createable: bool,
    pub updateable: bool,
    pub defaulted: bool,
    pub calculated: bool,
    pub id_lookup: bool,
    pub external_id: bool,
    pub unique: bool,
    pub compound: Option<String>,
    pub reference_to: Vec<String>,
    pub relationship: Option<String>,
    pub polymorphic: bool,
    pub name_field: bool,
    pub filterable: bool,
    pub sortable: bool,
    pub groupable: bool,
    pub aggregatable: bool,
    pub restricted: bool,
    pub picklist: Vec<PicklistEntry>,
    pub role: Role,
    /// Those of `reference_to` that this org has.
    pub targets: Vec<usize>,
    /// Kept in a hash index, so that equality needs no scan.
    pub indexed: bool,
    pub custom: Custom,
}

/// What only an administrator's own choices give a field.
#[derive(Clone, Default)]
pub(crate) struct Custom {
    /// Required even where the caller does not name the field.
    pub required: bool,
    /// Values that differ in case only are different.
    pub case_sensitive: bool,
    /// A text area that holds HTML.
    pub html: bool,
    /// What a new record gets when nobody says otherwise.
    pub initial: Option<Value>,
    /// The pattern of numbered names, for example `A-{0000}`.
    pub display_format: Option<Arc<str>>,
    pub formula: Option<Arc<Formula>>,
}

/// One value of a picklist.
#[derive(Clone)]
pub(crate) struct PicklistEntry {
    pub value: String,
    pub label: String,
    pub default: bool,
}

/// Where a field's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Id,
    IsDeleted,
    CreatedDate,
    CreatedBy,
    ModifiedDate,
    ModifiedBy,
    Stamp,
    /// Kept with the record.
    Stored,
    /// First and last name, joined.
    PersonName,
    /// Parts under one roof, such as MailingAddress.
    Address,
    /// Worked out from other records whenever it is read.
    Derived,
    /// An administrator's formula, worked out whenever it is read.
    Formula,
    /// Numbered by the org.
    AutoNumber,
}

/// A record type of an object.
#[derive(Clone)]
pub(crate) struct RecordType {
    pub id: RecordId,
    pub name: String,
    pub developer_name: String,
}

/// A lookup seen from the other side.
#[derive(Clone)]
pub(crate) struct ChildRelation {
    pub child: usize,
    pub field: u16,
    pub name: Option<String>,
    pub on_delete: OnDelete,
}

/// How records of an object are shared by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SharingModel {
    /// Everybody may change them.
    #[default]
    ReadWrite,
    /// Everybody may read them.
    Read,
    /// Only the owner and who it is shared with.
    Private,
}

/// What becomes of the child when the parent is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDelete {
    Keep,
    Clear,
    Cascade,
    /// The parent cannot be deleted while it has such children.
    Restrict,
}

impl Schema {
    /// The schema of every org; read once per process.
    pub fn standard() -> Arc<Self> {
        static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
        Arc::clone(SCHEMA.get_or_init(|| Arc::new(parse::standard())))
    }

    /// By API name, whatever its case.
    pub fn object(&self, name: &str) -> Option<&ObjectDef> {
        let index = self.by_name.get(&name.to_ascii_lowercase())?;
        Some(&self.objects[*index])
    }

    pub fn object_of_prefix(&self, prefix: [u8; 3]) -> Option<&ObjectDef> {
        self.objects.iter().find(|o| o.prefix == prefix)
    }

    /// The position of an object that the schema is known to have.
    pub fn index(&self, name: &str) -> usize {
        let object = self.object(name);
        object
            .expect("the name is one of describe/objects.tsv")
            .index
    }
}

impl ObjectDef {
    /// By API name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        let index = self.field_index(name)?;
        Some(&self.fields[index as usize])
    }

    pub fn field_index(&self, name: &str) -> Option<u16> {
        match self.by_name.get(name) {
            Some(index) => Some(*index),
            None => self.by_name.get(&name.to_ascii_lowercase()).copied(),
        }
    }

    /// The lookup field behind a relationship name such as `Account`.
    pub fn lookup(&self, relationship: &str) -> Option<&FieldDef> {
        let index = self
            .by_relationship
            .get(&relationship.to_ascii_lowercase())?;
        Some(&self.fields[*index as usize])
    }

    /// The position of a field that the object is known to have.
    pub fn at(&self, name: &str) -> u16 {
        let index = self.field_index(name);
        index.expect("the name is one of the object's describe table")
    }

    pub fn child(&self, relationship: &str) -> Option<&ChildRelation> {
        let same = |name: &String| name.eq_ignore_ascii_case(relationship);
        self.children
            .iter()
            .find(|c| c.name.as_ref().is_some_and(same))
    }

    pub fn prefix_str(&self) -> &str {
        std::str::from_utf8(&self.prefix).expect("prefixes are ASCII")
    }

    /// The field that names a record, if the object has one.
    pub fn name_field(&self) -> Option<&FieldDef> {
        self.fields.iter().find(|f| f.name_field)
    }

    /// Whether programs can follow its changes.
    pub fn is_replicable(&self) -> bool {
        self.name != "ListView"
    }

    /// First name and last name stand apart and are shown as one.
    pub fn is_person(&self) -> bool {
        self.fields.iter().any(|f| f.role == Role::PersonName)
    }
}

impl FieldDef {
    /// Must be given on create.
    pub fn required(&self) -> bool {
        !self.nillable && self.createable && !self.defaulted && self.kind != FieldKind::Bool
    }

    /// Whether rights are given for the field; names, required and system fields come with the object.
    pub fn permissionable(&self) -> bool {
        let open = self.nillable || self.kind == FieldKind::Bool;
        let part_of_name = self.compound.as_deref() == Some("Name");
        let kept = self.createable || self.updateable || self.calculated;
        let made = matches!(self.role, Role::Derived | Role::Address);
        open && !part_of_name && !self.name_field && (made || (kept && self.role == Role::Stored))
    }

    /// The object that a single-target lookup points at.
    pub fn single_target(&self) -> Option<usize> {
        match (self.polymorphic, self.targets.as_slice()) {
            (false, [one]) => Some(*one),
            _ => None,
        }
    }

    /// Made by an administrator; `__pc` is how an account shows a contact's own.
    pub fn is_custom(&self) -> bool {
        self.name.ends_with("__c") || self.name.ends_with("__pc")
    }

    /// Whether two values count as one for uniqueness and external ids.
    pub fn same(&self, a: &Value, b: &Value) -> bool {
        match self.custom.case_sensitive {
            true => a == b,
            false => a.compare(b).is_eq(),
        }
    }

    pub fn default_value(&self) -> Option<&str> {
        let entry = self.picklist.iter().find(|p| p.default);
        entry.map(|p| p.value.as_str())
    }
}

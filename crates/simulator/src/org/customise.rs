//! What an administrator sets up in an org: fields, objects, and what fields insist on. The request
//! structs are also the JSON bodies of the control plane. Fields and objects are only ever added.

mod field;
mod settings;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Org;
use super::error::ApiError;
use super::schema::{FieldKind, ObjectDef, Role, SharingModel};
use super::state::State;

/// The type of a new field, by the names of the Metadata API; those of describe are taken as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FieldType {
    /// One line.
    #[default]
    #[serde(alias = "string")]
    Text,
    /// Up to 255 characters on several lines.
    #[serde(alias = "textarea")]
    TextArea,
    /// More than 255 characters: cannot be filtered or sorted.
    LongTextArea,
    /// Rich text: cannot be filtered or sorted.
    Html,
    /// One of several values.
    #[serde(alias = "picklist")]
    Picklist,
    /// Any of several values.
    #[serde(alias = "multipicklist")]
    MultiselectPicklist,
    /// Yes or no.
    #[serde(alias = "boolean")]
    Checkbox,
    /// A number.
    #[serde(alias = "double")]
    Number,
    /// An amount of money.
    #[serde(alias = "currency")]
    Currency,
    /// A percentage; 50 is a half.
    #[serde(alias = "percent")]
    Percent,
    /// A day.
    #[serde(alias = "date")]
    Date,
    /// A moment.
    #[serde(alias = "datetime")]
    DateTime,
    /// A time of day.
    #[serde(alias = "time")]
    Time,
    /// An e-mail address.
    #[serde(alias = "email")]
    Email,
    /// A phone number, as written.
    #[serde(alias = "phone")]
    Phone,
    /// A web address.
    #[serde(alias = "url")]
    Url,
    /// Points at a record.
    #[serde(alias = "reference")]
    Lookup,
    /// Points at a record without which this one cannot be.
    MasterDetail,
    /// Numbered by the org.
    AutoNumber,
    /// Not supported by the simulator.
    #[serde(alias = "location")]
    Location,
    /// Not supported by the simulator.
    #[serde(alias = "encryptedstring")]
    EncryptedText,
}

/// What becomes of a record when the one it points at is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnParentDelete {
    /// The lookup is emptied.
    #[default]
    SetNull,
    /// The parent cannot be deleted.
    Restrict,
    /// It is deleted, too.
    Cascade,
}

/// One value of a picklist; in JSON a text is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PicklistForm")]
pub struct PicklistValue {
    /// What the API shows and takes.
    pub value: String,
    /// What people see.
    pub label: String,
    /// Whether new records get it.
    pub default: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PicklistForm {
    Plain(String),
    Full {
        value: String,
        label: Option<String>,
        #[serde(default)]
        default: bool,
    },
}

impl From<PicklistForm> for PicklistValue {
    fn from(form: PicklistForm) -> Self {
        match form {
            PicklistForm::Plain(value) => Self::from(value.as_str()),
            PicklistForm::Full {
                value,
                label,
                default,
            } => Self {
                label: label.unwrap_or_else(|| value.clone()),
                value,
                default,
            },
        }
    }
}

impl From<&str> for PicklistValue {
    fn from(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            label: value.to_owned(),
            default: false,
        }
    }
}

/// A field to be added.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewField {
    /// API name, ending in `__c`.
    pub name: String,
    /// What people see; made from the name when absent.
    pub label: Option<String>,
    /// The type; for a formula field that of its result.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Characters of a text.
    pub length: Option<usize>,
    /// Digits of a number in all.
    pub precision: Option<u32>,
    /// Digits behind the point.
    pub scale: Option<u32>,
    /// No record is saved without it.
    pub required: bool,
    /// No two records have the same value.
    pub unique: bool,
    /// Upserts may find records by it.
    pub external_id: bool,
    /// For unique fields: `a` and `A` are different.
    pub case_sensitive: bool,
    /// The values of a picklist.
    pub picklist: Vec<PicklistValue>,
    /// Whether other values are refused.
    pub restricted: bool,
    /// For lookups: API name of the object that it points at.
    pub reference_to: Option<String>,
    /// For lookups: what the parent calls its children, without `__r`.
    pub relationship_name: Option<String>,
    /// For lookups.
    pub on_delete: OnParentDelete,
    /// Makes it a formula field.
    pub formula: Option<String>,
    /// For formula fields: a blank number stays blank instead of counting as zero.
    pub blank_as_blank: bool,
    /// What a new record gets when nobody says otherwise.
    pub default: Option<Json>,
    /// For numbered fields, for example `A-{0000}`.
    pub display_format: Option<String>,
}

impl NewField {
    /// A field with a name and a type; the rest by `..`.
    pub fn new(name: &str, kind: FieldType) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            ..Self::default()
        }
    }

    /// A formula field with a result of this type.
    pub fn formula(name: &str, kind: FieldType, formula: &str) -> Self {
        Self {
            formula: Some(formula.to_owned()),
            ..Self::new(name, kind)
        }
    }
}

/// An object to be added.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewObject {
    /// API name, ending in `__c`.
    pub name: String,
    /// What people see; made from the name when absent.
    pub label: Option<String>,
    /// The label of several.
    pub label_plural: Option<String>,
    /// Numbers the records instead of naming them, for example `G-{0000}`.
    pub auto_number: Option<String>,
    /// How records are shared by default; kept, and applied by whoever judges sharing.
    pub sharing: SharingModel,
    /// Tasks and events may be related to its records.
    pub allow_activities: bool,
}

impl NewObject {
    /// An object whose records have a text as name and may have activities.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            allow_activities: true,
            ..Self::default()
        }
    }
}

impl Org {
    /// Adds a custom field; it is there for everybody at once, empty in all records.
    pub fn add_field(&self, object: &str, field: &NewField) -> Result<(), ApiError> {
        let mut state = self.lock();
        let object = state.known(object)?;
        state.add_field(object, field)
    }

    /// Adds a custom object; its ids begin with `a00`, those of the next with `a01`.
    pub fn add_object(&self, new: &NewObject) -> Result<(), ApiError> {
        let mut state = self.lock();
        let stem = field::stem(&new.name, "Object Name")?;
        if state.store.schema.object(&new.name).is_some() {
            let text = format!("There is already an object named {stem}.");
            return Err(ApiError::request(400, "DUPLICATE_DEVELOPER_NAME", text));
        }
        let prefix = state.free_prefix()?;
        let label = new.label.clone().unwrap_or_else(|| stem.replace('_', " "));
        let plural = new.label_plural.clone();
        let plural = plural.unwrap_or_else(|| format!("{label}s"));
        let mut def = ObjectDef::custom(&new.name, (&label, &plural), prefix);
        def.sharing = Some(new.sharing);
        if let Some(pattern) = &new.auto_number {
            field::check_pattern(pattern)?;
            let name = def.fields.iter_mut().find(|f| f.name_field);
            let name = name.expect("custom objects have a name field");
            field::number_by(name, pattern);
        }
        let schema = state.store.schema_mut();
        let index = schema.append_object(def);
        if new.allow_activities {
            for (activity, plural) in [("Task", "Tasks"), ("Event", "Events")] {
                let activity = schema.index(activity);
                let what = schema.objects[activity].at("WhatId");
                schema.append_target((activity, what), index, plural);
            }
        }
        state.store.fit_tables();
        Ok(())
    }
}

impl State {
    pub(super) fn known(&self, object: &str) -> Result<usize, ApiError> {
        let object = self.store.schema.object(object);
        object.map(|o| o.index).ok_or_else(ApiError::not_found)
    }

    /// `a00`, `a01`, … in the order of the digits of ids.
    fn free_prefix(&self) -> Result<[u8; 3], ApiError> {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let pairs = DIGITS.iter().flat_map(|a| DIGITS.map(|b| [b'a', *a, b]));
        let free = |prefix: &[u8; 3]| self.store.schema.object_of_prefix(*prefix).is_none();
        pairs.into_iter().find(free).ok_or_else(|| {
            let text = "The org has reached the limit of custom objects";
            ApiError::request(400, "LIMIT_EXCEEDED", text)
        })
    }
}

/// The kind of a field that holds text which people type.
fn holds_words(kind: FieldKind, role: Role) -> bool {
    role == Role::Stored && kind.is_text()
}

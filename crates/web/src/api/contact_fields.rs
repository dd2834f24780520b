//! The fields that contacts have, and how a company changes them.

use super::text::Text;
use serde::{Deserialize, Serialize};
use tieline_domain::catalogue::{self, FieldKind, FieldSection, NewField};
use tieline_domain::id::ContactFieldId;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactFieldList {
    pub items: Vec<ContactField>,
}

/// A field that contacts have.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactField {
    pub id: ContactFieldId,
    pub name: String,
    pub label: String,
    pub r#type: FieldKind,
    /// In characters.
    pub max_length: usize,
    /// What a choice chooses from.
    pub options: Vec<String>,
    /// Fields are shown in this order, from 1.
    pub position: i64,
    pub section: FieldSection,
    /// Whether staff must fill it in.
    pub required: bool,
    /// Kept by the org alone.
    pub read_only: bool,
    /// Whether the company added it.
    pub own: bool,
}

impl ContactField {
    pub fn of(it: &catalogue::Field) -> ContactField {
        ContactField {
            id: it.id,
            name: it.name.clone(),
            label: it.label.clone(),
            r#type: it.kind,
            max_length: it.max_length,
            options: it.options.clone(),
            position: it.position,
            section: it.section,
            required: it.required,
            read_only: it.read_only,
            own: it.is_own(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactFieldCreate {
    /// `shoe_size`; stays for ever.
    pub name: Text<40>,
    /// For people.
    pub label: Text<80>,
    pub r#type: FieldKind,
    /// In characters; only texts may say it.
    pub max_length: Option<usize>,
    /// What a choice chooses from.
    #[serde(default)]
    pub options: Vec<Text<255>>,
    /// Where it stands among all fields, from 1; behind them when it is left out.
    pub position: Option<i64>,
    pub section: FieldSection,
    /// Whether staff must fill it in.
    #[serde(default)]
    pub required: bool,
    /// Kept by the org alone.
    #[serde(default)]
    pub read_only: bool,
}

impl ContactFieldCreate {
    pub fn into_field(self) -> NewField {
        NewField {
            name: self.name.into_string(),
            label: self.label.into_string(),
            kind: self.r#type,
            max_length: self.max_length,
            options: texts(self.options),
            position: self.position,
            section: self.section,
            required: self.required,
            read_only: self.read_only,
        }
    }
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactFieldChange {
    pub label: Option<Text<80>>,
    /// Only of a field that nobody uses yet.
    pub r#type: Option<FieldKind>,
    /// Values that are none of them any more stay.
    pub options: Option<Vec<Text<255>>>,
    /// Where it stands among all fields, from 1.
    pub position: Option<i64>,
    pub section: Option<FieldSection>,
    pub required: Option<bool>,
}

impl ContactFieldChange {
    pub fn into_change(self) -> catalogue::FieldChange {
        catalogue::FieldChange {
            label: self.label.map(Text::into_string),
            kind: self.r#type,
            options: self.options.map(texts),
            position: self.position,
            section: self.section,
            required: self.required,
        }
    }
}

fn texts(given: Vec<Text<255>>) -> Vec<String> {
    given.into_iter().map(Text::into_string).collect()
}

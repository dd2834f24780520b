//! Contacts: rows of a list, one with all that hangs on it, and what may be said of one.

use super::text::{Limit, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tieline_domain::channel::Channel;
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::id::{ContactId, ConversationId, LinkId, PointId};
use tieline_domain::phone::Unreadable;
use tieline_domain::sync::link::LinkState;
use tieline_domain::time::Timestamp;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// Characters of the longest field.
const VALUE_MAX: usize = 32_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactQuery {
    /// Words that all occur in what the contact is called, at or by.
    #[serde(default)]
    #[param(inline, value_type = Option<Text<200>>)]
    pub q: Text<200>,
    /// Only contacts with a number that cannot be read.
    #[serde(default)]
    #[param(inline, value_type = Option<bool>)]
    pub unreadable: bool,
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<Text<1_000>>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 200>>)]
    pub limit: Limit<50, 200>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactCreate {
    /// Values by the names of /api/v1/contact-fields.
    pub fields: BTreeMap<String, FieldValue>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactChange {
    /// The version that the change was made to.
    pub version: i64,
    /// Values by the names of /api/v1/contact-fields; what is not named stays as it is.
    pub fields: BTreeMap<String, FieldValue>,
}

/// A value of a contact; null is blank.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct FieldValue(Option<Text<VALUE_MAX>>);

impl FieldValue {
    pub fn into_string(self) -> String {
        self.0.unwrap_or_default().into_string()
    }
}

impl PartialSchema for FieldValue {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .max_length(Some(VALUE_MAX))
            .into()
    }
}

impl ToSchema for FieldValue {}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactList {
    pub items: Vec<ContactRow>,
    pub next_cursor: Option<String>,
    pub total: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactRow {
    pub id: ContactId,
    pub name: String,
    pub company: Option<String>,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub links: Vec<ContactRowLink>,
    pub sync: Standing,
    /// Phone fields that hold no number, or several.
    pub unreadable: Vec<UnreadableNumber>,
    /// Values in fields that the company added, by their names.
    pub own: BTreeMap<String, String>,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactRowLink {
    pub object: String,
    pub record_id: String,
    pub is_primary: bool,
}

/// How a contact stands with the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    NotLinked,
    Conflict,
    /// A change has yet to go to the org.
    Waiting,
    InStep,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Contact {
    pub id: ContactId,
    pub name: String,
    /// Values by the names of /api/v1/contact-fields; what is blank is left out.
    pub fields: BTreeMap<String, String>,
    pub version: i64,
    pub points: Vec<ContactPoint>,
    /// What stands in phone fields and cannot be read as one number, so that nobody is texted there.
    pub unreadable: Vec<UnreadableNumber>,
    pub links: Vec<ContactLink>,
    pub conversations: Vec<ContactConversation>,
    pub sync: Standing,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// A phone field that holds no number, or several.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnreadableNumber {
    /// The field that holds it.
    pub field: String,
    pub value: String,
    pub reason: Unreadable,
}

/// An address at which the contact can be reached.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPoint {
    pub id: PointId,
    pub channel: Channel,
    pub address: String,
    /// The field that holds it.
    pub label: String,
    pub consent: Consent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Consent {
    /// Null before anything was said.
    pub state: Option<ConsentState>,
    pub since: Option<Timestamp>,
    pub source: Option<ConsentSource>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactLink {
    pub id: LinkId,
    pub object: String,
    pub record_id: String,
    pub is_primary: bool,
    pub state: LinkState,
    pub synced_at: Timestamp,
    /// The record's page in the org.
    pub url: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactConversation {
    pub id: ConversationId,
    pub channel: Channel,
    pub address: String,
    pub last_at: Timestamp,
}

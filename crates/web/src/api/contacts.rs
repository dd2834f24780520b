//! Contacts: rows of a list, one with all that hangs on it, and what may be said of one.

use super::text::{Ids, Limit, Text};
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
    /// Only contacts that no number is known of, so that none can be texted.
    #[serde(default)]
    #[param(inline, value_type = Option<bool>)]
    pub without_number: bool,
    /// Only contacts who opted out by one of their numbers.
    #[serde(default)]
    #[param(inline, value_type = Option<bool>)]
    pub opted_out: bool,
    /// Only contacts with a record of this object, by its API name.
    #[param(inline)]
    pub object: Option<Text<80>>,
    /// Only contacts with a record in the org, or only those without one.
    pub linked: Option<bool>,
    /// Only these of the list, with commas between them: which of them belong to it now.
    #[param(inline, value_type = Option<Text<4_000>>)]
    pub ids: Option<Ids<ContactId, 100>>,
    #[serde(default)]
    #[param(inline, value_type = Option<ContactOrder>)]
    pub sort: ContactOrder,
    /// `next_cursor` of the page before, of a list sorted in the same way.
    #[param(inline)]
    pub cursor: Option<Text<1_000>>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 200>>)]
    pub limit: Limit<50, 200>,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContactOrder {
    /// By last name, then by first.
    #[default]
    Name,
    /// What was changed last comes first.
    Changed,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactCreate {
    /// Values by the names of /api/v1/contact-fields.
    pub fields: BTreeMap<String, FieldValue>,
    /// A conversation that is with the new contact from then on.
    pub conversation_id: Option<ConversationId>,
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
    /// How many the whole list holds.
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
    /// The numbers that can be texted, and who opted out by them.
    pub points: Vec<ContactPoint>,
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

/// Who a conversation may be with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Candidates {
    /// Why it is with nobody; null where it is with somebody.
    pub reason: Option<TiedToNobody>,
    /// The contacts that have its number, by name, at most 50.
    pub items: Vec<ContactRow>,
}

/// Why a conversation is with nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TiedToNobody {
    /// No contact has this number.
    Nobody,
    /// More than one contact has it.
    Several,
    /// A person said that it is not with the one who has it.
    Decided,
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
    /// It is a number in the organisation's country and none in the contact's own: ask before texting.
    pub doubtful: bool,
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

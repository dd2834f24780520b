//! What the org answers when it refuses: a code, a message and the fields, in the wording that
//! programs written for Salesforce look for. One constructor per fact, so that the text of an
//! error stands once.

use serde_json::{Value as Json, json};

use super::id::RecordId;

/// One entry of an error answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The HTTP status of a single-record answer.
    pub status: u16,
    /// The `errorCode` (`statusCode` in collections).
    pub code: &'static str,
    /// Text for people.
    pub message: String,
    /// The fields at fault; `None` for errors of the request as a whole, which show no list.
    pub fields: Option<Vec<String>>,
    /// What a duplicate rule found; stands in single-record answers only.
    pub detail: Option<Box<Detail>>,
}

/// More than a message: a named part of a single-record answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The key under which it stands.
    pub key: &'static str,
    /// What stands there.
    pub value: Json,
}

/// "Required fields are missing" in other languages.
const REQUIRED_MISSING: [(&str, &str); 3] = [
    ("de", "Erforderliche Felder fehlen"),
    ("fr", "Champs obligatoires manquants"),
    ("ja", "必須項目が不足しています"),
];

impl ApiError {
    /// An error of the request as a whole: without a list of fields.
    pub fn request(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: None,
            detail: None,
        }
    }

    /// An error of one record: HTTP 400 with a list of fields, which may be empty.
    pub fn record(code: &'static str, message: impl Into<String>, fields: &[&str]) -> Self {
        Self {
            status: 400,
            code,
            message: message.into(),
            fields: Some(fields.iter().map(|f| (*f).to_owned()).collect()),
            detail: None,
        }
    }

    /// The same request will fail again unless somebody changes it or the org.
    pub fn is_permanent(&self) -> bool {
        self.code != "UNABLE_TO_LOCK_ROW" && self.status < 500
    }

    /// The entry of a plain REST error array: `message`, `errorCode` and, for records, `fields`.
    pub fn to_json(&self) -> Json {
        if let Some(detail) = &self.detail {
            let mut entry = json!({});
            entry[detail.key] = detail.value.clone();
            entry["errorCode"] = json!(self.code);
            entry["message"] = json!(self.message);
            return entry;
        }
        let mut entry = json!({"message": self.message, "errorCode": self.code});
        if let Some(fields) = &self.fields {
            entry["fields"] = json!(fields);
        }
        entry
    }

    /// The entry of a collection result: `statusCode`, `message` and always `fields`.
    pub fn to_collection_json(&self) -> Json {
        let fields = self.fields.clone().unwrap_or_default();
        json!({"statusCode": self.code, "message": self.message, "fields": fields})
    }

    pub(crate) fn invalid_session() -> Self {
        Self::request(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub(crate) fn session_not_for_rest() -> Self {
        let text = "This session is not valid for use with the REST API";
        Self::request(401, "INVALID_SESSION_ID", text)
    }

    pub(crate) fn invalid_auth_header() -> Self {
        Self::request(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    }

    pub(crate) fn retired_version(version: &str) -> Self {
        let text = format!("API version {version} is retired. Use a later version.");
        Self::request(410, "UNSUPPORTED_API_VERSION", text)
    }

    pub(crate) fn not_found() -> Self {
        Self::request(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn external_id_not_found(segment: &str) -> Self {
        let text = "Provided external ID field does not exist or is not accessible";
        Self::request(404, "NOT_FOUND", format!("{text}: {segment}"))
    }

    pub(crate) fn entity_is_deleted() -> Self {
        Self {
            status: 404,
            ..Self::record("ENTITY_IS_DELETED", "entity is deleted", &[])
        }
    }

    pub(crate) fn no_such_column(field: &str, object: &str) -> Self {
        let text = format!("No such column '{field}' on sobject of type {object}");
        Self::request(400, "INVALID_FIELD", text)
    }

    pub(crate) fn required_missing(fields: &[&str]) -> Self {
        let text = format!("Required fields are missing: [{}]", fields.join(", "));
        Self::record("REQUIRED_FIELD_MISSING", text, fields)
    }

    /// The same in the user's language: programs must look at the code and not at the message.
    pub(crate) fn required_missing_in(language: &str, fields: &[&str]) -> Self {
        let error = Self::required_missing(fields);
        let code = language.split('_').next().unwrap_or_default();
        let known = REQUIRED_MISSING.iter().find(|(known, _)| *known == code);
        match known {
            Some((_, text)) => Self {
                message: format!("{text}: [{}]", fields.join(", ")),
                ..error
            },
            None => error,
        }
    }

    pub(crate) fn not_writable(fields: &[&str]) -> Self {
        let text = format!(
            "Unable to create/update fields: {}. Please check the security settings of this \
             field and verify that it is read/write for your profile or permission set.",
            fields.join(", ")
        );
        Self::record("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields)
    }

    pub(crate) fn duplicate_value(field: &str, other_short_id: &str) -> Self {
        let text = format!(
            "duplicate value found: {field} duplicates value on record with id: {other_short_id}"
        );
        Self::record("DUPLICATE_VALUE", text, &[])
    }

    pub(crate) fn invalid_cross_reference(field: &str) -> Self {
        let text = "invalid cross reference id";
        Self::record("INVALID_CROSS_REFERENCE_KEY", text, &[field])
    }

    pub(crate) fn no_access_to_object() -> Self {
        let text = "insufficient access rights on object id";
        Self {
            status: 403,
            ..Self::record("INSUFFICIENT_ACCESS_OR_READONLY", text, &[])
        }
    }

    pub(crate) fn no_access_to_reference(id: &RecordId) -> Self {
        let text = format!(
            "insufficient access rights on cross-reference id: {}",
            id.short()
        );
        Self::record("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", text, &[])
    }

    pub(crate) fn api_not_enabled() -> Self {
        let text = "API is disabled for this User";
        Self::request(403, "API_CURRENTLY_DISABLED", text)
    }

    pub(crate) fn locked_row() -> Self {
        let text = "unable to obtain exclusive access to this record";
        Self::record("UNABLE_TO_LOCK_ROW", text, &[])
    }

    pub(crate) fn converted_lead() -> Self {
        let text = "cannot reference converted lead";
        Self::record("CANNOT_UPDATE_CONVERTED_LEAD", text, &[])
    }

    pub(crate) fn inactive_owner(owner: &RecordId) -> Self {
        let owner = owner.short();
        let text = format!("operation performed with inactive user [{owner}] as owner");
        Self::record("INACTIVE_OWNER_OR_USER", text, &["OwnerId"])
    }

    pub(crate) fn unable_to_lock_row(parent: &RecordId) -> Self {
        let parent = parent.short();
        let text =
            format!("unable to obtain exclusive access to this record or 1 records: {parent}");
        Self::record("UNABLE_TO_LOCK_ROW", text, &[])
    }

    pub(crate) fn cannot_deserialize(kind: &str, token: &str) -> Self {
        let text = format!("Cannot deserialize instance of {kind} from {token}");
        Self::request(400, "JSON_PARSER_ERROR", text)
    }

    pub(crate) fn rolled_back() -> Self {
        let text = "Record rolled back because not all records were valid and the request was \
                    using AllOrNone header";
        Self::record("ALL_OR_NONE_OPERATION_ROLLED_BACK", text, &[])
    }
}

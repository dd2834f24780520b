//! What an object looks like to the running user.

use crate::client::{Client, Repeat};
use crate::error::{Error, Result};
use http::Method;
use serde::Deserialize;

/// One object, as far as programs like ours need it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDescribe {
    /// The API name.
    pub name: String,
    /// For people.
    pub label: String,
    /// Whether the user may create records.
    pub createable: bool,
    /// Whether the user may change records.
    pub updateable: bool,
    /// Whether the user may delete records.
    pub deletable: bool,
    /// Whether the user may query.
    pub queryable: bool,
    /// Those that the user may read; others are absent.
    pub fields: Vec<FieldDescribe>,
}

impl ObjectDescribe {
    /// The field of that API name, in any case.
    pub fn field(&self, name: &str) -> Option<&FieldDescribe> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDescribe {
    /// The API name.
    pub name: String,
    /// For people.
    pub label: String,
    /// `string`, `email`, `phone`, `picklist`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Characters; 0 where it does not apply.
    pub length: i64,
    /// Whether the user may set it on a new record.
    pub createable: bool,
    /// Whether the user may change it.
    pub updateable: bool,
    /// Whether it may be empty.
    pub nillable: bool,
    /// Whether the org fills it when a new record lacks it.
    pub defaulted_on_create: bool,
    /// Whether it is computed.
    pub calculated: bool,
}

impl Client {
    /// An object's description, asked for anew.
    pub async fn describe(&self, object: &str) -> Result<ObjectDescribe> {
        let path = format!("sobjects/{object}/describe");
        let answer = self.send(Method::GET, &path, None, Repeat::Safe).await?;
        serde_json::from_value(answer).map_err(|e| {
            Error::Unexpected(format!(
                "a description of {object} that cannot be read: {e}"
            ))
        })
    }
}

//! What an object looks like to the running user.

use crate::client::{Client, Repeat};
use crate::error::{Error, Result};
use http::Method;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A description is asked for again after this long.
const FRESH_MS: i64 = 15 * 60 * 1_000;

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

#[derive(Default)]
pub(crate) struct DescribeCache(Mutex<BTreeMap<String, (i64, Arc<ObjectDescribe>)>>);

impl Client {
    /// An object's description, from memory while it is fresh.
    pub async fn describe(&self, object: &str) -> Result<Arc<ObjectDescribe>> {
        let key = object.to_ascii_lowercase();
        let now_ms = self.now_ms();
        if let Some((at, known)) = self.describes().lock().get(&key)
            && now_ms - at < FRESH_MS
        {
            return Ok(known.clone());
        }
        let answer = self
            .send(
                Method::GET,
                &format!("sobjects/{object}/describe"),
                None,
                Repeat::Safe,
            )
            .await?;
        let described: ObjectDescribe = serde_json::from_value(answer).map_err(|e| {
            Error::Unexpected(format!(
                "a description of {object} that cannot be read: {e}"
            ))
        })?;
        let described = Arc::new(described);
        self.describes()
            .lock()
            .insert(key, (now_ms, described.clone()));
        Ok(described)
    }

    /// Forgets all descriptions, for when an administrator has changed the org.
    pub fn forget_describes(&self) {
        self.describes().lock().clear();
    }
}

impl DescribeCache {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (i64, Arc<ObjectDescribe>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Writing up to 200 records in one call, with a result for each.

use crate::client::{Client, Repeat};
use crate::error::{ApiError, Error, Result};
use crate::record::RecordId;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Records that one call may carry.
pub const RECORDS_MAX: usize = 200;

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SaveResult {
    /// The record, when it was saved.
    #[serde(default)]
    pub id: Option<RecordId>,
    /// Whether it was saved.
    pub success: bool,
    /// Whether an upsert made a new one.
    #[serde(default)]
    pub created: Option<bool>,
    /// Why not.
    #[serde(default)]
    pub errors: Vec<ApiError>,
}

impl SaveResult {
    /// Whether the same write may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        self.errors.iter().any(ApiError::is_retryable)
    }
}

/// The fields of a record to be written.
pub type Fields = Map<String, Value>;

impl Client {
    /// Creates records of one object. The call is not repeated when its outcome is unknown.
    pub async fn create_many(&self, object: &str, records: Vec<Fields>) -> Result<Vec<SaveResult>> {
        self.save(Method::POST, object, records, Repeat::Never)
            .await
    }

    /// Updates records of one object; each carries its `Id`.
    pub async fn update_many(&self, object: &str, records: Vec<Fields>) -> Result<Vec<SaveResult>> {
        self.save(Method::PATCH, object, records, Repeat::Safe)
            .await
    }

    async fn save(
        &self,
        method: Method,
        object: &str,
        records: Vec<Fields>,
        repeat: Repeat,
    ) -> Result<Vec<SaveResult>> {
        check_size(records.len())?;
        let count = records.len();
        let typed: Vec<Value> = records
            .into_iter()
            .map(|mut record| {
                record.insert("attributes".to_owned(), json!({"type": object}));
                Value::Object(record)
            })
            .collect();
        let body = json!({"allOrNone": false, "records": typed});
        let answer = self
            .send(method, "composite/sobjects", Some(&body), repeat)
            .await?;
        let results: Vec<SaveResult> = serde_json::from_value(answer).map_err(|e| {
            Error::Unexpected(format!("collection results that cannot be read: {e}"))
        })?;
        if results.len() != count {
            return Err(Error::Unexpected(format!(
                "{} results for {count} records",
                results.len()
            )));
        }
        Ok(results)
    }
}

fn check_size(count: usize) -> Result<()> {
    if count > RECORDS_MAX {
        return Err(Error::Invalid(format!(
            "{count} records in one call; {RECORDS_MAX} are allowed"
        )));
    }
    Ok(())
}

//! Up to 200 records in one call. Each has its own result, in order; with allOrNone one failure
//! takes back all of them and the others say so.

use serde_json::{Map, Value as Json};

use super::Writer;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::{ApiErrors, ExternalKey, SaveResult, Upserted};

/// Records that one call may carry.
pub(super) const RECORDS_MAX: usize = 200;

pub(super) type One = Result<(RecordId, Option<bool>), ApiErrors>;

impl Writer<'_> {
    pub fn create_many(
        &mut self,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.each(records, all_or_none, |writer, record| {
            let (object, body) = typed(record)?;
            let object = writer.record_type(&object)?;
            Ok((writer.create_in(object, &body)?, None))
        })
    }

    pub fn update_many(
        &mut self,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.each(records, all_or_none, |writer, record| {
            let (object, mut body) = typed(record)?;
            let object = writer.record_type(&object)?;
            let id = take_id(&mut body)?;
            let slot = writer.existing(object, &id)?;
            writer.update_at(object, slot, &body)?;
            Ok((writer.state.store.id_at(object, slot), None))
        })
    }

    /// `target` is the object and the key field; the key's value stands in each record.
    pub fn upsert_many(
        &mut self,
        (object, field): (&str, &str),
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.state.visible_object(&self.call.user, object)?;
        self.each(records, all_or_none, |writer, record| {
            let mut body = record.as_object().cloned().unwrap_or_default();
            let key = body.keys().find(|k| k.eq_ignore_ascii_case(field)).cloned();
            let value = key.and_then(|k| body.shift_remove(&k)).unwrap_or_default();
            let value = match value {
                Json::String(text) => text,
                Json::Null => String::new(),
                other => other.to_string(),
            };
            if value.trim().is_empty() {
                return match field.eq_ignore_ascii_case("Id") {
                    true => Ok((writer.create(object, &body)?, Some(true))),
                    false => {
                        let text = format!("{field} not specified");
                        Err(vec![ApiError::record("MISSING_ARGUMENT", text, &[])])
                    }
                };
            }
            let key = ExternalKey {
                object,
                field,
                value: &value,
            };
            match writer.upsert(key, &body, false)? {
                Upserted::Created(id) => Ok((id, Some(true))),
                Upserted::Updated(id) => Ok((id, Some(false))),
                Upserted::Ambiguous(ids) => {
                    let text = format!(
                        "{field}: more than one record found for external id field: {ids:?}"
                    );
                    Err(vec![ApiError::record("DUPLICATE_EXTERNAL_ID", text, &[])])
                }
            }
        })
    }

    pub fn delete_many(
        &mut self,
        ids: &[String],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.each(ids, all_or_none, |writer, text| {
            let found = RecordId::parse(text).ok_or_else(|| vec![bad_id(text)])?;
            let object = writer.state.store.schema.object_of_prefix(found.prefix());
            let object = object.ok_or_else(|| vec![bad_id(text)])?.index;
            let slot = writer.existing(object, text)?;
            writer.delete_at(object, slot).map_err(|e| vec![e])?;
            Ok((found, None))
        })
    }

    fn each<T>(
        &mut self,
        items: &[T],
        all_or_none: bool,
        save: impl Fn(&mut Self, &T) -> One,
    ) -> Result<Vec<SaveResult>, ApiError> {
        refuse_too_many(items.len(), RECORDS_MAX, "records")?;
        let savepoint = self.state.begin();
        let mut results = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let outcome = match self.call.refusal(index) {
                Some(error) => Err(vec![error]),
                None => save(self, item),
            };
            results.push(result(outcome));
        }
        let failed = results.iter().any(|r| !r.errors.is_empty());
        let keep = !(failed && all_or_none);
        self.state.end(savepoint, keep);
        if !keep {
            for result in results.iter_mut().filter(|r| r.errors.is_empty()) {
                *result = SaveResult {
                    id: None,
                    created: None,
                    errors: vec![ApiError::rolled_back()],
                };
            }
        }
        Ok(results)
    }

    fn record_type(&self, name: &str) -> Result<usize, ApiErrors> {
        self.object(name).map_err(|_| {
            let text = format!("sObject type '{name}' is not supported.");
            vec![ApiError::record("INVALID_TYPE", text, &[])]
        })
    }

    /// Inside a collection a wrong id is the record's error and not a missing page.
    fn existing(&self, object: usize, id: &str) -> Result<super::Slot, ApiErrors> {
        self.target(object, id).map_err(|error| match error.code {
            "ENTITY_IS_DELETED" => vec![error],
            _ => vec![ApiError::record(
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
            )],
        })
    }
}

/// A request with more than the org takes in one.
pub(super) fn refuse_too_many(count: usize, max: usize, of: &str) -> Result<(), ApiError> {
    if count <= max {
        return Ok(());
    }
    let text = format!("The request cannot carry more than {max} {of}");
    Err(ApiError::request(400, "EXCEEDED_MAX_SIZE_REQUEST", text))
}

pub(super) fn result(outcome: One) -> SaveResult {
    match outcome {
        Ok((id, created)) => SaveResult {
            id: Some(id),
            created,
            errors: Vec::new(),
        },
        Err(errors) => SaveResult {
            id: None,
            created: None,
            errors,
        },
    }
}

pub(super) fn bad_id(text: &str) -> ApiError {
    ApiError::record("MALFORMED_ID", format!("malformed id {text}"), &[])
}

/// The object and the fields of a collection's record.
fn typed(record: &Json) -> Result<(String, Map<String, Json>), ApiErrors> {
    let object = record["attributes"]["type"].as_str();
    match (object, record.as_object()) {
        (Some(object), Some(body)) => Ok((object.to_owned(), body.clone())),
        _ => {
            let text = "attributes.type must be specified for each record";
            Err(vec![ApiError::record("INVALID_TYPE", text, &[])])
        }
    }
}

fn take_id(body: &mut Map<String, Json>) -> Result<String, ApiErrors> {
    let key = body.keys().find(|k| k.eq_ignore_ascii_case("id")).cloned();
    let id = key.and_then(|k| body.shift_remove(&k));
    match id.as_ref().and_then(Json::as_str) {
        Some(id) => Ok(id.to_owned()),
        None => {
            let text = "Id not specified in an update call";
            Err(vec![ApiError::record("MISSING_ARGUMENT", text, &[])])
        }
    }
}

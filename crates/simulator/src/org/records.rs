//! Reading and writing records, one or many: the calls behind `sobjects` and `composite/sobjects`.

use serde_json::Value as Json;

use super::{ApiError, ApiErrors, Body, Call, ExternalKey, Org, RecordId, SaveResult, Upserted};

impl Org {
    /// `GET sobjects/X/{id}`; all readable fields when `fields` is `None`.
    pub fn get(
        &self,
        call: &Call,
        object: &str,
        id: &str,
        fields: Option<&[String]>,
    ) -> Result<Json, ApiError> {
        self.read().get(call, (object, id), fields)
    }

    /// The live records whose external-id field has this value: never empty, several are ambiguous.
    pub fn find_by_external_id(
        &self,
        call: &Call,
        key: ExternalKey<'_>,
    ) -> Result<Vec<RecordId>, ApiError> {
        self.read().find_by_external_id(call, key)
    }

    /// `POST sobjects/X`.
    pub fn create(&self, call: &Call, object: &str, body: &Body) -> Result<RecordId, ApiErrors> {
        self.write_one(call, |writer| writer.create(object, body))
    }

    /// `PATCH sobjects/X/{id}`.
    pub fn update(
        &self,
        call: &Call,
        object: &str,
        id: &str,
        body: &Body,
    ) -> Result<(), ApiErrors> {
        self.write_one(call, |writer| writer.update(object, id, body))
    }

    /// `PATCH sobjects/X/{field}/{value}`; with `update_only` nothing is made.
    pub fn upsert(
        &self,
        call: &Call,
        key: ExternalKey<'_>,
        body: &Body,
        update_only: bool,
    ) -> Result<Upserted, ApiErrors> {
        self.write_one(call, |writer| writer.upsert(key, body, update_only))
    }

    /// `DELETE sobjects/X/{id}`.
    pub fn delete(&self, call: &Call, object: &str, id: &str) -> Result<(), ApiErrors> {
        self.write_one(call, |writer| writer.delete(object, id))
    }

    /// `POST composite/sobjects`: records with `attributes.type`, at most 200.
    pub fn create_many(
        &self,
        call: &Call,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.create_many(records, all_or_none))
    }

    /// `PATCH composite/sobjects`: records with `attributes.type` and `Id`, at most 200.
    pub fn update_many(
        &self,
        call: &Call,
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.update_many(records, all_or_none))
    }

    /// `PATCH composite/sobjects/X/{field}`: the key's value stands in each record.
    pub fn upsert_many(
        &self,
        call: &Call,
        target: (&str, &str),
        records: &[Json],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| {
            writer.upsert_many(target, records, all_or_none)
        })
    }

    /// `DELETE composite/sobjects?ids=`, at most 200, of any objects.
    pub fn delete_many(
        &self,
        call: &Call,
        ids: &[String],
        all_or_none: bool,
    ) -> Result<Vec<SaveResult>, ApiError> {
        self.write(call, |writer| writer.delete_many(ids, all_or_none))
    }

    /// `POST composite/sobjects/X {ids, fields}`: one entry per id, null for a missing record.
    pub fn retrieve_many(
        &self,
        call: &Call,
        object: &str,
        ids: &[String],
        fields: &[String],
    ) -> Result<Vec<Json>, ApiError> {
        self.read().retrieve_many(call, object, ids, fields)
    }
}

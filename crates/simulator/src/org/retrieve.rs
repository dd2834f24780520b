//! Reading single records by id or by external id.

use serde_json::{Map, Value as Json};

use super::dml::{holders, key_field};
use super::error::ApiError;
use super::id::RecordId;
use super::schema::{FieldDef, ObjectDef};
use super::state::State;
use super::store::Slot;
use super::store::attributes;
use super::{Call, ExternalKey};

impl State {
    pub fn get(
        &self,
        call: &Call,
        (object, id): (&str, &str),
        fields: Option<&[String]>,
    ) -> Result<Json, ApiError> {
        let def = self.visible_object(&call.user, object)?;
        let parsed = RecordId::parse(id).ok_or_else(|| ApiError::external_id_not_found(id))?;
        let fields = self.columns(call, def, fields)?;
        let slot = self.live_of(def.index, &parsed)?;
        match self.sees_record(&call.user, (def.index, slot)) {
            true => Ok(self.record_json(call, def, slot, &fields)),
            false => Err(ApiError::not_found()),
        }
    }

    /// The live record of an id, which must be of this object.
    pub(super) fn live_of(&self, object: usize, id: &RecordId) -> Result<Slot, ApiError> {
        match self.store.locate(id) {
            Some(found) if found.0 != object => Err(ApiError::not_found()),
            Some(found) if self.store.record(found).deleted => Err(ApiError::entity_is_deleted()),
            Some((_, slot)) => Ok(slot),
            None => Err(ApiError::not_found()),
        }
    }

    pub fn retrieve_many(
        &self,
        call: &Call,
        object: &str,
        ids: &[String],
        fields: &[String],
    ) -> Result<Vec<Json>, ApiError> {
        let def = self.visible_object(&call.user, object)?;
        let fields = self.columns(call, def, Some(fields))?;
        let one = |id: &String| {
            let found = RecordId::parse(id).and_then(|id| self.store.live(&id));
            let here = |found: &(usize, Slot)| {
                found.0 == def.index && self.sees_record(&call.user, *found)
            };
            match found.filter(here) {
                Some((_, slot)) => self.record_json(call, def, slot, &fields),
                None => Json::Null,
            }
        };
        Ok(ids.iter().map(one).collect())
    }

    pub fn find_by_external_id(
        &self,
        call: &Call,
        key: ExternalKey<'_>,
    ) -> Result<Vec<RecordId>, ApiError> {
        let def = self.visible_object(&call.user, key.object)?;
        let field = key_field(self, call, def, key.field)?;
        let mut found = holders(self, def, field, key.value);
        found.retain(|slot| self.sees_record(&call.user, (def.index, *slot)));
        match found.is_empty() {
            true => Err(ApiError::not_found()),
            false => Ok(found
                .iter()
                .map(|slot| self.store.id_at(def.index, *slot))
                .collect()),
        }
    }

    /// The asked fields, or all; the id is always among them.
    fn columns<'d>(
        &self,
        call: &Call,
        def: &'d ObjectDef,
        fields: Option<&[String]>,
    ) -> Result<Vec<&'d FieldDef>, ApiError> {
        let view = self.view(&call.user);
        let Some(names) = fields else {
            return Ok(def
                .fields
                .iter()
                .filter(|f| view.sees(def.index, f))
                .collect());
        };
        let mut columns: Vec<&FieldDef> = Vec::with_capacity(names.len() + 1);
        for name in names.iter().map(|n| n.trim()).chain(["Id"]) {
            let field = view.field(def, name);
            let field = field.ok_or_else(|| ApiError::no_such_column(name, &def.name))?;
            if !columns.iter().any(|c| c.index == field.index) {
                columns.push(field);
            }
        }
        Ok(columns)
    }

    fn record_json(&self, call: &Call, def: &ObjectDef, slot: Slot, fields: &[&FieldDef]) -> Json {
        let mut record = Map::with_capacity(fields.len() + 1);
        let head = attributes(&self.store, def.index, slot, &call.version);
        record.insert("attributes".to_owned(), head);
        for field in fields {
            let value = self.store.read_json(def.index, slot, field);
            record.insert(field.name.clone(), value);
        }
        Json::Object(record)
    }
}

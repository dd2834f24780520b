//! Lookups on the way in: an id must be well formed, of a right object, and of a live record; or
//! the caller names the parent by an external id instead.

use serde_json::Value as Json;

use super::Writer;
use super::coerce::token;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::{FieldDef, ObjectDef};
use crate::org::store::Slot;
use crate::org::value::Value;

/// The record type that every object has; choosing it is choosing none.
const MASTER_RECORD_TYPE: &str = "012000000000000";

impl Writer<'_> {
    pub(super) fn reference(&self, field: &FieldDef, text: &str) -> Result<Value, ApiError> {
        let malformed = || {
            let text = format!("{}: id value of incorrect type: {text}", field.label);
            ApiError::record("MALFORMED_ID", text, &[&field.name])
        };
        let id = RecordId::parse(text).ok_or_else(malformed)?;
        if id.short() == MASTER_RECORD_TYPE && field.name == "RecordTypeId" {
            return Ok(Value::Null);
        }
        let store = &self.state.store;
        match store.schema.object_of_prefix(id.prefix()) {
            Some(object) if !field.targets.contains(&object.index) => return Err(malformed()),
            Some(object) if !self.state.view(&self.call.user).object(object.index).read => {
                return Err(ApiError::no_access_to_reference(&id));
            }
            Some(_) => {}
            None if field.name == "RecordTypeId" => {
                let text = format!(
                    "Record Type ID: this ID value isn't valid for the user: {}",
                    id.short()
                );
                let code = "INVALID_CROSS_REFERENCE_KEY";
                return Err(ApiError::record(code, text, &[&field.name]));
            }
            None => return Err(ApiError::invalid_cross_reference(&field.name)),
        }
        match store.locate(&id) {
            Some(found) if store.record(found).deleted => {
                let deleted = ApiError::entity_is_deleted();
                Err(ApiError {
                    status: 400,
                    ..deleted
                })
            }
            Some(found) if !self.state.sees_record(&self.call.user, found) => {
                Err(ApiError::no_access_to_reference(&id))
            }
            Some(found) => self.usable_owner(field, found, id),
            None => Err(ApiError::invalid_cross_reference(&field.name)),
        }
    }

    /// `"Account": {"External_Id__c": "x"}` names the parent by an external id.
    pub(super) fn by_relationship(
        &self,
        def: &ObjectDef,
        key: &str,
        json: &Json,
    ) -> Result<(u16, Value), ApiError> {
        let unknown = || ApiError::no_such_column(key, &def.name);
        let view = self.state.view(&self.call.user);
        let lookup = def
            .lookup(key)
            .filter(|f| view.sees(def.index, f))
            .ok_or_else(unknown)?;
        let target = lookup.single_target().ok_or_else(unknown)?;
        let Json::Object(parts) = json else {
            return Err(ApiError::cannot_deserialize("reference", &token(json)));
        };
        let named = parts.iter().find(|(name, _)| *name != "attributes");
        let (name, value) =
            named.ok_or_else(|| ApiError::cannot_deserialize("reference", &token(json)))?;
        let parent = self.state.store.def(target);
        let external = view
            .field(parent, name)
            .filter(|f| f.external_id || f.id_lookup);
        let external = external.ok_or_else(|| ApiError::no_such_column(name, &parent.name))?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let found = self.holders(parent, external, &text);
        match found.as_slice() {
            [one] => {
                let id = self.state.store.id_at(target, *one);
                Ok((lookup.index, Value::Id(id)))
            }
            _ => {
                let text = format!(
                    "Foreign key external ID: {text} not found for field {} in entity {}",
                    external.name, parent.name
                );
                Err(ApiError::request(400, "INVALID_FIELD", text))
            }
        }
    }

    /// Live records that hold `text` in an external-id or look-up field.
    pub(super) fn holders(&self, def: &ObjectDef, field: &FieldDef, text: &str) -> Vec<Slot> {
        holders(self.state, def, field, text)
    }

    /// Nobody who has left may own new things.
    fn usable_owner(
        &self,
        field: &FieldDef,
        (object, slot): (usize, Slot),
        id: RecordId,
    ) -> Result<Value, ApiError> {
        let owner = field.name == "OwnerId" && self.state.store.def(object).name == "User";
        let active = self
            .state
            .store
            .read_named(object, slot, "IsActive")
            .is_true();
        if owner && !active {
            return Err(ApiError::inactive_owner(&id));
        }
        Ok(Value::Id(id))
    }
}

/// Live records that hold `text` in an indexed field, in the order of their ids.
pub(crate) fn holders(
    state: &crate::org::state::State,
    def: &ObjectDef,
    field: &FieldDef,
    text: &str,
) -> Vec<Slot> {
    let store = &state.store;
    if field.name == "Id" {
        let found = RecordId::parse(text).and_then(|id| store.live(&id));
        let here = found.filter(|(object, _)| *object == def.index);
        return here.map(|(_, slot)| slot).into_iter().collect();
    }
    let wanted = match field.kind.is_number() {
        true => text.trim().parse().map_or(Value::Null, Value::Number),
        false => Value::text(text.trim()),
    };
    let table = store.table(def.index);
    let slots = table.with_key(field.index, wanted.index_key());
    slots
        .filter(|slot| {
            let value = store.read(def.index, *slot, field);
            !table.record(*slot).deleted && field.same(&value, &wanted)
        })
        .collect()
}

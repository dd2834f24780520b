//! Upsert: the record that holds a value in an external-id field is changed, or made when there is
//! none. Several holders are the caller's problem and leave everything as it was.

use serde_json::{Map, Value as Json};

use super::Writer;
use super::coerce::stands_in_path;
use crate::org::error::ApiError;
use crate::org::schema::{FieldDef, ObjectDef};
use crate::org::state::State;
use crate::org::store::Slot;
use crate::org::{ApiErrors, Call, ExternalKey, Upserted};

impl Writer<'_> {
    pub fn upsert(
        &mut self,
        key: ExternalKey<'_>,
        body: &Map<String, Json>,
        update_only: bool,
    ) -> Result<Upserted, ApiErrors> {
        let schema = self.schema();
        let object = self.object(key.object)?;
        let def = &schema.objects[object];
        let field = key_field(self.state, self.call, def, key.field).map_err(|e| vec![e])?;
        if body.keys().any(|k| k.eq_ignore_ascii_case(&field.name)) {
            return Err(vec![stands_in_path(&field.name)]);
        }
        if def.name == "CampaignMember" {
            let text = "entity type cannot be upserted: Campaign Member";
            return Err(vec![ApiError::record(
                "INVALID_TYPE_FOR_OPERATION",
                text,
                &[],
            )]);
        }
        if field.name == "Id" {
            let slot = self.target(object, key.value).map_err(|e| vec![e])?;
            return self.write_found(object, slot, body);
        }
        match self.holders(def, field, key.value).as_slice() {
            [] if update_only => Err(vec![ApiError::not_found()]),
            [] => {
                let mut body = body.clone();
                body.insert(field.name.clone(), Json::String(key.value.to_owned()));
                self.create_in(object, &body).map(Upserted::Created)
            }
            [one] => self.write_found(object, *one, body),
            several => {
                let id = |slot: &Slot| self.state.store.id_at(object, *slot);
                Ok(Upserted::Ambiguous(several.iter().map(id).collect()))
            }
        }
    }

    fn write_found(
        &mut self,
        object: usize,
        slot: Slot,
        body: &Map<String, Json>,
    ) -> Result<Upserted, ApiErrors> {
        self.update_at(object, slot, body)?;
        Ok(Upserted::Updated(self.state.store.id_at(object, slot)))
    }
}

/// The field of a path such as `sobjects/Contact/External_Id__c/…`, if it can find records.
pub(crate) fn key_field<'d>(
    state: &State,
    call: &Call,
    def: &'d ObjectDef,
    name: &str,
) -> Result<&'d FieldDef, ApiError> {
    let field = state.view(&call.user).field(def, name);
    let field = field.filter(|f| f.external_id || f.id_lookup);
    field.ok_or_else(|| ApiError::external_id_not_found(name))
}

//! Changes to fields that are there already: required, unique, values of a picklist, length,
//! labels, and the text of a formula. None of them touches a record or its stamps.

use std::collections::HashMap;
use std::sync::Arc;

use super::field::{entries, refused};
use super::{PicklistValue, holds_words};
use crate::org::Org;
use crate::org::error::ApiError;
use crate::org::expression::{Formula, Purpose};
use crate::org::schema::{FieldDef, FieldKind, Role};
use crate::org::state::State;

impl Org {
    /// Makes a field required or optional. A custom field that is required is asked for on every
    /// save; records that lack it cannot be saved until it is filled.
    pub fn set_required(&self, object: &str, field: &str, required: bool) -> Result<(), ApiError> {
        self.change_field(object, field, |field| {
            if field.role != Role::Stored || !field.createable || field.kind == FieldKind::Bool {
                return Err(refused(format!("{} cannot be made required", field.name)));
            }
            field.nillable = !required;
            field.custom.required = required && field.is_custom();
            Ok(())
        })
    }

    /// Makes a field unique or not; refused while records share a value.
    pub fn set_unique(&self, object: &str, field: &str, unique: bool) -> Result<(), ApiError> {
        if unique {
            self.read().refuse_twins(object, field)?;
        }
        self.change_field(object, field, |field| {
            let by_value = holds_words(field.kind, field.role) || field.kind.is_number();
            if !by_value || field.kind == FieldKind::TextArea || field.role != Role::Stored {
                return Err(refused(format!("{} cannot be made unique", field.name)));
            }
            field.unique = unique;
            field.indexed |= unique;
            Ok(())
        })
    }

    /// Replaces the values of a picklist; records keep what they have.
    pub fn set_picklist(
        &self,
        object: &str,
        field: &str,
        values: &[PicklistValue],
        restricted: bool,
    ) -> Result<(), ApiError> {
        self.change_field(object, field, |field| {
            if !matches!(field.kind, FieldKind::Picklist | FieldKind::MultiPicklist) {
                return Err(refused(format!("{} is not a picklist", field.name)));
            }
            field.picklist = entries(values);
            field.defaulted = values.iter().any(|v| v.default);
            field.restricted = restricted;
            Ok(())
        })
    }

    /// Changes how long a text may be; records keep what they have.
    pub fn set_length(&self, object: &str, field: &str, length: usize) -> Result<(), ApiError> {
        self.change_field(object, field, |field| {
            if !holds_words(field.kind, field.role) || length == 0 {
                return Err(refused(format!("{} cannot have this length", field.name)));
            }
            field.length = length;
            Ok(())
        })
    }

    /// Renames a field, or without a field the object, for people; API names stay.
    pub fn set_label(
        &self,
        object: &str,
        field: Option<&str>,
        label: &str,
    ) -> Result<(), ApiError> {
        if let Some(field) = field {
            return self.change_field(object, field, |field| {
                field.label = label.to_owned();
                Ok(())
            });
        }
        let mut state = self.lock();
        let object = state.known(object)?;
        state.store.schema_mut().objects[object].label = label.to_owned();
        Ok(())
    }

    /// Changes a formula: the value of every record may change, and no stamp moves.
    pub fn set_formula(&self, object: &str, field: &str, formula: &str) -> Result<(), ApiError> {
        let mut state = self.lock();
        let (object, index) = state.known_field(object, field)?;
        let schema = Arc::clone(&state.store.schema);
        let old = &schema.objects[object].fields[index as usize];
        let Some(known) = &old.custom.formula else {
            return Err(refused(format!("{} is not a formula field", old.name)));
        };
        let purpose = Purpose::Field {
            kind: old.kind,
            scale: old.scale,
            blank_is_zero: known.blank_is_zero(),
        };
        let new = Formula::compile(&schema, object, formula, purpose);
        let new = new.map_err(|e| refused(e.0))?;
        if new.reads(&schema, (object, index)) {
            return Err(refused("Formula fields cannot refer to themselves"));
        }
        let field = state.store.schema_mut().field_mut(object, index);
        field.custom.formula = Some(Arc::new(new));
        Ok(())
    }

    fn change_field(
        &self,
        object: &str,
        field: &str,
        change: impl FnOnce(&mut FieldDef) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mut state = self.lock();
        let (object, field) = state.known_field(object, field)?;
        change(state.store.schema_mut().field_mut(object, field))?;
        state.store.fit_tables();
        Ok(())
    }
}

impl State {
    pub(in crate::org) fn known_field(
        &self,
        object: &str,
        field: &str,
    ) -> Result<(usize, u16), ApiError> {
        let object = self.known(object)?;
        let def = self.store.def(object);
        let index = def.field_index(field);
        let index = index.ok_or_else(|| ApiError::no_such_column(field, &def.name))?;
        Ok((object, index))
    }

    fn refuse_twins(&self, object: &str, field: &str) -> Result<(), ApiError> {
        let (object, index) = self.known_field(object, field)?;
        let table = self.store.table(object);
        let mut seen = HashMap::new();
        for slot in 0..table.len() as u32 {
            let record = table.record(slot);
            let value = record.cell(index);
            if record.deleted || value.is_null() {
                continue;
            }
            if let Some(other) = seen.insert(value.index_key(), slot) {
                let other = table.id_at(other);
                return Err(ApiError::duplicate_value(field, other.short()));
            }
        }
        Ok(())
    }
}

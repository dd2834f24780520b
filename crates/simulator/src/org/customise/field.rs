//! From an administrator's request to a field of the schema, or why it cannot be one.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{FieldType, NewField, OnParentDelete, PicklistValue};
use crate::org::dml::default_of;
use crate::org::error::ApiError;
use crate::org::expression::{Formula, Purpose};
use crate::org::schema::{Custom, FieldDef, FieldKind, OnDelete, PicklistEntry, Role};
use crate::org::state::State;

/// Custom fields that an object may have.
const FIELDS_MAX: usize = 800;

pub(super) fn refused(text: impl Into<String>) -> ApiError {
    ApiError::request(400, "FIELD_INTEGRITY_EXCEPTION", text)
}

impl State {
    pub(in crate::org) fn add_field(
        &mut self,
        object: usize,
        new: &NewField,
    ) -> Result<(), ApiError> {
        let stem = stem(&new.name, "Field Name")?;
        let schema = Arc::clone(&self.store.schema);
        let def = &schema.objects[object];
        if def.field(&new.name).is_some() {
            let text = format!("There is already a field named {stem} on {}.", def.label);
            return Err(ApiError::request(400, "DUPLICATE_DEVELOPER_NAME", text));
        }
        if def.fields.iter().filter(|f| f.is_custom()).count() >= FIELDS_MAX {
            let text = format!("{} has the maximum of custom fields", def.label);
            return Err(ApiError::request(400, "LIMIT_EXCEEDED", text));
        }
        let mut field = shape(new, stem)?;
        if let Some(text) = &new.formula {
            let purpose = Purpose::Field {
                kind: field.kind,
                scale: field.scale,
                blank_is_zero: !new.blank_as_blank,
            };
            let formula = Formula::compile(&schema, object, text, purpose);
            field.custom.formula = Some(Arc::new(formula.map_err(|e| refused(e.0))?));
        } else if let Some(default) = &new.default {
            field.custom.initial = Some(default_of(&field, default)?);
            field.defaulted = true;
        }
        let children = match field.kind {
            FieldKind::Reference => Some(self.lookup(object, new, &mut field)?),
            _ => None,
        };
        let schema = self.store.schema_mut();
        schema.append_field(object, field, children);
        self.store.fit_tables();
        self.mirror_custom_field(object, new);
        Ok(())
    }

    /// Completes a lookup; gives what the parent calls its children and what becomes of them.
    fn lookup(
        &self,
        object: usize,
        new: &NewField,
        field: &mut FieldDef,
    ) -> Result<(String, OnDelete), ApiError> {
        let target = new.reference_to.as_deref().unwrap_or_default();
        let Some(parent) = self.store.schema.object(target) else {
            return Err(refused(format!("referenceTo: there is no object {target}")));
        };
        field.reference_to = vec![parent.name.clone()];
        field.relationship = Some(new.name.replace("__c", "__r"));
        let plural = self.store.def(object).label_plural.replace(' ', "_");
        let name = new.relationship_name.clone().unwrap_or(plural);
        let name = match name.ends_with("__r") {
            true => name,
            false => format!("{name}__r"),
        };
        if parent.child(&name).is_some() {
            let text = format!("Child Relationship Name: {name} is already used on {target}");
            return Err(ApiError::request(400, "DUPLICATE_DEVELOPER_NAME", text));
        }
        let on_delete = match (new.kind, new.on_delete) {
            (FieldType::MasterDetail, _) | (_, OnParentDelete::Cascade) => OnDelete::Cascade,
            (_, OnParentDelete::Restrict) => OnDelete::Restrict,
            (_, OnParentDelete::SetNull) if new.required => OnDelete::Restrict,
            (_, OnParentDelete::SetNull) => OnDelete::Clear,
        };
        Ok((name, on_delete))
    }
}

/// The name without `__c`, if it is one that an org takes.
pub(super) fn stem<'a>(name: &'a str, what: &str) -> Result<&'a str, ApiError> {
    const STEM_MAX: usize = 40;
    let stem = name.strip_suffix("__c").unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fine = stem.starts_with(|c: char| c.is_ascii_alphabetic())
        && stem.chars().all(allowed)
        && !stem.ends_with('_')
        && !stem.contains("__")
        && stem.len() <= STEM_MAX;
    match fine {
        true => Ok(stem),
        false => Err(refused(format!(
            "{what}: {name} must end in __c; before that it must begin with a letter, hold only \
             letters, digits and single underscores, not end with an underscore, and have at most \
             {STEM_MAX} characters"
        ))),
    }
}

pub(super) fn check_pattern(pattern: &str) -> Result<(), ApiError> {
    let digits = pattern
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(digits, _)| digits);
    let fine = |d: &str| (1..=10).contains(&d.len()) && d.chars().all(|c| c == '0');
    match digits {
        Some(digits) if fine(digits) && pattern.len() <= 30 => Ok(()),
        _ => Err(refused(
            "displayFormat: write zeros in braces, for example A-{0000}",
        )),
    }
}

/// Turns a field into one that the org numbers.
pub(super) fn number_by(field: &mut FieldDef, pattern: &str) {
    field.role = Role::AutoNumber;
    field.custom.display_format = Some(Arc::from(pattern));
    field.length = 30;
    (field.createable, field.updateable) = (false, false);
    (field.nillable, field.defaulted, field.indexed) = (false, true, false);
}

pub(super) fn entries(values: &[PicklistValue]) -> Vec<PicklistEntry> {
    let entry = |v: &PicklistValue| PicklistEntry {
        value: v.value.clone(),
        label: v.label.clone(),
        default: v.default,
    };
    values.iter().map(entry).collect()
}

/// Kind, length and type of the SOAP API.
fn form(new: &NewField) -> Result<(FieldKind, usize, &'static str), ApiError> {
    let within = |least: usize, most: usize, usual: usize| {
        let length = new.length.unwrap_or(usual);
        match (least..=most).contains(&length) {
            true => Ok(length),
            false => Err(refused(format!("Length: must be from {least} to {most}"))),
        }
    };
    let string = "xsd:string";
    Ok(match new.kind {
        FieldType::Text if new.formula.is_some() => (FieldKind::Text, 1_300, string),
        FieldType::Text => (FieldKind::Text, within(1, 255, 255)?, string),
        FieldType::TextArea => (FieldKind::TextArea, 255, string),
        FieldType::LongTextArea => (FieldKind::TextArea, within(256, 131_072, 32_768)?, string),
        FieldType::Html => (FieldKind::TextArea, within(256, 131_072, 32_768)?, string),
        FieldType::Picklist => (FieldKind::Picklist, 255, string),
        FieldType::MultiselectPicklist => (FieldKind::MultiPicklist, 4_099, string),
        FieldType::Checkbox => (FieldKind::Bool, 0, "xsd:boolean"),
        FieldType::Number => (FieldKind::Double, 0, "xsd:double"),
        FieldType::Currency => (FieldKind::Currency, 0, "xsd:double"),
        FieldType::Percent => (FieldKind::Percent, 0, "xsd:double"),
        FieldType::Date => (FieldKind::Date, 0, "xsd:date"),
        FieldType::DateTime => (FieldKind::DateTime, 0, "xsd:dateTime"),
        FieldType::Time => (FieldKind::Time, 0, "xsd:time"),
        FieldType::Email => (FieldKind::Email, 80, string),
        FieldType::Phone => (FieldKind::Phone, 40, string),
        FieldType::Url => (FieldKind::Url, 255, string),
        FieldType::Lookup | FieldType::MasterDetail => (FieldKind::Reference, 18, "tns:ID"),
        FieldType::AutoNumber => (FieldKind::Text, 30, string),
        FieldType::Location | FieldType::EncryptedText => {
            let text = format!("the simulator has no fields of type {:?}", new.kind);
            return Err(ApiError::request(501, "NOT_IMPLEMENTED", text));
        }
    })
}

fn check_shape(
    new: &NewField,
    kind: FieldKind,
    (precision, scale): (u32, u32),
) -> Result<(), ApiError> {
    if kind.is_number() && (precision == 0 || precision > 18 || scale > precision) {
        return Err(refused(
            "Precision: at most 18 digits, of which scale stand behind the point",
        ));
    }
    let by_value = kind == FieldKind::Text || kind.is_number() || kind == FieldKind::Email;
    if (new.unique || new.external_id) && (!by_value || new.formula.is_some()) {
        return Err(refused(format!(
            "a {} field cannot be unique or an external id",
            kind.name()
        )));
    }
    let picklist = matches!(kind, FieldKind::Picklist | FieldKind::MultiPicklist);
    if picklist && new.picklist.is_empty() {
        return Err(refused("picklist: must have at least one value"));
    }
    if matches!(new.default, Some(Json::Null)) {
        return Err(refused("default: leave it out instead of giving null"));
    }
    Ok(())
}

fn shape(new: &NewField, stem: &str) -> Result<FieldDef, ApiError> {
    let (kind, length, soap_type) = form(new)?;
    let precision = new.precision.unwrap_or(18);
    let scale = new.scale.unwrap_or(0);
    check_shape(new, kind, (precision, scale))?;
    let formula = new.formula.is_some();
    let long = kind == FieldKind::TextArea && length > 255;
    let number = kind.is_number();
    let (is_bool, is_master) = (kind == FieldKind::Bool, new.kind == FieldType::MasterDetail);
    let required = (new.required || is_master) && !formula && !is_bool;
    let mut field = FieldDef {
        index: 0,
        name: new.name.clone(),
        label: new.label.clone().unwrap_or_else(|| stem.replace('_', " ")),
        kind,
        length,
        precision: if number { precision } else { 0 },
        scale: if number { scale } else { 0 },
        soap_type: soap_type.to_owned(),
        nillable: !required && !(is_bool),
        createable: !formula,
        updateable: !formula && !is_master,
        defaulted: is_bool || new.picklist.iter().any(|v| v.default),
        calculated: formula,
        id_lookup: new.external_id,
        external_id: new.external_id,
        unique: new.unique,
        compound: None,
        reference_to: Vec::new(),
        relationship: None,
        polymorphic: false,
        name_field: false,
        filterable: !long,
        sortable: !long && kind != FieldKind::MultiPicklist,
        groupable: !long && !number && !is_bool_like(kind) && !formula,
        aggregatable: !long && !is_bool && kind != FieldKind::MultiPicklist,
        restricted: new.restricted,
        picklist: entries(&new.picklist),
        role: if formula { Role::Formula } else { Role::Stored },
        targets: Vec::new(),
        indexed: !formula
            && (new.unique
                || new.external_id
                || matches!(kind, FieldKind::Reference | FieldKind::Email)),
        custom: Custom {
            required,
            case_sensitive: new.case_sensitive,
            html: new.kind == FieldType::Html,
            ..Custom::default()
        },
    };
    if new.kind == FieldType::AutoNumber {
        let pattern = new.display_format.as_deref().unwrap_or("{0}");
        check_pattern(pattern)?;
        number_by(&mut field, pattern);
    }
    Ok(field)
}

/// Types that describe does not offer for groups.
fn is_bool_like(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::MultiPicklist | FieldKind::DateTime | FieldKind::Time
    )
}

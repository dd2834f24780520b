//! From the JSON that a program sends to the values that an org keeps: numbers and flags that come
//! as text are read, text is trimmed, blank becomes null, e-mail addresses become lower case.

use serde_json::{Map, Value as Json};

use super::Writer;
use crate::org::ApiErrors;
use crate::org::datetime;
use crate::org::error::ApiError;
use crate::org::schema::{FieldDef, FieldKind, ObjectDef};
use crate::org::value::{Text, Value};

impl Writer<'_> {
    /// The named fields with their values, or why they cannot be taken.
    pub(super) fn coerce(
        &self,
        def: &ObjectDef,
        body: &Map<String, Json>,
        creating: bool,
    ) -> Result<Vec<(u16, Value)>, ApiErrors> {
        let view = self.state.view(&self.call.user);
        let mut values = Vec::with_capacity(body.len());
        let mut unwritable = Vec::new();
        let mut errors = Vec::new();
        for (key, json) in body.iter().filter(|(key, _)| *key != "attributes") {
            let field = match view.field(def, key) {
                Some(field) if field.kind == FieldKind::Id => {
                    return Err(vec![stands_in_path(&field.name)]);
                }
                Some(field) => field,
                None => match self.by_relationship(def, key, json) {
                    Ok(assigned) => {
                        values.push(assigned);
                        continue;
                    }
                    Err(error) => return Err(vec![error]),
                },
            };
            if field.kind == FieldKind::Address {
                return Err(vec![ApiError::cannot_deserialize("address", &token(json))]);
            }
            let writable = match creating {
                true => view.may_create(def, field),
                false => view.may_update(def, field),
            };
            if !writable {
                unwritable.push(field.name.as_str());
                continue;
            }
            match self.value(field, json) {
                Ok(value) => values.push((field.index, value)),
                Err(error) if error.fields.is_none() => return Err(vec![error]),
                Err(error) => errors.push(error),
            }
        }
        if !unwritable.is_empty() {
            return Err(vec![ApiError::not_writable(&unwritable)]);
        }
        match errors.is_empty() {
            true => Ok(values),
            false => Err(errors),
        }
    }

    fn value(&self, field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
        match (field.kind, json) {
            (FieldKind::Reference, Json::String(text)) if !text.trim().is_empty() => {
                self.reference(field, text.trim())
            }
            (FieldKind::Reference, Json::Bool(_) | Json::Number(_)) => {
                self.reference(field, &plain(json))
            }
            _ => simple(field, json),
        }
    }
}

/// A value that needs no look at other records.
fn simple(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    if let Json::String(text) = json
        && text.trim().is_empty()
    {
        return Ok(Value::Null);
    }
    match (field.kind, json) {
        (_, Json::Null) => Ok(Value::Null),
        (kind, Json::Array(_) | Json::Object(_)) => {
            Err(ApiError::cannot_deserialize(soap_word(kind), &token(json)))
        }
        (FieldKind::Bool, _) => flag(json),
        (kind, _) if kind.is_number() => number(field, json),
        (FieldKind::Date, _) => date(json),
        (FieldKind::DateTime, _) => time(json),
        (FieldKind::Time, _) => time_of_day(json),
        _ => text(field, plain(json).trim()),
    }
}

/// The value that an administrator gave a field as its default.
pub(crate) fn default_of(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    match field.kind {
        FieldKind::Reference => {
            let text = format!("{}: a lookup cannot have a default", field.label);
            Err(ApiError::request(400, "FIELD_INTEGRITY_EXCEPTION", text))
        }
        _ => simple(field, json),
    }
}

/// Error for a key that belongs into the path.
pub(super) fn stands_in_path(field: &str) -> ApiError {
    let text = format!("The {field} field should not be specified in the sobject data.");
    ApiError::request(400, "INVALID_FIELD", text)
}

fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text(field: &FieldDef, text: &str) -> Result<Value, ApiError> {
    let folded = match field.kind {
        FieldKind::Email => text.to_lowercase(),
        _ => text.to_owned(),
    };
    if field.length > 0 && folded.chars().count() > field.length {
        let text = format!(
            "{}: data value too large: {folded} (max length={})",
            field.label, field.length
        );
        return Err(ApiError::record("STRING_TOO_LONG", text, &[&field.name]));
    }
    match field.kind {
        FieldKind::Email if !is_email(&folded) => {
            let text = format!("{}: invalid email address: {text}", field.label);
            Err(ApiError::record(
                "INVALID_EMAIL_ADDRESS",
                text,
                &[&field.name],
            ))
        }
        FieldKind::Picklist if field.restricted => picklist(field, &folded),
        FieldKind::MultiPicklist => multi_picklist(field, &folded),
        _ => Ok(Value::Text(Text::from(folded))),
    }
}

fn picklist(field: &FieldDef, text: &str) -> Result<Value, ApiError> {
    let known = field
        .picklist
        .iter()
        .find(|p| p.value.eq_ignore_ascii_case(text));
    match known {
        Some(entry) => Ok(Value::text(&entry.value)),
        None if field.picklist.is_empty() => Ok(Value::text(text)),
        None => {
            let text = format!(
                "{}: bad value for restricted picklist field: {text}",
                field.label
            );
            let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
            Err(ApiError::record(code, text, &[&field.name]))
        }
    }
}

/// Values are kept in the order of the picklist, each once.
fn multi_picklist(field: &FieldDef, text: &str) -> Result<Value, ApiError> {
    let mut chosen: Vec<String> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let value = match field.restricted {
            true => picklist(field, part)?,
            false => Value::text(part),
        };
        let value = value.as_str().unwrap_or_default().to_owned();
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    let place = |value: &String| field.picklist.iter().position(|p| p.value == *value);
    chosen.sort_by_key(|value| place(value).unwrap_or(usize::MAX));
    Ok(Value::text(&chosen.join(";")))
}

fn flag(json: &Json) -> Result<Value, ApiError> {
    match json {
        Json::Bool(flag) => Ok(Value::Bool(*flag)),
        Json::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Json::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        other => Err(ApiError::cannot_deserialize("boolean", &token(other))),
    }
}

fn number(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    let whole = field.kind == FieldKind::Int;
    let number = number.filter(|n| n.is_finite() && !(whole && n.fract() != 0.0));
    let Some(number) = number else {
        return Err(ApiError::cannot_deserialize(
            soap_word(field.kind),
            &token(json),
        ));
    };
    let digits = match field.precision {
        0 => 18,
        precision => precision.saturating_sub(field.scale),
    };
    if number.abs() >= 10f64.powi(digits as i32) || (whole && number.abs() > f64::from(i32::MAX)) {
        let text = format!(
            "{}: value outside of valid range on numeric field: {number}",
            field.label
        );
        return Err(ApiError::record(
            "NUMBER_OUTSIDE_VALID_RANGE",
            text,
            &[&field.name],
        ));
    }
    Ok(Value::Number(number))
}

fn date(json: &Json) -> Result<Value, ApiError> {
    let text = plain(json);
    let text = text.trim();
    let from_time = || datetime::read_time(text).map(|s| s.div_euclid(86_400) as i32);
    match datetime::read_date(text).or_else(from_time) {
        Some(days) => Ok(Value::Date(days)),
        None => Err(ApiError::cannot_deserialize("date", &token(json))),
    }
}

fn time(json: &Json) -> Result<Value, ApiError> {
    let text = plain(json);
    let text = text.trim();
    let from_date = || datetime::read_date(text).map(|days| i64::from(days) * 86_400);
    match datetime::read_time(text).or_else(from_date) {
        Some(seconds) => Ok(Value::Time(seconds)),
        None => Err(ApiError::cannot_deserialize("datetime", &token(json))),
    }
}

fn time_of_day(json: &Json) -> Result<Value, ApiError> {
    let text = plain(json);
    match datetime::read_clock(text.trim()) {
        Some(canonical) => Ok(Value::text(&canonical)),
        None => Err(ApiError::cannot_deserialize("time", &token(json))),
    }
}

/// One `@`, something before it, and a dotted name after it: what the org itself insists on.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let local_ok = !local.is_empty()
        && local.chars().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.');
    let label_ok = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-');
    local_ok && domain.contains('.') && domain.split('.').all(label_ok)
}

/// How the org's JSON reader names what it found.
pub(super) fn token(json: &Json) -> String {
    match json {
        Json::Null => "VALUE_NULL value null".to_owned(),
        Json::Bool(true) => "VALUE_TRUE value true".to_owned(),
        Json::Bool(false) => "VALUE_FALSE value false".to_owned(),
        Json::Number(n) if n.is_f64() => format!("VALUE_NUMBER_FLOAT value {n}"),
        Json::Number(n) => format!("VALUE_NUMBER_INT value {n}"),
        Json::String(text) => format!("VALUE_STRING value {text}"),
        Json::Array(_) => "START_ARRAY value [".to_owned(),
        Json::Object(_) => "START_OBJECT value {".to_owned(),
    }
}

fn soap_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Bool => "boolean",
        FieldKind::Int => "int",
        FieldKind::Double => "double",
        FieldKind::Currency => "currency",
        FieldKind::Percent => "percent",
        FieldKind::Date => "date",
        FieldKind::DateTime => "datetime",
        FieldKind::Time => "time",
        FieldKind::Reference | FieldKind::Id => "reference",
        FieldKind::Phone => "phone",
        FieldKind::Email => "email",
        _ => "string",
    }
}

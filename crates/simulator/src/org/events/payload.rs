//! Encodes one change event for one reader. A reader without right to a field gets the event
//! without it, as if it had not been touched.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::bitmap;
use crate::org::change::{Act, Cause, RecordedChange};
use crate::org::datetime;
use crate::org::event_bus::avro::{self, Kind};
use crate::org::event_bus::{CHANGE_TYPES, Change, Holds, Part, carried};
use crate::org::id::RecordId;
use crate::org::schema::{FieldKind, ObjectDef, Role};
use crate::org::state::State;
use crate::seeded::mix;

/// The values that an event carries, by field; null where a field was emptied.
type Values<'a> = BTreeMap<&'a str, Json>;

/// Fields that an event lists in its header.
#[derive(Default)]
struct Touched {
    top: Vec<usize>,
    nested: Vec<(usize, Vec<usize>)>,
}

/// The bytes of an event as this user may see it.
pub(super) fn encode(state: &State, user: &RecordId, change: &Change) -> Option<Vec<u8>> {
    let entry = state.changes.get(change.entry)?;
    let def = state.store.schema.object(&change.object)?;
    let mut values = match change.header_only {
        true => Values::new(),
        false => values(state, def, change, entry),
    };
    let view = state.view(user);
    values.retain(|name, _| view.field(def, name).is_some());
    let mut out = Vec::with_capacity(256);
    header(&mut out, state, (change, entry), &values);
    for field in &change.shape.fields {
        match &field.holds {
            Holds::Value(kind) => nullable(&mut out, *kind, values.get(field.name.as_str())),
            Holds::Required(kind) => value(&mut out, *kind, &Json::Null),
            Holds::Parts(parts) => compound(&mut out, parts, &values),
        }
    }
    Some(out)
}

fn values<'a>(
    state: &State,
    def: &'a ObjectDef,
    change: &Change,
    entry: &'a RecordedChange,
) -> Values<'a> {
    let at = json!(datetime::show_time(entry.at_ms.div_euclid(1_000)));
    let mut values = Values::new();
    match change.change_type.as_str() {
        "DELETE" => {}
        "UPDATE" => {
            let fields = entry.fields.iter();
            values.extend(fields.map(|f| (f.field.as_str(), f.new.clone())));
            if !entry.by_system && entry.cause != Some(Cause::Converted) {
                values.insert("LastModifiedDate", at);
            }
        }
        "CREATE" => {
            let stored = def.fields.iter().filter(|f| f.role == Role::Stored);
            let flags = stored.filter(|f| f.kind == FieldKind::Bool && carried(f));
            values.extend(flags.map(|f| (f.name.as_str(), json!(false))));
            let fields = entry.fields.iter();
            values.extend(fields.map(|f| (f.field.as_str(), f.new.clone())));
            for name in ["CreatedDate", "LastModifiedDate"] {
                values.insert(name, at.clone());
            }
            for name in ["CreatedById", "LastModifiedById"] {
                values.insert(name, json!(entry.user));
            }
        }
        _ => values = whole_record(state, def, entry),
    }
    values
}

/// An undeleted record comes with everything it has.
fn whole_record<'a>(state: &State, def: &'a ObjectDef, entry: &RecordedChange) -> Values<'a> {
    let id = RecordId::parse(&entry.id);
    let Some((object, slot)) = id.and_then(|id| state.store.locate(&id)) else {
        return Values::new();
    };
    let fields = def.fields.iter().filter(|f| carried(f));
    let read = |name: &'a str| {
        let field = def.field(name)?;
        let value = state.store.read_json(object, slot, field);
        (!value.is_null()).then_some((name, value))
    };
    fields.filter_map(|f| read(&f.name)).collect()
}

fn header(
    out: &mut Vec<u8>,
    state: &State,
    (change, entry): (&Change, &RecordedChange),
    values: &Values<'_>,
) {
    let of_update = |wanted: &dyn Fn(&Json) -> bool| match entry.act {
        Act::Update => {
            let touched = touched(change, values, wanted);
            bitmap::list(&touched.top, &touched.nested)
        }
        _ => Vec::new(),
    };
    let kind = CHANGE_TYPES.iter().position(|k| *k == change.change_type);
    avro::text(out, &change.object);
    avro::texts(out, &change.record_ids);
    avro::long(out, kind.unwrap_or_default() as i64);
    avro::text(out, &entry.origin);
    avro::text(out, &uuid(state.events.seed, entry.transaction));
    avro::long(out, i64::from(change.sequence));
    avro::long(out, entry.at_ms);
    avro::long(out, commit_number(state.events.seed, entry.transaction));
    avro::text(out, &entry.user);
    avro::texts(out, &of_update(&Json::is_null));
    avro::texts(out, &[]);
    avro::texts(out, &of_update(&|_| true));
}

/// The header is field 0, so the first field of the shape is 1.
fn touched(change: &Change, values: &Values<'_>, wanted: &dyn Fn(&Json) -> bool) -> Touched {
    let mut touched = Touched::default();
    let has = |name: &str| values.get(name).is_some_and(wanted);
    for (index, field) in change.shape.fields.iter().enumerate() {
        match &field.holds {
            Holds::Parts(parts) => {
                let named = parts.iter().enumerate().filter(|(_, p)| has(&p.field));
                let named: Vec<usize> = named.map(|(at, _)| at).collect();
                if !named.is_empty() {
                    touched.nested.push((index + 1, named));
                }
            }
            _ if has(&field.name) => touched.top.push(index + 1),
            _ => {}
        }
    }
    touched
}

fn compound(out: &mut Vec<u8>, parts: &[Part], values: &Values<'_>) {
    let held = |part: &Part| values.get(part.field.as_str()).filter(|v| !v.is_null());
    if parts.iter().all(|part| held(part).is_none()) {
        avro::long(out, 0);
        return;
    }
    avro::long(out, 1);
    for part in parts {
        nullable(out, part.kind, held(part));
    }
}

fn nullable(out: &mut Vec<u8>, kind: Kind, found: Option<&Json>) {
    match found.filter(|json| fits(kind, json)) {
        None => avro::long(out, 0),
        Some(json) => {
            avro::long(out, 1);
            value(out, kind, json);
        }
    }
}

fn fits(kind: Kind, json: &Json) -> bool {
    match kind {
        Kind::Text => json.is_string(),
        Kind::Bool => json.is_boolean(),
        Kind::Int | Kind::Double => json.is_number(),
        Kind::Long => epoch_ms(json).is_some(),
    }
}

fn value(out: &mut Vec<u8>, kind: Kind, json: &Json) {
    match kind {
        Kind::Text => avro::text(out, json.as_str().unwrap_or_default()),
        Kind::Bool => out.push(u8::from(json == &Json::Bool(true))),
        Kind::Int => {
            let number = json.as_f64().unwrap_or_default();
            avro::long(out, i64::from(number as i32));
        }
        Kind::Long => avro::long(out, epoch_ms(json).unwrap_or_default()),
        Kind::Double => {
            let number = json.as_f64().unwrap_or_default();
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Dates are midnight in UTC.
fn epoch_ms(json: &Json) -> Option<i64> {
    let text = json.as_str()?;
    let day = |days: i32| i64::from(days) * 86_400;
    let seconds = datetime::read_time(text).or_else(|| datetime::read_date(text).map(day));
    seconds.map(|seconds| seconds * 1_000)
}

/// Rises with the transactions, from somewhere.
fn commit_number(seed: u64, transaction: u64) -> i64 {
    (1_000_000_000_000 + mix(seed) % 1_000_000_000_000 + transaction) as i64
}

/// The same for the same number, and like no other.
pub(super) fn uuid(seed: u64, number: u64) -> String {
    let high = mix(seed ^ mix(number));
    let low = mix(high ^ number);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFF,
        0x8000 | (low >> 50),
        low & 0xFFFF_FFFF_FFFF
    )
}

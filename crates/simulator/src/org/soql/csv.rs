//! Rows as CSV, straight from the records into bytes: a bulk query reads rows by the hundred
//! thousand, and making JSON of them first would cost more than finding them.

use super::path::{BoundPath, Leaf};
use super::plan::{Column, Plan};
use crate::org::csv::{CsvStyle, quoted};
use crate::org::schema::{FieldKind, Role};
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// Room for a row, so that the buffer seldom grows.
const ROW_BYTES: usize = 256;

/// The names of the columns.
pub(crate) fn csv_header(plan: &Plan, style: CsvStyle) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, column) in plan.columns.iter().enumerate() {
        if at > 0 {
            text.push(style.delimiter);
        }
        let name = match column {
            Column::Field(path) => path.shown.as_str(),
            Column::Computed(name, ..) => name,
            Column::Children(child) => &child.name,
            Column::TypeOf(type_of) => &type_of.hop.relationship,
        };
        quoted(&mut text, name);
    }
    style.end_line(&mut text);
    text
}

/// The rows of these records.
pub(crate) fn csv_rows(store: &Store, plan: &Plan, slots: &[Slot], style: CsvStyle) -> Vec<u8> {
    let mut text = Vec::with_capacity(slots.len() * ROW_BYTES);
    for slot in slots {
        for (at, column) in plan.columns.iter().enumerate() {
            if at > 0 {
                text.push(style.delimiter);
            }
            match column {
                Column::Field(path) => cell(&mut text, store, (plan.object, *slot), path),
                _ => text.extend_from_slice(b"\"\""),
            }
        }
        style.end_line(&mut text);
    }
    text
}

fn cell(text: &mut Vec<u8>, store: &Store, (object, slot): (usize, Slot), path: &BoundPath) {
    // A field that the record holds itself is written from where it lies.
    if let (true, Leaf::Field(_, field)) = (path.hops.is_empty(), &path.leaf) {
        let field = &store.def(object).fields[*field as usize];
        if field.role == Role::Stored {
            let stored = store.table(object).record(slot).cell(field.index);
            return value(text, stored, field.kind);
        }
    }
    value(text, &path.read(store, object, slot), path.kind);
}

fn value(text: &mut Vec<u8>, value: &Value, kind: FieldKind) {
    match value {
        Value::Null if kind == FieldKind::Bool => text.extend_from_slice(b"\"false\""),
        Value::Null => text.extend_from_slice(b"\"\""),
        Value::Text(words) => quoted(text, words),
        // JSON writes these between quotes too, and they hold nothing to escape.
        Value::Id(_) | Value::Time(_) => value.write_json(kind, text),
        other => quoted(text, plain(other, kind).as_str()),
    }
}

fn plain(value: &Value, kind: FieldKind) -> String {
    match value.to_json(kind) {
        serde_json::Value::String(words) => words,
        other => other.to_string(),
    }
}

//! Values of a statement that is put together from parts, each with its place in the text.

use super::Value;

/// Adds a value; its place, as `$3`.
pub(crate) fn put(args: &mut Vec<Value>, value: impl Into<Value>) -> String {
    args.push(value.into());
    format!("${}", args.len())
}

/// The condition that a column, as `v.id`, holds one of these values; nothing is one of none.
pub(crate) fn among<V: Into<Value>>(
    args: &mut Vec<Value>,
    column: &str,
    values: impl IntoIterator<Item = V>,
) -> String {
    let places = values.into_iter().map(|value| put(args, value));
    let places: Vec<String> = places.collect();
    match places.is_empty() {
        true => "1 = 0".to_owned(),
        false => format!("{column} in ({})", places.join(", ")),
    }
}

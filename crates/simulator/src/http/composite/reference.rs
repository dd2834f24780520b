//! `@{name.path}` in a subrequest stands for a value from the answer of an earlier one. Names and
//! keys are case-sensitive.

use serde_json::Value;
use std::collections::BTreeMap;

/// The bodies of the answers so far, by reference.
pub(super) type Results = BTreeMap<String, Value>;

/// A body whose references are filled in; the error is the text for people.
pub(super) fn filled(body: Value, results: &Results) -> Result<Value, String> {
    match body {
        Value::String(text) => match only_reference(&text) {
            Some(reference) => look_up(reference, results).cloned(),
            None => filled_text(&text, results).map(Value::String),
        },
        Value::Array(items) => {
            let items = items.into_iter().map(|item| filled(item, results));
            items.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Value::Object(map) => {
            let entries = map.into_iter();
            let entries = entries.map(|(key, value)| Ok((key, filled(value, results)?)));
            entries.collect::<Result<_, String>>().map(Value::Object)
        }
        other => Ok(other),
    }
}

/// A text whose references are filled in.
pub(super) fn filled_text(text: &str, results: &Results) -> Result<String, String> {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((reference, behind)) = after.split_once('}') else {
            break;
        };
        whole.push_str(before);
        match look_up(reference, results)? {
            Value::String(text) => whole.push_str(text),
            other => whole.push_str(&other.to_string()),
        }
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

/// The reference that a text consists of, so that numbers stay numbers.
fn only_reference(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("@{")?.strip_suffix('}')?;
    (!inside.contains(['{', '}'])).then_some(inside)
}

fn look_up<'r>(reference: &str, results: &'r Results) -> Result<&'r Value, String> {
    let name = reference.split(['.', '[']).next().unwrap_or_default();
    let missing =
        || format!("Invalid reference specified. No value for {reference} found in {name}");
    let body = results.get(name).ok_or_else(missing)?;
    let found = walk(body, &reference[name.len()..]);
    found.filter(|value| !value.is_null()).ok_or_else(missing)
}

/// Follows `.key` and `[0]` steps.
fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Some(inside) = path.strip_prefix('[') {
        let (index, rest) = inside.split_once(']')?;
        return walk(value.get(index.parse::<usize>().ok()?)?, rest);
    }
    let path = path.strip_prefix('.')?;
    let end = path.find(['.', '[']).unwrap_or(path.len());
    walk(value.get(&path[..end])?, &path[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_reach_into_answers_and_keep_the_type_of_what_they_find() {
        let results = Results::from([
            ("made".to_owned(), json!({"id": "003", "count": 4})),
            ("q".to_owned(), json!({"records": [{"Id": "001"}]})),
            ("many".to_owned(), json!([{"Id": "00Q"}])),
            ("nothing".to_owned(), Value::Null),
        ]);
        let cases = [
            ("@{made.id}", Ok(json!("003"))),
            ("@{made.count}", Ok(json!(4))),
            ("a @{made.count} b", Ok(json!("a 4 b"))),
            ("@{q.records[0].Id}", Ok(json!("001"))),
            ("@{many[0].Id}/@{made.id}", Ok(json!("00Q/003"))),
            ("@{made.Id}", Err("made.Id found in made")),
            ("@{other.id}", Err("other.id found in other")),
            ("@{nothing.id}", Err("nothing.id found in nothing")),
            ("@{many[1].Id}", Err("many[1].Id found in many")),
            ("no @{end", Ok(json!("no @{end"))),
        ];
        for (text, expected) in cases {
            let found = filled(json!(text), &results);
            let expected = expected
                .map_err(|end: &str| format!("Invalid reference specified. No value for {end}"));
            assert_eq!(found, expected, "{text}");
        }
    }
}

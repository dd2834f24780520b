//! Records and their ids.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// The id of a record, always in its form of 18 characters, which may be compared without regard to case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(String);

impl RecordId {
    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecordId {
    type Err = Error;

    fn from_str(text: &str) -> Result<RecordId> {
        let invalid = || {
            Error::Invalid(format!(
                "{text:?} is not a Salesforce id (15 or 18 letters and digits)"
            ))
        };
        if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(invalid());
        }
        match text.len() {
            15 => Ok(RecordId(format!("{text}{}", checksum(text)))),
            18 if checksum(&text[..15]).eq_ignore_ascii_case(&text[15..]) => Ok(RecordId(format!(
                "{}{}",
                &text[..15],
                checksum(&text[..15])
            ))),
            _ => Err(invalid()),
        }
    }
}

impl TryFrom<String> for RecordId {
    type Error = Error;
    fn try_from(text: String) -> Result<RecordId> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> String {
        id.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The three last characters: one for each block of five, whose bits say which letters are capitals.
fn checksum(fifteen: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    fifteen
        .as_bytes()
        .chunks(5)
        .map(|block| {
            let bits = block
                .iter()
                .enumerate()
                .filter(|(_, c)| c.is_ascii_uppercase())
                .map(|(bit, _)| 1 << bit);
            char::from(DIGITS[bits.sum::<usize>()])
        })
        .collect()
}

/// A record as the API returns it, without the `attributes` entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record(Map<String, Value>);

impl Record {
    /// From a JSON object of the API.
    pub fn from_json(value: Value) -> Result<Record> {
        match value {
            Value::Object(mut map) => {
                map.remove("attributes");
                Ok(Record(map))
            }
            other => Err(Error::Unexpected(format!("a record that is {other}"))),
        }
    }

    /// The value at a path such as `Account.Name`; null for what is absent.
    pub fn get(&self, path: &str) -> &Value {
        let mut parts = path.split('.');
        let first = parts
            .next()
            .and_then(|name| self.0.get(name))
            .unwrap_or(&Value::Null);
        parts.fold(first, |value, name| value.get(name).unwrap_or(&Value::Null))
    }

    /// The text at a path, if it is one.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).as_str()
    }

    /// The record's own id.
    pub fn id(&self) -> Result<RecordId> {
        self.text("Id")
            .ok_or_else(|| Error::Unexpected("a record without Id".to_owned()))?
            .parse()
    }

    /// The time in a field, in epoch milliseconds.
    pub fn time_ms(&self, field: &str) -> Result<i64> {
        self.text(field)
            .and_then(crate::time::parse)
            .ok_or_else(|| {
                Error::Unexpected(format!("{field} is {} instead of a time", self.get(field)))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_characters_become_eighteen() {
        let id: RecordId = "0018M000003uKqq".parse().unwrap();
        assert_eq!(id.as_str().len(), 18);
        let lower = id.as_str().to_lowercase();
        assert!(
            lower.parse::<RecordId>().is_err(),
            "its letters lost their case"
        );
        assert_eq!(
            "001000000000000AAA".parse::<RecordId>().unwrap(),
            "001000000000000".parse().unwrap()
        );
        assert!("0018M000003uKqqZZZ".parse::<RecordId>().is_err());
        assert!("short".parse::<RecordId>().is_err());
    }

    #[test]
    fn a_path_reaches_into_a_parent() {
        let record = Record::from_json(serde_json::json!({
            "attributes": {"type": "Contact"}, "Account": {"Name": "Acme"}, "Email": null
        }))
        .unwrap();
        assert_eq!(record.text("Account.Name"), Some("Acme"));
        assert_eq!(record.get("Account.Owner.Name"), &Value::Null);
        assert_eq!(record.get("attributes"), &Value::Null);
    }
}

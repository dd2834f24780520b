//! How the CSV of a new job is to be written: what stands between columns and what ends a line.

use super::refused;
use crate::bulk::DELIMITERS;
use crate::http::ask::Answered;
use crate::org::CsvStyle;
use serde_json::{Map, Value};

/// As the body of a new job asks for; commas and LF unless it says otherwise.
pub(super) fn read(body: &Map<String, Value>) -> Answered<CsvStyle> {
    let word = |key: &str, usual: &str| -> Answered<String> {
        match body.get(key) {
            None | Some(Value::Null) => Ok(usual.to_owned()),
            Some(Value::String(text)) => Ok(text.to_ascii_uppercase()),
            Some(other) => Err(refused("INVALIDJOB", format!("{key}: cannot be {other}"))),
        }
    };
    let delimiter = word("columnDelimiter", "COMMA")?;
    let known = DELIMITERS.iter().find(|(name, _)| *name == delimiter);
    let Some((_, delimiter)) = known else {
        let text = format!("columnDelimiter: {delimiter} is not one of the delimiters");
        return Err(refused("INVALIDJOB", text));
    };
    let crlf = match word("lineEnding", "LF")?.as_str() {
        "LF" => false,
        "CRLF" => true,
        other => {
            let text = format!("lineEnding: {other} is neither LF nor CRLF");
            return Err(refused("INVALIDJOB", text));
        }
    };
    match word("contentType", "CSV")?.as_str() {
        "CSV" => Ok(CsvStyle {
            delimiter: *delimiter,
            crlf,
        }),
        other => {
            let text = format!("contentType: {other} is not supported, only CSV");
            Err(refused("INVALIDJOB", text))
        }
    }
}

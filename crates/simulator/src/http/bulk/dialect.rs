//! How a job's CSV is written: what stands between columns and what ends a line.

use super::refused;
use crate::http::ask::Answered;
use crate::org::CsvStyle;
use serde_json::{Map, Value};

/// Delimiters by their names in the API.
const DELIMITERS: [(&str, u8); 6] = [
    ("BACKQUOTE", b'`'),
    ("CARET", b'^'),
    ("COMMA", b','),
    ("PIPE", b'|'),
    ("SEMICOLON", b';'),
    ("TAB", b'\t'),
];

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

/// The delimiter's name in the API.
pub(super) fn delimiter_name(style: CsvStyle) -> &'static str {
    let known = DELIMITERS.iter().find(|(_, sign)| *sign == style.delimiter);
    known.map_or("COMMA", |(name, _)| name)
}

/// The line ending's name in the API.
pub(super) fn line_ending_name(style: CsvStyle) -> &'static str {
    if style.crlf { "CRLF" } else { "LF" }
}

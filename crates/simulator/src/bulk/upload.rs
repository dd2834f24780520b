//! The data of an ingest job, read: its columns, its rows, and what makes all of it unreadable. Such
//! a mistake fails the whole job, while a mistake in one record fails that record.

use super::dialect::line_ending_name;
use crate::org::{Call, CsvStyle, Org, UploadColumn};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Columns of one file.
const COLUMNS_MAX: usize = 5_000;
/// Characters of one value.
const FIELD_CHARS_MAX: usize = 32_000;
/// Characters of one record.
const RECORD_CHARS_MAX: usize = 400_000;
/// Characters of the header.
const HEADER_CHARS_MAX: usize = 32_000;
/// Stands for no value; an empty cell means that the field is left alone.
const NULL: &str = "#N/A";
/// The byte order mark that spreadsheets put before everything.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file of records.
#[derive(Clone, Default)]
pub(crate) struct Upload {
    /// The header as it was sent.
    pub header: Vec<String>,
    columns: Vec<UploadColumn>,
    pub rows: Vec<Vec<String>>,
}

impl Upload {
    /// Reads a file; the error is the job's message.
    pub fn read(data: &[u8], style: CsvStyle) -> Result<Upload, String> {
        let data = data.strip_prefix(MARK).unwrap_or(data);
        check_signs(data, style)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(style.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(data);
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|_| invalid("The data is not UTF-8 text"))?;
            rows.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
        }
        let mut rows = rows.into_iter();
        let header: Vec<String> = rows.next().unwrap_or_default();
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            return Err(invalid("The file has no header"));
        }
        if header.len() > COLUMNS_MAX {
            return Err(invalid(&format!("More than {COLUMNS_MAX} columns")));
        }
        if chars(&header) > HEADER_CHARS_MAX {
            let text = format!("The header has more than {HEADER_CHARS_MAX} characters");
            return Err(invalid(&text));
        }
        let mut seen = HashSet::new();
        for name in &header {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(invalid(&format!("Field name is a duplicate : {name}")));
            }
        }
        let rows: Vec<Vec<String>> = rows.collect();
        check_rows(&header, &rows)?;
        Ok(Upload {
            header,
            columns: Vec::new(),
            rows,
        })
    }

    /// Binds the header to the object's fields.
    pub fn bind(&mut self, org: &Org, call: &Call, object: &str) -> Result<(), String> {
        let columns = org.upload_columns(call, object, &self.header);
        let unknown = |name: String| invalid(&format!("Field name not found : {name}"));
        self.columns = columns.map_err(unknown)?;
        Ok(())
    }

    /// Whether a column is there, whatever its case.
    pub fn has(&self, column: &str) -> bool {
        self.header
            .iter()
            .any(|name| name.eq_ignore_ascii_case(column))
    }

    /// One row as the record that the org is asked to save.
    pub fn record(&self, row: usize, object: &str) -> Value {
        let mut record = Map::new();
        record.insert("attributes".to_owned(), json!({"type": object}));
        for (column, text) in self.columns.iter().zip(&self.rows[row]) {
            if text.is_empty() {
                continue;
            }
            let value = match text.as_str() {
                NULL => Value::Null,
                text => json!(text),
            };
            match column {
                UploadColumn::Field(name) => record.insert(name.clone(), value),
                UploadColumn::Parent { lookup, .. } if value.is_null() => {
                    record.insert(lookup.clone(), value)
                }
                UploadColumn::Parent {
                    relationship,
                    field,
                    ..
                } => record.insert(relationship.clone(), json!({ field: value })),
            };
        }
        Value::Object(record)
    }

    /// The value of a column in a row.
    pub fn cell(&self, row: usize, column: &str) -> &str {
        let at = self
            .header
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column));
        at.and_then(|at| self.rows[row].get(at))
            .map_or("", String::as_str)
    }
}

fn check_rows(header: &[String], rows: &[Vec<String>]) -> Result<(), String> {
    for row in rows {
        if row.len() != header.len() {
            let text = format!(
                "The number of columns in a row is {}, the header has {}",
                row.len(),
                header.len()
            );
            return Err(invalid(&text));
        }
        let long = row
            .iter()
            .any(|cell| cell.chars().count() > FIELD_CHARS_MAX);
        if long || chars(row) > RECORD_CHARS_MAX {
            return Err(invalid("A field or a record is too long"));
        }
    }
    Ok(())
}

/// Where the eye is while it goes over the bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing of the cell was seen.
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends the cell, unless another follows.
    Closed,
}

/// Lines outside of quotes must end as the job said they would, and quotes must stand around whole
/// values: a blank before one or after it is an error, as is a quote that nothing closes.
fn check_signs(data: &[u8], style: CsvStyle) -> Result<(), String> {
    let mut place = Place::Start;
    for (at, byte) in data.iter().enumerate() {
        place = match (place, *byte) {
            (Place::Start | Place::Closed, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) => Place::Quoted,
            (_, b'\r') if style.crlf && data.get(at + 1) == Some(&b'\n') => place,
            (_, b'\n') if style.crlf == (at > 0 && data[at - 1] == b'\r') => Place::Start,
            (_, b'\r' | b'\n') => {
                let name = line_ending_name(style);
                return Err(format!(
                    "LineEnding is invalid on user data. Current LineEnding setting is {name}"
                ));
            }
            (_, byte) if byte == style.delimiter => Place::Start,
            (Place::Closed, _) | (Place::Plain, b'"') => {
                return Err(invalid("A quote stands inside of a value"));
            }
            (Place::Start | Place::Plain, _) => Place::Plain,
        };
    }
    match place {
        Place::Quoted => Err(invalid("A quote is not closed")),
        _ => Ok(()),
    }
}

fn chars(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.chars().count()).sum()
}

fn invalid(why: &str) -> String {
    format!("InvalidBatch : {why}")
}

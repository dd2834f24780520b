//! What a verb prints: JSON for programs, tables and sentences for people.

use crate::say::say;
use serde_json::Value;
use tieline_domain::text::moves_others;

/// What a verb found or did.
pub struct Shown {
    /// As the API gave it.
    pub told: Value,
    /// For people.
    pub words: String,
}

impl Shown {
    pub fn new(told: Value, words: impl Into<String>) -> Shown {
        Shown {
            told,
            words: still(&words.into()),
        }
    }

    pub fn print(&self, as_json: bool) {
        match as_json {
            true => say(format_args!("{:#}", self.told)),
            false => say(self.words.trim_end()),
        }
    }
}

/// Lines in which what people wrote moves nothing.
pub fn still(words: &str) -> String {
    words.replace(|c| moves_others(c) && c != '\n', "\u{fffd}")
}

/// Rows under their headings, each column as wide as its widest. What people wrote moves no cursor.
pub fn table(headings: &[&str], rows: &[Vec<String>], none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let headings: Vec<String> = headings.iter().map(|it| (*it).to_owned()).collect();
    let all = || std::iter::once(&headings).chain(rows);
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| {
            let widest = all().map(|row| row[column].chars().count()).max();
            widest.unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in all() {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("{:width$}  ", cell.replace(moves_others, "\u{fffd}")))
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A moment of the API, in UTC to the minute.
pub fn moment(at: &Value) -> String {
    at.as_i64().map_or_else(String::new, |ms| {
        let whole = tieline_salesforce::time::format(ms);
        whole.chars().take(16).collect::<String>().replace('T', " ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_has_its_columns_below_each_other_and_says_so_when_it_is_empty() {
        let rows = [
            vec!["Ann".to_owned(), "staff".to_owned()],
            vec!["Bartholomew".to_owned(), String::new()],
        ];
        let text = table(&["NAME", "ROLE"], &rows, "nobody");
        assert_eq!(text, "NAME         ROLE\nAnn          staff\nBartholomew\n");
        assert_eq!(table(&["NAME"], &[], "nobody"), "nobody");
        let rows = [vec!["\u{1b}[31mRed\nrow\u{9b}".to_owned()]];
        let shown = "NAME\n\u{fffd}[31mRed\u{fffd}row\u{fffd}\n";
        assert_eq!(table(&["NAME"], &rows, "nobody"), shown);
        for mark in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".chars() {
            let name = format!("a{mark}b");
            let rows = [vec![name.clone()]];
            assert_eq!(table(&["NAME"], &rows, "nobody"), "NAME\na\u{fffd}b\n");
            let said = Shown::new(json!({}), format!("Added {name}.\nThat is all."));
            assert_eq!(said.words, "Added a\u{fffd}b.\nThat is all.");
        }
        assert_eq!(moment(&json!(1_700_000_000_000_i64)), "2023-11-14 22:13");
        assert_eq!(moment(&json!(null)), "");
    }
}

//! How a job's CSV is written, by the names that the API has for it.

use crate::org::CsvStyle;

/// Delimiters by their names in the API.
pub(crate) const DELIMITERS: [(&str, u8); 6] = [
    ("BACKQUOTE", b'`'),
    ("CARET", b'^'),
    ("COMMA", b','),
    ("PIPE", b'|'),
    ("SEMICOLON", b';'),
    ("TAB", b'\t'),
];

/// The delimiter's name in the API.
pub(crate) fn delimiter_name(style: CsvStyle) -> &'static str {
    let known = DELIMITERS.iter().find(|(_, sign)| *sign == style.delimiter);
    known.map_or("COMMA", |(name, _)| name)
}

/// The line ending's name in the API.
pub(crate) fn line_ending_name(style: CsvStyle) -> &'static str {
    if style.crlf { "CRLF" } else { "LF" }
}

//! How CSV is written: what stands between columns, what ends a line, every value between quotes.

/// Delimiter and line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CsvStyle {
    pub delimiter: u8,
    pub crlf: bool,
}

impl CsvStyle {
    /// Rows as text.
    pub fn rows<R: AsRef<str>>(self, rows: impl Iterator<Item = Vec<R>>) -> Vec<u8> {
        let mut text = Vec::new();
        for row in rows {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    text.push(self.delimiter);
                }
                quoted(&mut text, cell.as_ref());
            }
            self.end_line(&mut text);
        }
        text
    }

    pub fn end_line(self, text: &mut Vec<u8>) {
        text.extend_from_slice(if self.crlf { b"\r\n" } else { b"\n" });
    }
}

/// A value between quotes, its own quotes doubled.
pub(crate) fn quoted(text: &mut Vec<u8>, words: &str) {
    text.push(b'"');
    if words.contains('"') {
        text.extend_from_slice(words.replace('"', "\"\"").as_bytes());
    } else {
        text.extend_from_slice(words.as_bytes());
    }
    text.push(b'"');
}

//! Cuts a query into words, values and signs. Dates are recognised here, because a date without
//! quotes would otherwise look like a subtraction.

use super::error::SoqlError;

/// A piece of the query and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub text: String,
    pub at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Text between quotes, escapes as written.
    Text,
    Number,
    Date,
    DateTime,
    Sign,
    End,
}

/// All tokens, with an `End` behind the last.
pub(super) fn tokens(soql: &str) -> Result<Vec<Token>, SoqlError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = soql[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = match c {
            '\'' => text(soql, at)?,
            c if c.is_ascii_alphabetic() => (Kind::Word, run(soql, at, is_word)),
            c if c.is_ascii_digit() || is_signed_number(soql, at) => number_or_date(soql, at),
            _ => sign(soql, at)?,
        };
        let whole = &soql[at..at + length];
        let text = match kind {
            Kind::Text => &whole[1..length - 1],
            _ => whole,
        };
        tokens.push(Token {
            kind,
            text: text.to_owned(),
            at,
        });
        at += length;
    }
    tokens.push(Token {
        kind: Kind::End,
        text: "<EOF>".to_owned(),
        at: soql.len(),
    });
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn run(soql: &str, at: usize, belongs: impl Fn(char) -> bool) -> usize {
    let rest = &soql[at..];
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn is_signed_number(soql: &str, at: usize) -> bool {
    let mut chars = soql[at..].chars();
    matches!(chars.next(), Some('-' | '+' | '.'))
        && chars.next().is_some_and(|c| c.is_ascii_digit())
}

fn text(soql: &str, at: usize) -> Result<(Kind, usize), SoqlError> {
    let mut escaped = false;
    for (offset, c) in soql[at + 1..].char_indices() {
        match c {
            _ if escaped && !"nrtbf\"'\\_%NRTBF".contains(c) => {
                let text = format!("Illegal character sequence '\\{c}' in string literal.");
                return Err(SoqlError::at(
                    "MALFORMED_QUERY",
                    at,
                    format!("Invalid string literal. {text}"),
                ));
            }
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return Ok((Kind::Text, offset + 2)),
            _ => {}
        }
    }
    Err(SoqlError::at(
        "MALFORMED_QUERY",
        at,
        "unexpected token: '''",
    ))
}

fn number_or_date(soql: &str, at: usize) -> (Kind, usize) {
    let rest = &soql[at..];
    let bytes = rest.as_bytes();
    let looks_like_date = bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(i, b)| match i {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    if !looks_like_date {
        let sign = usize::from(matches!(bytes[0], b'-' | b'+'));
        let length = sign + run(soql, at + sign, |c| c.is_ascii_digit() || c == '.');
        return (Kind::Number, length);
    }
    match bytes.get(10) {
        Some(b'T' | b't') => {
            let more = run(soql, at + 11, |c| {
                c.is_ascii_alphanumeric() || ":.+-".contains(c)
            });
            (Kind::DateTime, 11 + more)
        }
        _ => (Kind::Date, 10),
    }
}

fn sign(soql: &str, at: usize) -> Result<(Kind, usize), SoqlError> {
    let rest = &soql[at..];
    for two in ["!=", "<>", "<=", ">="] {
        if rest.starts_with(two) {
            return Ok((Kind::Sign, 2));
        }
    }
    let c = rest.chars().next().unwrap_or(' ');
    match "()=<>,.:".contains(c) {
        true => Ok((Kind::Sign, 1)),
        false => Err(SoqlError::unexpected(at, &c.to_string())),
    }
}

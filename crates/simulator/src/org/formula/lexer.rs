//! Cuts a formula into names, values and signs.

use super::FormulaError;

/// A piece of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A function, a field, or fields with dots between them.
    Name(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

const SIGNS: [&str; 20] = [
    "<>", "<=", ">=", "!=", "==", "&&", "||", "(", ")", ",", "+", "-", "*", "/", "^", "&", "=",
    "<", ">", "!",
];

pub(super) fn tokens(formula: &str) -> Result<Vec<Token>, FormulaError> {
    let mut tokens = Vec::new();
    let mut rest = formula.trim_start();
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            '/' if rest.starts_with("/*") => {
                let end = rest.find("*/").map_or(rest.len(), |at| at + 2);
                rest = rest[end..].trim_start();
                continue;
            }
            '"' | '\'' => text(rest, c)?,
            '0'..='9' => number(rest)?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest)?,
            c if c.is_ascii_alphabetic() || c == '$' => name(rest),
            _ => sign(rest).ok_or_else(|| FormulaError(format!("Syntax error. Found '{c}'")))?,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn sign(rest: &str) -> Option<(Token, usize)> {
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
    Some((Token::Sign(sign), sign.len()))
}

fn name(rest: &str) -> (Token, usize) {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "_.$:".contains(c);
    let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    (Token::Name(rest[..length].to_owned()), length)
}

fn number(rest: &str) -> Result<(Token, usize), FormulaError> {
    let belongs = |c: char| c.is_ascii_digit() || c == '.';
    let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    match rest[..length].parse() {
        Ok(number) => Ok((Token::Number(number), length)),
        Err(_) => {
            let text = format!("Syntax error. Found '{}'", &rest[..length]);
            Err(FormulaError(text))
        }
    }
}

fn text(rest: &str, quote: char) -> Result<(Token, usize), FormulaError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            c if c == quote => return Ok((Token::Text(text), at + 1)),
            c => text.push(c),
        }
    }
    let text = "Syntax error. There is a text that does not end";
    Err(FormulaError(text.to_owned()))
}

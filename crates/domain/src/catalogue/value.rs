//! Which values a field takes, and how they are kept.

use super::{Field, FieldKind, InvalidField};
use crate::email::is_email;
use crate::text;
use jiff::civil::Date;

/// Digits that a number field of an org keeps.
const DIGITS_MAX: usize = 18;

/// The value as it is kept, `None` for a blank.
pub(super) fn enter(field: &Field, value: &str) -> Result<Option<String>, InvalidField> {
    let invalid = |problem: String, fix: &str| InvalidField::new(&field.name, problem, fix);
    let value = match text::enter(value.trim(), field.max_length) {
        Ok(value) => value,
        Err(error @ text::Flaw::TooLong { .. }) => {
            return Err(invalid(error.to_string(), "shorten it"));
        }
        Err(error @ text::Flaw::Nul) => return Err(invalid(error.to_string(), "take it out")),
    };
    if value.is_empty() {
        return Ok(None);
    }
    let no = |what: &str, example: &str| {
        Err(invalid(
            format!("{value:?} is no {what}"),
            &format!("write it as {example}"),
        ))
    };
    match field.kind {
        FieldKind::Text | FieldKind::LongText | FieldKind::Phone => Ok(Some(value)),
        FieldKind::Email if is_email(&value) => Ok(Some(value.to_lowercase())),
        FieldKind::Email => no("e-mail address", "name@example.com"),
        FieldKind::Url if is_url(&value) => Ok(Some(value)),
        FieldKind::Url => no("web address", "https://example.com"),
        FieldKind::Number => number(&value).map_or_else(|| no("number", "1234.5"), |n| Ok(Some(n))),
        FieldKind::Date if is_date(&value) => Ok(Some(value)),
        FieldKind::Date => no("date", "2026-11-24"),
        FieldKind::Bool => match value.to_lowercase().as_str() {
            word @ ("true" | "false") => Ok(Some(word.to_owned())),
            _ => no("yes or no", "true or false"),
        },
        FieldKind::Choice if field.options.contains(&value) => Ok(Some(value)),
        FieldKind::Choice => Err(invalid(
            format!("{value:?} is none of its options"),
            &format!("use one of: {}", field.options.join(", ")),
        )),
    }
}

/// A day that the calendar has and the org takes.
fn is_date(value: &str) -> bool {
    let year_first = value.len() == 10 && value.as_bytes()[0] != b'+';
    year_first
        && value
            .parse::<Date>()
            .is_ok_and(|day| (1700..=4000).contains(&day.year()))
}

/// Only what a browser opens as a page: a link that runs a script is none.
fn is_url(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| host.contains(|c: char| c.is_alphanumeric()))
        && !value.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A decimal number in the one form that it is kept in.
fn number(value: &str) -> Option<String> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    if whole.len() + part.len() > DIGITS_MAX {
        return None;
    }
    Some(match (whole, part) {
        ("", "") => "0".to_owned(),
        ("", part) => format!("{sign}0.{part}"),
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    })
}

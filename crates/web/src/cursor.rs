//! Cursors of lists: the sort key of the last row, opaque to callers.

use crate::problem::{Problem, Result};
use std::fmt::Display;
use std::str::FromStr;

/// The cursor behind a row with these keys; only the first may hold anything.
pub(crate) fn cursor(parts: &[&str]) -> String {
    parts.join("~")
}

/// The parts of a cursor.
pub(crate) fn cursor_parts<const N: usize>(text: &str) -> Result<[&str; N]> {
    let mut parts: Vec<&str> = text.rsplitn(N, '~').collect();
    parts.reverse();
    parts.try_into().map_err(|_| invalid())
}

/// A part of a cursor that is an id or a number.
pub(crate) fn cursor_part<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|_| invalid())
}

/// The cursor of the page behind, if there may be one.
pub(crate) fn next<T>(rows: &[T], limit: i64, key: impl FnOnce(&T) -> String) -> Option<String> {
    (rows.len() as i64 == limit)
        .then(|| rows.last().map(key))
        .flatten()
}

fn invalid() -> Problem {
    Problem::field(
        "cursor",
        "it is not a cursor of this list",
        "pass next_cursor as it came",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_parts_back_whatever_the_first_holds() {
        let text = cursor(&["a~name~with~tildes", "ct_1"]);
        assert_eq!(
            cursor_parts::<2>(&text).unwrap(),
            ["a~name~with~tildes", "ct_1"]
        );
        assert!(cursor_parts::<2>("no tilde").is_err());
    }
}

//! Searches as SQL: every condition is a pattern on a column that was folded when it was written.

use crate::db::{Conn, Value, put};
use crate::error::Result;
use crate::setting;
use tieline_domain::search::{self, Term};

/// The conditions of a search as typed, numbers read as people of the organisation write them.
pub(crate) async fn terms(conn: &mut Conn, words: &str) -> Result<Vec<Term>> {
    if words.trim().is_empty() {
        return Ok(Vec::new());
    }
    let country = setting::default_country(conn).await?;
    Ok(search::read(words, &country))
}

/// One condition; `within` says where the pattern at a place is looked for.
pub(crate) fn condition(
    term: &Term,
    args: &mut Vec<Value>,
    within: impl Fn(&str) -> String,
) -> String {
    let mut one = |word: &str| within(&put(args, anywhere(word)));
    match term {
        Term::Word(word) => one(word),
        Term::Number { digits, words } => {
            let whole = one(digits);
            let apart: Vec<String> = words.iter().map(|word| one(word)).collect();
            format!("({whole} or ({}))", apart.join(" and "))
        }
    }
}

/// A pattern that finds a text anywhere.
fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if "%_!".contains(c) {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

//! The search language: `FIND {…} IN … FIELDS RETURNING X(…), Y LIMIT n`. What stands in the
//! brackets of an object is SOQL without its SELECT and FROM, and is left to that parser.

use super::{RECORDS_MAX, Search, SearchIn, malformed};
use crate::org::error::ApiError;

/// Words that end the list of fields of an object.
const CLAUSES: [&str; 4] = ["WHERE", "ORDER", "LIMIT", "OFFSET"];
/// Clauses that a real org has and this one does not.
const MISSING: [&str; 4] = ["WITH", "UPDATE", "USING", "OFFSET"];

/// The rest of a search text.
struct Rest<'a>(&'a str);

pub(super) fn parse(sosl: &str) -> Result<Search, ApiError> {
    let mut rest = Rest(sosl);
    if !rest.word("FIND") {
        return Err(malformed("The search must begin with FIND"));
    }
    let mut search = Search::of(rest.braces()?);
    if rest.word("IN") {
        let group = rest.name().and_then(SearchIn::named);
        search.within = group.ok_or_else(|| malformed("unknown group of fields behind IN"))?;
        if !rest.word("FIELDS") {
            return Err(rest.unexpected());
        }
    }
    if rest.word("RETURNING") {
        search.returning = rest.returning()?;
    }
    if let Some(word) = MISSING.iter().find(|word| rest.word(word)) {
        let text = format!("the simulator does not have the SOSL clause {word}");
        return Err(ApiError::request(501, "NOT_IMPLEMENTED", text));
    }
    if rest.word("LIMIT") {
        let number = rest.name().and_then(|text| text.parse::<usize>().ok());
        let number = number.ok_or_else(|| malformed("LIMIT needs a number"))?;
        search.limit = number.min(RECORDS_MAX);
    }
    match rest.skip().is_empty() {
        true => Ok(search),
        false => Err(rest.unexpected()),
    }
}

/// What stands in the brackets of an object, as a query over it.
pub(super) fn as_query(object: &str, inside: &str) -> String {
    let at = clauses_at(inside);
    let fields = match inside[..at].trim() {
        "" => "Id",
        fields => fields,
    };
    format!("SELECT {fields} FROM {object} {}", &inside[at..])
}

/// Where the clauses behind the fields begin.
fn clauses_at(inside: &str) -> usize {
    let starts_word = |at: usize| {
        let before = inside[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
    };
    let is_clause = |at: usize| {
        let rest = Rest(&inside[at..]);
        starts_word(at) && CLAUSES.iter().any(|word| Rest(rest.0).word(word))
    };
    let mut places = inside.char_indices().map(|(at, _)| at);
    places.find(|at| is_clause(*at)).unwrap_or(inside.len())
}

impl<'a> Rest<'a> {
    fn skip(&mut self) -> &'a str {
        self.0 = self.0.trim_start();
        self.0
    }

    /// Takes this word, in any case, if it comes next.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.skip();
        let head = rest.get(..word.len());
        let same = head.is_some_and(|head| head.eq_ignore_ascii_case(word));
        let after = rest
            .get(word.len()..)
            .and_then(|after| after.chars().next());
        let whole = !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if same && whole {
            self.0 = &rest[word.len()..];
        }
        same && whole
    }

    fn name(&mut self) -> Option<&'a str> {
        let rest = self.skip();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    fn sign(&mut self, sign: char) -> bool {
        let after = self.skip().strip_prefix(sign);
        if let Some(after) = after {
            self.0 = after;
        }
        after.is_some()
    }

    /// The text between braces; a brace of its own is escaped.
    fn braces(&mut self) -> Result<&'a str, ApiError> {
        const TEXT: &str = "No search term found. The search term must be enclosed in braces.";
        if !self.sign('{') {
            return Err(malformed(TEXT));
        }
        let end = closing(self.0, '}').ok_or_else(|| malformed(TEXT))?;
        let inside = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(inside)
    }

    fn returning(&mut self) -> Result<Vec<(String, String)>, ApiError> {
        let mut objects = Vec::new();
        loop {
            let object = self.name().ok_or_else(|| self.unexpected())?.to_owned();
            let mut inside = "Id";
            if self.sign('(') {
                let end = closing(self.0, ')').ok_or_else(|| self.unexpected())?;
                inside = &self.0[..end];
                self.0 = &self.0[end + 1..];
            }
            objects.push((object, inside.to_owned()));
            if !self.sign(',') {
                return Ok(objects);
            }
        }
    }

    fn unexpected(&self) -> ApiError {
        let near: String = self.0.trim_start().chars().take(20).collect();
        malformed(&format!("unexpected token: '{near}'"))
    }
}

/// The place of the sign that closes what is open, outside of escapes, quotes and inner brackets.
fn closing(text: &str, sign: char) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' if sign == ')' => quoted = !quoted,
            _ if quoted => {}
            '(' if sign == ')' => depth += 1,
            c if c == sign && depth == 0 => return Some(at),
            ')' if sign == ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

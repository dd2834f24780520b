//! The words of a search: each must stand in a record as a word of its own, `*` and `?` stand for
//! other characters, and phone numbers are found by their digits however they are written.

use super::malformed;
use crate::org::error::ApiError;
use crate::org::soql::Pattern;

/// Nesting that the reader follows, so that no search can exhaust the stack.
const DEPTH_MAX: usize = 20;
/// The shortest search, in characters.
const CHARS_MIN: usize = 2;

/// What must be found.
#[derive(Debug)]
pub(super) enum Terms {
    All(Vec<Terms>),
    Any(Vec<Terms>),
    Not(Box<Terms>),
    Phrase(Phrase),
}

/// Words that follow one another.
#[derive(Debug)]
pub(super) struct Phrase {
    words: Vec<Pattern>,
    /// Of a term that is nothing but a number.
    digits: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// Characters, and whether each was escaped.
    Text(Vec<(char, bool)>),
}

impl Terms {
    pub fn parse(find: &str) -> Result<Terms, ApiError> {
        let letters = find.chars().filter(|c| c.is_alphanumeric()).count();
        if letters < CHARS_MIN {
            let text = format!("search term must be longer than one character: {find}");
            return Err(malformed(&text));
        }
        let tokens = tokens(find);
        let mut place = 0;
        let terms = any(&tokens, &mut place, 0)?;
        match place == tokens.len() {
            true => Ok(terms),
            false => Err(malformed("unbalanced brackets in the search term")),
        }
    }

    /// Whether the texts of a record hold the terms.
    pub fn hold(&self, texts: &[&str]) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.hold(texts)),
            Self::Any(parts) => parts.iter().any(|part| part.hold(texts)),
            Self::Not(inner) => !inner.hold(texts),
            Self::Phrase(phrase) => texts.iter().any(|text| phrase.stands_in(text)),
        }
    }
}

impl Phrase {
    fn new(text: &[(char, bool)]) -> Phrase {
        let wild = |(c, escaped): &(char, bool)| !escaped && matches!(c, '*' | '?');
        let split = |part: &(char, bool)| !part.0.is_alphanumeric() && !wild(part);
        let words = text.split(split).filter(|word| !word.is_empty());
        let pattern = |word: &[(char, bool)]| {
            let letter = |part: &(char, bool)| match (part.0, wild(part)) {
                ('*', true) => "%".to_owned(),
                ('?', true) => "_".to_owned(),
                (c, _) => c.to_string(),
            };
            Pattern::new(&word.iter().map(letter).collect::<String>())
        };
        let numeric = text
            .iter()
            .all(|(c, _)| c.is_ascii_digit() || " ()+-./".contains(*c));
        let digits: String = text
            .iter()
            .map(|(c, _)| *c)
            .filter(char::is_ascii_digit)
            .collect();
        Phrase {
            words: words.map(pattern).collect(),
            digits: (numeric && digits.len() >= CHARS_MIN).then_some(digits),
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        let words: Vec<&str> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let here = |run: &[&str]| self.words.iter().zip(run).all(|(p, word)| p.matches(word));
        if !self.words.is_empty() && words.windows(self.words.len()).any(here) {
            return true;
        }
        self.digits.as_ref().is_some_and(|wanted| {
            let number = text.chars().all(|c| !c.is_alphabetic());
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            number && digits.ends_with(wanted.as_str())
        })
    }
}

fn tokens(find: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Vec<(char, bool)> = Vec::new();
    let (mut escaped, mut quoted) = (false, false);
    for c in find.chars() {
        let apart = c.is_whitespace() || matches!(c, '(' | ')' | '&' | '|');
        match c {
            _ if escaped => {
                word.push((c, true));
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {
                finish(&mut tokens, &mut word, quoted);
                quoted = !quoted;
            }
            _ if quoted || !apart => word.push((c, false)),
            _ => {
                finish(&mut tokens, &mut word, false);
                match c {
                    '(' => tokens.push(Token::Open),
                    ')' => tokens.push(Token::Close),
                    '&' => tokens.push(Token::And),
                    '|' => tokens.push(Token::Or),
                    _ => {}
                }
            }
        }
    }
    finish(&mut tokens, &mut word, quoted);
    tokens
}

fn finish(tokens: &mut Vec<Token>, word: &mut Vec<(char, bool)>, quoted: bool) {
    let word = std::mem::take(word);
    let text: String = word.iter().map(|(c, _)| c).collect();
    if word.is_empty() {
        return;
    }
    tokens.push(match text.to_ascii_uppercase().as_str() {
        "AND" if !quoted => Token::And,
        "OR" if !quoted => Token::Or,
        "NOT" if !quoted => Token::Not,
        _ => Token::Text(word),
    });
}

fn any(tokens: &[Token], place: &mut usize, depth: usize) -> Result<Terms, ApiError> {
    if depth > DEPTH_MAX {
        return Err(malformed("the search term is too deeply nested"));
    }
    let mut parts = vec![all(tokens, place, depth)?];
    while tokens.get(*place) == Some(&Token::Or) {
        *place += 1;
        parts.push(all(tokens, place, depth)?);
    }
    Ok(Terms::Any(parts))
}

fn all(tokens: &[Token], place: &mut usize, depth: usize) -> Result<Terms, ApiError> {
    let mut parts = Vec::new();
    loop {
        let token = tokens.get(*place);
        match token {
            Some(Token::And) if !parts.is_empty() => *place += 1,
            Some(Token::Not) => {
                *place += 1;
                parts.push(Terms::Not(Box::new(one(tokens, place, depth)?)));
            }
            Some(Token::Open | Token::Text(_)) => parts.push(one(tokens, place, depth)?),
            _ if parts.is_empty() => return Err(malformed("a search term is missing")),
            _ => return Ok(Terms::All(parts)),
        }
    }
}

fn one(tokens: &[Token], place: &mut usize, depth: usize) -> Result<Terms, ApiError> {
    let token = tokens.get(*place);
    *place += 1;
    match token {
        Some(Token::Text(text)) => Ok(Terms::Phrase(Phrase::new(text))),
        Some(Token::Open) => {
            let inner = any(tokens, place, depth + 1)?;
            match tokens.get(*place) {
                Some(Token::Close) => {
                    *place += 1;
                    Ok(inner)
                }
                _ => Err(malformed("unbalanced brackets in the search term")),
            }
        }
        _ => Err(malformed("a search term is missing")),
    }
}

//! A place in the token list, with the small questions that a parser asks of it.

use crate::org::soql::ast::At;
use crate::org::soql::error::SoqlError;
use crate::org::soql::lexer::{Kind, Token};

/// Nesting that the parser follows, so that no query can exhaust the stack.
const DEPTH_MAX: usize = 40;

pub(super) struct Cursor {
    tokens: Vec<Token>,
    place: usize,
    depth: usize,
}

impl Cursor {
    pub fn new(tokens: Vec<Token>) -> Self {
        Self {
            tokens,
            place: 0,
            depth: 0,
        }
    }

    pub fn peek(&self) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[self.place.min(last)]
    }

    pub fn at(&self) -> At {
        At(self.peek().at)
    }

    /// Whether the next token is this keyword or sign.
    pub fn is(&self, what: &str) -> bool {
        matches(self.peek(), what)
    }

    pub fn next_is(&self, what: &str) -> bool {
        self.tokens
            .get(self.place + 1)
            .is_some_and(|t| matches(t, what))
    }

    pub fn after_next_is(&self, what: &str) -> bool {
        self.tokens
            .get(self.place + 2)
            .is_some_and(|t| matches(t, what))
    }

    pub fn take(&mut self, what: &str) -> bool {
        let found = self.is(what);
        if found {
            self.place += 1;
        }
        found
    }

    pub fn expect(&mut self, what: &str) -> Result<(), SoqlError> {
        match self.take(what) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    /// One of the given keywords, in capitals.
    pub fn one_of(&mut self, words: &[&str]) -> Result<String, SoqlError> {
        match words.iter().find(|w| self.is(w)) {
            Some(word) => {
                self.place += 1;
                Ok((*word).to_owned())
            }
            None => Err(self.unexpected()),
        }
    }

    pub fn name(&mut self) -> Result<(String, At), SoqlError> {
        let token = self.peek();
        if token.kind != Kind::Word {
            return Err(self.unexpected());
        }
        let name = (token.text.clone(), At(token.at));
        self.place += 1;
        Ok(name)
    }

    /// A whole number that is not negative.
    pub fn count(&mut self) -> Result<u64, SoqlError> {
        let token = self.peek();
        let number = token
            .text
            .parse()
            .ok()
            .filter(|_| token.kind == Kind::Number);
        let number = number.ok_or_else(|| self.unexpected())?;
        self.place += 1;
        Ok(number)
    }

    pub fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.place += 1;
        token
    }

    pub fn deeper(&mut self) -> Result<(), SoqlError> {
        self.depth += 1;
        match self.depth > DEPTH_MAX {
            true => {
                let text = "Query is too deeply nested";
                Err(SoqlError::whole("QUERY_TOO_COMPLICATED", text))
            }
            false => Ok(()),
        }
    }

    pub fn shallower(&mut self) {
        self.depth -= 1;
    }

    pub fn unexpected(&self) -> SoqlError {
        let token = self.peek();
        SoqlError::unexpected(token.at, &token.text)
    }
}

fn matches(token: &Token, what: &str) -> bool {
    let plain = matches!(token.kind, Kind::Word | Kind::Sign);
    plain && token.text.eq_ignore_ascii_case(what)
}

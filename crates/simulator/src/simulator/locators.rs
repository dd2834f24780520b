//! The names of answers whose later pages may still be asked for.

use crate::org::{QueryAnswer, RecordId};
use std::collections::BTreeMap;

/// Locators live this long.
const LOCATOR_MS: i64 = 2 * 86_400_000;

/// The answers whose pages may still be asked for.
#[derive(Default)]
pub(crate) struct Locators {
    open: BTreeMap<String, Open>,
    serial: u64,
}

/// An answer and how long its pages can be had.
#[derive(Clone)]
struct Open {
    answer: QueryAnswer,
    user: RecordId,
    until_ms: i64,
}

impl Locators {
    /// Keeps an answer for its later pages; the name by which they are asked for.
    pub fn open(&mut self, answer: QueryAnswer, user: RecordId, now_ms: i64) -> String {
        self.open.retain(|_, open| open.until_ms > now_ms);
        self.serial += 1;
        let locator = format!("0r8xx{:013}", self.serial);
        let until_ms = now_ms + LOCATOR_MS;
        let open = Open {
            answer,
            user,
            until_ms,
        };
        self.open.insert(locator.clone(), open);
        locator
    }

    /// The answer of a locator, for the user who has it and while it lives.
    pub fn find(&self, locator: &str, user: RecordId, now_ms: i64) -> Option<QueryAnswer> {
        let open = self.open.get(locator)?;
        let good = open.until_ms > now_ms && open.user == user;
        good.then(|| open.answer.clone())
    }
}

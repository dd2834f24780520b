//! Who wants no texts from which of the customers' numbers, as the carrier itself keeps it where its
//! handling of keywords is switched on.

use std::collections::BTreeSet;

const STOPS: [&str; 8] = [
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
];
const STARTS: [&str; 3] = ["start", "yes", "unstop"];

/// Pairs of a phone and a customer's number.
#[derive(Debug, Default)]
pub(crate) struct OptOuts {
    pairs: BTreeSet<(String, String)>,
}

impl OptOuts {
    /// Takes note of a text from a phone, if it is nothing but a keyword.
    pub fn hear(&mut self, phone: &str, ours: &str, body: &str) {
        let word = body.trim().to_ascii_lowercase();
        let pair = (phone.to_owned(), ours.to_owned());
        if STOPS.contains(&word.as_str()) {
            self.pairs.insert(pair);
        } else if STARTS.contains(&word.as_str()) {
            self.pairs.remove(&pair);
        }
    }

    /// Whether the phone wants no texts from this number.
    pub fn holds(&self, phone: &str, ours: &str) -> bool {
        self.pairs.contains(&(phone.to_owned(), ours.to_owned()))
    }
}

//! Which record a create made whose answer never came.
//!
//! All open creates of an object are judged together and each record is given away once: two people
//! of one name may have been sent in one batch. Where more records fit than creates were sent, one
//! of them is somebody else's, and only a person can say which.

use crate::fold::fold;
use std::collections::{BTreeMap, BTreeSet};

/// Values by name.
pub type Values = BTreeMap<String, String>;

/// A create whose outcome is not known: what it sent, as far as people are told apart by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Values by name; absent ones were not sent.
    pub values: Values,
    /// A record made before this moment is not it.
    pub not_before_ms: i64,
}

/// A record that nobody is linked to yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    /// Its id.
    pub record_id: String,
    /// When it was made.
    pub created_ms: i64,
    /// The same values as in [`Sought`].
    pub values: Values,
}

/// What came of a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This record.
    Made(String),
    /// More records fit than were sent.
    Several(usize),
    /// No record fits.
    Nothing,
}

/// Judges all open creates of one object, an outcome for each in their order. Those that sent more
/// choose first; creates that sent the same are served in order, since any of their records is right.
pub fn settle(sought: &[Sought], loose: &[Loose]) -> Vec<Outcome> {
    let mut alike: BTreeMap<(std::cmp::Reverse<usize>, Values), Vec<usize>> = BTreeMap::new();
    for (i, it) in sought.iter().enumerate() {
        let values = folded(&it.values);
        let key = (std::cmp::Reverse(values.len()), values);
        alike.entry(key).or_default().push(i);
    }
    let mut outcomes = vec![Outcome::Nothing; sought.len()];
    let mut given: BTreeSet<&str> = BTreeSet::new();
    for ((_, values), creates) in &alike {
        let earliest = creates.iter().map(|i| sought[*i].not_before_ms).min();
        let fitting: Vec<&str> = loose
            .iter()
            .filter(|it| !given.contains(it.record_id.as_str()))
            .filter(|it| earliest.is_some_and(|ms| it.created_ms >= ms))
            .filter(|it| fits(values, &folded(&it.values)))
            .map(|it| it.record_id.as_str())
            .collect();
        if fitting.len() > creates.len() {
            for i in creates {
                outcomes[*i] = Outcome::Several(fitting.len());
            }
            continue;
        }
        for (i, record_id) in creates.iter().zip(fitting) {
            outcomes[*i] = Outcome::Made(record_id.to_owned());
            given.insert(record_id);
        }
    }
    outcomes
}

fn folded(values: &Values) -> Values {
    values
        .iter()
        .map(|(name, value)| (name.clone(), fold(value.trim())))
        .collect()
}

/// The record has every value that was sent; what it has beyond, the org may have filled in. A
/// create that sent nothing to be known by fits nobody.
fn fits(sent: &Values, record: &Values) -> bool {
    !sent.is_empty()
        && sent
            .iter()
            .all(|(name, value)| record.get(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn sent(pairs: &[(&str, &str)]) -> Sought {
        Sought {
            values: values(pairs),
            not_before_ms: 100,
        }
    }

    fn record(id: &str, created_ms: i64, pairs: &[(&str, &str)]) -> Loose {
        Loose {
            record_id: id.to_owned(),
            created_ms,
            values: values(pairs),
        }
    }

    fn made(id: &str) -> Outcome {
        Outcome::Made(id.to_owned())
    }

    const SAM: &[(&str, &str)] = &[("FirstName", "Sam"), ("LastName", "Twin")];
    const TWIN: &[(&str, &str)] = &[("LastName", "Twin")];

    #[test]
    fn open_creates_are_settled_together_and_each_record_once() {
        let (a, b, old) = (
            record("a", 100, SAM),
            record("b", 200, SAM),
            record("old", 99, SAM),
        );
        type Case = (&'static str, Vec<Sought>, Vec<Loose>, Vec<Outcome>);
        let cases: &[Case] = &[
            ("nobody", vec![sent(SAM)], vec![], vec![Outcome::Nothing]),
            ("one", vec![sent(SAM)], vec![a.clone()], vec![made("a")]),
            (
                "older than the call",
                vec![sent(SAM)],
                vec![old],
                vec![Outcome::Nothing],
            ),
            (
                "twins, both made",
                vec![sent(SAM), sent(SAM)],
                vec![a.clone(), b.clone()],
                vec![made("a"), made("b")],
            ),
            (
                "twins, one made",
                vec![sent(SAM), sent(SAM)],
                vec![b.clone()],
                vec![made("b"), Outcome::Nothing],
            ),
            (
                "a stranger of the same name",
                vec![sent(SAM)],
                vec![a.clone(), b.clone()],
                vec![Outcome::Several(2)],
            ),
            (
                "who sent more chooses first",
                vec![sent(TWIN), sent(SAM)],
                vec![a.clone(), record("c", 300, TWIN)],
                vec![made("c"), made("a")],
            ),
            (
                "upper case is no other name",
                vec![sent(&[("LastName", "TWIN ")])],
                vec![a],
                vec![made("a")],
            ),
            (
                "nothing to be known by",
                vec![sent(&[])],
                vec![b],
                vec![Outcome::Nothing],
            ),
        ];
        for (name, sought, loose, outcomes) in cases {
            assert_eq!(&settle(sought, loose), outcomes, "{name}");
        }
    }
}

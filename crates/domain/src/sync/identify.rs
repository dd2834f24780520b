//! Which contact a record stands for.
//!
//! A phone number alone proves nothing: spouses share one, a switchboard serves a company. So a
//! record joins a contact only when a number and the name agree, and only when one contact does.

use crate::contact::Fields;
use crate::fold::fold;
use crate::id::ContactId;

/// A contact that answers to one of the record's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    pub id: ContactId,
    /// What the hub knows of it.
    pub fields: &'a Fields,
    /// Whether it already stands for a record of the same object in this org.
    pub taken: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// This contact.
    Known(ContactId),
    /// Nobody that the hub knows.
    New,
    /// One of several; that is for a person to say, so the record gets a contact of its own.
    Several(Vec<ContactId>),
}

/// Decides whom a record stands for.
pub fn identify(record: &Fields, candidates: &[Candidate<'_>]) -> Identity {
    let mut same: Vec<ContactId> = candidates
        .iter()
        .filter(|candidate| !candidate.taken && same_name(record, candidate.fields))
        .map(|candidate| candidate.id)
        .collect();
    same.sort_unstable();
    same.dedup();
    match same[..] {
        [] => Identity::New,
        [one] => Identity::Known(one),
        _ => Identity::Several(same),
    }
}

/// The last names agree, and the first names do or one of them is not known.
fn same_name(a: &Fields, b: &Fields) -> bool {
    let name =
        |fields: &Fields, attribute: &str| fields.get(attribute).map(|value| fold(value.trim()));
    let (first_a, first_b) = (name(a, "first_name"), name(b, "first_name"));
    let last = name(a, "last_name");
    last.is_some()
        && last == name(b, "last_name")
        && (first_a.is_none() || first_b.is_none() || first_a == first_b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn person(first: &str, last: &str) -> Fields {
        [("first_name", first), ("last_name", last)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_number_and_a_name_identify_together() {
        let (ann, ben, anne) = (
            person("Ann", "Böhm"),
            person("Ben", "Böhm"),
            person("", "Böhm"),
        );
        let candidate = |id, fields, taken| Candidate {
            id: ContactId::from_uuid(id),
            fields,
            taken,
        };
        let known = |id| Identity::Known(ContactId::from_uuid(id));
        let record = person("ann", "bohm");
        for (candidates, expected) in [
            (vec![], Identity::New),
            (vec![candidate(1, &ann, false)], known(1)),
            // The spouse on the same number is somebody else.
            (vec![candidate(2, &ben, false)], Identity::New),
            (
                vec![candidate(1, &ann, false), candidate(2, &ben, false)],
                known(1),
            ),
            // Another record of the same object already stands for her.
            (vec![candidate(1, &ann, true)], Identity::New),
            (
                vec![candidate(1, &ann, false), candidate(3, &anne, false)],
                Identity::Several(vec![ContactId::from_uuid(1), ContactId::from_uuid(3)]),
            ),
        ] {
            assert_eq!(identify(&record, &candidates), expected, "{candidates:?}");
        }
    }

    #[test]
    fn a_first_name_that_one_of_them_lacks_tells_nobody_apart() {
        let (ann, nameless) = (person("Ann", "Böhm"), person("", "Böhm"));
        for (record, other) in [(&nameless, &ann), (&ann, &nameless)] {
            let candidate = Candidate {
                id: ContactId::from_uuid(1),
                fields: other,
                taken: false,
            };
            let known = Identity::Known(candidate.id);
            assert_eq!(identify(record, &[candidate]), known);
        }
    }

    #[test]
    fn who_has_no_last_name_is_never_taken_for_another_who_has_none() {
        for (first, other) in [("Ann", "Ann"), ("Ann", ""), ("", "")] {
            let (record, nameless) = (person(first, ""), person(other, ""));
            let candidate = Candidate {
                id: ContactId::from_uuid(1),
                fields: &nameless,
                taken: false,
            };
            assert_eq!(identify(&record, &[candidate]), Identity::New);
        }
    }
}

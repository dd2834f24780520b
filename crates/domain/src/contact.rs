//! A person outside the company: attributes, the names they give, the addresses they hold.

use crate::email::is_email;
use crate::fold::fold;
use crate::{phone, search, text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Attribute and value; a blank is absent, so that two ways of saying "nothing" are one. Copies are
/// one until one of them is changed: a record, its contact, what was last agreed and the journal
/// mostly say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(Arc<BTreeMap<String, String>>);

impl Fields {
    /// No values.
    pub fn new() -> Fields {
        Fields::default()
    }
}

impl Deref for Fields {
    type Target = BTreeMap<String, String>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl From<BTreeMap<String, String>> for Fields {
    fn from(values: BTreeMap<String, String>) -> Fields {
        Fields(Arc::new(values))
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Fields {
        Fields::from(BTreeMap::from_iter(values))
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a String, &'a String);
    type IntoIter = btree_map::Iter<'a, String, String>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// How an attribute is written and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ContactFieldKind))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// An e-mail address; compared without regard to case.
    Email,
    /// A phone number in any form; becomes a contact point when it can be read.
    Phone,
    /// `2026-11-24`.
    Date,
}

/// One attribute that a contact may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// The name in code, API and tables.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// How it is written.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Characters.
    pub max_length: usize,
    /// Kept by the org alone.
    pub read_only: bool,
    /// Where it stands on a page.
    pub section: &'static str,
}

const fn attribute(
    name: &'static str,
    label: &'static str,
    kind: Kind,
    max_length: usize,
) -> Attribute {
    Attribute {
        name,
        label,
        kind,
        max_length,
        read_only: false,
        section: "person",
    }
}

/// The catalogue; lengths are those of Salesforce's own fields, so that what fits here fits there.
pub const ATTRIBUTES: &[Attribute] = &[
    attribute("salutation", "Salutation", Kind::Text, 40),
    attribute("first_name", "First name", Kind::Text, 40),
    attribute("last_name", "Last name", Kind::Text, 80),
    attribute("mobile_phone", "Mobile", Kind::Phone, 40),
    attribute("phone", "Phone", Kind::Phone, 40),
    attribute("home_phone", "Home phone", Kind::Phone, 40),
    attribute("other_phone", "Other phone", Kind::Phone, 40),
    attribute("email", "Email", Kind::Email, 80),
    attribute("birthdate", "Birthdate", Kind::Date, 10),
    Attribute {
        section: "work",
        read_only: false,
        ..attribute("company", "Company", Kind::Text, 255)
    },
    Attribute {
        section: "work",
        ..attribute("title", "Title", Kind::Text, 128)
    },
    Attribute {
        section: "work",
        ..attribute("department", "Department", Kind::Text, 80)
    },
    Attribute {
        section: "address",
        ..attribute("street", "Street", Kind::LongText, 255)
    },
    Attribute {
        section: "address",
        ..attribute("city", "City", Kind::Text, 40)
    },
    Attribute {
        section: "address",
        ..attribute("state", "State or county", Kind::Text, 80)
    },
    Attribute {
        section: "address",
        ..attribute("postal_code", "Postal code", Kind::Text, 20)
    },
    Attribute {
        section: "address",
        ..attribute("country", "Country", Kind::Text, 80)
    },
    Attribute {
        section: "more",
        ..attribute("lead_source", "Source", Kind::Text, 255)
    },
    Attribute {
        section: "more",
        ..attribute("description", "Description", Kind::LongText, 32_000)
    },
];

/// The attribute of that name.
pub fn attribute_named(name: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.name == name)
}

/// Why a value cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {fix}")]
pub struct InvalidField {
    /// The attribute.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// Checks a value that a person or a program gives; the value as it is kept, `None` for a blank.
pub fn check(name: &str, value: &str) -> Result<Option<String>, InvalidField> {
    let invalid = |problem: String, fix: &str| {
        Err(InvalidField {
            field: name.to_owned(),
            problem,
            fix: fix.to_owned(),
        })
    };
    let Some(attribute) = attribute_named(name) else {
        return invalid(
            "there is no such attribute".to_owned(),
            "see /api/v1/contact-fields for the list",
        );
    };
    let value = match text::enter(value.trim(), attribute.max_length) {
        Ok(value) => value,
        Err(error @ text::Flaw::TooLong { .. }) => return invalid(error.to_string(), "shorten it"),
        Err(error @ text::Flaw::Nul) => return invalid(error.to_string(), "take it out"),
    };
    let value = value.as_str();
    if value.is_empty() {
        return match name {
            "last_name" => invalid("it is blank".to_owned(), "give at least a last name"),
            _ => Ok(None),
        };
    }
    match attribute.kind {
        Kind::Email if !is_email(value) => invalid(
            format!("{value:?} is no e-mail address"),
            "write it as name@example.com",
        ),
        Kind::Email => Ok(Some(value.to_lowercase())),
        Kind::Date if !is_date(value) => {
            invalid(format!("{value:?} is no date"), "write it as 2026-11-24")
        }
        _ => Ok(Some(value.to_owned())),
    }
}

/// What to call the person: the name, else the company, else an address.
pub fn display_name(fields: &Fields) -> String {
    let join = |names: &[&str]| {
        let parts: Vec<&str> = names
            .iter()
            .filter_map(|name| fields.get(*name))
            .map(String::as_str)
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    join(&["first_name", "last_name"])
        .or_else(|| join(&["company"]))
        .or_else(|| join(&["email"]))
        .or_else(|| join(&["mobile_phone"]))
        .or_else(|| join(&["phone"]))
        .unwrap_or_else(|| "Unnamed contact".to_owned())
}

/// What lists are sorted by: last name first, folded.
pub fn sort_name(fields: &Fields) -> String {
    let name = ["last_name", "first_name"].map(|name| fields.get(name).map_or("", String::as_str));
    let sorted = fold(name.join(" ").trim());
    if sorted.is_empty() {
        fold(&display_name(fields))
    } else {
        sorted
    }
}

/// What a search looks through: names, company, addresses, phones as written and as they are read.
pub fn search_text(fields: &Fields, country: &str) -> String {
    let mut text = String::new();
    let named = ["first_name", "last_name", "company", "title", "email"];
    let named = named.iter().filter_map(|name| fields.get(*name));
    for value in named
        .map(String::as_str)
        .chain(phones(fields).map(|(_, value)| value))
    {
        text.push_str(&search::haystack(value));
        text.push(' ');
    }
    for (_, number) in numbers(fields, country) {
        text.push_str(&number);
        text.push(' ');
    }
    text
}

/// The numbers that a contact answers to, the mobile first: attribute and E.164, none twice. They are
/// read in the contact's own country first, then in `country` (ISO 3166).
pub fn numbers(fields: &Fields, country: &str) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in phones(fields) {
        if let Some(number) = read_phone(fields, value, country)
            && !found.iter().any(|(_, known)| *known == number)
        {
            found.push((name, number));
        }
    }
    found
}

/// What stands in phone fields and is no number, so that nobody can be texted there.
pub fn unreadable<'a>(fields: &'a Fields, country: &str) -> Vec<(&'static str, &'a str)> {
    phones(fields)
        .filter(|(_, value)| read_phone(fields, value, country).is_none())
        .collect()
}

fn read_phone(fields: &Fields, value: &str, country: &str) -> Option<String> {
    let home = fields.get("country").map(String::as_str);
    phone::normalise_at_home(value, home, country)
}

fn phones(fields: &Fields) -> impl Iterator<Item = (&'static str, &str)> {
    ATTRIBUTES
        .iter()
        .filter(|attribute| attribute.kind == Kind::Phone)
        .filter_map(|attribute| Some((attribute.name, fields.get(attribute.name)?.as_str())))
}

/// A day that the calendar has and the org takes.
fn is_date(value: &str) -> bool {
    let year_first = value.len() == 10 && value.as_bytes()[0] != b'+';
    year_first
        && value
            .parse::<Date>()
            .is_ok_and(|day| (1700..=4000).contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_nameless_contact_is_called_by_what_is_known() {
        for (pairs, name) in [
            (
                &[("first_name", "Eleanor"), ("last_name", "Whitcombe")][..],
                "Eleanor Whitcombe",
            ),
            (&[("company", "Acme"), ("email", "a@b.example")], "Acme"),
            (&[("mobile_phone", "07700 900317")], "07700 900317"),
            (&[], "Unnamed contact"),
        ] {
            assert_eq!(display_name(&fields(pairs)), name);
        }
    }

    #[test]
    fn a_search_finds_accents_by_plain_letters_and_phones_by_digits() {
        let text = search_text(
            &fields(&[
                ("last_name", "Łukasiewicz-Böhm"),
                ("phone", "(020) 7946 0123"),
            ]),
            "GB",
        );
        assert!(text.contains("lukasiewicz-bohm"), "{text}");
        assert!(text.contains("02079460123"), "{text}");
        assert!(text.contains("+442079460123"), "{text}");
    }

    #[test]
    fn one_number_written_twice_is_one_point_and_the_mobile_comes_first() {
        let numbers = numbers(
            &fields(&[
                ("phone", "+44 7700 900317"),
                ("mobile_phone", "07700 900317"),
                ("home_phone", "ask Bob"),
            ]),
            "GB",
        );
        assert_eq!(numbers, [("mobile_phone", "+447700900317".to_owned())]);
    }

    #[test]
    fn a_number_is_read_in_its_own_country_and_what_cannot_be_read_is_listed() {
        let written = fields(&[
            ("country", "United States"),
            ("mobile_phone", "(415) 555-0142"),
            ("home_phone", "ask Bob"),
            ("phone", "12 or 13"),
        ]);
        assert_eq!(
            numbers(&written, "GB"),
            [("mobile_phone", "+14155550142".to_owned())]
        );
        assert_eq!(
            unreadable(&written, "GB"),
            [("phone", "12 or 13"), ("home_phone", "ask Bob")]
        );
        let mut nowhere = written;
        nowhere.remove("country");
        assert_eq!(numbers(&nowhere, "GB"), []);
    }

    #[test]
    fn a_bad_value_names_the_field_and_the_fix() {
        for (name, value, fix) in [
            ("email", "nobody", "write it as name@example.com"),
            ("email", "a@example..com", "write it as name@example.com"),
            ("birthdate", "24.11.2026", "write it as 2026-11-24"),
            ("birthdate", "2026-02-31", "write it as 2026-11-24"),
            ("birthdate", "1699-12-31", "write it as 2026-11-24"),
            ("birthdate", "+026-+1-+1", "write it as 2026-11-24"),
            ("birthdate", "2026-11-4 ", "write it as 2026-11-24"),
            ("birthdate", "20261124", "write it as 2026-11-24"),
            ("title", "Engin\0eer", "take it out"),
            ("postal_code", "123456789012345678901", "shorten it"),
            ("last_name", " ", "give at least a last name"),
            ("shoe_size", "44", "see /api/v1/contact-fields for the list"),
        ] {
            let error = check(name, value).expect_err("refused");
            assert_eq!((error.field.as_str(), error.fix.as_str()), (name, fix));
        }
        assert_eq!(
            check("email", " Ann@Example.COM "),
            Ok(Some("ann@example.com".to_owned()))
        );
        assert_eq!(check("title", "  "), Ok(None));
        for day in ["1700-01-01", "2024-02-29", "4000-12-31"] {
            assert_eq!(check("birthdate", day), Ok(Some(day.to_owned())));
        }
        // As many characters as fit, however they were encoded.
        assert_eq!(
            check("city", &"u\u{308}".repeat(40)),
            Ok(Some("ü".repeat(40)))
        );
    }
}

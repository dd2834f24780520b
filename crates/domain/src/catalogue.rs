//! The fields that contacts have, as data: those that come with Tieline and those that a company
//! adds, and what follows from them: which values are taken, what a person is called and found by,
//! and which numbers they answer to.

mod change;
mod first;
mod value;

pub use change::{FieldChange, NewField};

use crate::contact::Fields;
use crate::fold::fold;
use crate::id::ContactFieldId;
use crate::phone::{self, Unreadable};
use crate::search;
use crate::words::words;
use std::collections::BTreeMap;
use std::sync::Arc;

words! {
    /// How a field is written and shown.
    FieldKind {
        /// One line.
        Text = "text",
        /// Several lines.
        LongText = "long_text",
        /// An e-mail address; compared without regard to case.
        Email = "email",
        /// A phone number in any form; becomes a contact point when it can be read.
        Phone = "phone",
        /// An address on the web, `https://example.com`.
        Url = "url",
        /// `1234.5`.
        Number = "number",
        /// `2026-11-24`.
        Date = "date",
        /// `true` or `false`.
        Bool = "bool",
        /// One of the field's options.
        Choice = "choice",
    }
}

words! {
    /// Where a field stands on a page.
    FieldSection {
        /// Who they are and how to reach them.
        Person = "person",
        /// What they do, and for whom.
        Work = "work",
        /// Where they live.
        Address = "address",
        /// All else.
        More = "more",
    }
}

/// Characters by which lists are sorted.
const SORT_MAX: usize = 200;

/// A field that contacts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Stays for ever.
    pub id: ContactFieldId,
    /// The name in API and tables; stays for ever.
    pub name: String,
    /// For people.
    pub label: String,
    /// How it is written.
    pub kind: FieldKind,
    /// Characters.
    pub max_length: usize,
    /// What a choice chooses from; empty for other kinds.
    pub options: Vec<String>,
    /// Fields are shown, and numbers tried, in this order: 1, 2, 3, …
    pub position: i64,
    /// Where it stands on a page.
    pub section: FieldSection,
    /// Whether staff must fill it in.
    pub required: bool,
    /// Kept by the org alone.
    pub read_only: bool,
}

impl Field {
    /// Whether a company added it.
    pub fn is_own(&self) -> bool {
        !first::NAMES.contains(&self.name.as_str())
    }
}

/// Why a value cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {fix}")]
pub struct InvalidField {
    /// Where it was given.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

impl InvalidField {
    fn new(field: &str, problem: impl Into<String>, fix: impl Into<String>) -> InvalidField {
        InvalidField {
            field: field.to_owned(),
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

/// What stands in one phone field, and the number that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The field.
    pub field: &'a str,
    /// As it was written.
    pub text: &'a str,
    /// In E.164.
    pub number: Result<String, Unreadable>,
}

impl Catalogue {
    /// The phone fields of a contact whose text is a number only by the organisation's country, and
    /// not by the contact's own; nobody is texted there without being asked about.
    pub fn doubtful<'a>(&'a self, fields: &'a Fields) -> Vec<&'a str> {
        let home = value(fields, "country");
        self.values(fields, FieldKind::Phone)
            .filter(|(_, text)| phone::is_doubtful(text, home, self.country()))
            .map(|(field, _)| field)
            .collect()
    }

    /// How a text would be read in a phone field of a contact with these fields.
    pub fn show(&self, text: &str, fields: &Fields) -> Result<phone::Shown, Unreadable> {
        phone::show(text, value(fields, "country"), self.country())
    }
}

/// The fields of contacts and the country in which their numbers are read unless they say their own;
/// cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue(Arc<Known>);

#[derive(Debug, PartialEq, Eq)]
struct Known {
    fields: Vec<Field>,
    country: String,
}

impl Catalogue {
    /// Of these fields, and this country (ISO 3166).
    pub fn new(mut fields: Vec<Field>, country: &str) -> Catalogue {
        fields.sort_by_key(|field| field.position);
        let country = country.to_owned();
        Catalogue(Arc::new(Known { fields, country }))
    }

    /// What a new hub begins with.
    pub fn first(country: &str) -> Catalogue {
        Catalogue::new(first::fields(), country)
    }

    /// In their order.
    pub fn fields(&self) -> &[Field] {
        &self.0.fields
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// The organisation's country.
    pub fn country(&self) -> &str {
        &self.0.country
    }

    /// How numbers are read, in a word that changes whenever one text may give another number.
    pub fn reading(&self) -> String {
        format!("{} {}", phone::RULE, self.country())
    }

    /// Checks a value that a person or a program gives; the value as it is kept, `None` for a blank.
    pub fn check(&self, name: &str, value: &str) -> Result<Option<String>, InvalidField> {
        let Some(field) = self.field(name) else {
            let fix = "see /api/v1/contact-fields for the list";
            return Err(InvalidField::new(name, "there is no such field", fix));
        };
        if field.read_only {
            let problem = "it is kept by the org alone";
            return Err(InvalidField::new(name, problem, "change it in Salesforce"));
        }
        let kept = value::enter(field, value)?;
        if kept.is_none() && field.required {
            return Err(InvalidField::new(name, "it is blank", fill_in(field)));
        }
        Ok(kept)
    }

    /// Checks the values of a new contact.
    pub fn check_all(&self, values: &BTreeMap<String, String>) -> Result<Fields, InvalidField> {
        let mut kept = Fields::new();
        for (name, value) in values {
            if let Some(value) = self.check(name, value)? {
                kept.insert(name.clone(), value);
            }
        }
        let missing = |field: &&Field| field.required && !kept.contains_key(&field.name);
        match self.fields().iter().find(missing) {
            Some(field) => Err(InvalidField::new(
                &field.name,
                "it is missing",
                fill_in(field),
            )),
            None => Ok(kept),
        }
    }

    /// What to call the person: the name, else the company, else an address.
    pub fn display_name(&self, fields: &Fields) -> String {
        let join = |names: &[&str]| {
            let parts: Vec<&str> = names.iter().filter_map(|it| value(fields, it)).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let address = |kind| self.values(fields, kind).next().map(|it| it.1.to_owned());
        join(&["first_name", "last_name"])
            .or_else(|| join(&["company"]))
            .or_else(|| address(FieldKind::Email))
            .or_else(|| address(FieldKind::Phone))
            .unwrap_or_else(|| "Unnamed contact".to_owned())
    }

    /// What lists are sorted by: last name first, folded, which may make it many times as long, and cut.
    pub fn sort_name(&self, fields: &Fields) -> String {
        let name = ["last_name", "first_name"].map(|name| value(fields, name).unwrap_or_default());
        let mut sorted = fold(name.join(" ").trim());
        if sorted.is_empty() {
            sorted = fold(&self.display_name(fields));
        }
        sorted.chars().take(SORT_MAX).collect()
    }

    /// What a search looks through: names, company, addresses, phones as written and as they are read.
    pub fn search_text(&self, fields: &Fields) -> String {
        let names = ["first_name", "last_name", "company", "title"];
        let written = names.iter().filter_map(|name| value(fields, name));
        let addresses = [FieldKind::Email, FieldKind::Phone].into_iter();
        let addresses = addresses.flat_map(|kind| self.values(fields, kind).map(|it| it.1));
        let mut text = String::new();
        for value in written.chain(addresses) {
            text.push_str(&search::haystack(value));
            text.push(' ');
        }
        for number in self.numbers(fields) {
            text.push_str(&number);
            text.push(' ');
        }
        text
    }

    /// What stands in each phone field, read in the contact's own country first, then in the
    /// organisation's.
    pub fn readings<'a>(&'a self, fields: &'a Fields) -> Vec<Reading<'a>> {
        let home = value(fields, "country");
        self.values(fields, FieldKind::Phone)
            .map(|(field, text)| Reading {
                field,
                text,
                number: phone::read_at_home(text, home, self.country()),
            })
            .collect()
    }

    /// The numbers that a contact answers to, none twice.
    pub fn numbers(&self, fields: &Fields) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for number in self
            .readings(fields)
            .into_iter()
            .filter_map(|it| it.number.ok())
        {
            if !found.contains(&number) {
                found.push(number);
            }
        }
        found
    }

    fn values<'a>(
        &'a self,
        fields: &'a Fields,
        kind: FieldKind,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_kind = self.fields().iter().filter(move |field| field.kind == kind);
        of_kind.filter_map(|field| Some((field.name.as_str(), value(fields, &field.name)?)))
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).map(String::as_str)
}

fn fill_in(field: &Field) -> String {
    match field.name.as_str() {
        "last_name" => "give at least a last name".to_owned(),
        _ => format!("fill in {}", field.label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn british() -> Catalogue {
        Catalogue::first("GB")
    }

    fn own(name: &str, kind: FieldKind) -> NewField {
        let options = match kind {
            FieldKind::Choice => vec!["Red".to_owned(), "Blue".to_owned()],
            _ => Vec::new(),
        };
        NewField {
            name: name.to_owned(),
            label: "Own".to_owned(),
            kind,
            max_length: None,
            options,
            position: None,
            section: FieldSection::More,
            required: false,
            read_only: false,
        }
    }

    /// The first catalogue with a field of the company's own.
    fn with(new: NewField) -> Result<Catalogue, InvalidField> {
        british().with(ContactFieldId::from_uuid(1_000), new)
    }

    #[test]
    fn a_nameless_contact_is_called_by_what_is_known() {
        for (pairs, name) in [
            (
                &[("first_name", "Eleanor"), ("last_name", "Whitcombe")][..],
                "Eleanor Whitcombe",
            ),
            (&[("company", "Acme"), ("email", "a@b.example")], "Acme"),
            (
                &[("email", "a@b.example"), ("phone", "020 7946 0123")],
                "a@b.example",
            ),
            (
                &[("mobile_phone", "07700 900317"), ("phone", "020 7946 0123")],
                "07700 900317",
            ),
            (&[], "Unnamed contact"),
        ] {
            assert_eq!(british().display_name(&fields(pairs)), name);
        }
        let assistant = with(own("assistant_phone", FieldKind::Phone)).unwrap();
        let only = fields(&[("assistant_phone", "07700 900317")]);
        assert_eq!(assistant.display_name(&only), "07700 900317");
        assert_eq!(assistant.sort_name(&only), "07700 900317");
        let whole = fields(&[("first_name", "Eleanor"), ("last_name", "Ørsted")]);
        assert_eq!(assistant.sort_name(&whole), "orsted eleanor");
    }

    #[test]
    fn a_search_finds_accents_by_plain_letters_and_phones_by_digits() {
        let catalogue = with(own("assistant_phone", FieldKind::Phone)).unwrap();
        let text = catalogue.search_text(&fields(&[
            ("first_name", "Zoë"),
            ("last_name", "Łukasiewicz-Böhm"),
            ("company", "Acme"),
            ("title", "Chef"),
            ("email", "zoe@example.com"),
            ("phone", "(020) 7946 0123"),
            ("assistant_phone", "07700 900317"),
            ("description", "unseen"),
        ]));
        for part in [
            "zoe ",
            "lukasiewicz-bohm",
            "acme",
            "chef",
            "zoe@example.com",
            "02079460123",
            "+442079460123",
            "+447700900317",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("unseen"), "{text}");
    }

    #[test]
    fn one_number_written_twice_is_one_point_and_the_mobile_comes_first() {
        let written = fields(&[
            ("phone", "+44 7700 900317"),
            ("mobile_phone", "07700 900317"),
            ("home_phone", "ask Bob"),
            ("other_phone", "020 7946 0123"),
        ]);
        let numbers = british().numbers(&written);
        assert_eq!(numbers, ["+447700900317", "+442079460123"]);
    }

    #[test]
    fn a_number_is_read_in_its_own_country_and_what_cannot_be_read_says_why() {
        let catalogue = british();
        let written = fields(&[
            ("country", "United States"),
            ("mobile_phone", "(415) 555-0142"),
            ("home_phone", "ask Bob"),
            ("phone", "12 or 13"),
            ("other_phone", "020 7946 0001 or 020 7946 0002"),
        ]);
        let unreadable = |fields: &Fields| -> Vec<(String, Unreadable)> {
            let readings = catalogue.readings(fields).into_iter();
            readings
                .filter_map(|it| Some((it.field.to_owned(), it.number.err()?)))
                .collect()
        };
        assert_eq!(catalogue.numbers(&written), ["+14155550142"]);
        assert_eq!(
            unreadable(&written),
            [
                ("phone".to_owned(), Unreadable::NoNumber),
                ("home_phone".to_owned(), Unreadable::NoNumber),
                ("other_phone".to_owned(), Unreadable::Several),
            ]
        );
        let mut nowhere = written;
        nowhere.remove("country");
        assert_eq!(catalogue.numbers(&nowhere), [""; 0]);
        assert_eq!(
            unreadable(&nowhere)[0],
            ("mobile_phone".to_owned(), Unreadable::NotValidThere)
        );
    }

    #[test]
    fn the_reading_changes_with_the_country_and_with_nothing_else() {
        let british = british();
        let more = with(own("shoe_size", FieldKind::Number)).unwrap();
        assert_eq!(british.reading(), more.reading());
        assert_ne!(british.reading(), Catalogue::first("US").reading());
    }

    #[test]
    fn a_bad_value_names_the_field_and_the_fix() {
        let catalogue = british();
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
            let error = catalogue.check(name, value).expect_err("refused");
            assert_eq!((error.field.as_str(), error.fix.as_str()), (name, fix));
        }
        assert_eq!(
            catalogue.check("email", " Ann@Example.COM "),
            Ok(Some("ann@example.com".to_owned()))
        );
        assert_eq!(catalogue.check("title", "  "), Ok(None));
        for day in ["1700-01-01", "2024-02-29", "4000-12-31"] {
            assert_eq!(catalogue.check("birthdate", day), Ok(Some(day.to_owned())));
        }
        // As many characters as fit, however they were encoded.
        assert_eq!(
            catalogue.check("city", &"u\u{308}".repeat(40)),
            Ok(Some("ü".repeat(40)))
        );
    }

    #[test]
    fn a_field_of_each_kind_takes_its_values_and_no_others() {
        use FieldKind::{Bool, Choice, Date, Email, LongText, Number, Phone, Text, Url};
        for (kind, value, kept) in [
            (Text, " tall ", Some("tall")),
            (LongText, "two\nlines", Some("two\nlines")),
            (Email, "Ann@Example.com", Some("ann@example.com")),
            (Phone, "ask Bob", Some("ask Bob")),
            (
                Url,
                "https://example.com/a?b=c",
                Some("https://example.com/a?b=c"),
            ),
            (Url, "javascript:alert(1)", None),
            (Url, "https://", None),
            (Url, "https:///path", None),
            (Url, "https://example.com/a b", None),
            (Number, "44", Some("44")),
            (Number, "+0044.50", Some("44.5")),
            (Number, "-0.50", Some("-0.5")),
            (Number, "-0.0", Some("0")),
            (Number, "1,5", None),
            (Number, "1e3", None),
            (Number, ".5", None),
            (Number, "1234567890123456789", None),
            (Date, "2026-11-24", Some("2026-11-24")),
            (Date, "2026-11-31", None),
            (Bool, "True", Some("true")),
            (Bool, "yes", None),
            (Choice, "Red", Some("Red")),
            (Choice, "red", None),
        ] {
            let catalogue = with(own("own", kind)).unwrap();
            let taken = catalogue.check("own", value);
            match (&taken, kept) {
                (Ok(taken), Some(kept)) => assert_eq!(taken.as_deref(), Some(kept), "{kind:?}"),
                (Err(error), None) => assert_eq!(error.field, "own"),
                _ => panic!("{kind:?} {value}: {taken:?}"),
            }
        }
    }

    #[test]
    fn what_must_be_filled_in_is_asked_for_and_what_the_org_keeps_is_refused() {
        let catalogue = with(NewField {
            required: true,
            ..own("client_number", FieldKind::Text)
        });
        let catalogue = catalogue.unwrap();
        let given = |pairs: &[(&str, &str)]| catalogue.check_all(&fields(pairs));
        let error = given(&[("last_name", "Ann")]).unwrap_err();
        assert_eq!(error.field, "client_number");
        assert_eq!(error.fix, "fill in Own");
        assert_eq!(
            given(&[("client_number", "7")]).unwrap_err().field,
            "last_name"
        );
        assert!(given(&[("last_name", "Ann"), ("client_number", "7")]).is_ok());
        assert!(catalogue.check("client_number", "").is_err());

        let kept = with(NewField {
            read_only: true,
            ..own("score", FieldKind::Number)
        });
        let error = kept.unwrap().check("score", "7").unwrap_err();
        assert_eq!(error.fix, "change it in Salesforce");
    }

    #[test]
    fn a_field_that_cannot_be_is_refused_by_what_is_wrong_with_it() {
        let base = || own("shoe_size", FieldKind::Text);
        let long = |count: usize| vec!["x".repeat(count)];
        let choice = |options: Vec<String>| NewField {
            options,
            ..own("colour", FieldKind::Choice)
        };
        for (new, field) in [
            (own("Shoe", FieldKind::Text), "name"),
            (own("2nd", FieldKind::Text), "name"),
            (own("", FieldKind::Text), "name"),
            (own("shoe size", FieldKind::Text), "name"),
            (own(&"a".repeat(41), FieldKind::Text), "name"),
            (own("email", FieldKind::Text), "name"),
            (
                NewField {
                    label: " ".to_owned(),
                    ..base()
                },
                "label",
            ),
            (
                NewField {
                    max_length: Some(0),
                    ..base()
                },
                "max_length",
            ),
            (
                NewField {
                    max_length: Some(256),
                    ..base()
                },
                "max_length",
            ),
            (
                NewField {
                    max_length: Some(9),
                    ..own("day", FieldKind::Date)
                },
                "max_length",
            ),
            (
                NewField {
                    options: long(1),
                    ..base()
                },
                "options",
            ),
            (choice(Vec::new()), "options"),
            (choice(long(0)), "options"),
            (choice(long(256)), "options"),
            (choice([long(1), long(1)].concat()), "options"),
            (
                choice((0..1_001).map(|n| n.to_string()).collect()),
                "options",
            ),
            (
                NewField {
                    position: Some(0),
                    ..base()
                },
                "position",
            ),
            (
                NewField {
                    position: Some(21),
                    ..base()
                },
                "position",
            ),
            (
                NewField {
                    required: true,
                    read_only: true,
                    ..base()
                },
                "required",
            ),
        ] {
            let error = with(new).unwrap_err();
            assert_eq!(error.field, field, "{error}");
        }
        assert!(
            with(base())
                .unwrap()
                .with(ContactFieldId::from_uuid(1_001), base())
                .is_err()
        );
    }

    #[test]
    fn a_field_goes_where_it_is_put_and_the_others_make_room() {
        let placed = |catalogue: &Catalogue| -> Vec<(i64, String)> {
            let fields = catalogue.fields().iter().take(4);
            fields.map(|it| (it.position, it.name.clone())).collect()
        };
        let names = |names: [&str; 4]| -> Vec<(i64, String)> {
            (1..).zip(names.map(str::to_owned)).collect()
        };
        let added = with(NewField {
            position: Some(2),
            ..own("nickname", FieldKind::Text)
        })
        .unwrap();
        let expected = names(["salutation", "nickname", "first_name", "last_name"]);
        assert_eq!(placed(&added), expected);
        let change = FieldChange {
            position: Some(1),
            ..FieldChange::default()
        };
        let id = added.field("last_name").unwrap().id;
        let moved = added.changed(id, change, true).unwrap().unwrap();
        let expected = names(["last_name", "salutation", "nickname", "first_name"]);
        assert_eq!(placed(&moved), expected);
        for name in ["last_name", "nickname"] {
            let change = FieldChange {
                label: Some("Otherwise called".to_owned()),
                ..FieldChange::default()
            };
            let id = moved.field(name).unwrap().id;
            let called = moved.changed(id, change, true).unwrap().unwrap();
            assert_eq!(placed(&called), expected, "{name}");
        }
        let unknown = ContactFieldId::from_uuid(9_999);
        assert_eq!(
            added.changed(unknown, FieldChange::default(), false),
            Ok(None)
        );
    }

    #[test]
    fn the_kind_of_a_field_in_use_stays_and_a_last_name_stays_required() {
        let catalogue = with(own("colour", FieldKind::Text)).unwrap();
        let change = |name: &str, change: FieldChange, in_use| {
            let id = catalogue.field(name).unwrap().id;
            catalogue.changed(id, change, in_use).map(Option::unwrap)
        };
        let to_choice = || FieldChange {
            kind: Some(FieldKind::Choice),
            options: Some(vec!["Red".to_owned()]),
            ..FieldChange::default()
        };
        assert_eq!(
            change("colour", to_choice(), true).unwrap_err().field,
            "type"
        );
        assert_eq!(
            change("title", to_choice(), false).unwrap_err().field,
            "type"
        );
        let changed = change("colour", to_choice(), false).unwrap();
        assert_eq!(changed.field("colour").unwrap().options, ["Red"]);
        let id = changed.field("colour").unwrap().id;
        let other = FieldChange {
            options: Some(vec!["Blue".to_owned(), "Green".to_owned()]),
            ..FieldChange::default()
        };
        let other = changed.changed(id, other, true).unwrap().unwrap();
        assert_eq!(other.field("colour").unwrap().options, ["Blue", "Green"]);
        let to_long = FieldChange {
            kind: Some(FieldKind::LongText),
            ..FieldChange::default()
        };
        let changed = change("colour", to_long, false).unwrap();
        let kept = changed.check("colour", &"x".repeat(300));
        assert!(kept.is_ok(), "it is as long as its kind: {kept:?}");
        let optional = FieldChange {
            required: Some(false),
            ..FieldChange::default()
        };
        let error = change("last_name", optional, true).unwrap_err();
        assert_eq!(error.field, "required");
    }
}

//! The fields that come with Tieline; lengths are those of Salesforce's own, so that what fits here
//! fits there.

use super::{Field, FieldKind, FieldSection};
use crate::id::{ContactFieldId, Id as _};
use FieldKind::{Date, Email, LongText, Phone, Text};
use FieldSection::{Address, More, Person, Work};

const FIRST: [(&str, &str, FieldKind, usize, FieldSection); 19] = [
    ("salutation", "Salutation", Text, 40, Person),
    ("first_name", "First name", Text, 40, Person),
    ("last_name", "Last name", Text, 80, Person),
    ("mobile_phone", "Mobile", Phone, 40, Person),
    ("phone", "Phone", Phone, 40, Person),
    ("home_phone", "Home phone", Phone, 40, Person),
    ("other_phone", "Other phone", Phone, 40, Person),
    ("email", "Email", Email, 80, Person),
    ("birthdate", "Birthdate", Date, 10, Person),
    ("company", "Company", Text, 255, Work),
    ("title", "Title", Text, 128, Work),
    ("department", "Department", Text, 80, Work),
    ("street", "Street", LongText, 255, Address),
    ("city", "City", Text, 40, Address),
    ("state", "State or county", Text, 80, Address),
    ("postal_code", "Postal code", Text, 20, Address),
    ("country", "Country", Text, 80, Address),
    ("lead_source", "Source", Text, 255, More),
    ("description", "Description", LongText, 32_000, More),
];

/// Their names.
pub(super) const NAMES: [&str; FIRST.len()] = {
    let mut names = [""; FIRST.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = FIRST[at].0;
        at += 1;
    }
    names
};

/// All of them, by the same ids in every database.
pub(super) fn fields() -> Vec<Field> {
    let field = |(position, row): (i64, &(&str, &str, FieldKind, usize, FieldSection))| {
        let (name, label, kind, max_length, section) = *row;
        Field {
            id: ContactFieldId::from_uuid(position as u128),
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            max_length,
            options: Vec::new(),
            position,
            section,
            required: name == "last_name",
            read_only: false,
        }
    };
    (1..).zip(&FIRST).map(field).collect()
}

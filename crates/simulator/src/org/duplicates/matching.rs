//! Roughly what the standard matching rules take for the same person or company: people by a like
//! name and an equal address, number or company; companies by their name without legal form.
//! Candidates come from indexes, so that a check costs the same in a large org.

use crate::org::formula::Scene;
use crate::org::store::{Slot, Store};
use crate::org::value::Value;

/// Fields that the standard matching rules look at.
const CONCERNED: [&str; 8] = [
    "FirstName",
    "LastName",
    "Name",
    "Email",
    "Phone",
    "MobilePhone",
    "Company",
    "AccountId",
];
const LEGAL_FORMS: [&str; 9] = [
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "ltd",
    "limited",
    "llc",
    "gmbh",
    "co",
];
/// Matches that one answer shows.
const SHOWN_MAX: usize = 10;

/// What two people are compared by.
struct Person {
    first: String,
    last: String,
    email: String,
    phones: Vec<String>,
    company: String,
}

/// Whether a change touches what the matching rules look at.
pub(super) fn concerns(scene: &Scene<'_>, given: &[u16]) -> bool {
    let def = scene.store.def(scene.object);
    let fields = CONCERNED.iter().filter_map(|name| def.field_index(name));
    fields.into_iter().any(|field| given.contains(&field))
}

/// Live records of an object that match the record of the scene.
pub(super) fn twins(scene: &Scene<'_>, object: &str) -> Vec<Slot> {
    let store = scene.store;
    let object = store.schema.index(object);
    let own = scene.slot.filter(|_| object == scene.object);
    let mut slots = match store.def(object).name.as_str() {
        "Account" => accounts(scene, object),
        _ => people(scene, object),
    };
    slots.retain(|slot| Some(*slot) != own && !store.record((object, *slot)).deleted);
    slots.sort_unstable();
    slots.dedup();
    slots.truncate(SHOWN_MAX);
    slots
}

fn people(scene: &Scene<'_>, object: usize) -> Vec<Slot> {
    let person = person(&|name| of_scene(scene, name), scene.store);
    let table = scene.store.table(object);
    let def = scene.store.def(object);
    let name = Value::text(format!("{} {}", person.first, person.last).trim());
    let keys = [("Name", name), ("Email", Value::text(&person.email))];
    let keys = keys.iter().filter(|(_, value)| !value.is_null());
    let candidates = keys.flat_map(|(field, key)| table.with_key(def.at(field), key.index_key()));
    let same = |slot: &Slot| {
        let read = |name: &str| scene.store.read_named(object, *slot, name);
        person.is(&self::person(&read, scene.store))
    };
    candidates.filter(same).collect()
}

fn accounts(scene: &Scene<'_>, object: usize) -> Vec<Slot> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let name = bare(&text(&of_scene(scene, "Name")));
    if name.is_empty() {
        return Vec::new();
    }
    let table = scene.store.table(object);
    let by_name = scene.store.def(object).at("Name");
    let spelled = LEGAL_FORMS.iter().flat_map(|form| {
        [
            format!("{name} {form}"),
            format!("{name} {form}."),
            format!("{name}, {form}."),
            format!("{name}, {form}"),
        ]
    });
    let spelled = spelled.chain([name.clone()]);
    let candidates = spelled.flat_map(|s| table.with_key(by_name, Value::text(&s).index_key()));
    let same = |slot: &Slot| bare(&text(table.record(*slot).cell(by_name))) == name;
    candidates.filter(same).collect()
}

fn of_scene(scene: &Scene<'_>, name: &str) -> Value {
    let def = scene.store.def(scene.object);
    let index = def.field_index(name);
    index.map_or(Value::Null, |index| scene.record.cell(index).clone())
}

fn person(read: &dyn Fn(&str) -> Value, store: &Store) -> Person {
    let text = |name: &str| read(name).as_str().unwrap_or_default().to_lowercase();
    let digits = |name: &str| -> String {
        let digits: String = text(name).chars().filter(char::is_ascii_digit).collect();
        let from = digits.len().saturating_sub(10);
        digits[from..].to_owned()
    };
    let account = read("AccountId").as_id().and_then(|id| store.locate(&id));
    let company = account.map_or_else(
        || text("Company"),
        |(object, slot)| {
            let name = store.read_named(object, slot, "Name");
            name.as_str().unwrap_or_default().to_lowercase()
        },
    );
    let phones = ["Phone", "MobilePhone"].map(digits);
    Person {
        first: text("FirstName"),
        last: text("LastName"),
        email: text("Email"),
        phones: phones.into_iter().filter(|p| p.len() >= 7).collect(),
        company: bare(&company),
    }
}

impl Person {
    fn is(&self, other: &Self) -> bool {
        let email = !self.email.is_empty() && self.email == other.email;
        let phone = self.phones.iter().any(|p| other.phones.contains(p));
        let company = !self.company.is_empty() && self.company == other.company;
        let last = self.last == other.last;
        let first = self.first == other.first;
        (last && self.first_is_like(other) && (email || phone)) || (last && first && company)
    }

    /// The same name, a short form of it, or an initial.
    fn first_is_like(&self, other: &Self) -> bool {
        let (a, b) = (
            self.first.trim_end_matches('.'),
            other.first.trim_end_matches('.'),
        );
        a == b || (!a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a)))
    }
}

/// A company's name without its legal form.
fn bare(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    match name.rsplit_once([' ', ',']) {
        Some((rest, form)) if LEGAL_FORMS.contains(&form) => {
            rest.trim_end_matches([' ', ',']).to_owned()
        }
        _ => name.to_owned(),
    }
}

//! More people, in the shapes that real orgs have: numbers written every which way, shared by
//! couples and offices, duplicates, blanks, accents, owners who have left, and people who are both
//! a lead and a contact. The same seed gives the same people.

mod names;
mod phones;

use super::OrgOptions;
use super::id::RecordId;
use super::maker::Maker;
use super::record::Record;
use super::value::Value;
use crate::seeded::Seeded;
use phones::Phones;

const DAY: i64 = 86_400;
/// How far back the oldest generated record was made.
const YEARS_BACK_S: i64 = 3 * 365 * DAY;
/// Generated records rest at least this long before the org's present.
const QUIET_S: i64 = 3_600;
/// Contacts that share an account.
const PER_ACCOUNT: usize = 8;

/// A made-up person, before becoming a contact or a lead.
#[derive(Clone)]
struct Person {
    salutation: Value,
    first: Value,
    last: Value,
    title: Value,
    email: Value,
    mobile: Value,
    city: usize,
}

struct Generator<'a> {
    maker: &'a mut Maker,
    seeded: Seeded,
    phones: Phones,
    users: Vec<RecordId>,
    accounts: Vec<(RecordId, String, Value)>,
}

/// Adds the generated accounts, contacts and leads.
pub(super) fn people(maker: &mut Maker, options: &OrgOptions) {
    if options.contacts + options.leads == 0 {
        return;
    }
    let users = maker.schema.index("User");
    let count = maker.store.table(users).len() as u32;
    let mut generator = Generator {
        seeded: Seeded::new(options.seed, "people"),
        phones: Phones::default(),
        users: (0..count)
            .map(|slot| maker.store.id_at(users, slot))
            .collect(),
        accounts: Vec::new(),
        maker,
    };
    generator.make_accounts(options.contacts.div_ceil(PER_ACCOUNT));
    let known = generator.make_contacts(options.contacts);
    generator.make_leads(options.leads, &known);
}

impl Generator<'_> {
    fn make_accounts(&mut self, count: usize) {
        for index in 0..count {
            let word = self.seeded.pick(&names::COMPANY_WORDS);
            let kind = self.seeded.pick(&names::COMPANY_KINDS);
            let family = self.seeded.pick(&names::LAST);
            let name = match index % 3 {
                0 => format!("{word} {kind}"),
                1 => format!("{family} {kind}"),
                _ => format!("{family} & {word}"),
            };
            let domain = format!("{}{}.example", names::ascii(word), index);
            let number = self.phones.office(index);
            let phone = Value::text(&self.phones.written(&number, &mut self.seeded));
            let industry = self.word(&names::INDUSTRIES);
            let mut record = self.record(index, count);
            let owner = self.owner();
            let def = self.maker.def("Account");
            record.set(def.at("Name"), Value::text(&name));
            record.set(def.at("Phone"), phone.clone());
            record.set(def.at("Industry"), industry);
            record.set(def.at("Website"), Value::text(&format!("www.{domain}")));
            record.set(def.at("OwnerId"), owner);
            let id = self.maker.insert("Account", record);
            self.accounts.push((id, domain, phone));
        }
    }

    /// Gives back every tenth person, so that some can be leads as well.
    fn make_contacts(&mut self, count: usize) -> Vec<(Person, RecordId)> {
        let mut known = Vec::new();
        let mut last: Option<Person> = None;
        for index in 0..count {
            let account = index / PER_ACCOUNT % self.accounts.len().max(1);
            let domain = self.accounts[account].1.clone();
            let mut person = self.person(&domain);
            if let Some(previous) = &last {
                self.entangle(&mut person, previous);
            }
            let record = self.contact(&person, account, (index, count));
            let id = self.maker.insert("Contact", record);
            if index % 10 == 0 {
                known.push((person.clone(), id));
            }
            last = Some(person);
        }
        known
    }

    /// Couples share a number and a name; now and then a person stands there twice.
    fn entangle(&mut self, person: &mut Person, previous: &Person) {
        match self.seeded.below(100) {
            0..3 => {
                person.mobile = previous.mobile.clone();
                person.last = previous.last.clone();
            }
            3 => *person = previous.clone(),
            4 => person.mobile = previous.mobile.clone(),
            _ => {}
        }
    }

    fn contact(
        &mut self,
        person: &Person,
        account: usize,
        (index, count): (usize, usize),
    ) -> Record {
        let mut record = self.record(index, count);
        let (account_id, _, switchboard) = self.accounts[account].clone();
        let has_account = !self.seeded.percent(6);
        let phone = match self.seeded.below(10) {
            0..4 => switchboard,
            4..7 => self.landline(),
            7 => self.broken(),
            _ => Value::Null,
        };
        let extra = |on: bool, value: Value| if on { value } else { Value::Null };
        let home = extra(self.seeded.percent(10), self.landline());
        let other = extra(self.seeded.percent(5), self.landline());
        let source = extra(self.seeded.percent(60), self.word(&names::SOURCES));
        let (city, country) = names::PLACES[person.city];
        let (city, country) = (Value::text(city), Value::text(country));
        let owner = self.owner();
        let flags = (self.seeded.percent(4), self.seeded.percent(2));
        let def = self.maker.def("Contact");
        let mut set = |field: &str, value: Value| record.set(def.at(field), value);
        set("Salutation", person.salutation.clone());
        set("FirstName", person.first.clone());
        set("LastName", person.last.clone());
        set("Title", person.title.clone());
        set("Email", person.email.clone());
        set("MobilePhone", person.mobile.clone());
        set("Phone", phone);
        set("HomePhone", home);
        set("OtherPhone", other);
        set("LeadSource", source);
        set("MailingCity", city);
        set("MailingCountry", country);
        set("OwnerId", owner);
        set("HasOptedOutOfEmail", Value::Bool(flags.0));
        set("DoNotCall", Value::Bool(flags.1));
        if has_account {
            set("AccountId", Value::Id(account_id));
        }
        record
    }

    fn make_leads(&mut self, count: usize, known: &[(Person, RecordId)]) {
        for index in 0..count {
            let company = format!(
                "{} {}",
                self.seeded.pick(&names::LAST),
                self.seeded.pick(&names::COMPANY_KINDS)
            );
            let domain = format!("{}-leads{}.example", names::ascii(&company), index % 97);
            let twin = match known.is_empty() {
                false if self.seeded.percent(8) => {
                    Some(&known[self.seeded.below(known.len() as u64) as usize])
                }
                _ => None,
            };
            let person = match twin {
                Some((person, _)) => person.clone(),
                None => self.person(&domain),
            };
            let converted = twin.filter(|_| self.seeded.percent(25)).map(|(_, id)| *id);
            let record = self.lead(&person, &company, (index, count), converted);
            self.maker.insert("Lead", record);
        }
    }

    fn lead(
        &mut self,
        person: &Person,
        company: &str,
        (index, count): (usize, usize),
        converted: Option<RecordId>,
    ) -> Record {
        let mut record = self.record(index, count);
        let phone = match self.seeded.below(10) {
            0..5 => self.landline(),
            5 => self.broken(),
            _ => Value::Null,
        };
        let status = match converted {
            Some(_) => Value::text("Closed - Converted"),
            None => self.word(&names::STATUSES),
        };
        let source = self.word(&names::SOURCES);
        let (city, country) = names::PLACES[person.city];
        let (city, country) = (Value::text(city), Value::text(country));
        let owner = self.owner();
        let converted_on = record.modified.div_euclid(DAY) as i32;
        let def = self.maker.def("Lead");
        let mut set = |field: &str, value: Value| record.set(def.at(field), value);
        set("Salutation", person.salutation.clone());
        set("FirstName", person.first.clone());
        set("LastName", person.last.clone());
        set("Title", person.title.clone());
        set("Company", Value::text(company));
        set("Email", person.email.clone());
        set("MobilePhone", person.mobile.clone());
        set("Phone", phone);
        set("Status", status);
        set("LeadSource", source);
        set("City", city);
        set("Country", country);
        set("OwnerId", owner);
        if let Some(contact) = converted {
            set("IsConverted", Value::Bool(true));
            set("ConvertedContactId", Value::Id(contact));
            set("ConvertedDate", Value::Date(converted_on));
        }
        record
    }

    fn person(&mut self, domain: &str) -> Person {
        let seeded = &mut self.seeded;
        let (first, last) = match seeded.below(100) {
            0..6 => {
                let (first, last) = names::FAR[seeded.below(names::FAR.len() as u64) as usize];
                (first, last)
            }
            _ => (seeded.pick(&names::FIRST), seeded.pick(&names::LAST)),
        };
        let (mail_first, mail_last) = (names::ascii(first), names::ascii(last));
        let email = match seeded.below(100) {
            0..14 => String::new(),
            14..18 => format!("info@{domain}"),
            _ if mail_last.is_empty() => format!("contact{}@{domain}", seeded.below(1_000)),
            18..40 => format!(
                "{}{mail_last}@{domain}",
                &mail_first[..mail_first.len().min(1)]
            ),
            _ => format!("{mail_first}.{mail_last}@{domain}"),
        };
        let blank_first = seeded.percent(4);
        let city = seeded.below(names::PLACES.len() as u64) as usize;
        let mobile = match seeded.below(100) {
            0..18 => Value::Null,
            18..20 => self.broken(),
            _ => {
                let number = self.phones.mobile();
                Value::text(&self.phones.written(&number, &mut self.seeded))
            }
        };
        Person {
            salutation: if self.seeded.percent(30) {
                self.word(&names::SALUTATIONS)
            } else {
                Value::Null
            },
            first: if blank_first {
                Value::Null
            } else {
                Value::text(first)
            },
            last: Value::text(last),
            title: if self.seeded.percent(70) {
                self.word(&names::TITLES)
            } else {
                Value::Null
            },
            email: Value::text(&email),
            mobile,
            city,
        }
    }

    fn landline(&mut self) -> Value {
        let number = self.phones.landline(&mut self.seeded);
        Value::text(&self.phones.written(&number, &mut self.seeded))
    }

    fn broken(&mut self) -> Value {
        Value::text(&self.phones.broken(&mut self.seeded))
    }

    /// One in eight belongs to somebody who has left.
    fn owner(&mut self) -> Value {
        let at = match self.seeded.below(8) {
            0..3 => 0,
            3..5 => 2,
            5..7 => 3,
            _ => 5 + self.seeded.below(2) as usize,
        };
        Value::Id(self.users[at.min(self.users.len() - 1)])
    }

    /// An empty record with its marks of time: made in order over the years, some by the dozen in
    /// one second as an import does it, and many changed since.
    fn record(&mut self, index: usize, count: usize) -> Record {
        let from = self.maker.now - YEARS_BACK_S;
        let span = YEARS_BACK_S - QUIET_S;
        let imported = (index / 40).is_multiple_of(3);
        let place = if imported { index / 40 * 40 } else { index };
        let created = from + span * place as i64 / count.max(1) as i64;
        let mut record = Record::new(self.users[0], created);
        if self.seeded.percent(40) {
            let room = (self.maker.now - QUIET_S - created).max(1) as u64;
            let changed = created + self.seeded.below(room) as i64;
            let by = self.users[self.seeded.below(4) as usize];
            record.touch(by, changed);
        }
        record
    }

    fn word(&mut self, words: &[&'static str]) -> Value {
        let word = words[self.seeded.below(words.len() as u64) as usize];
        Value::text(word)
    }
}

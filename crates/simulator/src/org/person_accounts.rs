//! Person accounts: an org may treat a person as an account and a contact at once. The account
//! shows the contact's fields under names of its own; both records hold the values, and whoever
//! writes one of them writes the other.

use super::id::RecordId;
use super::person_fields::{PersonAccounts, custom_name, renamed};
use super::record::Record;
use super::schema::{FieldDef, ObjectDef, RecordType, Role};
use super::state::State;
use super::value::Value;
use super::{Org, customise::NewField};

/// Fields of contacts that accounts show as `Person…`, compounds behind their parts.
const PREFIXED: [&str; 33] = [
    "MailingStreet",
    "MailingCity",
    "MailingState",
    "MailingPostalCode",
    "MailingCountry",
    "MailingLatitude",
    "MailingLongitude",
    "MailingGeocodeAccuracy",
    "MailingAddress",
    "OtherStreet",
    "OtherCity",
    "OtherState",
    "OtherPostalCode",
    "OtherCountry",
    "OtherLatitude",
    "OtherLongitude",
    "OtherGeocodeAccuracy",
    "OtherAddress",
    "MobilePhone",
    "HomePhone",
    "OtherPhone",
    "AssistantPhone",
    "Email",
    "Title",
    "Department",
    "AssistantName",
    "LeadSource",
    "Birthdate",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
    "DoNotCall",
    "EmailBouncedReason",
    "EmailBouncedDate",
];
const NAME_PARTS: [&str; 5] = [
    "LastName",
    "FirstName",
    "Salutation",
    "MiddleName",
    "Suffix",
];
/// Fields that both objects have under one name.
const SHARED: [&str; 4] = ["Phone", "Fax", "Description", "OwnerId"];

impl Org {
    /// Switches person accounts on, which cannot be taken back. Accounts that are there stay
    /// business accounts.
    pub fn enable_person_accounts(&self) {
        self.lock().enable_person_accounts();
    }

    /// Gives people middle names and suffixes, which then are part of their names.
    pub fn enable_middle_names_and_suffixes(&self) {
        self.lock().enable_name_parts();
    }
}

impl State {
    pub(super) fn enable_person_accounts(&mut self) {
        if self.person_accounts.is_some() {
            return;
        }
        let (account, contact) = {
            let schema = &self.store.schema;
            (schema.index("Account"), schema.index("Contact"))
        };
        let types = self.make_record_types();
        let schema = self.store.schema_mut();
        let flag = |def: &ObjectDef| FieldDef {
            createable: false,
            updateable: false,
            role: Role::Stored,
            defaulted: true,
            ..renamed(
                &def.fields[def.at("IsDeleted") as usize],
                "IsPersonAccount",
                "Is Person Account",
            )
        };
        for object in [account, contact] {
            let field = flag(&schema.objects[object]);
            schema.append_field(object, field, None);
        }
        let mut link = renamed(
            &schema.objects[account].fields[schema.objects[account].at("ParentId") as usize],
            "PersonContactId",
            "Contact ID",
        );
        link.reference_to = vec!["Contact".to_owned()];
        link.relationship = Some("PersonContact".to_owned());
        (link.createable, link.updateable) = (false, false);
        schema.append_field(account, link, None);
        let mut mirror = PersonAccounts {
            account,
            contact,
            pairs: Vec::new(),
            persons_only: Vec::new(),
            business_type: types.0,
            person_type: types.1,
        };
        let custom = schema.objects[contact]
            .fields
            .iter()
            .filter(|f| f.is_custom());
        let custom: Vec<String> = custom.map(|f| f.name.clone()).collect();
        let parts = NAME_PARTS
            .iter()
            .map(|n| ((*n).to_owned(), (*n).to_owned()));
        let prefixed = PREFIXED
            .iter()
            .map(|n| (format!("Person{n}"), (*n).to_owned()));
        let custom = custom.into_iter().map(|n| (custom_name(&n), n));
        for (name, of_contact) in parts.chain(prefixed).chain(custom) {
            mirror.append(schema, &name, &of_contact);
        }
        for name in SHARED {
            let at = |object: usize| schema.objects[object].at(name);
            mirror.pairs.push((at(account), at(contact)));
        }
        self.store.fit_tables();
        self.person_accounts = Some(mirror);
    }

    /// A contact's new custom field stands on person accounts, too: `X__c` as `X__pc`.
    pub(super) fn mirror_custom_field(&mut self, object: usize, new: &NewField) {
        let Some(mut mirror) = self.person_accounts.take() else {
            return;
        };
        if object == mirror.contact {
            mirror.append(self.store.schema_mut(), &custom_name(&new.name), &new.name);
            self.store.fit_tables();
        }
        self.person_accounts = Some(mirror);
    }

    fn enable_name_parts(&mut self) {
        let schema = self.store.schema_mut();
        for object in ["Contact", "Lead", "User"].map(|name| schema.index(name)) {
            if schema.objects[object].field("MiddleName").is_some() {
                continue;
            }
            for (name, label) in [("MiddleName", "Middle Name"), ("Suffix", "Suffix")] {
                let def = &schema.objects[object];
                let like = renamed(&def.fields[def.at("FirstName") as usize], name, label);
                schema.append_field(object, FieldDef { length: 40, ..like }, None);
            }
        }
        if let Some(mut mirror) = self.person_accounts.take() {
            for name in ["MiddleName", "Suffix"] {
                mirror.append(self.store.schema_mut(), name, name);
            }
            self.person_accounts = Some(mirror);
        }
        self.store.fit_tables();
    }

    /// The object RecordType with a type for companies and one for persons.
    fn make_record_types(&mut self) -> (RecordId, RecordId) {
        const TYPES: [(&str, &str, bool); 2] = [
            ("Business Account", "Business_Account", false),
            ("Person Account", "PersonAccount", true),
        ];
        let schema = self.store.schema_mut();
        let index = match schema.object("RecordType") {
            Some(object) => object.index,
            None => schema.append_object(record_type_object()),
        };
        for object in &mut schema.objects {
            if let Some(field) = object.field_index("RecordTypeId") {
                let targets = &mut object.fields[field as usize].targets;
                if !targets.contains(&index) {
                    targets.push(index);
                }
            }
        }
        self.store.fit_tables();
        let admin = self.store.id_at(self.store.schema.index("User"), 0);
        let ids = TYPES.map(|(name, developer_name, person)| {
            let def = self.store.def(index);
            let mut record = Record::new(admin, self.store.now());
            let mut set = |field: &str, value: Value| {
                if let Some(field) = def.field_index(field) {
                    record.set(field, value);
                }
            };
            set("Name", Value::text(name));
            set("DeveloperName", Value::text(developer_name));
            set("SobjectType", Value::text("Account"));
            set("IsActive", Value::Bool(true));
            set("IsPersonType", Value::Bool(person));
            let slot = self.store.insert(index, record);
            self.store.id_at(index, slot)
        });
        let account = self.store.schema.index("Account");
        let infos = TYPES
            .iter()
            .zip(ids)
            .map(|((name, developer_name, _), id)| RecordType {
                id,
                name: (*name).to_owned(),
                developer_name: (*developer_name).to_owned(),
            });
        self.store.schema_mut().objects[account].record_types = infos.collect();
        (ids[0], ids[1])
    }
}

fn record_type_object() -> ObjectDef {
    const LEFT_OUT: [&str; 5] = [
        "OwnerId",
        "IsDeleted",
        "LastActivityDate",
        "LastViewedDate",
        "LastReferencedDate",
    ];
    let mut def = ObjectDef::custom("RecordType", ("Record Type", "Record Types"), *b"012");
    (def.createable, def.updateable, def.deletable) = (false, false, false);
    (def.undeletable, def.searchable, def.layoutable) = (false, false, false);
    let find = |def: &ObjectDef, name: &str| {
        let found = def.fields.iter().find(|f| f.name == name).cloned();
        found.expect("custom objects have this field")
    };
    let (text, flag) = (find(&def, "Name"), find(&def, "IsDeleted"));
    def.fields.retain(|f| !LEFT_OUT.contains(&f.name.as_str()));
    for (name, label) in [
        ("DeveloperName", "Record Type Name"),
        ("SobjectType", "SObject Type Name"),
    ] {
        def.fields.push(FieldDef {
            name_field: false,
            indexed: false,
            ..renamed(&text, name, label)
        });
    }
    for (name, label) in [("IsActive", "Active"), ("IsPersonType", "Is Person Type")] {
        def.fields.push(FieldDef {
            role: Role::Stored,
            ..renamed(&flag, name, label)
        });
    }
    def
}

//! Persons as accounts: two records that show the same person, whichever of them is written.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldType, NewField, RecordId};

use super::support::{TestOrg, body, org};

fn persons() -> TestOrg {
    let t = org();
    t.org.enable_person_accounts();
    t
}

fn contact_of(t: &TestOrg, account: &RecordId) -> RecordId {
    let id = t.get("Account", account)["PersonContactId"].clone();
    RecordId::parse(id.as_str().unwrap()).unwrap()
}

fn ada(t: &TestOrg) -> RecordId {
    t.create(
        "Account",
        json!({
            "LastName": "Lovelace", "FirstName": "Ada", "PersonEmail": "Ada@X.example",
            "PersonMobilePhone": "(415) 555-0100", "PersonMailingCity": "London",
        }),
    )
}

#[test]
fn an_account_with_a_last_name_is_a_person_and_has_a_contact() {
    let t = persons();
    let id = ada(&t);
    let account = t.get("Account", &id);
    assert_eq!(
        (
            &account["Name"],
            &account["IsPersonAccount"],
            &account["PersonEmail"]
        ),
        (
            &json!("Ada Lovelace"),
            &json!(true),
            &json!("ada@x.example")
        )
    );
    assert_eq!(account["PersonMailingAddress"]["city"], json!("London"));
    let contact = t.get("Contact", &contact_of(&t, &id));
    assert_eq!(
        (
            &contact["Name"],
            &contact["IsPersonAccount"],
            &contact["MobilePhone"]
        ),
        (
            &json!("Ada Lovelace"),
            &json!(true),
            &json!("(415) 555-0100")
        )
    );
    assert_eq!(
        (&contact["AccountId"], &contact["MailingCity"]),
        (&account["Id"], &json!("London"))
    );
    let found = t.rows(
        "SELECT Id, PersonContact.Email FROM Account \
         WHERE IsPersonAccount = true AND PersonEmail = 'ADA@x.example'",
    );
    assert_eq!(found[0]["PersonContact"]["Email"], json!("ada@x.example"));
    let last = t.org.changes();
    let [.., a, c] = last.as_slice() else {
        panic!()
    };
    assert_eq!(
        (a.object.as_str(), c.object.as_str()),
        ("Account", "Contact")
    );
    assert_eq!(a.transaction, c.transaction);
}

#[test]
fn whichever_record_is_written_the_other_follows_and_both_stamps_move() {
    let t = persons();
    let id = ada(&t);
    let contact = contact_of(&t, &id);
    let stamps = |t: &TestOrg| {
        let stamp = |object: &str, id: &RecordId| t.get(object, id)["SystemModstamp"].clone();
        (stamp("Account", &id), stamp("Contact", &contact))
    };
    let at_first = stamps(&t);
    t.clock.advance(60_000);
    t.update("Account", &id, json!({"PersonTitle": "Countess"}))
        .unwrap();
    assert_eq!(t.get("Contact", &contact)["Title"], json!("Countess"));
    let then = stamps(&t);
    assert!(then.0 != at_first.0 && then.1 != at_first.1);
    t.clock.advance(60_000);
    t.update(
        "Contact",
        &contact,
        json!({"LastName": "King", "MobilePhone": null}),
    )
    .unwrap();
    let account = t.get("Account", &id);
    assert_eq!(
        (
            &account["Name"],
            &account["LastName"],
            &account["PersonMobilePhone"]
        ),
        (&json!("Ada King"), &json!("King"), &Json::Null)
    );
    let now = stamps(&t);
    assert!(now.0 != then.0 && now.1 != then.1);
}

#[test]
fn mistake_17_the_name_of_a_person_follows_from_its_parts() {
    let t = persons();
    let id = ada(&t);
    let error = t.update("Account", &id, json!({"Name": "A"})).unwrap_err();
    assert_eq!(
        error[0].message,
        "Account: bad field names on insert/update call: Name"
    );
    let company = t.create("Account", json!({"Name": "Acme"}));
    assert_eq!(t.get("Account", &company)["IsPersonAccount"], json!(false));
    let error = t
        .update("Account", &company, json!({"PersonEmail": "a@b.example"}))
        .unwrap_err();
    assert_eq!(error[0].code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(
        t.refused("Account", json!({})).message,
        "Required fields are missing: [Name]"
    );
}

#[test]
fn the_record_type_says_what_an_account_is() {
    let t = persons();
    let person = "SELECT Id FROM RecordType WHERE SobjectType = 'Account' AND IsPersonType = true";
    let kind = t.id_of(person).to_string();
    let missing = t.refused("Account", json!({"RecordTypeId": kind, "FirstName": "Ada"}));
    assert_eq!(missing.message, "Required fields are missing: [LastName]");
    let id = t.create(
        "Account",
        json!({"RecordTypeId": kind, "LastName": "Lovelace"}),
    );
    assert_eq!(t.get("Account", &id)["RecordTypeId"], json!(kind));
    assert_eq!(
        t.column(
            "SELECT RecordType.DeveloperName FROM Account WHERE LastName = 'Lovelace'",
            "RecordType.DeveloperName"
        ),
        [json!("PersonAccount")]
    );
    let describe = t.org.describe(&t.call, "Account").unwrap();
    let infos = describe["recordTypeInfos"].as_array().unwrap();
    let names: Vec<&Json> = infos.iter().map(|i| &i["developerName"]).collect();
    assert_eq!(
        names,
        [
            &json!("Business_Account"),
            &json!("PersonAccount"),
            &json!("Master")
        ]
    );
}

#[test]
fn the_contact_of_a_person_neither_moves_nor_goes_alone() {
    let t = persons();
    let id = ada(&t);
    let contact = contact_of(&t, &id);
    let other = t.create("Account", json!({"Name": "Acme"})).to_string();
    let moved = t
        .update("Contact", &contact, json!({"AccountId": other}))
        .unwrap_err();
    assert_eq!(moved[0].code, "FIELD_INTEGRITY_EXCEPTION");
    let child = t.refused(
        "Contact",
        json!({"LastName": "B", "AccountId": id.to_string()}),
    );
    assert_eq!(child.code, "FIELD_INTEGRITY_EXCEPTION");
    let alone = t
        .org
        .delete(&t.call, "Contact", &contact.to_string())
        .unwrap_err();
    assert_eq!(alone[0].code, "DELETE_FAILED");
    t.org.delete(&t.call, "Account", &id.to_string()).unwrap();
    let gone = t
        .org
        .get(&t.call, "Contact", &contact.to_string(), None)
        .unwrap_err();
    assert_eq!(gone.code, "ENTITY_IS_DELETED");
}

#[test]
fn custom_fields_of_contacts_stand_on_persons_under_their_own_ending() {
    let t = persons();
    t.org
        .add_field("Contact", &NewField::new("Size__c", FieldType::Text))
        .unwrap();
    let id = t.create("Account", json!({"LastName": "Lovelace", "Size__pc": "L"}));
    let contact = contact_of(&t, &id);
    assert_eq!(t.get("Contact", &contact)["Size__c"], json!("L"));
    t.update("Contact", &contact, json!({"Size__c": "M"}))
        .unwrap();
    assert_eq!(t.get("Account", &id)["Size__pc"], json!("M"));
}

#[test]
fn in_a_collection_that_fails_neither_record_stays() {
    let t = persons();
    let record = |fields: Json| {
        let mut record = body(fields);
        record.insert("attributes".to_owned(), json!({"type": "Account"}));
        Json::Object(record)
    };
    let records = [record(json!({"LastName": "Lovelace"})), record(json!({}))];
    let before = t.count("SELECT count() FROM Contact");
    t.org.create_many(&t.call, &records, true).unwrap();
    assert_eq!(t.count("SELECT count() FROM Contact"), before);
    assert_eq!(
        t.count("SELECT count() FROM Account WHERE IsPersonAccount = true"),
        0
    );
}

#[test]
fn middle_names_and_suffixes_are_part_of_a_name_where_the_org_has_them() {
    let t = org();
    t.org.enable_middle_names_and_suffixes();
    let id = t.create(
        "Contact",
        json!({"FirstName": "Martin", "MiddleName": "Luther", "LastName": "King", "Suffix": "Jr."}),
    );
    assert_eq!(
        t.get("Contact", &id)["Name"],
        json!("Martin Luther King Jr.")
    );
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Name = 'martin luther king jr.'"),
        1
    );
}

//! Duplicate rules: an alert stops the API unless the caller said beforehand that it may save.

use serde_json::json;
use tieline_simulator::org::{Call, DuplicateSetting};

use super::support::{TestOrg, body, org};

const CONTACTS: &str = "Standard_Contact_Duplicate_Rule";

fn with_ada(setting: DuplicateSetting) -> TestOrg {
    let t = org();
    t.create(
        "Contact",
        json!({"LastName": "Lovelace", "FirstName": "Ada", "Email": "ada@x.example"}),
    );
    t.org.set_duplicate_rule(CONTACTS, setting).unwrap();
    t
}

fn allowing(t: &TestOrg) -> Call {
    Call {
        allow_duplicate_save: true,
        ..t.call.clone()
    }
}

#[test]
fn mistake_34_an_alert_stops_the_save_unless_the_caller_allows_it() {
    let t = with_ada(DuplicateSetting::alerting());
    let twin = json!({"LastName": "lovelace", "FirstName": "A.", "Email": "ADA@x.example"});
    let error = t.refused("Contact", twin.clone());
    let json = error.to_json();
    assert_eq!(
        (&json["errorCode"], &json["message"]),
        (
            &json!("DUPLICATES_DETECTED"),
            &json!("Use one of these records?")
        )
    );
    let result = &json["duplicateResult"];
    assert_eq!(
        (
            &result["allowSave"],
            &result["duplicateRule"],
            &result["duplicateRuleEntityType"]
        ),
        (&json!(true), &json!(CONTACTS), &json!("Contact"))
    );
    let found = &result["matchResults"][0];
    assert_eq!(
        (&found["rule"], &found["size"], &found["success"]),
        (
            &json!("Standard_Contact_Match_Rule_v1_1"),
            &json!(1),
            &json!(true)
        )
    );
    let record = found["matchRecords"][0]["record"].as_object().unwrap();
    assert_eq!(record.keys().collect::<Vec<_>>(), ["attributes", "Id"]);
    t.org.create(&allowing(&t), "Contact", &body(twin)).unwrap();
}

#[test]
fn mistake_34_a_block_cannot_be_passed() {
    let t = with_ada(DuplicateSetting::blocking());
    let twin = body(json!({"LastName": "Lovelace", "FirstName": "Ada", "Email": "ada@x.example"}));
    let error = t.org.create(&allowing(&t), "Contact", &twin).unwrap_err();
    assert_eq!(
        error[0].to_json()["duplicateResult"]["allowSave"],
        json!(false)
    );
    let id = t.create(
        "Contact",
        json!({"LastName": "Lovelace", "FirstName": "Ada"}),
    );
    t.update("Contact", &id, json!({"Title": "Countess"}))
        .unwrap();
    let refused = t
        .update("Contact", &id, json!({"Email": "ada@x.example"}))
        .unwrap_err();
    assert_eq!(refused[0].code, "DUPLICATES_DETECTED");
}

#[test]
fn mistake_34_collections_tell_the_code_and_no_detail() {
    let t = with_ada(DuplicateSetting::alerting());
    let twin = json!({
        "attributes": {"type": "Contact"},
        "LastName": "Lovelace", "FirstName": "Ada", "Email": "ada@x.example",
    });
    let results = t.org.create_many(&t.call, &[twin], false).unwrap();
    assert_eq!(
        results[0].errors[0].to_collection_json(),
        json!({
            "statusCode": "DUPLICATES_DETECTED",
            "message": "Use one of these records?", "fields": [],
        })
    );
}

#[test]
fn mistake_34_the_key_may_be_misspelt_and_matches_may_come_with_details() {
    let t = with_ada(DuplicateSetting::alerting());
    t.org.misspell_duplicate_result(true);
    let call = Call {
        include_duplicate_details: true,
        ..t.call.clone()
    };
    let twin = body(json!({"LastName": "Lovelace", "FirstName": "Ada", "Email": "ada@x.example"}));
    let json = t.org.create(&call, "Contact", &twin).unwrap_err()[0].to_json();
    let record = &json["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"];
    assert_eq!(record["Email"], json!("ada@x.example"));
}

#[test]
fn people_match_across_contacts_and_leads_and_companies_without_their_legal_form() {
    let t = with_ada(DuplicateSetting::alerting());
    for rule in [
        "Standard_Lead_Duplicate_Rule",
        "Standard_Account_Duplicate_Rule",
    ] {
        t.org
            .set_duplicate_rule(rule, DuplicateSetting::alerting())
            .unwrap();
    }
    let lead = json!({
        "LastName": "Lovelace", "FirstName": "Ada", "Company": "X", "Email": "ada@x.example",
    });
    assert_eq!(t.refused("Lead", lead).code, "DUPLICATES_DETECTED");
    t.create("Account", json!({"Name": "Analytical Engines, Inc."}));
    let twin = t.refused("Account", json!({"Name": "analytical engines ltd"}));
    assert_eq!(twin.code, "DUPLICATES_DETECTED");
    t.create("Account", json!({"Name": "Difference Engines"}));
    t.create(
        "Contact",
        json!({"LastName": "Lovelace", "FirstName": "Ada"}),
    );
    t.create(
        "Contact",
        json!({"LastName": "Byron", "Email": "ada@x.example"}),
    );
}

#[test]
fn a_new_org_lets_duplicates_pass() {
    let t = org();
    for _ in 0..2 {
        t.create("Contact", json!({"LastName": "A", "Email": "a@x.example"}));
    }
    assert!(
        t.org
            .set_duplicate_rule("Nope", DuplicateSetting::default())
            .is_err()
    );
}

//! Rules of the administrator's: validation rules, triggers that fail, messages in other languages.

use serde_json::json;
use tieline_simulator::org::NewValidationRule;

use super::support::{body, org};

#[test]
fn mistake_40_a_validation_rule_refuses_with_the_administrators_own_text() {
    let t = org();
    let text = "Please give a mobile number.\nAsk Dana if you do not know it.";
    let rule = NewValidationRule::new("Mobile", "ISBLANK(MobilePhone)", text);
    t.org.add_validation_rule("Contact", &rule).unwrap();
    let error = t.refused("Contact", json!({"LastName": "A"}));
    assert_eq!(error.code, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    assert_eq!((error.message.as_str(), error.fields), (text, Some(vec![])));
    let beside = NewValidationRule {
        field: Some("mobilephone".to_owned()),
        ..rule
    };
    t.org.add_validation_rule("Contact", &beside).unwrap();
    let error = t.refused("Contact", json!({"LastName": "A"}));
    assert_eq!(error.fields, Some(vec!["MobilePhone".to_owned()]));
    t.create("Contact", json!({"LastName": "A", "MobilePhone": "1"}));
    t.org
        .set_validation_rule_active("Contact", "mobile", false)
        .unwrap();
    t.create("Contact", json!({"LastName": "A"}));
}

#[test]
fn several_broken_rules_give_several_errors() {
    let t = org();
    for (name, condition) in [
        ("One", "LEN(LastName) < 3"),
        ("Two", "NOT(REGEX(MobilePhone, '\\\\+?[0-9]{7,15}'))"),
        ("Three", "CONTAINS(Title, 'x')"),
    ] {
        let rule = NewValidationRule::new(name, condition, name);
        t.org.add_validation_rule("Contact", &rule).unwrap();
    }
    let refused = t
        .org
        .create(
            &t.call,
            "Contact",
            &body(json!({"LastName": "A", "MobilePhone": "12-34"})),
        )
        .unwrap_err();
    let texts: Vec<&str> = refused.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(texts, ["One", "Two"]);
    t.create(
        "Contact",
        json!({"LastName": "Abc", "MobilePhone": "+14155550100"}),
    );
}

#[test]
fn a_rule_knows_what_was_before_and_who_asks() {
    let t = org();
    let cases = [
        (
            "Lead",
            "ISCHANGED(Title) && PRIORVALUE(Title) = 'CEO'",
            "No demotion",
        ),
        (
            "Lead",
            "ISNEW() && $Profile.Name = 'Standard User'",
            "Not you",
        ),
        (
            "Lead",
            "ISPICKVAL(PRIORVALUE(Status), 'Open') && ISCHANGED(Status)",
            "Stay open",
        ),
        (
            "Account",
            "INCLUDES(Rating, 'Hot') && Parent.Name = 'Evil'",
            "Bad company",
        ),
    ];
    for (object, condition, text) in cases {
        let rule = NewValidationRule::new(text, condition, text);
        t.org
            .add_validation_rule(object, &rule)
            .unwrap_or_else(|e| panic!("{condition}: {e}"));
    }
    let id = t.create(
        "Lead",
        json!({"LastName": "A", "Company": "B", "Title": "CEO"}),
    );
    t.update("Lead", &id, json!({"Title": "CEO", "FirstName": "C"}))
        .unwrap();
    let refused = t
        .update("Lead", &id, json!({"Title": "Clerk"}))
        .unwrap_err();
    assert_eq!(refused[0].message, "No demotion");
    let priya = t.as_user("priya.shah@acme.example");
    let lead = body(json!({"LastName": "A", "Company": "B"}));
    let refused = t.org.create(&priya, "Lead", &lead).unwrap_err();
    assert_eq!(refused[0].message, "Not you");
    let evil = t.create("Account", json!({"Name": "Evil"})).to_string();
    let child = json!({"Name": "Child", "Rating": "Hot", "ParentId": evil});
    assert_eq!(t.refused("Account", child).message, "Bad company");
}

#[test]
fn a_rule_refuses_single_records_of_a_collection() {
    let t = org();
    let rule = NewValidationRule::new("R", "LastName = 'Bad'", "No bad people");
    t.org.add_validation_rule("Contact", &rule).unwrap();
    let record = |last: &str| json!({"attributes": {"type": "Contact"}, "LastName": last});
    let records = [record("Good"), record("Bad")];
    let results = t.org.create_many(&t.call, &records, false).unwrap();
    assert!(results[0].errors.is_empty());
    assert_eq!(
        results[1].errors[0].to_collection_json(),
        json!({
            "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "message": "No bad people", "fields": [],
        })
    );
}

#[test]
fn mistake_40_a_failing_trigger_tells_on_several_lines() {
    let t = org();
    let exception = "System.NullPointerException: Attempt to de-reference a null object";
    t.org
        .add_trigger_error("Contact", "Title = 'Boom'", exception)
        .unwrap();
    let error = t.refused("Contact", json!({"LastName": "A", "Title": "Boom"}));
    assert_eq!(error.code, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    let lines: Vec<&str> = error.message.lines().collect();
    assert_eq!(lines[0], "ContactTrigger: execution of BeforeInsert");
    assert_eq!(lines[2], format!("caused by: {exception}"));
    t.org.clear_rules("Contact").unwrap();
    t.create("Contact", json!({"LastName": "A", "Title": "Boom"}));
}

#[test]
fn mistake_40_messages_are_in_the_language_of_the_user() {
    let t = org();
    let me = t.call.user;
    t.update("User", &me, json!({"LanguageLocaleKey": "de"}))
        .unwrap();
    let error = t.refused("Contact", json!({"FirstName": "A"}));
    assert_eq!(error.code, "REQUIRED_FIELD_MISSING");
    assert_eq!(error.message, "Erforderliche Felder fehlen: [LastName]");
}

#[test]
fn a_condition_must_be_one() {
    let t = org();
    for condition in ["LastName", "Nope__c = 1", "1 +"] {
        let rule = NewValidationRule::new("R", condition, "text");
        let error = t.org.add_validation_rule("Contact", &rule).unwrap_err();
        assert_eq!(error.code, "FIELD_INTEGRITY_EXCEPTION", "{condition}");
    }
}

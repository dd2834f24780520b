//! Formula fields: worked out when read, moved by no stamp.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldType, NewField};

use super::support::{TestOrg, org};

fn formula(t: &TestOrg, name: &str, kind: FieldType, text: &str) {
    let new = NewField {
        scale: Some(2),
        ..NewField::formula(name, kind, text)
    };
    t.org
        .add_field("Contact", &new)
        .unwrap_or_else(|e| panic!("{text}: {e}"));
}

#[test]
fn a_formula_gives_what_its_text_says() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Acme", "NumberOfEmployees": 12}));
    let id = t.create(
        "Contact",
        json!({
            "LastName": "Lovelace", "FirstName": "Ada", "AccountId": account.to_string(),
            "Birthdate": "2000-02-29", "LeadSource": "Web", "MobilePhone": "(415) 555-0100",
        }),
    );
    let cases: Vec<(FieldType, &str, Json)> = vec![
        (
            FieldType::Text,
            "FirstName & ' ' & UPPER(LastName)",
            json!("Ada LOVELACE"),
        ),
        (
            FieldType::Text,
            "Name & '@' & Account.Name",
            json!("Ada Lovelace@Acme"),
        ),
        (
            FieldType::Text,
            "IF(ISBLANK(Title), \"none\", Title)",
            json!("none"),
        ),
        (
            FieldType::Text,
            "CASE(LeadSource, 'Web', 'w', 'Phone', 'p', '?')",
            json!("w"),
        ),
        (
            FieldType::Text,
            "TEXT(LeadSource) & TEXT(YEAR(Birthdate))",
            json!("Web2000"),
        ),
        (
            FieldType::Text,
            "LEFT(MobilePhone, 5) & MID(MobilePhone, 7, 3)",
            json!("(415)555"),
        ),
        (FieldType::Text, "Title", Json::Null),
        (
            FieldType::Number,
            "Account.NumberOfEmployees / 5 + 1",
            json!(3.4),
        ),
        (FieldType::Number, "1 + 2 * 3 - -4 ^ 2", json!(23.0 - 32.0)),
        (FieldType::Number, "1 / 0", Json::Null),
        (
            FieldType::Number,
            "TODAY() - DATE(2026, 11, 20)",
            json!(4.0),
        ),
        (
            FieldType::Number,
            "LEN(LastName) + MAX(1, 2, 3)",
            json!(11.0),
        ),
        (FieldType::Percent, "0.5", json!(50.0)),
        (FieldType::Date, "Birthdate + 1", json!("2000-03-01")),
        (FieldType::Date, "DATE(2026, 2, 30)", Json::Null),
        (
            FieldType::Checkbox,
            "AND(ISPICKVAL(LeadSource, 'Web'), NOT(IsDeleted))",
            json!(true),
        ),
        (
            FieldType::Checkbox,
            "Account.NumberOfEmployees > 20 || LastName = 'lovelace'",
            json!(false),
        ),
        (
            FieldType::Checkbox,
            "CONTAINS(LastName, 'lace') && BEGINS(LastName, 'Lo')",
            json!(true),
        ),
        (
            FieldType::Text,
            "Account.Owner.LastName /* the boss */",
            json!("Whitfield"),
        ),
    ];
    for (number, (kind, text, expected)) in cases.iter().enumerate() {
        let name = format!("F{number}__c");
        formula(&t, &name, *kind, text);
        assert_eq!(t.get("Contact", &id)[name.as_str()], *expected, "{text}");
    }
}

#[test]
fn mistake_20_a_formula_changes_while_no_stamp_moves() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Acme"}));
    let id = t.create(
        "Contact",
        json!({"LastName": "A", "AccountId": account.to_string()}),
    );
    formula(&t, "Company__c", FieldType::Text, "Account.Name");
    formula(
        &t,
        "Age__c",
        FieldType::Number,
        "TODAY() - DATE(2026, 11, 24)",
    );
    let before = t.get("Contact", &id);
    let logged = t.org.changes().len();
    t.clock.advance(86_400_000);
    t.update("Account", &account, json!({"Name": "Emca"}))
        .unwrap();
    let after = t.get("Contact", &id);
    assert_eq!(
        (&before["Company__c"], &after["Company__c"]),
        (&json!("Acme"), &json!("Emca"))
    );
    assert_eq!(
        (&before["Age__c"], &after["Age__c"]),
        (&json!(0.0), &json!(1.0))
    );
    assert_eq!(before["SystemModstamp"], after["SystemModstamp"]);
    let changes = t.org.changes_after(logged as u64);
    assert!(changes.iter().all(|c| c.object == "Account"), "{changes:?}");
    t.org
        .set_formula("Contact", "Company__c", "'x' & Account.Name")
        .unwrap();
    assert_eq!(t.get("Contact", &id)["Company__c"], json!("xEmca"));
    assert_eq!(
        t.get("Contact", &id)["SystemModstamp"],
        after["SystemModstamp"]
    );
}

#[test]
fn a_formula_field_is_filtered_and_sorted_but_never_written() {
    let t = org();
    formula(&t, "Loud__c", FieldType::Text, "UPPER(LastName)");
    let id = t.create("Contact", json!({"LastName": "Zz"}));
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Loud__c = 'ZZ'"),
        1
    );
    let last = t.column(
        "SELECT Loud__c FROM Contact ORDER BY Loud__c DESC LIMIT 1",
        "Loud__c",
    );
    assert_eq!(last, [json!("ZZ")]);
    let error = t
        .update("Contact", &id, json!({"Loud__c": "x"}))
        .unwrap_err();
    assert_eq!(error[0].code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let describe = t.org.describe(&t.call, "Contact").unwrap();
    let fields = describe["fields"].as_array().unwrap();
    let loud = fields.iter().find(|f| f["name"] == "Loud__c").unwrap();
    assert_eq!(
        (
            &loud["calculated"],
            &loud["calculatedFormula"],
            &loud["updateable"]
        ),
        (&json!(true), &json!("UPPER(LastName)"), &json!(false))
    );
}

#[test]
fn formulas_cannot_read_each_other_in_a_circle() {
    let t = org();
    formula(&t, "A__c", FieldType::Text, "LastName");
    formula(&t, "B__c", FieldType::Text, "A__c & 'b'");
    let error = t.org.set_formula("Contact", "A__c", "B__c").unwrap_err();
    assert!(error.message.contains("cannot refer to themselves"));
    let error = t.org.add_field(
        "Contact",
        &NewField::formula("C__c", FieldType::Number, "LastName"),
    );
    assert!(
        error
            .unwrap_err()
            .message
            .contains("incompatible with expected data type (Number)")
    );
    let rule_only = NewField::formula("D__c", FieldType::Checkbox, "ISCHANGED(LastName)");
    assert!(t.org.add_field("Contact", &rule_only).is_err());
}

#[test]
fn blank_numbers_count_as_zero_unless_the_administrator_says_otherwise() {
    let t = org();
    let account = t.create("Account", json!({"Name": "Acme"}));
    for (name, blank_as_blank, expected) in [
        ("Zero__c", false, json!(1.0)),
        ("Blank__c", true, Json::Null),
    ] {
        let new = NewField {
            blank_as_blank,
            ..NewField::formula(name, FieldType::Number, "NumberOfEmployees + 1")
        };
        t.org.add_field("Account", &new).unwrap();
        assert_eq!(t.get("Account", &account)[name], expected);
    }
}

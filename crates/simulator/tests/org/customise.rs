//! What an administrator adds or changes is there at once, for reads, writes and describes.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldType, NewField, NewObject, OnParentDelete, PicklistValue};

use super::support::{TestOrg, org};

fn field(t: &TestOrg, object: &str, name: &str) -> Json {
    let describe = t.org.describe(&t.call, object).unwrap();
    let fields = describe["fields"].as_array().unwrap();
    let found = fields.iter().find(|f| f["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("{object} has no {name}"))
}

fn gadgets() -> TestOrg {
    let t = org();
    t.org.add_object(&NewObject::new("Gadget__c")).unwrap();
    let lookup = NewField {
        reference_to: Some("Contact".to_owned()),
        relationship_name: Some("Gadgets".to_owned()),
        ..NewField::new("Owner_Contact__c", FieldType::Lookup)
    };
    t.org.add_field("Gadget__c", &lookup).unwrap();
    t
}

#[test]
fn mistake_17_a_new_field_is_described_written_read_filtered_and_logged() {
    let t = org();
    let new = NewField {
        label: Some("Shoe Size".to_owned()),
        precision: Some(4),
        scale: Some(1),
        ..NewField::new("Shoe_Size__c", FieldType::Number)
    };
    t.org.add_field("Contact", &new).unwrap();
    let described = field(&t, "Contact", "Shoe_Size__c");
    assert_eq!(
        (
            &described["type"],
            &described["label"],
            &described["custom"],
            &described["precision"]
        ),
        (
            &json!("double"),
            &json!("Shoe Size"),
            &json!(true),
            &json!(4)
        )
    );
    assert_eq!(described.as_object().unwrap().len(), 57);
    let id = t.create("Contact", json!({"LastName": "A", "shoe_size__C": "42.5"}));
    assert_eq!(t.get("Contact", &id)["Shoe_Size__c"], json!(42.5));
    assert_eq!(
        t.count("SELECT count() FROM Contact WHERE Shoe_Size__c > 40"),
        1
    );
    let custom = t.rows("SELECT FIELDS(CUSTOM) FROM Contact WHERE Shoe_Size__c != null LIMIT 5");
    assert_eq!(custom[0]["Shoe_Size__c"], json!(42.5));
    let logged = t.org.changes();
    let made = logged.last().unwrap();
    assert!(made.fields.iter().any(|f| f.field == "Shoe_Size__c"));
    let wide = t.refused("Contact", json!({"LastName": "A", "Shoe_Size__c": 1000}));
    assert_eq!(wide.code, "NUMBER_OUTSIDE_VALID_RANGE");
}

#[test]
fn every_type_of_field_can_be_added_and_filled() {
    let t = org();
    let cases = [
        (FieldType::Text, "string", json!("x"), json!("x")),
        (
            FieldType::TextArea,
            "textarea",
            json!("x\ny"),
            json!("x\ny"),
        ),
        (
            FieldType::LongTextArea,
            "textarea",
            json!("long"),
            json!("long"),
        ),
        (
            FieldType::Html,
            "textarea",
            json!("<b>x</b>"),
            json!("<b>x</b>"),
        ),
        (FieldType::Picklist, "picklist", json!("red"), json!("Red")),
        (
            FieldType::MultiselectPicklist,
            "multipicklist",
            json!("Blue;Red"),
            json!("Red;Blue"),
        ),
        (FieldType::Checkbox, "boolean", json!("true"), json!(true)),
        (FieldType::Number, "double", json!("7"), json!(7.0)),
        (FieldType::Currency, "currency", json!(7), json!(7.0)),
        (FieldType::Percent, "percent", json!(50), json!(50.0)),
        (
            FieldType::Date,
            "date",
            json!("2026-11-24"),
            json!("2026-11-24"),
        ),
        (
            FieldType::DateTime,
            "datetime",
            json!("2026-11-24T10:00:00Z"),
            json!("2026-11-24T10:00:00.000+0000"),
        ),
        (
            FieldType::Time,
            "time",
            json!("09:30"),
            json!("09:30:00.000Z"),
        ),
        (
            FieldType::Email,
            "email",
            json!("A@B.example"),
            json!("a@b.example"),
        ),
        (
            FieldType::Phone,
            "phone",
            json!("(415) 555-0100"),
            json!("(415) 555-0100"),
        ),
        (
            FieldType::Url,
            "url",
            json!("https://x.example"),
            json!("https://x.example"),
        ),
    ];
    for (number, (kind, described, given, read)) in cases.into_iter().enumerate() {
        let name = format!("Field_{number}__c");
        let new = NewField {
            picklist: vec![PicklistValue::from("Red"), PicklistValue::from("Blue")],
            restricted: true,
            ..NewField::new(&name, kind)
        };
        t.org.add_field("Lead", &new).unwrap();
        assert_eq!(field(&t, "Lead", &name)["type"], described, "{kind:?}");
        let id = t.create(
            "Lead",
            json!({"LastName": "A", "Company": "B", name.as_str(): given}),
        );
        assert_eq!(t.get("Lead", &id)[name.as_str()], read, "{kind:?}");
    }
    assert_eq!(
        t.query_error("SELECT Id FROM Lead WHERE Field_2__c = 'x'")
            .message
            .lines()
            .last(),
        Some("field 'Field_2__c' can not be filtered in a query call")
    );
    let location = t
        .org
        .add_field("Lead", &NewField::new("Where__c", FieldType::Location));
    assert_eq!(location.unwrap_err().status, 501);
}

#[test]
fn names_that_are_taken_or_malformed_are_refused() {
    let t = gadgets();
    for name in [
        "Size",
        "1Size__c",
        "Si ze__c",
        "Si__ze__c",
        "Size___c",
        "__c",
    ] {
        let error = t
            .org
            .add_field("Contact", &NewField::new(name, FieldType::Text));
        assert_eq!(
            error.unwrap_err().code,
            "FIELD_INTEGRITY_EXCEPTION",
            "{name}"
        );
    }
    let new = NewField::new("size__c", FieldType::Text);
    t.org.add_field("Contact", &new).unwrap();
    let again = t
        .org
        .add_field("Contact", &NewField::new("Size__c", FieldType::Date));
    assert_eq!(again.unwrap_err().code, "DUPLICATE_DEVELOPER_NAME");
    let again = t.org.add_object(&NewObject::new("gadget__c"));
    assert_eq!(again.unwrap_err().code, "DUPLICATE_DEVELOPER_NAME");
}

#[test]
fn a_custom_object_is_an_object_like_any_other() {
    let t = gadgets();
    let contact = t.id_of("SELECT Id FROM Contact WHERE LastName = 'Rogers'");
    let id = t.create(
        "Gadget__c",
        json!({"Name": "Widget", "Owner_Contact__c": contact.to_string()}),
    );
    assert!(id.to_string().starts_with("a00"));
    assert_eq!(
        t.column(
            "SELECT Owner_Contact__r.LastName FROM Gadget__c",
            "Owner_Contact__r.LastName"
        ),
        [json!("Rogers")]
    );
    let parents =
        t.rows("SELECT Id, (SELECT Name FROM Gadgets__r) FROM Contact WHERE LastName = 'Rogers'");
    assert_eq!(
        parents[0]["Gadgets__r"]["records"][0]["Name"],
        json!("Widget")
    );
    t.update("Gadget__c", &id, json!({"Name": "Wodget"}))
        .unwrap();
    assert_eq!(
        t.count("SELECT count() FROM Gadget__c WHERE Name = 'wodget'"),
        1
    );
    t.org
        .delete(&t.call, "Contact", &contact.to_string())
        .unwrap();
    assert_eq!(t.get("Gadget__c", &id)["Owner_Contact__c"], Json::Null);
    t.org.delete(&t.call, "Gadget__c", &id.to_string()).unwrap();
    assert_eq!(t.count("SELECT count() FROM Gadget__c"), 0);
    let describe = t.org.describe(&t.call, "Gadget__c").unwrap();
    assert_eq!(
        (&describe["custom"], &describe["keyPrefix"]),
        (&json!(true), &json!("a00"))
    );
    t.org.add_object(&NewObject::new("Gizmo__c")).unwrap();
    assert!(
        t.create("Gizmo__c", json!({}))
            .to_string()
            .starts_with("a01")
    );
}

#[test]
fn activities_are_related_to_custom_objects() {
    let t = gadgets();
    let gadget = t.create("Gadget__c", json!({"Name": "Widget"})).to_string();
    t.create("Task", json!({"Subject": "Call", "WhatId": gadget}));
    let rows = t.rows(
        "SELECT What.Name, What.Type, TYPEOF What WHEN Gadget__c THEN Name END FROM Task \
         WHERE What.Type = 'Gadget__c'",
    );
    assert_eq!(rows[0]["What"]["Name"], json!("Widget"));
    let tasks = t.rows("SELECT Id, (SELECT Subject FROM Tasks) FROM Gadget__c");
    assert_eq!(tasks[0]["Tasks"]["records"][0]["Subject"], json!("Call"));
    let quiet = NewObject {
        allow_activities: false,
        ..NewObject::new("Quiet__c")
    };
    t.org.add_object(&quiet).unwrap();
    let quiet = t.create("Quiet__c", json!({"Name": "Q"})).to_string();
    assert_eq!(
        t.refused("Task", json!({"WhatId": quiet})).code,
        "MALFORMED_ID"
    );
}

#[test]
fn records_that_the_org_numbers_cannot_be_named() {
    let t = org();
    let numbered = NewObject {
        auto_number: Some("T-{0000}".to_owned()),
        ..NewObject::new("Ticket__c")
    };
    t.org.add_object(&numbered).unwrap();
    let id = t.create("Ticket__c", json!({}));
    t.create("Ticket__c", json!({}));
    assert_eq!(t.get("Ticket__c", &id)["Name"], json!("T-0001"));
    assert_eq!(
        t.count("SELECT count() FROM Ticket__c WHERE Name = 'T-0002'"),
        1
    );
    let error = t.refused("Ticket__c", json!({"Name": "mine"}));
    assert_eq!(error.code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(field(&t, "Ticket__c", "Name")["autoNumber"], json!(true));
}

#[test]
fn a_required_lookup_holds_on_to_its_parent() {
    let t = org();
    t.org.add_object(&NewObject::new("Gadget__c")).unwrap();
    let lookup = NewField {
        reference_to: Some("Account".to_owned()),
        on_delete: OnParentDelete::Restrict,
        ..NewField::new("Maker__c", FieldType::Lookup)
    };
    t.org.add_field("Gadget__c", &lookup).unwrap();
    let maker = t.create("Account", json!({"Name": "Maker"})).to_string();
    t.create("Gadget__c", json!({"Maker__c": maker}));
    let error = t.org.delete(&t.call, "Account", &maker).unwrap_err();
    assert_eq!(error[0].code, "DELETE_FAILED");
}

#[test]
fn an_external_id_may_be_a_number_and_may_mind_the_case() {
    use tieline_simulator::org::{ExternalKey, Upserted};
    let t = org();
    let number = NewField {
        external_id: true,
        unique: true,
        ..NewField::new("Number__c", FieldType::Number)
    };
    let code = NewField {
        external_id: true,
        unique: true,
        case_sensitive: true,
        ..NewField::new("Code__c", FieldType::Text)
    };
    t.org.add_field("Contact", &number).unwrap();
    t.org.add_field("Contact", &code).unwrap();
    let upsert = |field: &str, value: &str| {
        let key = ExternalKey {
            object: "Contact",
            field,
            value,
        };
        let body = super::support::body(json!({"LastName": "A"}));
        t.org.upsert(&t.call, key, &body, false).unwrap()
    };
    for (field, first, same, other) in [("Number__c", "7", "7.0", "8"), ("Code__c", "a", "a", "A")]
    {
        assert!(matches!(upsert(field, first), Upserted::Created(_)));
        assert!(matches!(upsert(field, same), Upserted::Updated(_)));
        assert!(matches!(upsert(field, other), Upserted::Created(_)));
    }
}

#[test]
fn mistake_40_what_fields_insist_on_can_change_at_any_time() {
    let t = org();
    let id = t.create("Contact", json!({"LastName": "A", "AssistantName": "CEO"}));
    let other = t.create("Contact", json!({"LastName": "B", "AssistantName": "ceo"}));
    t.org.set_required("Contact", "MobilePhone", true).unwrap();
    let missing = t.refused("Contact", json!({"LastName": "C"}));
    assert_eq!(
        missing.message,
        "Required fields are missing: [MobilePhone]"
    );
    t.org.set_required("Contact", "MobilePhone", false).unwrap();
    assert_eq!(
        t.org
            .set_unique("Contact", "AssistantName", true)
            .unwrap_err()
            .code,
        "DUPLICATE_VALUE"
    );
    t.update("Contact", &other, json!({"AssistantName": "CTO"}))
        .unwrap();
    t.org.set_unique("Contact", "AssistantName", true).unwrap();
    let twin = t.refused("Contact", json!({"LastName": "C", "AssistantName": "CEO"}));
    assert_eq!(
        twin.message,
        format!(
            "duplicate value found: AssistantName duplicates value on record with id: {}",
            id.short()
        )
    );
    t.org.set_length("Contact", "Department", 3).unwrap();
    let long = t.refused("Contact", json!({"LastName": "C", "Department": "Sales"}));
    assert_eq!(long.code, "STRING_TOO_LONG");
    let values = [PicklistValue::from("Text"), PicklistValue::from("Fax")];
    t.org
        .set_picklist("Contact", "LeadSource", &values, true)
        .unwrap();
    let bad = t.refused("Contact", json!({"LastName": "C", "LeadSource": "Web"}));
    assert_eq!(bad.code, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    t.org
        .set_label("Contact", Some("Title"), "Position")
        .unwrap();
    assert_eq!(field(&t, "Contact", "Title")["label"], json!("Position"));
}

#[test]
fn a_custom_field_that_becomes_required_stops_updates_of_records_without_it() {
    let t = org();
    t.org
        .add_field("Contact", &NewField::new("Size__c", FieldType::Text))
        .unwrap();
    let id = t.create("Contact", json!({"LastName": "A"}));
    t.org.set_required("Contact", "Size__c", true).unwrap();
    let refused = t
        .update("Contact", &id, json!({"Title": "CEO"}))
        .unwrap_err();
    assert_eq!(refused[0].code, "REQUIRED_FIELD_MISSING");
    t.update("Contact", &id, json!({"Title": "CEO", "Size__c": "L"}))
        .unwrap();
}

#[test]
fn an_open_query_and_its_page_survive_a_change_of_the_schema() {
    let t = org();
    let answer = t
        .org
        .query(&t.call, "SELECT Id, Name FROM Contact", false)
        .unwrap();
    t.org
        .add_field("Contact", &NewField::new("Size__c", FieldType::Text))
        .unwrap();
    t.org.add_object(&NewObject::new("Gadget__c")).unwrap();
    let rows = t.org.rows(&t.call, &answer, 0..answer.len());
    assert!(
        rows.iter()
            .all(|r| r["Name"].is_string() && r["attributes"]["type"] == "Contact")
    );
}

#[test]
fn requests_are_read_from_json() {
    let new: NewField = serde_json::from_value(json!({
        "name": "Colour__c", "type": "Picklist", "restricted": true,
        "picklist": ["Red", {"value": "B", "label": "Blue", "default": true}],
    }))
    .unwrap();
    let t = org();
    t.org.add_field("Account", &new).unwrap();
    let id = t.create("Account", json!({"Name": "A"}));
    assert_eq!(t.get("Account", &id)["Colour__c"], json!("B"));
    assert_eq!(
        field(&t, "Account", "Colour__c")["picklistValues"][1]["label"],
        json!("Blue")
    );
    assert!(serde_json::from_value::<NewField>(json!({"nmae": "X__c"})).is_err());
}

//! What the schema looks like to different users.

use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldAccess, ObjectAccess};

use super::support::{body, org};

fn field<'a>(describe: &'a Json, name: &str) -> Option<&'a Json> {
    let fields = describe["fields"].as_array().unwrap();
    fields.iter().find(|f| f["name"] == name)
}

#[test]
fn mistake_18_a_hidden_field_does_not_exist_for_its_users() {
    let t = org();
    let priya = t.as_user("priya.shah@acme.example");
    let admin = t.org.describe(&t.call, "Contact").unwrap();
    let hers = t.org.describe(&priya, "contact").unwrap();
    assert!(field(&admin, "HasOptedOutOfEmail").is_some());
    assert!(field(&hers, "HasOptedOutOfEmail").is_none());
    let query = t
        .org
        .query(&priya, "SELECT HasOptedOutOfEmail FROM Contact", false);
    assert_eq!(query.err().unwrap().code, "INVALID_FIELD");
    let write = body(json!({"LastName": "A", "HasOptedOutOfEmail": true}));
    let error = t.org.create(&priya, "Contact", &write).unwrap_err();
    assert_eq!(
        error[0].message,
        "No such column 'HasOptedOutOfEmail' on sobject of type Contact"
    );
}

#[test]
fn mistake_18_flags_are_those_of_the_running_user() {
    let t = org();
    let robin = t.as_user("robin.reader@acme.example");
    let read_only = t.org.describe(&robin, "Contact").unwrap();
    assert_eq!(read_only["createable"], json!(false));
    assert_eq!(
        field(&read_only, "Title").unwrap()["updateable"],
        json!(false)
    );
    let refused = t
        .org
        .create(&robin, "Contact", &body(json!({"LastName": "A"})))
        .unwrap_err();
    assert_eq!(refused[0].code, "INSUFFICIENT_ACCESS_OR_READONLY");
    t.org
        .set_field_access("Standard User", "Contact", "Title", FieldAccess::ReadOnly)
        .unwrap();
    let priya = t.as_user("priya.shah@acme.example");
    let hers = t.org.describe(&priya, "Contact").unwrap();
    assert_eq!(field(&hers, "Title").unwrap()["updateable"], json!(false));
    assert_eq!(field(&hers, "LastName").unwrap()["updateable"], json!(true));
    t.org
        .set_object_access("Standard User", "Lead", ObjectAccess::NONE)
        .unwrap();
    assert_eq!(t.org.describe(&priya, "Lead").unwrap_err().status, 404);
    assert!(!t.org.object_names(&priya).contains(&"Lead".to_owned()));
    assert_eq!(
        t.org
            .query(&priya, "SELECT Id FROM Lead", false)
            .err()
            .unwrap()
            .code,
        "INVALID_TYPE"
    );
}

#[test]
fn a_field_is_described_with_all_its_attributes() {
    let t = org();
    let contact = t.org.describe(&t.call, "Contact").unwrap();
    let email = field(&contact, "Email").unwrap();
    assert_eq!(email.as_object().unwrap().len(), 57);
    assert_eq!(
        (&email["byteLength"], &email["idLookup"]),
        (&json!(240), &json!(true))
    );
    let name = field(&contact, "Name").unwrap();
    assert_eq!(
        (&name["extraTypeInfo"], &name["createable"]),
        (&json!("personname"), &json!(false))
    );
    let required: Vec<&str> = contact["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| {
            f["nillable"] == json!(false)
                && f["createable"] == json!(true)
                && f["defaultedOnCreate"] == json!(false)
        })
        .filter_map(|f| f["name"].as_str())
        .collect();
    assert_eq!(required, ["LastName"]);
    let children = contact["childRelationships"].as_array().unwrap();
    assert!(
        children
            .iter()
            .any(|c| c["relationshipName"] == "Tasks" && c["cascadeDelete"] == json!(true))
    );
    assert_eq!(
        contact["recordTypeInfos"][0]["recordTypeId"],
        json!("012000000000000AAA")
    );
}

#[test]
fn the_global_describe_lists_the_objects() {
    let t = org();
    let global = t.org.describe_global(&t.call);
    let names: Vec<&str> = global["sobjects"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|o| o["name"].as_str())
        .collect();
    for name in [
        "Account",
        "Contact",
        "Lead",
        "PermissionSet",
        "EntityDefinition",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let member = &global["sobjects"].as_array().unwrap()
        [names.iter().position(|n| *n == "CampaignMember").unwrap()];
    assert_eq!(
        (&member["searchable"], &member["undeletable"]),
        (&json!(false), &json!(false))
    );
    assert!(member["urls"].get("listviews").is_none());
    assert_eq!(
        t.org.basic_describe(&t.call, "Lead").unwrap()["objectDescribe"]["keyPrefix"],
        json!("00Q")
    );
}

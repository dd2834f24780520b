//! What the org refuses to an administrator is said of the field of the request.

use http::Method;
use serde_json::{Value as Json, json};
use tieline_simulator::control::http::ROUTES;

use super::PRIYA;
use crate::support::world;

#[tokio::test]
async fn what_an_org_refuses_is_said_of_the_field() {
    let world = world();
    let contact = world.first("Contact");
    let cases: &[(&str, Json, u16, &str)] = &[
        (
            "/edits",
            json!({"object": "Contact", "act": "merge", "id": "x"}),
            400,
            "act: ",
        ),
        (
            "/edits",
            json!({"object": "Contact", "id": contact, "losers": []}),
            400,
            "act: ",
        ),
        (
            "/edits",
            json!({"object": "Contact", "act": "fly"}),
            400,
            "act: ",
        ),
        (
            "/edits",
            json!({"object": "Lead", "act": "purge", "id": contact}),
            400,
            "object: ",
        ),
        (
            "/edits",
            json!({"object": "Lead", "act": "convert", "id": "00Q", "conversion": {"x": 1}}),
            400,
            "x: ",
        ),
        (
            "/edits",
            json!({"object": "Lead", "act": "convert", "id": "00Q"}),
            400,
            "edit: ",
        ),
        (
            "/rights",
            json!({"object": "Contact", "access": "read"}),
            400,
            "profile: ",
        ),
        (
            "/rights",
            json!({"profile": "Nobody", "object": "Contact", "access": "read"}),
            404,
            "profile: ",
        ),
        (
            "/rights",
            json!({"profile": "Standard User", "object": "Nothing", "access": "read"}),
            404,
            "object: ",
        ),
        (
            "/rights",
            json!({"profile": "Standard User", "object": "Contact", "field": "No", "access": "full"}),
            400,
            "field: ",
        ),
        (
            "/rights",
            json!({"profile": "Standard User", "object": "Contact", "access": "much"}),
            400,
            "access: ",
        ),
        (
            "/rights",
            json!({"profile": "Standard User", "permission": "Fly", "granted": true}),
            400,
            "permission: ",
        ),
        (
            "/rights",
            json!({"profile": "Standard User"}),
            400,
            "access: ",
        ),
        (
            "/permission-sets/None/assignments",
            json!({"username": PRIYA, "assigned": true}),
            404,
            "set: ",
        ),
        (
            "/permission-sets/None/assignments",
            json!({"username": "x", "assigned": true}),
            404,
            "username: ",
        ),
        (
            "/sharing",
            json!({"object": "Contact", "sharing": "open"}),
            400,
            "sharing: ",
        ),
        (
            "/sharing",
            json!({"object": "Nothing", "sharing": "read"}),
            404,
            "object: ",
        ),
        (
            "/shares",
            json!({"record": "003", "user": PRIYA, "level": "read"}),
            404,
            "record: ",
        ),
        ("/users/priya.shah@acme.example", json!({}), 400, "active: "),
        (
            "/sign-in",
            json!({"session_minutes": "long"}),
            400,
            "session_minutes: ",
        ),
        ("/apps", json!({"colour": 1}), 400, "colour: "),
        ("/objects", json!({"name": "Grant"}), 400, "name: "),
        (
            "/objects/Nothing/fields",
            json!({"name": "A__c"}),
            404,
            "object: ",
        ),
        (
            "/objects/Contact/fields",
            json!({"name": "A__c", "type": "Location"}),
            501,
            "field: ",
        ),
        (
            "/objects/Contact/fields",
            json!({"name": "A__c", "formula": "("}),
            400,
            "formula: ",
        ),
        (
            "/objects/Contact/fields/No__c",
            json!({"label": "A"}),
            400,
            "field: ",
        ),
        (
            "/objects/Contact/fields/Title",
            json!({"length": 999_999_999}),
            400,
            "length: ",
        ),
        (
            "/objects/Contact/fields/Title",
            json!({"picklist": {"values": ["a"]}}),
            400,
            "picklist: ",
        ),
        (
            "/objects/Contact/validation-rules",
            json!({"name": "A", "condition": "("}),
            400,
            "condition: ",
        ),
        (
            "/objects/Contact/validation-rules",
            json!({"name": "A", "condition": "true", "field": "No"}),
            400,
            "field: ",
        ),
        (
            "/objects/Contact/validation-rules/No",
            json!({"active": true}),
            404,
            "rule: ",
        ),
        (
            "/objects/Contact/trigger-errors",
            json!({"condition": "("}),
            400,
            "message: ",
        ),
        (
            "/duplicate-rules/None",
            json!({"active": true}),
            404,
            "rule: ",
        ),
        ("/assignment-rule", json!({}), 400, "queue: "),
        (
            "/assignment-rule",
            json!({"queue": contact}),
            404,
            "queue: ",
        ),
        (
            "/list-views",
            json!({"object": "Contact", "developer_name": "A", "columns": ["No"]}),
            400,
            "columns: ",
        ),
        (
            "/events",
            json!({"retention_ms": -1}),
            400,
            "retention_ms: ",
        ),
        ("/events/mishaps", json!({"kind": "fire"}), 400, "kind: "),
        ("/events/mishaps", json!({"kind": "gap"}), 400, "kind: "),
        (
            "/events/mishaps",
            json!({"kind": "gap", "object": "Profile"}),
            404,
            "object: ",
        ),
        (
            "/events/platform",
            json!({"name": "Text", "fields": []}),
            400,
            "name: ",
        ),
        (
            "/events/platform",
            json!({"name": "A__e", "fields": [{"name": "CreatedDate", "kind": "text"}]}),
            400,
            "fields: ",
        ),
        (
            "/events/channels",
            json!({"name": "A", "objects": ["Profile"]}),
            404,
            "objects: ",
        ),
        (
            "/events/selection",
            json!({"object": "Contact"}),
            400,
            "selected: ",
        ),
    ];
    for (path, body, status, said) in cases {
        let (answered, text) = world.refused(path, body.clone()).await;
        assert_eq!(answered, *status, "{path} {body}: {text}");
        assert!(text.starts_with(said), "{path} {body}: {text}");
    }
}

#[tokio::test]
async fn no_value_of_a_field_makes_a_route_or_the_org_fail() {
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(u32::MAX),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(""),
        json!("é'\"\\{0}__c"),
        json!([]),
        json!([{}]),
        json!({}),
        json!(true),
    ];
    let named = [
        ("{username}", PRIYA),
        ("{set}", "Texting"),
        ("{object}", "Contact"),
        ("{field}", "Title"),
        ("{rule}", "Standard_Contact_Duplicate_Rule"),
        ("{name}", "before"),
    ];
    for route in ROUTES.iter().filter(|route| !route.example.is_empty()) {
        let world = world();
        let replaced = |path: String, (name, value): &(&str, &str)| path.replace(name, value);
        let path = named.iter().fold(route.path.to_owned(), replaced);
        let example: Json = serde_json::from_str(route.example).unwrap();
        for field in example.as_object().unwrap().keys() {
            for value in &odd {
                let mut body = example.clone();
                body[field] = value.clone();
                let reply = world.control(Method::POST, &path, body.clone()).await;
                let status = reply.status.as_u16();
                let fine = (200..500).contains(&status) || status == 501;
                assert!(fine, "{path} {body}: {}", reply.text());
            }
        }
        for path in ["v62.0/limits", "v62.0/query?q=SELECT+Id+FROM+Contact"] {
            world.get(path).await;
        }
        let body = json!({"LastName": "Berg"});
        world
            .json(Method::POST, "v62.0/sobjects/Contact", body)
            .await;
        world.get("v62.0/sobjects/Contact/describe").await;
        world.sign_in(PRIYA).await;
    }
}

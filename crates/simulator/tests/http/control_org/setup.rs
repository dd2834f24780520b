//! Objects, fields, views and rules that an administrator sets up.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use super::CONTACT;
use crate::support::world;

#[tokio::test]
async fn objects_and_fields_are_added_and_changed() {
    let world = world();
    let grant = json!({"name": "Grant__c", "auto_number": "G-{0000}"});
    world.set("/objects", grant).await;
    world
        .set("/objects/Grant__c", json!({"label": "Award"}))
        .await;
    let fields = "/objects/grant__c/fields";
    let tier =
        json!({"name": "Tier__c", "type": "Picklist", "picklist": ["Gold"], "restricted": true});
    world.set(fields, tier).await;
    let code = json!({"name": "Code__c", "type": "Text", "length": 5});
    world.set(fields, code).await;
    let loud = json!({"name": "Loud__c", "type": "Text", "formula": "Code__c & \"!\""});
    world.set(fields, loud).await;
    let describe = world.get("v62.0/sobjects/Grant__c/describe").await.json();
    assert_eq!(describe["label"], "Award");
    let made = world
        .create("Grant__c", json!({"Code__c": "A", "Tier__c": "Gold"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let path = format!(
        "v62.0/sobjects/Grant__c/{}",
        made.json()["id"].as_str().unwrap()
    );
    let row = world.get(&path).await.json();
    assert_eq!(
        (&row["Name"], &row["Loud__c"]),
        (&json!("G-0001"), &json!("A!"))
    );
    for (field, change, body, code) in [
        (
            "Code__c",
            json!({"unique": true}),
            json!({"Code__c": "A"}),
            "DUPLICATE_VALUE",
        ),
        (
            "Code__c",
            json!({"length": 3}),
            json!({"Code__c": "abcd"}),
            "STRING_TOO_LONG",
        ),
        (
            "Code__c",
            json!({"required": true}),
            json!({}),
            "REQUIRED_FIELD_MISSING",
        ),
        (
            "Tier__c",
            json!({"picklist": {"values": ["Tin"], "restricted": true}}),
            json!({"Code__c": "B", "Tier__c": "Gold"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ),
    ] {
        world.set(&format!("{fields}/{field}"), change).await;
        let reply = world.create("Grant__c", body).await;
        assert_eq!(reply.code(), code, "{}", reply.text());
    }
    let change = json!({"formula": "Code__c & \"?\"", "label": "Asked"});
    world.set(&format!("{fields}/Loud__c"), change).await;
    assert_eq!(world.get(&path).await.json()["Loud__c"], "A?");
    let describe = world.get("v62.0/sobjects/Grant__c/describe").await;
    assert!(describe.text().contains(r#""label":"Asked""#));
}

#[tokio::test]
async fn person_accounts_name_parts_and_list_views_appear() {
    let world = world();
    world.set("/person-accounts", Json::Null).await;
    world.set("/name-parts", Json::Null).await;
    let session = world.access.access_token.clone();
    let people = "SELECT Id FROM Account WHERE IsPersonAccount = true";
    assert_eq!(world.count(&session, people).await, 0);
    let parts = "SELECT MiddleName, Suffix FROM Contact";
    assert_eq!(world.count(&session, parts).await, 20);
    let view = json!({"object": "contact", "developer_name": "Doctors", "columns": ["Name"], "filter": "Salutation = 'Dr.'"});
    let id = world.set("/list-views", view).await["id"].clone();
    let path = format!("{CONTACT}/listviews/{}", id.as_str().unwrap());
    assert_eq!(world.get(&path).await.json()["developerName"], "Doctors");
}

#[tokio::test]
async fn rules_refuse_records_until_they_are_taken_away() {
    let world = world();
    let base = "/objects/Contact";
    let rule = json!({"name": "Phone", "condition": "ISBLANK(Phone)", "message": "電話番号が必要です", "field": "Phone"});
    world.set(&format!("{base}/validation-rules"), rule).await;
    let bare = json!({"LastName": "Boom"});
    let refused = world.create("Contact", bare.clone()).await;
    assert_eq!(refused.code(), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    assert_eq!(refused.json()[0]["message"], "電話番号が必要です");
    let path = format!("{base}/validation-rules/Phone");
    world.set(&path, json!({"active": false})).await;
    let trigger =
        json!({"condition": "LastName = \"Boom\"", "message": "System.NullPointerException: null"});
    world.set(&format!("{base}/trigger-errors"), trigger).await;
    let refused = world.create("Contact", bare.clone()).await;
    assert_eq!(refused.code(), "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    let path = format!("{base}/rules");
    world.control(Method::DELETE, &path, Json::Null).await;
    let made = world.create("Contact", bare).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let path = "/duplicate-rules/Standard_Contact_Duplicate_Rule";
    let twin = json!({"FirstName": "Aiko", "LastName": "Sato", "Email": "aiko@sato.test"});
    world.made("Contact", twin.clone()).await;
    let blocking = json!({"active": true, "on_create": "block"});
    world.set(path, blocking).await;
    world
        .set("/duplicate-rules", json!({"misspelt": true}))
        .await;
    let refused = world.create("Contact", twin).await;
    assert_eq!(refused.code(), "DUPLICATES_DETECTED");
    assert!(refused.text().contains("duplicateResut"));
}

#[tokio::test]
async fn new_leads_go_to_the_queue_while_the_assignment_rule_is_on() {
    let world = world();
    let queue = world.first("Group");
    for wanted in [Some(&queue), None] {
        world
            .set("/assignment-rule", json!({"queue": wanted}))
            .await;
        let lead = json!({"LastName": "Berg", "Company": "Berg Ltd"});
        let made = world.create("Lead", lead).await.json();
        let path = format!("v62.0/sobjects/Lead/{}", made["id"].as_str().unwrap());
        let owner = world.get(&path).await.json()["OwnerId"].clone();
        let admin = world.call().user.to_string();
        assert_eq!(owner, json!(wanted.unwrap_or(&admin)));
    }
}

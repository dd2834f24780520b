//! What an administrator sets for the whole organisation: the fields of contacts, the country, the
//! calls to an org. Others may not, the audit tells, and what cannot be is refused by its name.

use crate::people::ask;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::time::Duration;
use tieline_testkit::postgres::Database;

const FIELDS: &str = "/api/v1/contact-fields";

fn shoe_size() -> Value {
    json!({"name": "shoe_size", "label": "Shoe size", "type": "choice", "options": ["44", "45"],
           "section": "more"})
}

async fn contact(world: &World, known: &Known, fields: Value) -> (u16, Value) {
    let body = json!({"fields": fields});
    ask(world, known, "post", "/api/v1/contacts", Some(body)).await
}

#[tokio::test]
async fn a_company_adds_a_field_and_it_is_checked_shown_and_kept() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let (status, added) = ask(&world, &known, "post", FIELDS, Some(shoe_size())).await;
        assert_eq!(status, 201, "{added}");
        let mut expected = shoe_size();
        for (name, value) in [
            ("id", added["id"].clone()),
            ("max_length", added["max_length"].clone()),
            ("position", json!(20)),
            ("required", json!(false)),
            ("read_only", json!(false)),
            ("own", json!(true)),
        ] {
            expected[name] = value;
        }
        assert_eq!(added, expected);
        let (_, list) = ask(&world, &known, "get", FIELDS, None).await;
        assert_eq!(list["items"][19], added);
        assert_eq!(list["items"].as_array().unwrap().len(), 20);

        let bad = json!({"last_name": "Tall", "shoe_size": "46"});
        let (status, problem) = contact(&world, &known, bad).await;
        assert_eq!(
            (status, &problem["field"], &problem["fix"]),
            (422, &json!("shoe_size"), &json!("Use one of: 44, 45."))
        );
        let good = json!({"last_name": "Tall", "shoe_size": "45"});
        let (status, made) = contact(&world, &known, good).await;
        assert_eq!((status, &made["fields"]["shoe_size"]), (201, &json!("45")));
        let path = "/api/v1/contacts?q=tall";
        let (_, list) = ask(&world, &known, "get", path, None).await;
        assert_eq!(list["items"][0]["own"], json!({"shoe_size": "45"}));

        let one = format!("{FIELDS}/{}", added["id"].as_str().unwrap());
        let change = json!({"label": "Size of shoe", "position": 4, "required": true,
                            "options": ["45", "46"], "section": "work"});
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        let (status, changed) = ask(&world, &known, "patch", &one, Some(change)).await;
        assert_eq!((status, &changed), (200, &expected));
        let (status, problem) = contact(&world, &known, json!({"last_name": "Small"})).await;
        assert_eq!((status, &problem["field"]), (422, &json!("shoe_size")));
        assert_eq!(problem["fix"], "Fill in Size of shoe.");
        let (status, problem) =
            ask(&world, &known, "patch", &one, Some(json!({"type": "text"}))).await;
        assert_eq!((status, &problem["field"]), (422, &json!("type")));
        let (_, audit) = ask(&world, &known, "get", "/api/v1/audit", None).await;
        assert_eq!(audit["items"][0]["act"], "change_contact_field");
        assert_eq!(audit["items"][0]["before"], added);
        assert_eq!(audit["items"][0]["after"], changed);
        assert_eq!(audit["items"][1]["act"], "add_contact_field");
        for n in [0, 1] {
            assert_eq!(audit["items"][n]["staff"]["name"], "Priya Nair");
            assert_eq!(audit["items"][n]["target"], added["id"]);
        }
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn what_cannot_be_set_is_refused_by_its_field_and_others_may_set_nothing() {
    let world = World::start(None).await;
    let known = world.people().await;
    let one = format!("{FIELDS}/{}", known.ids["ContactFieldId"]);
    let connection = format!("/api/v1/connections/{}", known.ids["ConnectionId"]);
    let pairs = format!(
        "/api/v1/sync/mappings/{}/fields",
        known.ids["ObjectMappingId"]
    );
    let with = |name: &str, value: Value| {
        let mut field = shoe_size();
        field[name] = value;
        field
    };
    let title = format!("{pairs}/Title");
    let pair = |field: &str, attribute: &str, direction: &str| json!({"field": field, "attribute": attribute, "direction": direction, "policy": "newest"});
    let settings = "/api/v1/settings";
    let cases = [
        ("post", FIELDS, with("name", json!("Shoe Size")), "name"),
        ("post", FIELDS, with("name", json!("email")), "name"),
        ("post", FIELDS, with("options", json!([])), "options"),
        ("post", FIELDS, with("max_length", json!(9)), "max_length"),
        ("post", FIELDS, with("position", json!(99)), "position"),
        ("post", FIELDS, with("type", json!("colour")), "type"),
        ("patch", &one, json!({"required": false}), "required"),
        ("patch", &one, json!({"label": " "}), "label"),
        ("patch", &one, json!({"name": "surname"}), "name"),
        (
            "patch",
            settings,
            json!({"default_country": "Atlantis"}),
            "default_country",
        ),
        (
            "patch",
            settings,
            json!({"default_country": ""}),
            "default_country",
        ),
        (
            "patch",
            &connection,
            json!({"daily_budget": 0}),
            "daily_budget",
        ),
        (
            "patch",
            &connection,
            json!({"daily_budget": -5}),
            "daily_budget",
        ),
        ("post", &pairs, pair("Nonsense__c", "city", "both"), "field"),
        (
            "post",
            &pairs,
            pair("Fax", "shoe_size", "both"),
            "attribute",
        ),
        ("post", &pairs, pair("Fax", "email", "both"), "attribute"),
        ("post", &pairs, pair("Email", "company", "both"), "field"),
        (
            "post",
            &pairs,
            pair("CreatedDate", "lead_source", "both"),
            "attribute",
        ),
        (
            "post",
            &pairs,
            json!({"field": "Fax", "attribute": "city", "direction": "both", "policy": "ask"}),
            "policy",
        ),
        (
            "patch",
            &title,
            json!({"policy": "ask", "direction": "both"}),
            "policy",
        ),
    ];
    let colleague = world.colleague().await;
    for (method, path, body, field) in cases {
        let (status, problem) = ask(&world, &known, method, path, Some(body.clone())).await;
        assert_eq!(
            (status, problem["field"].as_str()),
            (422, Some(field)),
            "{method} {path} {body}: {problem}"
        );
        let (status, problem) = ask(&world, &colleague, method, path, Some(body)).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
    }
    world.stop().await;
}

#[tokio::test]
async fn the_country_and_the_budget_are_set_shown_and_audited() {
    let world = World::start(None).await;
    let known = world.people().await;
    let settings = "/api/v1/settings";
    let (_, before) = ask(&world, &known, "get", settings, None).await;
    assert_eq!(
        before,
        json!({"organisation_name": "Harrow & Vale", "default_country": "GB", "contacts_to_read_anew": 0})
    );
    let change = json!({"default_country": "the United States of America"});
    let (status, after) = ask(&world, &known, "patch", settings, Some(change.clone())).await;
    assert_eq!((status, &after["default_country"]), (200, &json!("US")));
    ask(
        &world,
        &known,
        "patch",
        settings,
        Some(json!({"default_country": "us"})),
    )
    .await;
    let connection = format!("/api/v1/connections/{}", known.ids["ConnectionId"]);
    let change = json!({"daily_budget": 1_234});
    let (status, _) = ask(&world, &known, "patch", &connection, Some(change)).await;
    assert_eq!(status, 204);
    let (_, sync) = ask(&world, &known, "get", "/api/v1/sync", None).await;
    assert_eq!(sync["api"]["budget_24h"], 1_234);
    let (_, audit) = ask(&world, &known, "get", "/api/v1/audit", None).await;
    let line = |n: usize| {
        let line = &audit["items"][n];
        assert_eq!(line["staff"]["name"], "Priya Nair", "{line}");
        (
            line["act"].clone(),
            line["before"].clone(),
            line["after"].clone(),
        )
    };
    let budget = |calls: i64| json!({"daily_budget": calls});
    let was = line(0).1["daily_budget"].as_i64().unwrap();
    assert_eq!(
        line(0),
        (json!("change_connection"), budget(was), budget(1_234))
    );
    assert_eq!(
        line(1),
        (json!("change_settings"), json!("GB"), json!("US"))
    );
    assert_ne!(
        line(2).0,
        "change_settings",
        "the same country again is no change"
    );
    world.stop().await;
}

#[tokio::test]
async fn who_changes_a_field_while_another_is_changed_takes_nothing_of_that_back() {
    let database = Database::create().await;
    let world = World::start(Some(database.url.clone())).await;
    let known = world.people().await;
    let mut held = world.hold_fields().await;
    let last_name = format!("{FIELDS}/{}", known.ids["ContactFieldId"]);
    let change = json!({"label": "Family name"});
    let changed = ask(&world, &known, "patch", &last_name, Some(change));
    let other = async {
        // Meanwhile it is asked for.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let sql = "update contact_field set label = 'Given name' where name = 'first_name'";
        held.run(sql, Vec::new()).await.unwrap();
        held.commit().await.unwrap();
    };
    let ((status, answer), ()) = tokio::join!(changed, other);
    assert_eq!(status, 200, "{answer}");
    let (_, list) = ask(&world, &known, "get", FIELDS, None).await;
    let label = |name: &str| {
        let mut all = list["items"].as_array().unwrap().iter();
        all.find(|it| it["name"] == name).unwrap()["label"].clone()
    };
    let labels = ["first_name", "last_name"].map(label);
    assert_eq!(labels, ["Given name", "Family name"]);
    world.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn a_field_that_both_sides_have_is_exchanged_from_then_on() {
    let world = World::start(None).await;
    let known = world.people().await;
    let fax = json!({"name": "fax", "label": "Fax", "type": "phone", "section": "person"});
    let (status, _) = ask(&world, &known, "post", FIELDS, Some(fax)).await;
    assert_eq!(status, 201);
    // As long as nobody uses it, it may become one of another kind.
    let hat = json!({"name": "hat", "label": "Hat", "type": "text", "section": "more"});
    let (_, hat) = ask(&world, &known, "post", FIELDS, Some(hat)).await;
    let one = format!("{FIELDS}/{}", hat["id"].as_str().unwrap());
    let number = Some(json!({"type": "number"}));
    let (status, hat) = ask(&world, &known, "patch", &one, number).await;
    assert_eq!((status, &hat["type"]), (200, &json!("number")), "{hat}");
    let pairs = format!(
        "/api/v1/sync/mappings/{}/fields",
        known.ids["ObjectMappingId"]
    );
    let pair = json!({"field": "fax", "attribute": "fax", "direction": "both", "policy": "newest"});
    let (status, made) = ask(&world, &known, "post", &pairs, Some(pair)).await;
    assert_eq!((status, &made["field"]), (201, &json!("Fax")), "{made}");
    let (_, sync) = ask(&world, &known, "get", "/api/v1/sync", None).await;
    let fields = sync["mappings"][0]["fields"].as_array().unwrap();
    assert!(fields.contains(&made), "{fields:?}");
    let (_, audit) = ask(&world, &known, "get", "/api/v1/audit", None).await;
    let done = &audit["items"][0];
    let target = format!("{} Fax", known.ids["ObjectMappingId"]);
    let seen = (&done["act"], &done["target"], &done["after"]["attribute"]);
    let expected = (&json!("change_mapping"), &json!(target), &json!("fax"));
    assert_eq!(seen, expected, "{done}");
    // What the org alone fills in goes one way.
    let age = json!({"name": "since", "label": "Since", "type": "text", "section": "more"});
    let (status, _) = ask(&world, &known, "post", FIELDS, Some(age)).await;
    assert_eq!(status, 201);
    for (direction, expected) in [("both", 422), ("to_org", 422), ("to_hub", 201)] {
        let pair = json!({"field": "CreatedDate", "attribute": "since", "direction": direction,
                          "policy": "newest"});
        let (status, made) = ask(&world, &known, "post", &pairs, Some(pair)).await;
        assert_eq!(status, expected, "{direction} {made}");
    }
    world.stop().await;
}

//! What an administrator sets of the exchange with the org: it holds for what it names and for
//! nothing beside it, and the audit tells what was asked for.

use crate::people::ask;
use crate::world::{Known, World};
use serde_json::{Value, json};
use tieline_testkit::postgres::Database;

const MAPPINGS: &str = "/api/v1/sync/mappings";

/// The mappings without the numbers that runs change.
async fn mappings(world: &World, known: &Known) -> Vec<Value> {
    let (status, sync) = ask(world, known, "get", "/api/v1/sync", None).await;
    assert_eq!(status, 200, "{sync}");
    let settings = |it: &Value| {
        json!({"id": it["id"], "enabled": it["enabled"], "deletes": it["deletes"],
               "direction": it["direction"], "fields": it["fields"]})
    };
    let all = sync["mappings"].as_array().unwrap().iter();
    all.map(settings).collect()
}

/// What the audit says of changes of mappings, the latest first: about which, and what was asked for.
async fn audited(world: &World, known: &Known) -> Vec<(Value, Value)> {
    let (_, audit) = ask(world, known, "get", "/api/v1/audit", None).await;
    let lines = audit["items"].as_array().unwrap().iter();
    let of_mappings = lines.filter(|it| it["act"] == "change_mapping");
    of_mappings
        .map(|it| (it["target"].clone(), it["after"].clone()))
        .collect()
}

fn place_of_title(mapping: &Value) -> usize {
    let fields = mapping["fields"].as_array().unwrap();
    fields.iter().position(|it| it["field"] == "Title").unwrap()
}

#[tokio::test]
async fn a_mapping_and_a_field_of_it_are_changed_alone_and_audited() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let change = async |path: &str, body: Value| {
            let (status, answer) = ask(&world, &known, "patch", path, Some(body)).await;
            assert_eq!(status, 204, "{path}: {answer}");
        };
        let mut expected = mappings(&world, &known).await;
        assert!(expected.len() > 1 && expected[1]["enabled"] == true);
        let id = expected[1]["id"].as_str().unwrap().to_owned();
        let one = format!("{MAPPINGS}/{id}");

        change(&one, json!({"enabled": false})).await;
        expected[1]["enabled"] = json!(false);
        assert_eq!(mappings(&world, &known).await, expected);
        change(&one, json!({"deletes": "ignore"})).await;
        expected[1]["deletes"] = json!("ignore");
        assert_eq!(mappings(&world, &known).await, expected);
        let title = format!("{one}/fields/Title");
        change(&title, json!({"policy": "tieline"})).await;
        let place = place_of_title(&expected[1]);
        expected[1]["fields"][place]["policy"] = json!("tieline");
        assert_eq!(mappings(&world, &known).await, expected);
        change(&title, json!({"direction": "to_hub"})).await;
        expected[1]["fields"][place]["direction"] = json!("to_hub");
        assert_eq!(mappings(&world, &known).await, expected);

        let (object, field) = (json!(id), json!(format!("{id} Title")));
        let told = [
            (&field, json!({"policy": null, "direction": "to_hub"})),
            (&field, json!({"policy": "tieline", "direction": null})),
            (&object, json!({"enabled": null, "deletes": "ignore"})),
            (&object, json!({"enabled": false, "deletes": null})),
        ];
        let told = told.map(|(target, after)| (target.clone(), after));
        assert_eq!(audited(&world, &known).await, told);

        // What is not there was not changed, and is not said to have been.
        let nobody = format!("{MAPPINGS}/om_{:032x}", 7);
        for path in [&nobody, &format!("{one}/fields/Nonsense")] {
            let (status, _) = ask(&world, &known, "patch", path, Some(json!({}))).await;
            assert_eq!(status, 404, "{path}");
        }
        let parent = format!("{one}/fields/Account.Name");
        for (direction, status) in [("both", 422), ("to_org", 422), ("to_hub", 404)] {
            let body = Some(json!({"direction": direction}));
            let (told, problem) = ask(&world, &known, "patch", &parent, body).await;
            assert_eq!(told, status, "{direction}: {problem}");
        }
        assert_eq!(audited(&world, &known).await, told);
        assert_eq!(mappings(&world, &known).await, expected);
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_field_is_added_to_one_mapping_where_both_sides_take_it_and_act_and_calls_are_told() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (name, read_only) in [("assistant", false), ("since", false), ("score", true)] {
        let field = json!({"name": name, "label": name, "type": "text", "section": "more",
                           "read_only": read_only});
        let path = "/api/v1/contact-fields";
        let (status, answer) = ask(&world, &known, "post", path, Some(field)).await;
        assert_eq!(status, 201, "{answer}");
    }
    let id = known.ids["ObjectMappingId"].clone();
    let path = format!("{MAPPINGS}/{id}/fields");
    let add = async |(field, attribute, direction): (&str, &str, &str)| {
        let pair = json!({"field": field, "attribute": attribute, "direction": direction,
                          "policy": "newest"});
        let answer = ask(&world, &known, "post", &path, Some(pair.clone())).await;
        (pair, answer)
    };
    let calls_of_staff = async || {
        let (_, sync) = ask(&world, &known, "get", "/api/v1/sync", None).await;
        let calls = &sync["api"]["by_purpose"]["staff"];
        calls.as_i64().unwrap_or_default()
    };
    let mut expected = mappings(&world, &known).await;
    let mut calls = calls_of_staff().await;
    for (refused, field) in [
        (("CreatedDate", "since", "both"), "direction"),
        (("CreatedDate", "since", "to_org"), "direction"),
        (("AssistantName", "score", "both"), "direction"),
        (("AssistantName", "title", "both"), "attribute"),
        (("Title", "assistant", "both"), "field"),
    ] {
        let (_, (status, problem)) = add(refused).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!(field)),
            "{refused:?}"
        );
        calls += 1;
        assert_eq!(calls_of_staff().await, calls, "the org was asked");
    }
    assert_eq!(mappings(&world, &known).await, expected);
    assert_eq!(audited(&world, &known).await, []);
    let mut told = Vec::new();
    for pair in [
        ("assistantname", "assistant", "both"),
        ("CreatedDate", "since", "to_hub"),
    ] {
        let (mut pair, (status, answer)) = add(pair).await;
        assert_eq!(status, 201, "{answer}");
        if pair["field"] == "assistantname" {
            pair["field"] = json!("AssistantName");
        }
        assert_eq!(answer, pair, "by the org's own spelling");
        let name = pair["field"].as_str().unwrap();
        let after = json!({"attribute": pair["attribute"], "policy": "newest",
                           "direction": pair["direction"]});
        told.insert(0, (json!(format!("{id} {name}")), after));
        expected[0]["fields"].as_array_mut().unwrap().push(pair);
    }
    assert_eq!(mappings(&world, &known).await, expected);
    assert_eq!(audited(&world, &known).await, told);
    world.stop().await;
}

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

//! Records with their children in one request.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{Reply, World, world};

async fn tree(world: &World, records: Json) -> Reply {
    let body = json!({"records": records});
    world
        .json(Method::POST, "v62.0/composite/tree/account", body)
        .await
}

fn account(reference: &str, contacts: Json) -> Json {
    json!({
        "attributes": {"type": "Account", "referenceId": reference},
        "Name": reference,
        "Contacts": {"records": contacts},
    })
}

fn contact(reference: &str, name: &str) -> Json {
    json!({"attributes": {"type": "Contact", "referenceId": reference}, "LastName": name})
}

#[tokio::test]
async fn children_get_their_parents_and_answers_come_level_by_level() {
    let world = world();
    let records = json!([
        account("one", json!([contact("a", "A"), contact("b", "B")])),
        account("two", json!([contact("c", "C")])),
    ]);
    let reply = tree(&world, records).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    let json = reply.json();
    assert_eq!(json["hasErrors"], false);
    let results = json["results"].as_array().unwrap();
    let references: Vec<&str> = results
        .iter()
        .map(|result| result["referenceId"].as_str().unwrap())
        .collect();
    assert_eq!(references, ["one", "two", "a", "b", "c"]);
    let path = format!(
        "v62.0/sobjects/Contact/{}?fields=AccountId",
        results[4]["id"].as_str().unwrap()
    );
    assert_eq!(world.get(&path).await.json()["AccountId"], results[1]["id"]);
}

#[tokio::test]
async fn mistake_12_a_tree_with_a_bad_record_is_400_and_nothing_is_saved() {
    let world = world();
    let records = json!([account(
        "one",
        json!([contact("a", "A"), contact("bad", "")])
    )]);
    let reply = tree(&world, records).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let json = reply.json();
    assert_eq!(json["hasErrors"], true);
    assert_eq!(
        json["results"].as_array().map(Vec::len),
        Some(1),
        "only what failed"
    );
    assert_eq!(json["results"][0]["referenceId"], "bad");
    assert_eq!(
        json["results"][0]["errors"],
        json!([{
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [LastName]",
            "fields": ["LastName"],
        }])
    );
    assert!(world.simulator.org().changes().is_empty());
}

#[tokio::test]
async fn trees_that_are_no_trees_are_refused() {
    let world = world();
    let many: Json = (0..200).map(|n| contact(&format!("r{n}"), "A")).collect();
    let cases = [
        ("no records", json!([])),
        (
            "one reference twice",
            json!([account("a", json!([contact("a", "A")]))]),
        ),
        (
            "no reference",
            json!([{"attributes": {"type": "Account"}, "Name": "A"}]),
        ),
        ("another object", json!([contact("a", "A")])),
        ("201 records", json!([account("root", many)])),
        (
            "an unknown relationship",
            json!([{
                "attributes": {"type": "Account", "referenceId": "a"},
                "Name": "A",
                "Nothings": {"records": [contact("b", "B")]},
            }]),
        ),
    ];
    for (case, records) in cases {
        let reply = tree(&world, records).await;
        assert_eq!(
            reply.status,
            StatusCode::BAD_REQUEST,
            "{case}: {}",
            reply.text()
        );
        assert_eq!(reply.json()["hasErrors"], true, "{case}");
    }
    assert!(world.simulator.org().changes().is_empty());
}

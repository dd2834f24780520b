//! Up to 200 records in one call.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{Reply, World, world};

async fn create(world: &World, all_or_none: bool, names: &[&str]) -> Reply {
    let record = |name: &&str| json!({"attributes": {"type": "Contact"}, "LastName": name});
    let records: Json = names.iter().map(record).collect();
    let body = json!({"allOrNone": all_or_none, "records": records});
    world
        .json(Method::POST, "v62.0/composite/sobjects", body)
        .await
}

#[tokio::test]
async fn mistake_11_rows_carry_a_status_code_and_fields_instead_of_an_error_code() {
    let world = world();
    let reply = create(&world, false, &["Good", ""]).await;
    assert_eq!(reply.status, StatusCode::OK);
    let json = reply.json();
    assert_eq!(json[0]["success"], true);
    assert_eq!(
        json[1],
        json!({"success": false, "errors": [{
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [LastName]",
            "fields": ["LastName"],
        }]})
    );
}

#[tokio::test]
async fn mistake_13_all_or_none_marks_the_good_rows_as_rolled_back() {
    let world = world();
    let json = create(&world, true, &["Good", ""]).await.json();
    let code = |at: usize| json[at]["errors"][0]["statusCode"].as_str().unwrap();
    assert_eq!(code(0), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(code(1), "REQUIRED_FIELD_MISSING");
    assert_eq!(world.simulator.org().changes().len(), 0);
}

#[tokio::test]
async fn more_than_200_records_are_refused_as_a_whole() {
    let world = world();
    let reply = create(&world, false, &["Row"; 201]).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.code(), "EXCEEDED_ID_LIMIT");
}

#[tokio::test]
async fn a_post_to_an_object_reads_and_shows_null_for_what_is_not_there() {
    let world = world();
    let made = create(&world, false, &["Here"]).await.json();
    let ids = json!([made[0]["id"], "003000000000000AAA"]);
    let body = json!({"ids": ids, "fields": ["LastName"]});
    let reply = world
        .json(Method::POST, "v62.0/composite/sobjects/contact", body)
        .await;
    let json = reply.json();
    assert_eq!(
        (json[0]["LastName"].clone(), json[1].clone()),
        (json!("Here"), Json::Null)
    );
}

#[tokio::test]
async fn objects_may_be_mixed_in_ten_runs_at_most() {
    let world = world();
    for (count, status) in [(10, StatusCode::OK), (11, StatusCode::BAD_REQUEST)] {
        let record = |n: usize| match n.is_multiple_of(2) {
            true => json!({"attributes": {"type": "Contact"}, "LastName": "A"}),
            false => json!({"attributes": {"type": "Account"}, "Name": "A"}),
        };
        let records: Json = (0..count).map(record).collect();
        let reply = world
            .json(
                Method::POST,
                "v62.0/composite/sobjects",
                json!({"records": records}),
            )
            .await;
        assert_eq!(reply.status, status, "{count}: {}", reply.text());
    }
}

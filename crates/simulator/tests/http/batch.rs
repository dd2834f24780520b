//! Independent requests in one.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{Reply, World, world};

async fn batch(world: &World, halt: bool, requests: Json) -> Reply {
    let body = json!({"haltOnError": halt, "batchRequests": requests});
    world
        .json(Method::POST, "v62.0/composite/batch", body)
        .await
}

#[tokio::test]
async fn each_request_is_answered_for_itself_and_counted() {
    let world = world();
    let reply = batch(
        &world,
        false,
        json!([
            {"method": "POST", "url": "v62.0/sobjects/Contact", "richInput": {"LastName": "Vega"}},
            {"method": "GET", "url": "/services/data/v62.0/sobjects/Nope"},
            {"method": "GET", "url": "v40.0/limits"},
        ]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(
        reply.header("sforce-limit-info"),
        Some("api-usage=3/100000")
    );
    let json = reply.json();
    assert_eq!(json["hasErrors"], true);
    assert_eq!(json["results"][0]["statusCode"], 201);
    assert_eq!(json["results"][0]["result"]["success"], true);
    assert_eq!(json["results"][1]["statusCode"], 404);
    assert_eq!(json["results"][1]["result"][0]["errorCode"], "NOT_FOUND");
    assert_eq!(json["results"][2]["statusCode"], 200);
}

#[tokio::test]
async fn with_halt_on_error_nothing_behind_the_first_failure_is_tried() {
    let world = world();
    let reply = batch(
        &world,
        true,
        json!([
            {"method": "GET", "url": "v62.0/sobjects/Nope"},
            {"method": "POST", "url": "v62.0/sobjects/Contact", "richInput": {"LastName": "Vega"}},
        ]),
    )
    .await;
    assert_eq!(
        reply.json()["results"][1],
        json!({"statusCode": 412, "result": [{
            "errorCode": "BATCH_PROCESSING_HALTED",
            "message": "Batch processing halted per request",
        }]})
    );
    assert_eq!(world.simulator.org().changes().len(), 0);
}

#[tokio::test]
async fn an_update_in_a_batch_has_no_result() {
    let world = world();
    let made = json!({"LastName": "Vega"});
    let made = world
        .json(Method::POST, "v62.0/sobjects/Contact", made)
        .await;
    let url = format!(
        "v62.0/sobjects/Contact/{}",
        made.json()["id"].as_str().unwrap()
    );
    let change = json!([{"method": "PATCH", "url": url, "richInput": {"Title": "CEO"}}]);
    let json = batch(&world, false, change).await.json();
    assert_eq!(
        json,
        json!({"hasErrors": false, "results": [{"statusCode": 204, "result": null}]})
    );
}

//! The REST API's manners: what counts, which statuses, which shapes.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::world;

#[tokio::test]
async fn mistake_01_errors_of_the_rest_api_are_arrays() {
    let world = world();
    let reply = world.get("v62.0/sobjects/Nope").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::NOT_FOUND, "NOT_FOUND")
    );
}

#[tokio::test]
async fn mistake_09_created_is_201_and_updated_is_204_without_a_body() {
    let world = world();
    let path = "v62.0/sobjects/Contact";
    let made = world
        .json(Method::POST, path, json!({"LastName": "Sato"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("{path}/{}", made.json()["id"].as_str().unwrap());
    let changed = world
        .json(Method::PATCH, &path, json!({"Title": "CFO"}))
        .await;
    assert_eq!(
        (changed.status, changed.body.len()),
        (StatusCode::NO_CONTENT, 0)
    );
}

#[tokio::test]
async fn mistake_35_each_counted_answer_tells_the_usage_and_the_list_of_versions_does_not() {
    let world = world();
    assert_eq!(world.get("").await.header("sforce-limit-info"), None);
    let first = world.get("v62.0/limits").await;
    assert_eq!(
        first.header("sforce-limit-info"),
        Some("api-usage=1/100000")
    );
    let refused = world.get("v62.0/query?q=SELECT").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.header("sforce-limit-info"),
        Some("api-usage=2/100000")
    );
}

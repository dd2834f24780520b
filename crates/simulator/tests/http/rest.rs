//! The REST API's manners: what counts, which statuses, which shapes.

use http::{Method, StatusCode};
use serde_json::json;

use tieline_simulator::{Fault, Mishap};

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

#[tokio::test]
async fn mistake_40_a_page_of_the_edge_comes_instead_of_json_and_does_not_count() {
    let world = world();
    world.simulator.plan(Fault {
        method: String::new(),
        path: "/limits".to_owned(),
        skip: 0,
        times: 1,
        percent: 0,
        mishap: Mishap::Html { status: 503 },
    });
    let reply = world.get("v62.0/limits").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text().starts_with("<html>"));
    assert_eq!(world.simulator.calls_used(), 0);
    assert_eq!(world.get("v62.0/limits").await.status, StatusCode::OK);
}

#[tokio::test]
async fn mistake_09_a_record_that_was_made_tells_its_address() {
    let world = world();
    let made = world
        .json(
            Method::POST,
            "v62.0/sobjects/contact",
            json!({"LastName": "Sato"}),
        )
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let location = format!("/services/data/v62.0/sobjects/Contact/{id}");
    assert_eq!(made.header("location"), Some(location.as_str()));
    let read = world
        .get(location.trim_start_matches("/services/data/"))
        .await;
    assert_eq!(read.json()["attributes"]["url"], location);
}

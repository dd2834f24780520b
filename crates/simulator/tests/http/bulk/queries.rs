//! Query jobs: their states, their locators, and what they count for.

use http::{Method, StatusCode};
use serde_json::json;

use super::QUERY;
use crate::support::{World, world, world_with};

impl World {
    async fn query_job(&self, operation: &str, soql: &str) -> String {
        let body = json!({"operation": operation, "query": soql});
        let made = self.json(Method::POST, QUERY, body).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text());
        assert_eq!(made.json()["object"], "Contact");
        format!("{QUERY}/{}", made.json()["id"].as_str().unwrap())
    }

    async fn storage_left(&self) -> i64 {
        let limits = self.get("v62.0/limits").await.json();
        let limit = &limits["DailyBulkV2QueryFileStorageMB"];
        limit["Remaining"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_query_job_is_in_progress_before_its_results_can_be_had() {
    let world = world_with(2_000);
    let job = world.query_job("query", "SELECT Id FROM contact").await;
    let mut states = Vec::new();
    for _ in 0..20 {
        let info = world.get(&job).await.json();
        let results = world.get(&format!("{job}/results")).await.status;
        let state = info["state"].as_str().unwrap().to_owned();
        assert_eq!(state == "JobComplete", results == StatusCode::OK);
        if states.last() != Some(&state) {
            states.push(state);
        }
        world.clock.advance(10);
    }
    assert_eq!(states, ["UploadComplete", "InProgress", "JobComplete"]);
}

#[tokio::test]
async fn locators_can_be_used_again_and_belong_to_their_job() {
    let world = world_with(300);
    let soql = "SELECT Id FROM Contact";
    let (one, other) = (
        world.query_job("query", soql).await,
        world.query_job("query", soql).await,
    );
    world.clock.advance(1_000);
    let first = world.get(&format!("{one}/results?maxRecords=100")).await;
    let locator = first.header("sforce-locator").unwrap();
    let page = |job: &str, locator: &str| format!("{job}/results?maxRecords=100&locator={locator}");
    let second = world.get(&page(&one, locator)).await;
    assert_eq!(world.get(&page(&one, locator)).await.body, second.body);
    assert_ne!(first.body, second.body);
    for (job, locator) in [(&other, locator), (&one, "null"), (&one, "MTAw")] {
        let reply = world.get(&page(job, locator)).await;
        assert_eq!(reply.code(), "INVALID_QUERY_LOCATOR");
    }
}

#[tokio::test]
async fn the_rows_are_those_that_were_there_when_the_job_ran() {
    let world = world();
    let job = world.query_job("query", "SELECT Id FROM Contact").await;
    world.clock.advance(1_000);
    let before = world.lines(&format!("{job}/results")).await;
    let late = json!({"LastName": "Late"});
    world
        .json(Method::POST, "v62.0/sobjects/Contact", late)
        .await;
    assert_eq!(world.lines(&format!("{job}/results")).await, before);
}

#[tokio::test]
async fn only_query_all_finds_what_was_deleted() {
    let world = world();
    let id = world.ids("SELECT Id FROM Contact LIMIT 1").remove(0);
    let gone = format!("v62.0/sobjects/Contact/{id}");
    world.json(Method::DELETE, &gone, json!({})).await;
    let soql = format!("SELECT Id, IsDeleted FROM Contact WHERE Id = '{id}'");
    let rows = async |operation: &str| {
        let job = world.query_job(operation, &soql).await;
        world.clock.advance(1_000);
        world.lines(&format!("{job}/results")).await[1..].to_vec()
    };
    assert_eq!(rows("query").await, [""; 0]);
    assert_eq!(rows("queryAll").await, [format!("\"{id}\",\"true\"")]);
}

#[tokio::test]
async fn a_query_job_can_be_aborted_and_deleted() {
    let world = world();
    let job = world.query_job("query", "SELECT Id FROM Contact").await;
    let aborted = world
        .json(Method::PATCH, &job, json!({"state": "Aborted"}))
        .await;
    assert_eq!(aborted.json()["state"], "Aborted");
    world.clock.advance(1_000);
    assert_eq!(world.get(&job).await.json()["state"], "Aborted");
    let results = world.get(&format!("{job}/results")).await;
    assert_eq!(results.code(), "INVALIDJOBSTATE");
    let deleted = world.json(Method::DELETE, &job, json!({})).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&job).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn results_are_kept_for_seven_days_and_their_size_counts() {
    let mut world = world_with(8_000);
    let before = world.storage_left().await;
    let soql = "SELECT Id, Name, Email, MailingStreet, CreatedDate, LastModifiedDate, OwnerId, \
                AccountId, CreatedById, LastModifiedById, SystemModstamp FROM Contact";
    let job = world.query_job("query", soql).await;
    world.clock.advance(1_000);
    let bytes = world.get(&format!("{job}/results")).await.body.len() as i64;
    assert!(bytes > 1_000_000, "{bytes}");
    let used = before - world.storage_left().await;
    assert!((used - bytes / 1_000_000).abs() <= 1, "{used}");
    world.clock.advance(6 * 86_400_000);
    world.access = world.simulator.org_access();
    assert_eq!(world.get(&job).await.status, StatusCode::OK);
    assert_eq!(world.storage_left().await, before, "of an earlier day");
    world.clock.advance(86_400_000);
    world.access = world.simulator.org_access();
    assert_eq!(world.get(&job).await.status, StatusCode::NOT_FOUND);
}

//! What changed and what vanished.

use http::Method;
use serde_json::json;

use crate::support::{NOON_MS, World, world};

const SPAN: &str = "start=2026-11-24T12:00:59%2B00:00&end=2026-11-24T12:05:30Z";

async fn create(world: &World) -> String {
    let path = "v62.0/sobjects/Contact";
    let made = world
        .json(Method::POST, path, json!({"LastName": "A"}))
        .await;
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn updated_and_deleted_records_are_told_apart() {
    let world = world();
    let early = create(&world).await;
    world.clock.advance(60_000);
    let (kept, gone) = (create(&world).await, create(&world).await);
    world.clock.advance(60_000);
    let path = format!("v62.0/sobjects/Contact/{gone}");
    world.json(Method::DELETE, &path, json!({})).await;
    world.clock.advance(600_000);
    create(&world).await;

    let updated = world
        .get(&format!("v62.0/sobjects/Contact/updated/?{SPAN}"))
        .await
        .json();
    let expected =
        json!({"ids": [early, kept], "latestDateCovered": "2026-11-24T12:05:00.000+0000"});
    assert_eq!(updated, expected, "seconds are cut off");
    let deleted = world
        .get(&format!("v62.0/sobjects/contact/deleted?{SPAN}"))
        .await
        .json();
    assert_eq!(
        deleted["deletedRecords"],
        json!([{"id": gone, "deletedDate": "2026-11-24T12:02:00.000+0000"}])
    );
    assert_eq!(deleted["latestDateCovered"], "2026-11-24T12:05:00.000+0000");
    assert!(deleted["earliestDateAvailable"].as_str().unwrap() < "2026-11-24");
}

#[tokio::test]
async fn what_is_not_over_yet_is_not_covered() {
    let world = world();
    world.clock.set(NOON_MS + 90_000);
    let json = world
        .get("v62.0/sobjects/Contact/updated?start=2026-11-24T11:00:00Z&end=2026-11-24T13:00:00Z")
        .await
        .json();
    assert_eq!(json["latestDateCovered"], "2026-11-24T12:01:00.000+0000");
}

#[tokio::test]
async fn spans_that_make_no_sense_are_refused() {
    let world = world();
    let cases = [
        ("Contact", "", "MISSING_ARGUMENT"),
        ("Contact", "start=2026-11-24T11:00:00Z", "MISSING_ARGUMENT"),
        ("Contact", "start=x&end=y", "INVALID_REPLICATION_DATE"),
        (
            "Contact",
            "start=2026-11-24T11:00:10Z&end=2026-11-24T11:00:50Z",
            "INVALID_REPLICATION_DATE",
        ),
        (
            "Contact",
            "start=2026-11-24T11:05:00Z&end=2026-11-24T11:00:00Z",
            "INVALID_REPLICATION_DATE",
        ),
        (
            "Contact",
            "start=2026-10-24T11:00:00Z&end=2026-11-24T11:00:00Z",
            "INVALID_REPLICATION_DATE",
        ),
        (
            "ListView",
            "start=2026-11-24T11:00:00Z&end=2026-11-24T11:05:00Z",
            "INVALID_TYPE",
        ),
        (
            "Nope",
            "start=2026-11-24T11:00:00Z&end=2026-11-24T11:05:00Z",
            "NOT_FOUND",
        ),
    ];
    for (object, span, code) in cases {
        for kind in ["updated", "deleted"] {
            let path = format!("v62.0/sobjects/{object}/{kind}?{span}");
            assert_eq!(world.get(&path).await.code(), code, "{path}");
        }
    }
}

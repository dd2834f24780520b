//! What is left, and how many records there are, roughly.

use http::Method;
use serde_json::json;
use tieline_simulator::org::OrgSettings;

use crate::support::world;

#[tokio::test]
async fn limits_have_the_keys_that_programs_divide_by() {
    let world = world();
    let json = world.get("v62.0/limits/").await.json();
    for key in [
        "DailyApiRequests",
        "DailyBulkApiBatches",
        "DailyBulkV2QueryJobs",
        "DailyBulkV2QueryFileStorageMB",
        "HourlyPublishedPlatformEvents",
        "MonthlyPlatformEventsUsageEntitlement",
        "DailyDeliveredPlatformEvents",
        "DataStorageMB",
        "FileStorageMB",
        "MassEmail",
        "SingleEmail",
    ] {
        assert!(
            json[key]["Max"].is_i64() && json[key]["Remaining"].is_i64(),
            "{key}: {json}"
        );
    }
}

#[tokio::test]
async fn mistake_33_record_counts_lag_behind_and_leave_objects_out() {
    let world = world();
    let path = "v62.0/limits/recordCount?sObjects=Contact,Organization,Profile,Nope";
    let first = world.get(path).await.json();
    let count = first["sObjects"][0]["count"].as_u64().unwrap();
    assert_eq!(
        first,
        json!({"sObjects": [{"count": count, "name": "Contact"}]})
    );
    assert!(count > 0);
    world
        .json(
            Method::POST,
            "v62.0/sobjects/Contact",
            json!({"LastName": "New"}),
        )
        .await;
    world.clock.advance(599_000);
    assert_eq!(world.get(path).await.json(), first, "nobody counted since");
    world.clock.advance(601_000);
    let later = world.get(path).await.json();
    assert_eq!(later["sObjects"][0]["count"], count + 1);
    let all = world.get("v62.0/limits/recordCount").await.json();
    assert!(all["sObjects"].as_array().unwrap().len() > 5);
}

#[tokio::test]
async fn an_org_can_be_told_to_count_at_once() {
    let world = world();
    world.simulator.org().set_settings(OrgSettings {
        record_count_every_seconds: 0,
        ..OrgSettings::default()
    });
    let path = "v62.0/limits/recordCount?sObjects=Account";
    world.clock.advance(1_000);
    let before = world.get(path).await.json()["sObjects"][0]["count"].clone();
    world
        .json(
            Method::POST,
            "v62.0/sobjects/Account",
            json!({"Name": "New"}),
        )
        .await;
    let after = world.get(path).await.json()["sObjects"][0]["count"].clone();
    assert_eq!(after.as_u64(), before.as_u64().map(|count| count + 1));
}

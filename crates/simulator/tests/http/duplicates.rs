//! The header that lets a save pass an alert.

use http::{Method, StatusCode};
use serde_json::json;
use tieline_simulator::org::DuplicateSetting;

use crate::support::world;

#[tokio::test]
async fn mistake_34_the_header_with_allow_save_passes_an_alert() {
    let world = world();
    let rule = "Standard_Contact_Duplicate_Rule";
    let setting = DuplicateSetting::alerting();
    world
        .simulator
        .org()
        .set_duplicate_rule(rule, setting)
        .unwrap();
    let path = "v62.0/sobjects/Contact";
    let ada = json!({"LastName": "Lovelace", "FirstName": "Ada", "Email": "ada@x.example"});
    let first = world.json(Method::POST, path, ada.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let stopped = world.json(Method::POST, path, ada.clone()).await;
    assert_eq!(
        (stopped.status, stopped.code().as_str()),
        (StatusCode::BAD_REQUEST, "DUPLICATES_DETECTED")
    );
    assert_eq!(
        stopped.json()[0]["duplicateResult"]["allowSave"],
        json!(true)
    );
    for (header, status) in [
        ("allowSave=false", StatusCode::BAD_REQUEST),
        (
            "includeRecordDetails=true; allowSave=true",
            StatusCode::CREATED,
        ),
    ] {
        let request = world
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .header("Sforce-Duplicate-Rule-Header", header)
            .body(ada.to_string().into());
        assert_eq!(
            world.send(request.unwrap()).await.status,
            status,
            "{header}"
        );
    }
    let twins = "SELECT count() FROM Contact WHERE Email = 'ada@x.example'";
    let found = world.simulator.org().query(&world.call(), twins, false);
    assert_eq!(found.unwrap().total_size(), 2);
}

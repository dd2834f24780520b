//! Several orgs, and one that is put back.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::OrgKind;
use tieline_simulator::{OrgPlace, Simulator, SimulatorOptions};

use crate::support::{NOON_MS, World, world};

#[tokio::test]
async fn the_org_of_the_url_is_changed_and_no_other() {
    let place = |kind, base_url: &str| OrgPlace {
        kind,
        base_url: base_url.to_owned(),
    };
    let first = world();
    let simulator = Simulator::new(SimulatorOptions {
        seed: 7,
        contacts: 0,
        leads: 0,
        clock: std::sync::Arc::new(SetClock::new(NOON_MS)),
        orgs: vec![
            place(OrgKind::Production, "http://org.test"),
            place(OrgKind::Sandbox, "http://sandbox.test"),
        ],
    });
    let worlds: Vec<World> = simulator
        .orgs()
        .into_iter()
        .map(|simulator| World {
            access: simulator.org_access(),
            simulator,
            clock: first.clock.clone(),
        })
        .collect();
    let field = json!({"name": "Nickname__c", "type": "Text"});
    worlds[0].set("/objects/Contact/fields?org=1", field).await;
    let strict = json!({"password_flow_blocked": true});
    worlds[0].set("/sign-in?org=1", strict).await;
    let soql = "SELECT Nickname__c FROM Contact";
    for (world, wanted) in worlds.iter().zip([json!("INVALID_FIELD"), json!(20)]) {
        let session = &world.access.access_token;
        assert_eq!(world.count(session, soql).await, wanted);
    }
    let shown = worlds[0].look("/sign-in").await;
    assert_eq!(shown["password_flow_blocked"], false);
}

#[tokio::test]
async fn a_restored_org_has_its_old_schema_rights_and_rules_and_no_jobs() {
    let world = world();
    world.set("/snapshots", json!({"name": "before"})).await;
    let before = world.get("v62.0/sobjects/Contact/describe").await.json();
    let field = json!({"name": "Nickname__c", "type": "Text", "required": true});
    world.set("/objects/Contact/fields", field).await;
    let rule = json!({"name": "Never", "condition": "true", "message": "No"});
    world.set("/objects/Contact/validation-rules", rule).await;
    let session = world.access.access_token.clone();
    let profile = world.simulator.org().users()[0].profile.clone();
    let rights = json!({"profile": profile, "object": "Lead", "access": "none"});
    world.set("/rights", rights).await;
    world.set("/person-accounts", Json::Null).await;
    let job = json!({"operation": "query", "query": "SELECT Id FROM Contact"});
    let job = world.json(Method::POST, "v62.0/jobs/query", job).await;
    let job = job.json()["id"].as_str().unwrap().to_owned();
    world.set("/snapshots/before/restore", Json::Null).await;
    let after = world.get("v62.0/sobjects/Contact/describe").await.json();
    assert_eq!(before, after);
    let made = world.create("Contact", json!({"LastName": "Berg"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let leads = "SELECT Id FROM Lead";
    assert!(world.count(&session, leads).await.is_number());
    let people = "SELECT IsPersonAccount FROM Account";
    assert_eq!(world.count(&session, people).await, "INVALID_FIELD");
    let gone = world.get(&format!("v62.0/jobs/query/{job}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

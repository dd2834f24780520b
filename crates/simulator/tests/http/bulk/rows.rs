//! What stops single rows of a file: rules, rights, locks; and rows that are deleted for good.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::{DuplicateSetting, NewValidationRule, ObjectAccess, Sharing};
use tieline_simulator::{Fault, Mishap};

use super::{INGEST, insert};
use crate::support::{World, world};

const PROFILE: &str = "System Administrator";

fn fault(path: &str, mishap: Mishap) -> Fault {
    Fault {
        method: "POST".to_owned(),
        path: path.to_owned(),
        skip: 0,
        times: 1,
        percent: 0,
        mishap,
    }
}

fn rows(count: usize, account: &str) -> String {
    let rows = (0..count).map(|n| format!("Row {n},{account}\n"));
    format!("LastName,AccountId\n{}", rows.collect::<String>())
}

async fn failures(world: &World, path: &str) -> Vec<String> {
    let lines = world.lines(&format!("{path}/failedResults")).await;
    lines.into_iter().skip(1).collect()
}

#[tokio::test]
async fn mistake_31_rules_refuse_single_rows_with_their_text() {
    let world = world();
    let org = world.simulator.org();
    let rule = NewValidationRule::new("No_X", "LastName = 'X'", "No X here");
    org.add_validation_rule("Contact", &rule).unwrap();
    org.set_duplicate_rule(
        "Standard_Contact_Duplicate_Rule",
        DuplicateSetting::blocking(),
    )
    .unwrap();
    let data =
        "FirstName,LastName,Email\nA,X,\nAda,Lovelace,ada@x.example\nAda,Lovelace,ada@x.example\n";
    let (path, info) = world.loaded(insert(), data).await;
    assert_eq!(
        (&info["state"], &info["numberRecordsFailed"]),
        (&json!("JobComplete"), &json!(2))
    );
    let failed = failures(&world, &path).await;
    for text in [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION:No X here",
        "DUPLICATES_DETECTED:Use one of these records?",
    ] {
        assert!(failed.iter().any(|row| row.contains(text)), "{failed:?}");
    }
}

#[tokio::test]
async fn mistake_21_a_hard_delete_leaves_nothing_and_takes_a_permission() {
    let world = world();
    let made = world
        .json(
            Method::POST,
            "v62.0/sobjects/Contact",
            json!({"LastName": "Gone"}),
        )
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let job = json!({"object": "Contact", "operation": "hardDelete"});
    let refused = world.json(Method::POST, INGEST, job.clone()).await;
    assert_eq!(refused.code(), "FEATURENOTENABLED");
    world
        .simulator
        .org()
        .set_system_permission(PROFILE, "BulkApiHardDelete", true)
        .unwrap();
    let (_, info) = world.loaded(job, &format!("Id\n{id}\n")).await;
    assert_eq!(info["numberRecordsFailed"], 0, "{info}");
    let path = format!("v62.0/sobjects/Contact/{id}");
    assert_eq!(world.get(&path).await.code(), "NOT_FOUND");
    let all = format!("v62.0/queryAll?q=SELECT+Id+FROM+Contact+WHERE+Id='{id}'");
    assert_eq!(world.get(&all).await.json()["totalSize"], 0);
}

#[tokio::test]
async fn rows_are_saved_with_the_rights_that_the_user_has_then() {
    let world = world();
    let path = world.filled(insert(), "LastName\nLate\n").await;
    let access = ObjectAccess {
        create: false,
        ..ObjectAccess::FULL
    };
    world
        .simulator
        .org()
        .set_object_access(PROFILE, "Contact", access)
        .unwrap();
    let closed = json!({"state": "UploadComplete"});
    world.json(Method::PATCH, &path, closed).await;
    world.clock.advance(60_000);
    assert_eq!(world.get(&path).await.json()["numberRecordsFailed"], 1);
    let failed = failures(&world, &path).await;
    assert!(failed[0].contains("INSUFFICIENT_ACCESS"), "{failed:?}");
}

#[tokio::test]
async fn a_row_that_was_planned_to_fail_is_none_of_a_job() {
    let world = world();
    world
        .simulator
        .plan(fault("jobs/ingest", Mishap::LockedRow { position: 0 }));
    let (_, info) = world.loaded(insert(), &rows(450, "")).await;
    assert_eq!(
        (
            &info["numberRecordsProcessed"],
            &info["numberRecordsFailed"]
        ),
        (&json!(450), &json!(0))
    );
}

#[tokio::test]
async fn mistake_36_other_rows_of_each_chunk_are_locked() {
    let world = world();
    let account = world.ids("SELECT Id FROM Account LIMIT 1")[0].clone();
    let load = async |contention: u32, planned: bool| -> Vec<usize> {
        world.simulator.org().set_lock_contention(contention);
        if planned {
            let mishap = Mishap::LockedRate { percent: 20 };
            world.simulator.plan(fault("jobs/ingest", mishap));
        }
        let (path, _) = world.loaded(insert(), &rows(400, &account)).await;
        let failed = failures(&world, &path).await;
        assert!(failed.iter().all(|row| row.contains("UNABLE_TO_LOCK_ROW")));
        let number = |row: &String| {
            let at = row.split("Row ").nth(1).unwrap();
            at.split('"').next().unwrap().parse().unwrap()
        };
        let mut numbers: Vec<usize> = failed.iter().map(number).collect();
        numbers.sort_unstable();
        numbers
    };
    assert!(load(0, false).await.is_empty());
    for (contention, planned) in [(20, false), (0, true)] {
        let locked = load(contention, planned).await;
        assert!((40..120).contains(&locked.len()), "{} of 400", locked.len());
        let (first, second): (Vec<_>, Vec<_>) = locked.into_iter().partition(|n| *n < 200);
        let second: Vec<usize> = second.into_iter().map(|n| n - 200).collect();
        assert_ne!(first, second);
    }
}

#[tokio::test]
async fn mistake_13_a_rule_takes_back_all_of_a_collection_and_of_a_composite() {
    let world = world();
    let rule = NewValidationRule::new("No_X", "LastName = 'X'", "No X here");
    world
        .simulator
        .org()
        .add_validation_rule("Contact", &rule)
        .unwrap();
    let row = |name: &str| json!({"attributes": {"type": "Contact"}, "LastName": name});
    let body = json!({"allOrNone": true, "records": [row("Good"), row("X")]});
    let reply = world
        .json(Method::POST, "v62.0/composite/sobjects", body)
        .await;
    let code = |at: usize| reply.json()[at]["errors"][0]["statusCode"].clone();
    assert_eq!(code(0), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(code(1), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    let part = |name: &str| {
        json!({"method": "POST", "url": "/services/data/v62.0/sobjects/Contact",
            "referenceId": name, "body": {"LastName": name}})
    };
    let body = json!({"allOrNone": true, "compositeRequest": [part("Good"), part("X")]});
    let reply = world.json(Method::POST, "v62.0/composite", body).await;
    assert_eq!(reply.status, StatusCode::OK);
    let part = |at: usize| reply.json()["compositeResponse"][at].clone();
    let code = |part: Json| part["body"][0]["errorCode"].clone();
    assert_eq!(code(part(0)), "PROCESSING_HALTED");
    assert_eq!(code(part(1)), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    assert_eq!(part(1)["body"][0]["message"], "No X here");
    assert!(
        world
            .ids("SELECT Id FROM Contact WHERE LastName = 'Good'")
            .is_empty()
    );
}

#[tokio::test]
async fn a_job_sees_the_records_that_its_user_sees() {
    let world = world();
    let org = world.simulator.org();
    let other = org.users()[2].id.to_string();
    let contact = |owner: &str| json!({"LastName": "Seen", "OwnerId": owner});
    let own = org.users()[0].id.to_string();
    for owner in [&own, &other] {
        let path = "v62.0/sobjects/Contact";
        world.json(Method::POST, path, contact(owner)).await;
    }
    let theirs = world.ids("SELECT Id FROM Contact WHERE LastName = 'Seen'");
    org.set_sharing("Contact", Sharing::Private).unwrap();
    for permission in ["ViewAllData", "ModifyAllData"] {
        org.set_system_permission(PROFILE, permission, false)
            .unwrap();
    }
    let access = ObjectAccess {
        view_all: false,
        modify_all: false,
        ..ObjectAccess::FULL
    };
    org.set_object_access(PROFILE, "Contact", access).unwrap();
    let soql = "SELECT Id, OwnerId FROM Contact WHERE LastName = 'Seen'";
    let query = json!({"operation": "query", "query": soql});
    let made = world.json(Method::POST, super::QUERY, query).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    world.clock.advance(60_000);
    let rows = world.lines(&format!("{}/{id}/results", super::QUERY)).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].contains(&own));
    let delete = json!({"object": "Contact", "operation": "delete"});
    let data = format!("Id\n{}\n", theirs.join("\n"));
    let (_, info) = world.loaded(delete, &data).await;
    assert_eq!(
        (
            &info["numberRecordsProcessed"],
            &info["numberRecordsFailed"]
        ),
        (&json!(2), &json!(1))
    );
}

//! A custom object with a custom field, through every way of reading and writing records.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::{FieldType, ListView, ListViewScope, NewField, NewObject};

use crate::support::{World, world};

const PATH: &str = "v62.0/sobjects/Gadget__c";

fn gadgets() -> World {
    let world = world();
    let org = world.simulator.org();
    org.add_object(&NewObject::new("Gadget__c")).unwrap();
    let size = NewField {
        precision: Some(4),
        scale: Some(0),
        ..NewField::new("Size__c", FieldType::Number)
    };
    org.add_field("Gadget__c", &size).unwrap();
    let key = NewField {
        external_id: true,
        unique: true,
        ..NewField::new("Key__c", FieldType::Text)
    };
    org.add_field("Gadget__c", &key).unwrap();
    world
}

async fn made(world: &World, fields: Json) -> String {
    let reply = world.json(Method::POST, PATH, fields).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn job(world: &World, kind: &str, job: Json, data: Option<&str>) -> String {
    let made = world
        .json(Method::POST, &format!("v62.0/jobs/{kind}"), job)
        .await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let path = format!("v62.0/jobs/{kind}/{}", made.json()["id"].as_str().unwrap());
    if let Some(data) = data {
        let put = world
            .request(Method::PUT, &format!("{path}/batches"))
            .header("content-type", "text/csv")
            .body(Body::from(data.to_owned()));
        world.send(put.unwrap()).await;
        let closed = json!({"state": "UploadComplete"});
        world.json(Method::PATCH, &path, closed).await;
    }
    world.clock.advance(60_000);
    path
}

#[tokio::test]
async fn it_is_loaded_and_queried_in_bulk() {
    let world = gadgets();
    let upsert = json!({"object": "Gadget__c", "operation": "upsert",
        "externalIdFieldName": "Key__c"});
    for (data, created) in [
        ("Key__c,Name,Size__c\na,One,1\nb,Two,2\n", 2),
        ("Key__c,Size__c\na,#N/A\n", 0),
    ] {
        let path = job(&world, "ingest", upsert.clone(), Some(data)).await;
        let rows = world.get(&format!("{path}/successfulResults")).await.text();
        assert_eq!(rows.matches("\"true\"").count(), created, "{rows}");
        assert_eq!(world.get(&path).await.json()["numberRecordsFailed"], 0);
    }
    let soql = "SELECT Key__c, Name, Size__c FROM Gadget__c ORDER BY Key__c";
    let query = json!({"operation": "query", "query": soql});
    let path = job(&world, "query", query, None).await;
    let rows = world.get(&format!("{path}/results")).await.text();
    assert_eq!(
        rows,
        "\"Key__c\",\"Name\",\"Size__c\"\n\"a\",\"One\",\"\"\n\"b\",\"Two\",\"2.0\"\n"
    );
}

#[tokio::test]
async fn it_is_found_by_a_view_and_by_search() {
    let world = gadgets();
    let id = made(&world, json!({"Name": "Sprocket", "Size__c": 7})).await;
    made(&world, json!({"Name": "Widget", "Size__c": 1})).await;
    let view = ListView {
        object: "Gadget__c".to_owned(),
        developer_name: "Large".to_owned(),
        label: "Large".to_owned(),
        scope: ListViewScope::Everything,
        columns: vec!["Name".to_owned(), "Size__c".to_owned()],
        soql_compatible: true,
        filter: "Size__c > 5".to_owned(),
        order: Vec::new(),
    };
    let org = world.simulator.org();
    let view = org.define_list_view(&world.call(), view).unwrap();
    let rows = world
        .get(&format!("{PATH}/listviews/{view}/results"))
        .await
        .json();
    assert_eq!(rows["size"], 1, "{rows}");
    let find = "FIND {Sprocket} IN ALL FIELDS RETURNING Gadget__c(Id, Size__c)";
    let find: String = find.bytes().map(|b| format!("%{b:02X}")).collect();
    let found = world.get(&format!("v62.0/search/?q={find}")).await.json();
    let row = &found["searchRecords"][0];
    assert_eq!(
        (&row["Id"], &row["Size__c"]),
        (&json!(id), &json!(7.0)),
        "{found}"
    );
}

#[tokio::test]
async fn mistake_21_its_changes_and_deletions_are_told_until_it_is_purged() {
    let world = gadgets();
    let kept = made(&world, json!({"Name": "Kept"})).await;
    let gone = made(&world, json!({"Name": "Gone"})).await;
    world.clock.advance(60_000);
    world
        .json(Method::DELETE, &format!("{PATH}/{gone}"), Json::Null)
        .await;
    world.clock.advance(120_000);
    let span = "start=2026-11-24T11:55:00Z&end=2026-11-24T12:02:00Z";
    let updated = world.get(&format!("{PATH}/updated?{span}")).await.json();
    assert_eq!(updated["ids"], json!([kept]));
    let deleted = async || world.get(&format!("{PATH}/deleted?{span}")).await.json();
    assert_eq!(deleted().await["deletedRecords"][0]["id"], json!(gone));
    let all = "v62.0/queryAll?q=SELECT+Name+FROM+Gadget__c+WHERE+IsDeleted=true";
    assert_eq!(world.get(all).await.json()["records"][0]["Name"], "Gone");
    let org = world.simulator.org();
    org.empty_recycle_bin(&world.call(), &[gone]).unwrap();
    assert_eq!(world.get(all).await.json()["totalSize"], 0);
}

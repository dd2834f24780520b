//! Requests that depend on whether something changed.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;
use tieline_simulator::org::{FieldAccess, RecordId};

use crate::support::{Reply, World, world};

async fn ask(world: &World, method: Method, path: &str, header: (&str, &str)) -> Reply {
    let body = match method {
        Method::PATCH => Body::from("{\"Description\": \"x\"}"),
        _ => Body::empty(),
    };
    let request = world.request(method, path).header(header.0, header.1);
    world.send(request.body(body).unwrap()).await
}

async fn record(world: &World, object: &str, name: &str) -> (String, RecordId) {
    let body = json!({name: "Sato"});
    let made = world
        .json(Method::POST, &format!("v62.0/sobjects/{object}"), body)
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    (
        format!("v62.0/sobjects/{object}/{id}"),
        RecordId::parse(&id).unwrap(),
    )
}

#[tokio::test]
async fn a_describe_that_did_not_change_is_304() {
    let world = world();
    let path = "v62.0/sobjects/Contact/describe";
    let first = world.get(path).await;
    let date = first.header("last-modified").unwrap().to_owned();
    assert_eq!(date, "Tue, 24 Nov 2026 12:00:00 GMT");
    let since = ("if-modified-since", date.as_str());
    let second = ask(&world, Method::GET, path, since).await;
    assert_eq!(
        (second.status, second.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );

    world.clock.advance(5_000);
    let (profile, full) = ("System Administrator", FieldAccess::Hidden);
    let org = world.simulator.org();
    org.set_field_access(profile, "Contact", "Title", full)
        .unwrap();
    let third = ask(&world, Method::GET, path, since).await;
    assert_eq!(third.status, StatusCode::OK);
    assert_eq!(
        third.header("last-modified"),
        Some("Tue, 24 Nov 2026 12:00:05 GMT")
    );
}

#[tokio::test]
async fn records_are_read_and_changed_on_conditions_of_date() {
    let world = world();
    let (path, _) = record(&world, "Contact", "LastName").await;
    let (before, after) = (
        "Tue, 24 Nov 2026 11:59:59 GMT",
        "Tue, 24 Nov 2026 12:00:00 GMT",
    );
    let cases = [
        (Method::GET, ("if-modified-since", before), 200),
        (Method::GET, ("if-modified-since", after), 304),
        (Method::GET, ("if-modified-since", "yesterday"), 200),
        (Method::GET, ("if-unmodified-since", before), 412),
        (Method::GET, ("if-unmodified-since", after), 200),
        (Method::PATCH, ("if-unmodified-since", before), 412),
        (Method::PATCH, ("if-unmodified-since", "yesterday"), 400),
        (Method::PATCH, ("if-unmodified-since", after), 204),
    ];
    for (method, header, status) in cases {
        let reply = ask(&world, method.clone(), &path, header).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{method} {header:?}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn only_accounts_have_tags() {
    let world = world();
    let (contact, _) = record(&world, "Contact", "LastName").await;
    assert_eq!(world.get(&contact).await.header("etag"), None);
    let (path, _) = record(&world, "Account", "Name").await;
    let tag = world.get(&path).await.header("etag").unwrap().to_owned();
    let packed = format!("\"{}--gzip\"", tag.trim_matches('"'));
    let cases = [
        (Method::GET, ("if-none-match", tag.as_str()), 304),
        (Method::GET, ("if-none-match", packed.as_str()), 304),
        (Method::GET, ("if-none-match", "\"other\""), 200),
        (Method::GET, ("if-match", "\"other\""), 412),
        (Method::PATCH, ("if-none-match", tag.as_str()), 412),
        (Method::PATCH, ("if-match", "\"other\", \"another\""), 412),
        (Method::PATCH, ("if-match", tag.as_str()), 204),
        (Method::PATCH, ("if-match", tag.as_str()), 412),
    ];
    for (method, header, status) in cases {
        let reply = ask(&world, method.clone(), &path, header).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{method} {header:?}: {}",
            reply.text()
        );
    }
}

//! Single records: upserts by version, the other end of a lookup, what was seen lately.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{World, world};

async fn create(world: &World, object: &str, body: Json) -> String {
    let made = world
        .json(Method::POST, &format!("v62.0/sobjects/{object}/"), body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let location = made.header("location").unwrap();
    assert!(
        location.ends_with(&format!("/sobjects/{object}/{id}")),
        "{location}"
    );
    id
}

#[tokio::test]
async fn mistake_10_upserts_tell_what_they_did_from_version_46_on() {
    let key = external_id_of_contact().await;
    for (version, made, changed) in [
        (
            "62.0",
            json!({"created": true}),
            Some(json!({"created": false})),
        ),
        (
            "46.0",
            json!({"created": true}),
            Some(json!({"created": false})),
        ),
        ("45.0", json!({}), None),
    ] {
        let world = world();
        let path = format!("v{version}/sobjects/Contact/{key}/a%20b");
        let body = json!({"LastName": "One"});
        let first = world.json(Method::PATCH, &path, body.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED);
        assert!(first.header("location").is_some());
        assert_eq!(
            first.json().get("created"),
            made.get("created"),
            "{version}"
        );
        let second = world.json(Method::PATCH, &path, body).await;
        match changed {
            Some(changed) => {
                assert_eq!(second.status, StatusCode::OK);
                assert_eq!(second.json()["created"], changed["created"]);
                assert_eq!(second.json()["id"], first.json()["id"]);
            }
            None => assert_eq!(
                (second.status, second.body.len()),
                (StatusCode::NO_CONTENT, 0)
            ),
        }
    }
}

async fn external_id_of_contact() -> String {
    let describe = world().get("v62.0/sobjects/Contact/describe").await.json();
    let fields = describe["fields"].as_array().unwrap();
    let field = fields.iter().find(|f| f["externalId"] == true).unwrap();
    field["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn mistake_10_an_ambiguous_key_is_300_with_the_addresses() {
    let world = world();
    let body = json!({"LastName": "Twin", "Email": "twin@example.com"});
    let ids = [
        create(&world, "Contact", body.clone()).await,
        create(&world, "Contact", body).await,
    ];
    let path = "v62.0/sobjects/Contact/Email/twin@example.com";
    for method in [Method::PATCH, Method::DELETE] {
        let reply = world.json(method, path, json!({"Title": "x"})).await;
        assert_eq!(reply.status, StatusCode::MULTIPLE_CHOICES);
        let mut urls: Vec<String> = serde_json::from_value(reply.json()).unwrap();
        urls.sort();
        let mut expected = ids
            .clone()
            .map(|id| format!("/services/data/v62.0/sobjects/Contact/{id}"));
        expected.sort();
        assert_eq!(urls, expected);
    }
}

#[tokio::test]
async fn update_only_makes_nothing_and_a_post_to_the_id_makes_a_record() {
    let world = world();
    let key = external_id_of_contact().await;
    let path = format!("v62.0/sobjects/Contact/{key}/none?updateOnly=true");
    let body = json!({"LastName": "One"});
    let reply = world.json(Method::PATCH, &path, body.clone()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let made = world
        .json(Method::POST, "v62.0/sobjects/Contact/Id", body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_lookup_is_followed_in_both_directions() {
    let world = world();
    let account = create(&world, "Account", json!({"Name": "Lumen"})).await;
    let contact = json!({"LastName": "Ito", "AccountId": account});
    let contact = create(&world, "Contact", contact).await;
    let parent = format!("v62.0/sobjects/contact/{contact}/Account");
    let found = world.get(&format!("{parent}?fields=Name")).await.json();
    assert_eq!(
        (&found["Name"], &found["Id"]),
        (&json!("Lumen"), &json!(account))
    );
    let changed = world
        .json(Method::PATCH, &parent, json!({"Site": "HQ"}))
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let children = world
        .get(&format!("v62.0/sobjects/Account/{account}/Contacts"))
        .await
        .json();
    assert_eq!(children["totalSize"], 1);
    assert_eq!(children["records"][0]["LastName"], "Ito");
    for path in [
        format!("v62.0/sobjects/Contact/{contact}/ReportsTo"),
        format!("v62.0/sobjects/Contact/{contact}/Nothing"),
    ] {
        assert_eq!(world.get(&path).await.code(), "NOT_FOUND", "{path}");
    }
    let gone = world.json(Method::DELETE, &parent, json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let read = world
        .get(&format!("v62.0/sobjects/Account/{account}"))
        .await;
    assert_eq!(read.code(), "ENTITY_IS_DELETED");
}

#[tokio::test]
async fn what_was_changed_or_looked_at_on_purpose_is_recent() {
    let world = world();
    let first = create(&world, "Contact", json!({"LastName": "First"})).await;
    world.clock.advance(1_000);
    create(&world, "Account", json!({"Name": "Second"})).await;
    world.clock.advance(1_000);
    let names = async |path: &str| {
        let json = world.get(path).await.json();
        let names = json.as_array().unwrap().iter();
        let names = names.map(|row| row["Name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("v62.0/recent").await, ["Second", "First"]);
    let path = format!("v62.0/sobjects/Contact/{first}");
    world.get(&path).await;
    assert_eq!(names("v62.0/recent?limit=1").await, ["Second"]);
    let request = world
        .request(Method::GET, &path)
        .header("sforce-mru", "updateMru=true");
    world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(names("v62.0/recent?limit=1").await, ["First"]);
    let basic = world.get("v62.0/sobjects/Account").await.json();
    assert_eq!(basic["recentItems"][0]["Name"], "Second");
}

//! Rights, sharing, sign-in and sessions.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value as Json, json};

use super::PRIYA;
use crate::support::world;

#[tokio::test]
async fn rights_come_from_profiles_and_permission_sets() {
    let world = world();
    let priya = world.session(PRIYA).await;
    let born = "SELECT Birthdate FROM Contact";
    let profile = json!({"profile": "Standard User", "object": "contact", "field": "Birthdate", "access": "hidden"});
    world.set("/rights", profile).await;
    assert_eq!(world.count(&priya, born).await, "INVALID_FIELD");
    let set = json!({"name": "Births", "label": "Births"});
    world.set("/permission-sets", set).await;
    let rights = json!({"permission_set": "Births", "object": "Contact", "field": "Birthdate", "access": "read_only"});
    world.set("/rights", rights).await;
    assert_eq!(world.count(&priya, born).await, "INVALID_FIELD");
    let path = "/permission-sets/Births/assignments";
    let assigned = |yes: bool| json!({"username": PRIYA, "assigned": yes});
    world.set(path, assigned(true)).await;
    assert_eq!(world.count(&priya, born).await, 20);
    world.set(path, assigned(false)).await;
    assert_eq!(world.count(&priya, born).await, "INVALID_FIELD");
    let permission = |granted: bool| json!({"profile": "Standard User", "permission": "ApiEnabled", "granted": granted});
    world.set("/rights", permission(false)).await;
    let closed = world.get_as(&priya, "v62.0/sobjects").await;
    assert_eq!(closed.code(), "API_CURRENTLY_DISABLED");
    world.set("/rights", permission(true)).await;
    let open = world.get_as(&priya, "v62.0/sobjects").await;
    assert_eq!(open.status, StatusCode::OK);
}

#[tokio::test]
async fn private_records_are_seen_by_those_they_are_shared_with() {
    let world = world();
    let id = world.made("Contact", json!({"LastName": "Hidden"})).await;
    let priya = world.session(PRIYA).await;
    let soql = "SELECT Id FROM Contact WHERE LastName = 'Hidden'";
    assert_eq!(world.count(&priya, soql).await, 1);
    world
        .set(
            "/sharing",
            json!({"object": "Contact", "sharing": "private"}),
        )
        .await;
    assert_eq!(world.count(&priya, soql).await, 0);
    let share = |level: &str| json!({"record": id, "user": PRIYA, "level": level});
    world.set("/shares", share("read")).await;
    assert_eq!(world.count(&priya, soql).await, 1);
    world.set("/shares", share("none")).await;
    assert_eq!(world.count(&priya, soql).await, 0);
}

#[tokio::test]
async fn sign_in_becomes_stricter_and_sessions_of_one_user_end() {
    let world = world();
    let priya = world.session(PRIYA).await;
    let path = format!("/sessions?user={PRIYA}");
    let gone = world.control(Method::DELETE, &path, Json::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let over = world.get_as(&priya, "v62.0/limits").await;
    assert_eq!(over.code(), "INVALID_SESSION_ID");
    assert_eq!(world.get("v62.0/limits").await.status, StatusCode::OK);
    let shown = world
        .set("/sign-in", json!({"security_token_required": true}))
        .await;
    assert_eq!(shown["session_minutes"], 120, "the rest stays");
    assert_eq!(world.look("/sign-in").await, shown);
    assert_eq!(world.sign_in(PRIYA).await.status, StatusCode::BAD_REQUEST);
    let trusted = json!({"trusted_addresses": [["0.0.0.0", "255.255.255.255"]]});
    world.set("/sign-in", trusted).await;
    assert_eq!(world.sign_in(PRIYA).await.status, StatusCode::OK);
    let app = json!({"consumer_key": world.access.consumer_key, "blocked_flows": ["password"]});
    let app = world.set("/apps", app).await;
    assert_eq!(app["consumer_secret"], world.access.consumer_secret);
    let blocked = world.sign_in(PRIYA).await.json();
    assert_eq!(blocked["error"], "unauthorized_client");
    let made = world.set("/apps", json!({"name": "Loader"})).await;
    assert!(made["consumer_key"].as_str().unwrap().starts_with("3MVG9"));
    let apps = world.look("/apps").await["apps"].clone();
    assert_eq!((apps.as_array().unwrap().len(), &apps[1]), (2, &made));
}

#[tokio::test]
async fn an_expired_password_opens_no_session_until_it_is_renewed() {
    let world = world();
    let login = async || {
        let text = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>\
             <login xmlns=\"urn:partner.soap.sforce.com\"><username>{PRIYA}</username>\
             <password>{}</password></login></e:Body></e:Envelope>",
            world.access.password
        );
        let request = Request::post("/services/Soap/u/62.0")
            .header("content-type", "text/xml")
            .header("soapaction", "\"\"")
            .body(Body::from(text));
        world.send(request.unwrap()).await.text()
    };
    for expired in [true, false] {
        let path = format!("/users/{PRIYA}");
        world.set(&path, json!({"password_expired": expired})).await;
        let wanted = format!("<passwordExpired>{expired}</passwordExpired>");
        let reply = login().await;
        assert!(reply.contains(&wanted), "{reply}");
    }
}

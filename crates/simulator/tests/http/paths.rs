//! Where things are and where they are not: versions, slashes, methods, sizes, kinds of body.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::world;

#[tokio::test]
async fn paths_that_lead_nowhere_say_so_each_in_its_way() {
    let world = world();
    let cases = [
        ("v62.0/sobjects/Contact/", 200, ""),
        ("v62.0/sobjects/contact/describe", 200, ""),
        ("v62.0/limits/", 200, ""),
        ("v62.0/query/?q=SELECT+Id+FROM+Account", 200, ""),
        ("v31.0/limits", 200, ""),
        ("v67.0/limits", 200, ""),
        ("v62.0//sobjects", 404, "NOT_FOUND"),
        ("v62.0/sobjects//Contact", 404, "NOT_FOUND"),
        ("v62.0/nothing", 404, "NOT_FOUND"),
        ("v62.0/sobjects/Nope/describe", 404, "NOT_FOUND"),
        ("v99.0/limits", 404, "NOT_FOUND"),
        ("v20.0/limits", 404, "NOT_FOUND"),
        ("v62/limits", 404, "NOT_FOUND"),
        ("v26.0/limits", 410, "UNSUPPORTED_API_VERSION"),
        ("v62.0/tooling/query", 501, "NOT_IMPLEMENTED"),
        ("v62.0/analytics/reports", 501, "NOT_IMPLEMENTED"),
        (
            "v62.0/query?explain=SELECT+Id+FROM+Account",
            501,
            "NOT_IMPLEMENTED",
        ),
        (
            "v62.0/sobjects/Contact/describe/layouts",
            501,
            "NOT_IMPLEMENTED",
        ),
    ];
    for (path, status, code) in cases {
        let reply = world.get(path).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.text());
        if !code.is_empty() {
            assert_eq!(reply.code(), code, "{path}");
        }
    }
}

#[tokio::test]
async fn the_root_maps_names_to_paths_and_to_the_users_identity() {
    let world = world();
    let json = world.get("v62.0/").await.json();
    for name in [
        "sobjects",
        "query",
        "queryAll",
        "search",
        "limits",
        "recent",
        "composite",
        "tooling",
        "metadata",
    ] {
        assert_eq!(json[name], format!("/services/data/v62.0/{name}"));
    }
    let identity = json["identity"].as_str().unwrap();
    assert!(identity.starts_with("http://org.test/id/00D"), "{identity}");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let world = world();
    let cases = [
        (Method::PUT, "sobjects/Contact", "GET,HEAD,POST"),
        (Method::POST, "query", "GET"),
        (Method::PUT, "composite/sobjects", "DELETE,PATCH,POST"),
        (Method::DELETE, "limits", "GET"),
        (Method::PUT, "composite", "GET,POST"),
    ];
    for (method, path, allowed) in cases {
        let reply = world
            .json(method, &format!("v62.0/{path}"), json!({}))
            .await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(reply.header("allow"), Some(allowed), "{path}");
        assert_eq!(reply.code(), "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn mistake_06_both_schemes_open_the_rest_api_and_a_soap_header_does_not() {
    let world = world();
    let token = &world.access.access_token;
    let cases = [
        ("authorization", format!("Bearer {token}"), 200, ""),
        ("authorization", format!("OAuth {token}"), 200, ""),
        (
            "authorization",
            format!("Basic {token}"),
            401,
            "INVALID_AUTH_HEADER",
        ),
        (
            "authorization",
            "Bearer wrong".to_owned(),
            401,
            "INVALID_SESSION_ID",
        ),
        ("x-sfdc-session", token.clone(), 401, "INVALID_SESSION_ID"),
        ("x-nothing", String::new(), 401, "INVALID_SESSION_ID"),
    ];
    for (name, value, status, code) in cases {
        let request = Request::get("/services/data/v62.0/limits").header(name, &value);
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{name}: {value}");
        if !code.is_empty() {
            assert_eq!(reply.code(), code, "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_the_api_sees_it() {
    let world = world();
    let used = world.simulator.calls_used();
    let soql = format!("SELECT+Id+FROM+Account+WHERE+Name='{}'", "x".repeat(17_000));
    let reply = world.get(&format!("v62.0/query?q={soql}")).await;
    assert_eq!(reply.status, StatusCode::URI_TOO_LONG);
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let request = world.request(Method::GET, "v62.0/limits");
    let request = request.header("x-long", "x".repeat(17_000));
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(world.simulator.calls_used(), used, "it never counted");
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let world = world();
    let cases = [
        ("text/plain;charset=UTF-8", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml", 501),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
    ];
    for (kind, status) in cases {
        let request = world.request(Method::POST, "v62.0/sobjects/Contact");
        let request = request.header("content-type", kind);
        let body = Body::from("{\"LastName\": \"A\"}");
        let reply = world.send(request.body(body).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{kind}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_post_may_stand_for_a_method_that_a_client_cannot_send() {
    let world = world();
    let path = "v62.0/sobjects/Contact";
    let made = world
        .json(Method::POST, path, json!({"LastName": "A"}))
        .await;
    let path = format!(
        "{path}/{}?_HttpMethod=PATCH",
        made.json()["id"].as_str().unwrap()
    );
    let changed = world
        .json(Method::POST, &path, json!({"LastName": "B"}))
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn answers_are_json_and_a_client_that_takes_only_xml_is_told() {
    let world = world();
    let cases = [
        ("*/*", 200),
        ("application/json", 200),
        ("application/xml, application/json;q=0.9", 200),
        ("application/xml", 501),
    ];
    for (accept, status) in cases {
        let request = world
            .request(Method::GET, "v62.0/limits")
            .header("accept", accept);
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{accept}");
    }
}

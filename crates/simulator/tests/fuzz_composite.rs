//! Whatever bytes a client sends to the resources that carry several requests or records, the API
//! answers in its own words: no panic, and no server error but a clear "not implemented". Bodies
//! that once were a problem stay in `corpus/composite` and are replayed.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

use std::fs;
use std::path::Path;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use support::{World, world};

#[allow(
    dead_code,
    reason = "the harness of the tests over HTTP, of which little is needed here"
)]
#[path = "http/support.rs"]
mod support;

const RESOURCES: [(&str, &str); 10] = [
    ("POST", "composite"),
    ("POST", "composite/batch"),
    ("POST", "composite/sobjects"),
    ("PATCH", "composite/sobjects"),
    ("POST", "composite/sobjects/Contact"),
    ("PATCH", "composite/sobjects/Contact/Id"),
    ("POST", "composite/tree/Account"),
    ("POST", "parameterizedSearch"),
    ("POST", "sobjects/Contact"),
    ("PATCH", "sobjects/Contact/Email/a@example.com"),
];

async fn check(world: &World, request: Request<Body>, what: &str) {
    let reply = world.send(request).await;
    let missing = reply.status == StatusCode::NOT_IMPLEMENTED;
    if missing {
        assert_eq!(reply.code(), "NOT_IMPLEMENTED", "{what}");
    }
    let fine = missing || !reply.status.is_server_error();
    assert!(fine, "{what}: {} {}", reply.status, reply.text());
    if !reply.body.is_empty() {
        reply.json();
    }
}

async fn send_everywhere(world: &World, body: &[u8]) {
    for resource in RESOURCES {
        send(world, resource, body).await;
    }
}

async fn send(world: &World, (method, path): (&str, &str), body: &[u8]) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = world
        .request(method, &format!("v62.0/{path}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()));
    let what = format!("{path}: {}", String::from_utf8_lossy(body));
    check(world, request.unwrap(), &what).await;
}

/// Runs a property over one world, which gets fuller and stranger with each case.
fn run<T: std::fmt::Debug>(
    cases: u32,
    strategy: impl Strategy<Value = T>,
    act: impl AsyncFn(&World, T),
) {
    let world = world();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        runtime.block_on(act(&world, value));
        Ok(())
    });
    outcome.unwrap();
}

/// Any JSON, with keys and texts that the resources look for.
fn json_soup() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "GET",
            "POST",
            "PATCH",
            "DELETE",
            "a",
            "Contact",
            "Account",
            "Id",
            "Name",
            "ada*",
            "@{a.id}",
            "@{a[0].Id}",
            "@{",
            "003000000000000AAA",
            "v62.0/limits",
            "",
            "/services/data/v62.0/sobjects/Contact",
            "/services/data/v62.0/sobjects/Contact/@{a.id}",
            "/services/data/v62.0/query?q=SELECT+Id+FROM+Contact+WHERE+Id='@{a.id}'",
            "/services/data/v62.0/composite/sobjects",
            "2026-11-24",
            "true",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text.prop_map(Json::from),
    ];
    let key = prop::sample::select(vec![
        "compositeRequest",
        "batchRequests",
        "records",
        "allOrNone",
        "haltOnError",
        "method",
        "url",
        "referenceId",
        "body",
        "richInput",
        "httpHeaders",
        "attributes",
        "type",
        "ids",
        "fields",
        "q",
        "in",
        "sobjects",
        "name",
        "where",
        "limit",
        "LastName",
        "Email",
        "AccountId",
        "Birthdate",
        "Id",
        "MailingAddress",
        "If-None-Match",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn every_body_of_the_corpus_gets_an_answer_of_the_api() {
    let world = world();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/composite");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let body = fs::read(entry.unwrap().path()).unwrap();
        send_everywhere(&world, &body).await;
        seen += 1;
    }
    assert!(seen > 30);
}

#[test]
fn any_bytes_get_an_answer_of_the_api() {
    run(60, any::<Vec<u8>>(), async |world, body| {
        send_everywhere(world, &body).await;
    });
}

#[test]
fn any_json_gets_an_answer_of_the_api() {
    run(150, json_soup(), async |world, body| {
        send_everywhere(world, body.to_string().as_bytes()).await;
    });
}

#[test]
fn any_subrequests_get_an_answer_of_the_api() {
    let subrequest = (
        prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "PUT"]),
        prop::sample::select(vec![
            "sobjects/Contact",
            "sobjects/Contact/@{r0.id}",
            "sobjects/Account/@{r1.id}/Contacts",
            "query?q=SELECT+Id+FROM+Contact",
            "composite/sobjects",
            "composite/sobjects/Contact",
            "composite/sobjects?ids=@{r0.id}",
            "sobjects/Contact/@{r2.records[0].Id}/Account",
            "sobjects/Contact/Email/@{r0.id}",
            "limits",
            "sobjects",
            "search?q=FIND+{ada}",
            "sobjects/Contact/updated?start=@{r0.id}",
            "sobjects/Contact/listviews/x/results",
        ]),
        json_soup(),
    );
    let whole = (any::<bool>(), prop::collection::vec(subrequest, 1..8));
    run(200, whole, async |world, (all_or_none, subrequests)| {
        let shown = subrequests
            .into_iter()
            .enumerate()
            .map(|(n, (method, path, body))| {
                let url = format!("/services/data/v62.0/{path}");
                json!({"method": method, "url": url, "referenceId": format!("r{n}"), "body": body})
            });
        let shown: Vec<Json> = shown.collect();
        let body = json!({"allOrNone": all_or_none, "compositeRequest": shown});
        send(world, ("POST", "composite"), body.to_string().as_bytes()).await;
    });
}

#[test]
fn any_address_gets_an_answer_of_the_api() {
    let segment = prop_oneof![
        "[a-zA-Z0-9%_.~@-]{0,20}",
        prop::sample::select(vec![
            "sobjects",
            "Contact",
            "Account",
            "query",
            "queryAll",
            "search",
            "composite",
            "limits",
            "recordCount",
            "listviews",
            "describe",
            "updated",
            "deleted",
            "recent",
            "Id",
            "batch",
            "003000000000000AAA",
            "parameterizedSearch",
            "results",
            "0r8xx0000000000001-1",
        ])
        .prop_map(str::to_owned),
    ];
    let query = "[a-zA-Z]{0,6}(=[a-zA-Z0-9%+*.:-]{0,20})?(&(q|start|end|limit|fields|ids)=[a-zA-Z0-9%+:{}-]{0,20}){0,3}";
    let whole = (prop::collection::vec(segment, 0..6), query);
    run(800, whole, async |world, (segments, query)| {
        let path = format!("v62.0/{}?{query}", segments.join("/"));
        // What is no URL at all never reaches a server.
        if let Ok(request) = world.request(Method::GET, &path).body(Body::empty()) {
            check(world, request, &path).await;
        }
    });
}

//! What is fuzzed: for each target, how its input reaches the org and what must hold of the answer.
//! The replaying tests and the coverage-guided fuzzer share this file.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use http::{Method, Request, StatusCode, Uri};
use serde_json::json;
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::soql;
use tieline_simulator::org::{Call, OrgKind, Search};
use tieline_simulator::{OrgPlace, Simulator, SimulatorOptions};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// Sends one input of a target to the org.
pub type Attempt = fn(&[u8]);

/// Each target by the name of its corpus.
pub const ALL: [(&str, Attempt); 4] = [
    ("soql", soql_query),
    ("bulk_csv", bulk_csv),
    ("composite", composite),
    ("soap", soap),
];

static SIMULATOR: LazyLock<(Simulator, String, Arc<SetClock>)> = LazyLock::new(|| {
    let clock = Arc::new(SetClock::new(1_795_521_600_000));
    let simulator = Simulator::new(SimulatorOptions {
        seed: 1,
        contacts: 20,
        leads: 5,
        clock: clock.clone(),
        orgs: vec![OrgPlace {
            kind: OrgKind::Production,
            base_url: "http://org.test".to_owned(),
        }],
    });
    let token = simulator.org_access().access_token;
    (simulator, token, clock)
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().unwrap());

/// Sends JSON to a resource.
pub fn rest(method: Method, path: &str, body: &[u8]) {
    ask(method, path, "application/json", body);
}

/// Asks an address; what is no address at all never reaches a server.
pub fn get(path: &str) {
    if format!("/services/data/v62.0/{path}")
        .parse::<Uri>()
        .is_ok()
    {
        rest(Method::GET, path, b"");
    }
}

/// Sends a request to the REST API; the answer is none of a server that lost its way.
fn ask(method: Method, path: &str, kind: &str, body: &[u8]) -> (StatusCode, Vec<u8>) {
    let (simulator, token, _) = &*SIMULATOR;
    let request = Request::builder()
        .method(method)
        .uri(format!("/services/data/v62.0/{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", kind)
        .body(Body::from(body.to_vec()))
        .unwrap();
    let response = RUNTIME
        .block_on(simulator.router().oneshot(request))
        .unwrap();
    let status = response.status();
    let body = RUNTIME
        .block_on(axum::body::to_bytes(response.into_body(), usize::MAX))
        .unwrap();
    let lost = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    assert!(!lost, "{path}: {status} {}", String::from_utf8_lossy(&body));
    (status, body.to_vec())
}

/// A query; what parses also prints, and the print parses to the same.
pub fn soql_query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(query) = soql::parse(&text) {
        let printed = query.to_string();
        assert_eq!(soql::parse(&printed).as_ref(), Ok(&query), "{printed}");
    }
    let (simulator, ..) = &*SIMULATOR;
    let org = simulator.org();
    let call = Call::of(org.users()[0].id);
    for include_deleted in [false, true] {
        if let Ok(found) = org.query(&call, &text, include_deleted) {
            assert!(org.rows(&call, &found, 0..usize::MAX).len() <= found.total_size());
        }
    }
    let _ = org.query_columns(&call, &text);
    if let Ok(search) = Search::parse(&text) {
        let _ = org.search(&call, &search);
    }
}

/// The file of an ingest job, and the body that makes one.
pub fn bulk_csv(data: &[u8]) {
    let (.., clock) = &*SIMULATOR;
    rest(Method::POST, "jobs/ingest", data);
    ask(
        Method::POST,
        "jobs/ingest",
        "multipart/form-data; boundary=B",
        data,
    );
    let job = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Id"});
    let (_, made) = ask(
        Method::POST,
        "jobs/ingest",
        "application/json",
        job.to_string().as_bytes(),
    );
    let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
    let path = format!("jobs/ingest/{}", made["id"].as_str().unwrap());
    ask(Method::PUT, &format!("{path}/batches"), "text/csv", data);
    ask(
        Method::PATCH,
        &path,
        "application/json",
        br#"{"state": "UploadComplete"}"#,
    );
    clock.advance(60_000);
    let (_, info) = ask(Method::GET, &path, "application/json", b"");
    let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
    assert!(
        matches!(info["state"].as_str(), Some("JobComplete" | "Failed")),
        "{info}"
    );
    for results in ["successfulResults", "failedResults", "unprocessedrecords"] {
        ask(
            Method::GET,
            &format!("{path}/{results}"),
            "application/json",
            b"",
        );
    }
    rest(Method::DELETE, &path, b"");
}

/// Bodies of the resources that carry several requests or records, and of searches.
pub fn composite(data: &[u8]) {
    for (method, path) in [
        (Method::POST, "composite"),
        (Method::POST, "composite/batch"),
        (Method::POST, "composite/sobjects"),
        (Method::PATCH, "composite/sobjects"),
        (Method::POST, "composite/sobjects/Contact"),
        (Method::PATCH, "composite/sobjects/Contact/External_Id__c"),
        (Method::POST, "composite/tree/Account"),
        (Method::POST, "parameterizedSearch"),
        (Method::POST, "sobjects/Contact"),
        (Method::PATCH, "sobjects/Contact/Email/a@example.com"),
    ] {
        rest(method, path, data);
    }
}

/// SOAP envelopes, as they are and with a good session where one is named.
pub fn soap(data: &[u8]) {
    let (simulator, token, _) = &*SIMULATOR;
    let text = String::from_utf8_lossy(data).replace("SESSION", token);
    for body in [data, text.as_bytes()] {
        let request = Request::post("/services/Soap/u/60.0").body(Body::from(body.to_vec()));
        let answer = simulator.router().oneshot(request.unwrap());
        let answer = RUNTIME.block_on(answer).unwrap();
        let status = answer.status();
        let body = RUNTIME.block_on(axum::body::to_bytes(answer.into_body(), usize::MAX));
        let text = String::from_utf8(body.unwrap().to_vec()).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let mut nodes = document.descendants();
        let fault = nodes.any(|node| node.tag_name().name() == "Fault");
        assert_eq!(fault, status == StatusCode::INTERNAL_SERVER_ERROR, "{text}");
        assert!(fault || status == StatusCode::OK, "{status}");
    }
}

//! The control plane over HTTP: each route, each mishap as a client meets it, and its refusals.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use std::time::Duration;
use tieline_simulator::clock::Clock as _;
use tieline_simulator::control::http::ROUTES;
use tieline_simulator::{Fault, Mishap};
use tower::ServiceExt as _;

use crate::support::{NOON_MS, World, world, world_with};

const DOC: &str = include_str!("../../../../docs/simulator-control.md");
const LIMITS: &str = "v62.0/limits";

impl World {
    /// Plans a mishap for the next request to the limits.
    async fn plan(&self, mishap: Json) -> u64 {
        let planned = self.set("/faults", json!({"path": LIMITS, "mishap": mishap}));
        planned.await["fault"].as_u64().unwrap()
    }

    /// Whether the connection broke, and the bytes that came before.
    async fn broken(&self, method: Method, path: &str, body: Json) -> (bool, usize) {
        let request = self.request(method, path);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.simulator.router().oneshot(request).await.unwrap();
        let mut body = response.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes += frame.into_data().map_or(0, |data| data.len()),
                Err(_) => return (true, bytes),
            }
        }
        (false, bytes)
    }

    fn contacts(&self, name: &str) -> usize {
        let soql = format!("SELECT Id FROM Contact WHERE LastName = '{name}'");
        let found = self.simulator.org().query(&self.call(), &soql, false);
        found.unwrap().len()
    }
}

#[tokio::test]
async fn every_route_and_every_mishap_stands_in_the_documentation() {
    for route in ROUTES {
        let line = format!("{} {}", route.method.to_ascii_uppercase(), route.path);
        assert!(DOC.contains(&format!("`{line}`")), "{line} is missing");
    }
    let unknown = json!({"path": "", "mishap": {"kind": "?"}});
    let refused = world().control(Method::POST, "/faults", unknown).await;
    let text = refused.text();
    let kinds: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
    assert!(kinds.len() > 15, "{text}");
    for kind in kinds {
        assert!(
            DOC.contains(&format!("\n| `{kind}` |")),
            "{kind} is missing"
        );
    }
}

#[tokio::test]
async fn every_example_of_the_index_is_taken() {
    let world = world();
    world.set("/snapshots", json!({"name": "before"})).await;
    let index = world.look("/").await;
    for route in index["routes"].as_array().unwrap() {
        let path = route["path"].as_str().unwrap();
        if route["example"].is_null() {
            continue;
        }
        let username = &world.simulator.org().users()[1].username;
        let path = path
            .replace("{username}", username)
            .replace("{set}", "Texting")
            .replace("{object}", "Contact")
            .replace("{field}", "Nickname__c")
            .replace(
                "duplicate-rules/{rule}",
                "duplicate-rules/Standard_Contact_Duplicate_Rule",
            )
            .replace("{rule}", "Needs_phone");
        let mut body = route["example"].clone();
        if body.get("record").is_some() {
            body["record"] = world.first("Contact").into();
        }
        let reply = world.control(Method::POST, &path, body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_field() {
    let world = world();
    let cases: &[(&str, &str, u16, &str)] = &[
        ("/clock", "{}", 400, "advance_ms: "),
        ("/clock", r#"{"advance_ms": -1}"#, 400, "advance_ms: "),
        (
            "/clock",
            r#"{"advance_ms": 1, "foo": 2}"#,
            400,
            "foo: unknown field",
        ),
        ("/clock", "nonsense", 400, "body: "),
        ("/clock", "", 400, "body: "),
        ("/faults", r#"{"path": "/x"}"#, 400, "mishap: missing field"),
        (
            "/faults",
            r#"{"path": "/x", "mishap": {"kind": "fire"}}"#,
            400,
            "mishap: ",
        ),
        (
            "/faults",
            r#"{"path": "/x", "mishap": {"kind": "html", "status": 503, "x": 1}}"#,
            400,
            "mishap: ",
        ),
        (
            "/faults",
            r#"{"path": "/x", "percent": 101, "mishap": {"kind": "html", "status": 503}}"#,
            400,
            "percent: ",
        ),
        (
            "/commit-lag",
            r#"{"times": 3}"#,
            400,
            "seconds: missing field",
        ),
        (
            "/knobs",
            r#"{"page_jitter_percent": "much"}"#,
            400,
            "page_jitter_percent: ",
        ),
        ("/knobs", r#"{"nope": 1}"#, 400, "nope: "),
        ("/users/nobody", r#"{"active": false}"#, 404, "username: "),
        ("/snapshots/none/restore", "", 404, "name: "),
        ("/snapshots", r#"{"name": ""}"#, 400, "name: "),
        (
            "/edits",
            r#"{"object": "Contact", "act": "merge", "id": "x"}"#,
            400,
            "act: ",
        ),
        (
            "/edits",
            r#"{"object": "Contact", "user": "nobody"}"#,
            404,
            "user: ",
        ),
        (
            "/edits",
            r#"{"object": "Contact"}"#,
            400,
            "edit: REQUIRED_FIELD_MISSING",
        ),
        ("/clock?org=9", r#"{"advance_ms": 1}"#, 200, ""),
        ("/limits?org=9", r#"{"used": 1}"#, 404, "org: "),
        ("/nowhere", "{}", 404, "path: "),
        ("/sessions", "{}", 405, "method: "),
    ];
    for (path, body, status, error) in cases {
        let token = world.simulator.control_token().to_owned();
        let reply = world.control_as(&token, Method::POST, path, body).await;
        let text = format!("{path} {body}: {}", reply.text());
        assert_eq!(reply.status.as_u16(), *status, "{text}");
        let said = reply.json()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(said.starts_with(error), "{text}");
    }
    for token in ["", "ctl_wrong"] {
        let reply = world.control_as(token, Method::GET, "/calls", "").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn the_clock_of_the_org_moves_on_top_of_the_one_given() {
    let world = world();
    let shown = world.set("/clock", json!({"advance_ms": 1_500})).await;
    assert_eq!(shown["now_ms"], NOON_MS + 1_500);
    assert_eq!(world.simulator.org().now_ms(), NOON_MS + 1_500);
    assert_eq!(world.clock.now_ms(), NOON_MS);
    world.set("/clock", json!({"set_ms": 86_400_000})).await;
    assert_eq!(world.look("/clock").await["now_ms"], 86_400_000);
    world.simulator.set_time(NOON_MS + 3 * 3_600_000);
    assert_eq!(world.get(LIMITS).await.code(), "INVALID_SESSION_ID");
}

#[tokio::test]
async fn mistake_40_each_answer_of_an_unhealthy_server_is_seen() {
    let world = world();
    let entries = json!([{"code": "A", "message": "one"}, {"code": "B", "message": "zwei", "fields": ["Name"]}]);
    let cases: &[(Json, u16, &str)] = &[
        (json!({"kind": "html", "status": 502}), 502, "<html>"),
        (json!({"kind": "maintenance"}), 503, "<html>"),
        (json!({"kind": "empty406"}), 406, ""),
        (
            json!({"kind": "invalid_header"}),
            401,
            "INVALID_AUTH_HEADER",
        ),
        (
            json!({"kind": "error", "status": 400, "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "電話番号が必要です"}),
            400,
            "電話番号が必要です",
        ),
        (
            json!({"kind": "errors", "status": 400, "entries": entries}),
            400,
            r#""fields":["Name"]"#,
        ),
        (
            json!({"kind": "instance_moved", "to": "http://new.test"}),
            302,
            "",
        ),
        (
            json!({"kind": "instance_moved", "to": "http://new.test", "status": 420}),
            420,
            "moved",
        ),
        (
            json!({"kind": "instance_moved", "to": "http://new.test", "status": 421}),
            421,
            "moved",
        ),
        (
            json!({"kind": "concurrent_limit"}),
            403,
            "ConcurrentPerOrgLongTxn Limit exceeded.",
        ),
        (
            json!({"kind": "slow", "delay_ms": 1}),
            200,
            "DailyApiRequests",
        ),
        (
            json!({"kind": "busy", "status": 429, "retry_after_seconds": 90}),
            429,
            "at once",
        ),
        (json!({"kind": "session_over"}), 401, "INVALID_SESSION_ID"),
    ];
    for (mishap, status, text) in cases {
        let number = world.plan(mishap.clone()).await;
        let reply = world.get(LIMITS).await;
        assert_eq!(reply.status.as_u16(), *status, "{mishap}");
        assert!(reply.text().contains(text), "{mishap}: {}", reply.text());
        if *status == 302 {
            let location = reply.header("location");
            assert_eq!(location, Some("http://new.test/services/data/v62.0/limits"));
        }
        let asked = (*status == 429).then_some("90");
        assert_eq!(reply.header("retry-after"), asked, "{mishap}");
        let state = world.look(&format!("/faults/{number}")).await;
        assert_eq!((&state["fired"], &state["seen"]), (&json!(1), &json!(1)));
    }
}

#[tokio::test]
async fn mistake_40_connections_break_before_in_and_behind_the_answer() {
    let world = world();
    let path = "v62.0/sobjects/Contact";
    for (mishap, made) in [
        (json!({"kind": "cut_before_commit"}), 0),
        (json!({"kind": "stall", "limit_ms": 1}), 0),
        (json!({"kind": "cut_after_commit"}), 1),
        (json!({"kind": "cut_mid_body", "after_bytes": 5}), 1),
    ] {
        let name = mishap["kind"].as_str().unwrap().to_owned();
        let plan = json!({"method": "POST", "path": path, "mishap": mishap});
        world.set("/faults", plan).await;
        let body = json!({"LastName": name});
        let (broken, bytes) = world.broken(Method::POST, path, body).await;
        let wanted = if name == "cut_mid_body" { 5 } else { 0 };
        assert_eq!((broken, bytes), (true, wanted), "{name}");
        assert_eq!(world.contacts(&name), made, "{name}");
    }
}

#[tokio::test]
async fn a_stalled_request_is_never_answered() {
    let world = world();
    world.plan(json!({"kind": "stall"})).await;
    let answer = tokio::time::timeout(Duration::from_millis(50), world.get(LIMITS)).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_fault_can_be_aimed_listed_and_taken_back() {
    let world = world();
    let mishap = json!({"kind": "html", "status": 500});
    let plan =
        json!({"path": LIMITS, "client": "loader", "every": 2, "times": 9, "mishap": mishap});
    world.set("/faults", plan).await;
    let ask = async |client: &str| {
        let request = world.request(Method::GET, LIMITS);
        let request = request.header("sforce-call-options", format!("client={client}"));
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        reply.status.as_u16()
    };
    let clients = ["other", "loader", "other", "loader", "loader", "loader"];
    let mut seen = Vec::new();
    for client in clients {
        seen.push(ask(client).await);
    }
    assert_eq!(seen, [200, 200, 200, 500, 200, 500]);
    let all = world.look("/faults").await;
    assert_eq!(
        (&all["faults"][0]["fired"], &all["faults"][0]["seen"]),
        (&json!(2), &json!(4))
    );
    let gone = world.control(Method::DELETE, "/faults/0", Json::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!((ask("loader").await, ask("loader").await), (200, 200));
    let unknown = world.control(Method::DELETE, "/faults/7", Json::Null).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mistake_35_used_up_calls_are_403_with_the_usage_and_come_back_within_a_day() {
    let world = world();
    let limits = json!({"DailyApiRequests": 15_000, "used": 14_999});
    world.set("/limits", limits).await;
    let last = world.get(LIMITS).await;
    assert_eq!(
        last.header("sforce-limit-info"),
        Some("api-usage=15000/15000")
    );
    for _ in 0..2 {
        let refused = world.get(LIMITS).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(
            refused.header("sforce-limit-info"),
            Some("api-usage=15000/15000")
        );
        let entry = &refused.json()[0];
        assert_eq!(entry["errorCode"], "REQUEST_LIMIT_EXCEEDED");
        assert_eq!(entry["message"], "TotalRequests Limit exceeded.");
    }
    world.simulator.advance(24 * 3_600_000);
    let token = world.simulator.org_access().access_token;
    let request = Request::get(format!("/services/data/{LIMITS}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let again = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(again.header("sforce-limit-info"), Some("api-usage=1/15000"));
    let exhausted = json!({"kind": "limit_exhausted"});
    world.plan(exhausted).await;
    let refused = world.get(LIMITS).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        refused.header("sforce-limit-info"),
        Some("api-usage=15000/15000")
    );
}

#[tokio::test]
async fn a_further_call_is_refused_while_too_many_take_long() {
    let world = world();
    world.set("/limits", json!({"long_calls_max": 1})).await;
    world.plan(json!({"kind": "stall"})).await;
    let router = world.simulator.router();
    let request = world.request(Method::GET, LIMITS).body(Body::empty());
    let long = tokio::spawn(router.oneshot(request.unwrap()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(world.get(LIMITS).await.status, StatusCode::OK);
    world.simulator.advance(20_000);
    let refused = world.get(LIMITS).await;
    assert_eq!(
        refused.json()[0]["message"],
        "ConcurrentPerOrgLongTxn Limit exceeded."
    );
    long.abort();
    let _ = long.await;
    assert_eq!(world.get(LIMITS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn usage_is_told_by_client_purpose_and_user() {
    let world = world();
    world.get("").await;
    world.get("v62.0/query?q=SELECT+Id+FROM+Lead").await;
    world.get("v62.0/sobjects/Lead/describe").await;
    let request = world.request(Method::GET, LIMITS);
    let request = request.header("sforce-call-options", "client=loader");
    world.send(request.body(Body::empty()).unwrap()).await;
    let usage = world.look("/usage").await;
    assert_eq!(usage["by_client"], json!({"": 2, "loader": 1}));
    assert_eq!(
        usage["by_purpose"],
        json!({"describe": 1, "limits": 1, "query": 1})
    );
    let me = world.simulator.org().users()[0].id.to_string();
    assert_eq!(usage["by_user"], json!({me: 3}));
    assert_eq!(
        (&usage["used"], &usage["remaining"]),
        (&json!(3), &json!(99_997))
    );
    let calls = world.look("/calls?after=3").await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 1);
    assert_eq!(calls["calls"][0]["purpose"], "limits");
}

#[tokio::test]
async fn mistake_36_records_are_held_by_others_as_often_as_asked() {
    let world = world();
    world
        .set("/knobs", json!({"lock_contention_percent": 50}))
        .await;
    let account = world
        .get("v62.0/query?q=SELECT+Id+FROM+Account+LIMIT+1")
        .await;
    let account = account.json()["records"][0]["Id"].clone();
    let contact = |n: usize| json!({"attributes": {"type": "Contact"}, "LastName": format!("Row {n}"), "AccountId": account});
    let records: Vec<Json> = (0..100).map(contact).collect();
    let path = "v62.0/composite/sobjects";
    let body = json!({"records": records});
    let locked = async |world: &World| {
        let rows = world.json(Method::POST, path, body.clone()).await.json();
        let of_locks = |row: &&Json| row["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW";
        rows.as_array().unwrap().iter().filter(of_locks).count()
    };
    let count = locked(&world).await;
    assert!((25..75).contains(&count), "{count} of 100");
    world
        .set("/knobs", json!({"lock_contention_percent": 100}))
        .await;
    let single = json!({"LastName": "Sato", "AccountId": account});
    let one = world
        .json(Method::POST, "v62.0/sobjects/Contact", single)
        .await;
    assert_eq!(one.code(), "UNABLE_TO_LOCK_ROW");
    world
        .set("/knobs", json!({"lock_contention_percent": 0}))
        .await;
    assert_eq!(locked(&world).await, 0);
    let mishap = json!({"kind": "locked_rate", "percent": 100});
    world
        .set("/faults", json!({"path": path, "mishap": mishap}))
        .await;
    assert_eq!(locked(&world).await, 100);
}

#[tokio::test]
async fn a_late_commit_is_stamped_before_it_is_seen() {
    let world = world();
    world
        .set("/commit-lag", json!({"seconds": 5, "times": 1}))
        .await;
    let edit = json!({"object": "Contact", "fields": {"LastName": "Late"}, "client": "screen"});
    let id = world.set("/edits", edit.clone()).await["id"].clone();
    let path = format!("v62.0/sobjects/Contact/{}", id.as_str().unwrap());
    let late = world.get(&path).await.json();
    assert_eq!(late["SystemModstamp"], "2026-11-24T11:59:55.000+0000");
    let id = world.set("/edits", edit).await["id"].clone();
    let path = format!("v62.0/sobjects/Contact/{}", id.as_str().unwrap());
    let prompt = world.get(&path).await.json();
    assert_eq!(prompt["SystemModstamp"], "2026-11-24T12:00:00.000+0000");
    let changes = world.look("/changes").await["changes"].clone();
    assert_eq!(changes[0]["client"], "screen");
}

#[tokio::test]
async fn several_edits_are_kept_alone_or_together() {
    let world = world();
    let good = json!({"object": "Contact", "fields": {"LastName": "Both"}});
    let bad = json!({"object": "Contact", "fields": {}});
    let alone = json!({"edits": [good, bad]});
    let results = world.set("/edits", alone).await["results"].clone();
    assert!(results[0]["id"].is_string() && results[1]["errors"].is_array());
    assert_eq!(world.contacts("Both"), 1);
    let together = json!({"edits": [good, bad], "transaction": true});
    let refused = world.control(Method::POST, "/edits", together).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.contacts("Both"), 1);
}

#[tokio::test]
async fn users_lose_their_place_and_profiles_their_rights() {
    let world = world();
    let username = world.simulator.org().users()[1].username.clone();
    let path = format!("/users/{username}");
    world.set(&path, json!({"active": false})).await;
    assert!(!world.simulator.org().users()[1].active);
    let profile = world.simulator.org().users()[0].profile.clone();
    let rights =
        json!({"profile": profile, "object": "Contact", "field": "Birthdate", "access": "hidden"});
    world.set("/rights", rights).await;
    let reply = world
        .get("v62.0/query?q=SELECT+Birthdate+FROM+Contact")
        .await;
    assert_eq!(reply.code(), "INVALID_FIELD");
    let rights = json!({"profile": profile, "object": "Lead", "access": "none"});
    world.set("/rights", rights).await;
    assert_eq!(
        world.get("v62.0/sobjects/Lead").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_restored_org_is_what_it_was_and_open_queries_end() {
    let world = world_with(3_000);
    world.set("/snapshots", json!({"name": "before"})).await;
    let logged = world.simulator.org().changes().len();
    let body = json!({"LastName": "After"});
    world
        .json(Method::POST, "v62.0/sobjects/Contact", body)
        .await;
    let page = world
        .get("v62.0/query?q=SELECT+Id+FROM+Contact")
        .await
        .json();
    let next = page["nextRecordsUrl"].as_str().unwrap().to_owned();
    world.set("/snapshots/before/restore", Json::Null).await;
    assert_eq!(
        (
            world.contacts("After"),
            world.simulator.org().changes().len()
        ),
        (0, logged)
    );
    let later = world
        .get(next.strip_prefix("/services/data/").unwrap())
        .await;
    assert_eq!(later.code(), "INVALID_QUERY_LOCATOR");
    let gone = world
        .control(Method::DELETE, "/snapshots/before", Json::Null)
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(world.look("/snapshots").await["snapshots"], json!([]));
}

#[tokio::test]
async fn the_typed_handle_says_the_same_as_the_routes() {
    let world = world();
    let fault = world.simulator.plan(Fault {
        method: "GET".to_owned(),
        path: LIMITS.to_owned(),
        skip: 0,
        times: 1,
        percent: 0,
        mishap: Mishap::Maintenance {},
    });
    assert_eq!(
        world.get(LIMITS).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(world.simulator.fired(fault), 1);
    assert!(world.simulator.restore("nothing").is_err());
    let usage = world.look("/usage").await;
    assert_eq!(usage, json!(world.simulator.usage()));
}

//! What the log tells at its most talkative: what happened to the doors, and no secret.

use crate::{Demo, Visitor, answer, text};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use std::fs::File;
use std::process::Command;
use std::time::Duration;

const PASSWORD: &str = "a long canary of a password";
const WRONG_PASSWORD: &str = "a wrong canary of a password";
const WRONG_KEY: &str = "tlk_canary-of-a-key-that-opens-nothing";
const TEXT_IN: &str = "canary that came in";
const TEXT_OUT: &str = "canary that went out";
const NOTE: &str = "canary of a note";
const LAST_NAME: &str = "Canarysson";

/// Whatever the test asks as somebody; the answer's status is looked at.
async fn ask(
    visitor: &Visitor,
    headers: &[(&str, &str)],
    (method, path): (&str, &str),
    body: Value,
    status: StatusCode,
) -> Value {
    let origin = text(&visitor.ready, "/api_url").replace("/api/v1", "");
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{origin}{path}"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = answer(request, &body.to_string()).await;
    assert_eq!(answer.status(), status, "{method} {path}: {answer:?}");
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

/// A user gets a password and signs in, at last with the right one.
async fn sign_in(priya: &Visitor) {
    let kim = json!({"name": "Kim", "email": "kim@example.com", "role": "staff"});
    let kim = priya.api("POST", "/staff", kim).await;
    let path = format!("/staff/{}/password", text(&kim, "/id"));
    priya.api("PUT", &path, json!({"password": PASSWORD})).await;
    for (password, status) in [
        (WRONG_PASSWORD, StatusCode::UNAUTHORIZED),
        (PASSWORD, StatusCode::NO_CONTENT),
    ] {
        let who = json!({"email": "kim@example.com", "password": password});
        ask(priya, &[], ("POST", "/api/v1/session"), who, status).await;
    }
}

/// A key is used, for what is beyond it too, and another opens nothing; the secret of the first.
async fn keys(priya: &Visitor) -> String {
    let key = json!({"name": "Reader", "rights": ["read_contacts"]});
    let key = priya.api("POST", "/keys", key).await;
    let token = text(&key, "/secret").to_owned();
    for (token, path, status) in [
        (token.as_str(), "/api/v1/contacts", StatusCode::OK),
        (&token, "/api/v1/staff", StatusCode::FORBIDDEN),
        (WRONG_KEY, "/api/v1/contacts", StatusCode::UNAUTHORIZED),
    ] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        ask(priya, &headers, ("GET", path), Value::Null, status).await;
    }
    token
}

/// Another site's page asks for a change, and a text comes that no carrier signed.
async fn strangers(priya: &Visitor) {
    let elsewhere = [
        ("cookie", priya.cookie.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    let act = json!({"email": "kim@example.com"});
    ask(
        priya,
        &elsewhere,
        ("POST", "/api/v1/staff"),
        act,
        StatusCode::FORBIDDEN,
    )
    .await;
    let hook = format!("/hooks/twilio/{}", text(&priya.ready, "/inboxes/0/id"));
    let unsigned = [("x-twilio-signature", "bm9ib2R5")];
    ask(
        priya,
        &unsigned,
        ("POST", &hook),
        Value::Null,
        StatusCode::FORBIDDEN,
    )
    .await;
}

/// What is said to and fro and of whom, until the carrier has delivered it.
async fn people(priya: &Visitor) {
    priya.text_in(TEXT_IN).await;
    let contact = json!({"fields": {"last_name": LAST_NAME, "mobile_phone": "+447700900319"}});
    let contact = priya.api("POST", "/contacts", contact).await;
    let with = json!({"contact_id": text(&contact, "/id")});
    let with = priya.api("POST", "/conversations", with).await;
    let path = format!("/conversations/{}/messages", text(&with, "/id"));
    for said in [
        json!({"text": TEXT_OUT}),
        json!({"text": NOTE, "kind": "note"}),
    ] {
        priya.api("POST", &path, said).await;
    }
    let mut thread = Value::Null;
    for _ in 0..300 {
        if thread["items"][0]["state"] == "delivered" {
            break;
        }
        thread = priya.api("GET", &path, Value::Null).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(thread["items"][0]["state"], "delivered", "{thread}");
}

#[tokio::test]
async fn the_log_tells_what_happened_at_the_doors_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut program = Command::new(env!("CARGO_BIN_EXE_tieline"));
    // The pretend parties share the process; their log is not the hub's.
    program
        .env("TIELINE_LOG", "trace,tieline_simulator=off")
        .stderr(File::create(&log).unwrap());
    let mut demo = Demo::by(program, "5", &["--json"]);
    let priya = Visitor::come(&mut demo).await;
    let mut secrets = vec![
        text(&priya.ready, "/sign_in_link")
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned(),
        priya.cookie.split('=').nth(1).unwrap().to_owned(),
    ];
    sign_in(&priya).await;
    secrets.push(keys(&priya).await);
    strangers(&priya).await;
    people(&priya).await;
    demo.end();

    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("TRACE"), "it tells all it can");
    for event in [
        "sign_in_failed",
        "signed_in",
        "key_refused",
        "refused",
        "cross_site",
        "wrong_signature",
    ] {
        assert!(
            log.contains(&format!("security.event=\"{event}\"")),
            "{event}"
        );
    }
    let said = [
        PASSWORD,
        WRONG_PASSWORD,
        WRONG_KEY,
        TEXT_IN,
        TEXT_OUT,
        NOTE,
        LAST_NAME,
    ];
    secrets.extend(said.map(str::to_owned));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret:?} is in the log");
    }
}

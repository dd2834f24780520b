//! The carrier as a program meets it: texts that do not arrive, phones that want none, and its clock.

use crate::support::{NOON_MS, Reply, World, world};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tieline_simulator::carrier::DeliveryError;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

const OURS: &str = "+447700900010";
const PHONE: &str = "+447700900317";
const HOUR_MS: i64 = 3_600_000;

type Form = BTreeMap<String, String>;

impl World {
    /// A request to the account; a form is posted.
    async fn carrier(&self, form: &[(&str, &str)]) -> Reply {
        let access = self.simulator.carrier_access();
        let key = STANDARD.encode(format!("{}:{}", access.account_sid, access.auth_token));
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", access.account_sid);
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let method = match form.is_empty() {
            true => Method::GET,
            false => Method::POST,
        };
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Basic {key}"));
        let body = Body::from(body.finish());
        self.send(request.body(body).unwrap()).await
    }

    async fn text(&self, words: &str) -> Reply {
        let callback = ("StatusCallback", "http://hub.test/status");
        let form = [("From", OURS), ("To", PHONE), ("Body", words), callback];
        self.carrier(&form).await
    }

    /// Keeps the forms that the carrier posts.
    fn heard(&self) -> Arc<Mutex<Vec<Form>>> {
        let heard: Arc<Mutex<Vec<Form>>> = Arc::default();
        let kept = heard.clone();
        let outgoing = service_fn(move |request: Request<Bytes>| {
            let form = url::form_urlencoded::parse(request.body());
            kept.lock().unwrap().push(form.into_owned().collect());
            std::future::ready(Ok(Response::new(Bytes::new())))
        });
        self.simulator
            .set_outgoing(BoxCloneSyncService::new(outgoing));
        heard
    }

    async fn a_minute_later(&self) {
        for _ in 0..60 {
            self.clock.advance(1_000);
            self.simulator.step().await;
        }
    }
}

fn with_number() -> World {
    let world = world();
    world.simulator.provision(OURS, "http://hub.test/in");
    world
}

#[tokio::test]
async fn a_planned_failure_is_in_the_report_and_in_the_list_and_the_next_text_arrives() {
    let cases: Vec<(DeliveryError, bool)> = DeliveryError::all()
        .flat_map(|error| [(error, false), (error, true)])
        .collect();
    assert_eq!(cases.len(), 12);
    for (error, failed) in cases {
        let world = with_number();
        let heard = world.heard();
        let plan = json!({"to": PHONE, "error_code": error.code(), "failed": failed});
        let waiting = world.set("/delivery-failures", plan).await;
        assert_eq!(waiting["delivery_failures"][0]["times"], 1);
        for words in ["First", "Second"] {
            assert_eq!(world.text(words).await.status, StatusCode::CREATED);
            world.a_minute_later().await;
        }
        let shown = |form: &Form| {
            let code = form.get("ErrorCode").cloned().unwrap_or_default();
            (form["MessageStatus"].clone(), code)
        };
        let heard: Vec<_> = heard.lock().unwrap().iter().map(shown).collect();
        let code = error.code().to_string();
        let plain = |status: &str| (status.to_owned(), String::new());
        let first = match failed {
            true => vec![("failed".to_owned(), code)],
            false => vec![plain("sent"), ("undelivered".to_owned(), code)],
        };
        let second = vec![plain("sent"), plain("delivered")];
        assert_eq!(heard, [first, second].concat(), "{error:?}");
        let list = world.carrier(&[]).await.json();
        let of = |number: usize, field: &str| list["messages"][number][field].clone();
        assert_eq!(of(1, "error_code"), json!(error.code()));
        assert_eq!(of(1, "error_message"), json!(error.message()));
        assert_eq!(
            (of(0, "error_code"), of(0, "error_message")),
            (Json::Null, Json::Null)
        );
        let waiting = world.look("/delivery-failures").await;
        assert_eq!(waiting, json!({"delivery_failures": []}));
    }
}

#[tokio::test]
async fn a_failure_hits_only_the_phone_it_is_planned_for_until_it_is_taken_back() {
    let world = with_number();
    let heard = world.heard();
    let plan = json!({"to": "+447700900999", "error_code": 30003, "times": 9});
    world.set("/delivery-failures", plan).await;
    world.text("Arrives").await;
    world.a_minute_later().await;
    let plan = json!({"error_code": 30003, "times": 9});
    world.set("/delivery-failures", plan).await;
    let cleared = world
        .control(Method::DELETE, "/delivery-failures", Json::Null)
        .await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
    world.text("Arrives too").await;
    world.a_minute_later().await;
    let ends = heard.lock().unwrap().clone();
    let ends = ends.iter().map(|form| form["MessageStatus"].as_str());
    let ends: Vec<&str> = ends.filter(|status| *status != "sent").collect();
    assert_eq!(ends, ["delivered", "delivered"]);
    let plan = json!({"error_code": 30001});
    let refused = world
        .control(Method::POST, "/delivery-failures", plan)
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text().contains("30003, 30004"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn a_phone_that_sent_stop_gets_nothing_from_that_number_until_it_sends_start() {
    let world = with_number();
    world
        .simulator
        .provision("+447700900011", "http://hub.test/in");
    let refused = async || {
        let answer = world.text("Hello").await;
        match answer.status {
            StatusCode::CREATED => None,
            _ => Some((answer.status.as_u16(), answer.json()["code"].clone())),
        }
    };
    let unsubscribed = Some((400, json!(21610)));
    world.simulator.text_from_phone(PHONE, OURS, "STOP");
    assert_eq!(refused().await, None, "it does not keep them at first");
    let kept = world.set("/carrier", json!({"keeps_opt_outs": true})).await;
    assert_eq!(kept["keeps_opt_outs"], true);
    assert_eq!(refused().await, unsubscribed);
    let other = [("From", "+447700900011"), ("To", PHONE), ("Body", "Hello")];
    assert_eq!(world.carrier(&other).await.status, StatusCode::CREATED);
    for (words, then) in [
        ("start please", unsubscribed.clone()),
        (" Unstop ", None),
        ("do not stop", None),
        ("OptOut", unsubscribed),
        ("START", None),
    ] {
        world.simulator.text_from_phone(PHONE, OURS, words);
        assert_eq!(refused().await, then, "{words}");
    }
}

#[tokio::test]
async fn every_answer_is_dated_by_the_clock_of_who_gives_it() {
    let world = with_number();
    let put = json!({"set_ms": NOON_MS + HOUR_MS});
    world.set("/carrier", put).await;
    world.clock.advance(61_000);
    let org = "Tue, 24 Nov 2026 12:01:01 GMT";
    let mishap = json!({"path": "/services/data/v62.0/limits", "mishap": {"kind": "maintenance"}});
    world.set("/faults", mishap).await;
    for path in ["v62.0/limits", "v62.0/limits", "v62.0/nowhere"] {
        assert_eq!(world.get(path).await.header("date"), Some(org), "{path}");
    }
    let carrier = "Tue, 24 Nov 2026 13:01:01 GMT";
    assert_eq!(world.carrier(&[]).await.header("date"), Some(carrier));
    world.text("Hello").await;
    let listed = world.carrier(&[]).await.json();
    let created = listed["messages"][0]["date_created"].clone();
    assert_eq!(created, json!("Tue, 24 Nov 2026 13:01:01 +0000"));
    world.set("/clock", json!({"advance_ms": HOUR_MS})).await;
    let seen = world.look("/carrier").await;
    assert_eq!(seen["now_ms"], json!(NOON_MS + 61_000 + 2 * HOUR_MS));
}

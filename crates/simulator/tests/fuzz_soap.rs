//! Whatever arrives as a SOAP request, the answer is a well-formed envelope: never a panic, and a
//! fault unless the request is one. Bodies that once were a problem stay in `corpus/soap`.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::OrgKind;
use tieline_simulator::{OrgPlace, Simulator, SimulatorOptions};
use tower::ServiceExt as _;

const WORDS: &[&str] = &[
    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\">",
    "</e:Envelope>",
    "<e:Body>",
    "</e:Body>",
    "<e:Header>",
    "</e:Header>",
    "<SessionHeader><sessionId>SESSION</sessionId></SessionHeader>",
    "<login>",
    "</login>",
    "<username>admin@acme.example</username>",
    "<convertLead>",
    "</convertLead>",
    "<leadConverts>",
    "</leadConverts>",
    "<leadId>00Q</leadId>",
    "<merge><request>",
    "</request></merge>",
    "<masterRecord><type>Contact</type>",
    "</masterRecord>",
    "<undelete><ids>",
    "</ids></undelete>",
    "<create><sObjects><type>Contact</type><LastName>\u{1F4DE}</LastName>",
    "</sObjects></create>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "&#0;",
    "<![CDATA[",
    "]]>",
];

fn simulator() -> Simulator {
    Simulator::new(SimulatorOptions {
        seed: 7,
        contacts: 0,
        leads: 0,
        clock: Arc::new(SetClock::new(1_795_521_600_789)),
        orgs: vec![OrgPlace {
            kind: OrgKind::Production,
            base_url: "http://org.test".to_owned(),
        }],
    })
}

fn answered(simulator: &Simulator, runtime: &tokio::runtime::Runtime, data: &[u8]) {
    let request = Request::post("/services/Soap/u/60.0").body(Body::from(data.to_vec()));
    let (status, body) = runtime.block_on(async {
        let answer = simulator.router().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            answer.into_body().collect().await.unwrap().to_bytes(),
        )
    });
    let text = std::str::from_utf8(&body).unwrap();
    let document = roxmltree::Document::parse(text).unwrap();
    let fault = document
        .descendants()
        .any(|node| node.tag_name().name() == "Fault");
    assert_eq!(
        (status, fault),
        if fault { (500, true) } else { (200, false) }
    );
}

fn play(attempt: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/soap");
    let files = fs::read_dir(folder).unwrap();
    let played = files.map(|file| attempt(&fs::read(file.unwrap().path()).unwrap()));
    assert!(played.count() > 5);
}

#[test]
fn every_body_gets_an_envelope_back() {
    let simulator = simulator();
    let session = simulator.org_access().access_token;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let signed_in = |data: &[u8]| {
        let text = String::from_utf8_lossy(data).replace("SESSION", &session);
        answered(&simulator, &runtime, text.as_bytes());
    };
    play(|data| answered(&simulator, &runtime, data));
    play(signed_in);
    let deep = "<a>".repeat(20_000);
    answered(&simulator, &runtime, deep.as_bytes());
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let words = prop::collection::vec(prop::sample::select(WORDS), 0..20);
    TestRunner::new(config.clone())
        .run(&bytes, |data| {
            answered(&simulator, &runtime, &data);
            Ok(())
        })
        .unwrap();
    TestRunner::new(config)
        .run(&words, |words| {
            signed_in(words.concat().as_bytes());
            Ok(())
        })
        .unwrap();
}

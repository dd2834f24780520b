//! Whatever a caller sends to whichever route: the hub answers with what the description of the API
//! says, never with a 5xx, on both databases.

use crate::corpus::{self, Probe};
use crate::world::{Answer, World};
use serde_json::Value;
use std::collections::BTreeMap;
use tieline_testkit::postgres::Database;

/// Routes that a good body alone does not open: a signature, a password, a text that failed, work
/// that gave up, another session of one's own or of somebody else, a field that the org has.
const DOORS: &[&str] = &[
    "/twilio/{inbox_id}",
    "/twilio/accounts/{account_id}",
    "/status",
    "post /api/v1/session",
    "/retry",
    "delete /api/v1/jobs/{id}",
    "delete /api/v1/sessions/{id}",
    "/sessions/{session_id}",
    "put /api/v1/me/password",
    "post /api/v1/sync/mappings/{id}/fields",
];

#[tokio::test]
async fn no_request_makes_the_hub_fail_on_sqlite() {
    every_route_holds(None).await;
}

#[tokio::test]
async fn no_request_makes_the_hub_fail_on_postgresql() {
    let database = Database::create().await;
    every_route_holds(Some(database.url.clone())).await;
    database.remove().await;
}

async fn every_route_holds(database: Option<String>) {
    let world = World::start(database).await;
    let description = tieline_web::description();
    let mut complaints = Vec::new();
    let mut seen: BTreeMap<String, BTreeMap<u16, usize>> = BTreeMap::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let known = world.people().await;
            let route = format!("{method} {path}");
            for probe in corpus::of(&description, method, path, &known) {
                let answer = world.send(&known, &probe).await;
                *seen
                    .entry(route.clone())
                    .or_default()
                    .entry(answer.status)
                    .or_default() += 1;
                if let Some(why) = fault(&description, operation, &probe, &answer) {
                    complaints.push(format!(
                        "{route}: {why}\n    {probe:?}\n    {}",
                        answer.body
                    ));
                }
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "{} answers are not as they should be:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
    // The corpus goes past the first door: each route that takes a body also took a good one.
    seen.retain(|route, statuses| {
        let good = statuses.keys().any(|status| (200..300).contains(status));
        !good && !DOORS.iter().any(|door| route.ends_with(door))
    });
    assert!(seen.is_empty(), "these only ever refused: {seen:#?}");
    world.stop().await;
}

/// What is wrong with an answer, if anything is.
fn fault(description: &Value, operation: &Value, probe: &Probe, answer: &Answer) -> Option<String> {
    if answer.status >= 500 {
        return Some(format!("a caller caused {}", answer.status));
    }
    let described = &operation["responses"][answer.status.to_string()];
    let described = match described["$ref"].as_str() {
        Some(reference) => description
            .pointer(reference.trim_start_matches('#'))
            .unwrap(),
        None => described,
    };
    if probe.foreign_method {
        return (answer.status != 405).then(|| format!("405 was due, not {}", answer.status));
    }
    if described.is_null() {
        return Some(format!("{} is not described", answer.status));
    }
    if answer.status < 400 {
        return None;
    }
    if answer.content_type != "application/problem+json" {
        return Some(format!("a refusal is of type {:?}", answer.content_type));
    }
    let problem: Value = serde_json::from_str(&answer.body).ok()?;
    let code = problem["code"].as_str().unwrap_or_default();
    let words = described["description"].as_str().unwrap_or_default();
    if !words
        .lines()
        .any(|line| line.starts_with(&format!("{code}:")))
    {
        return Some(format!(
            "the code {code:?} is not described for {}",
            answer.status
        ));
    }
    ["sql", "SQL", "FOREIGN", "foreign key", "constraint"]
        .iter()
        .find(|word| {
            problem["detail"]
                .as_str()
                .is_some_and(|it| it.contains(**word))
        })
        .map(|word| format!("the answer speaks of {word:?}"))
}

#[tokio::test]
async fn a_signed_form_with_hostile_fields_is_taken_or_refused() {
    hostile_forms(None).await;
    let database = Database::create().await;
    hostile_forms(Some(database.url.clone())).await;
    database.remove().await;
}

async fn hostile_forms(database: Option<String>) {
    const FIELDS: [&str; 6] = [
        "MessageSid",
        "From",
        "To",
        "Body",
        "MessageStatus",
        "ErrorCode",
    ];
    let world = World::start(database).await;
    let mut complaints = Vec::new();
    for field in FIELDS {
        for value in corpus::TEXTS {
            for status in [false, true] {
                let answer = world.signed_form(field, value, status).await;
                if answer.status >= 500 || answer.body.contains("wrong_signature") {
                    complaints.push(format!("{field} = {value:?}: {answer:?}"));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    world.stop().await;
}

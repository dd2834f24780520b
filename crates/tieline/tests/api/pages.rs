//! Lists in pages: page after page holds what one large page holds, in the same order.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;
use tieline_testkit::postgres::Database;

async fn get(world: &World, known: &Known, path: &str) -> Value {
    let answer = world.send(known, &Probe::new("get", path)).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn post(world: &World, known: &Known, path: &str, body: Value) -> Value {
    let mut probe = Probe::new("post", path);
    let mut hasher = DefaultHasher::new();
    format!("{path} {body}").hash(&mut hasher);
    probe.key = Some(format!("pages {}", hasher.finish()).into_bytes());
    probe.body = Some(body.to_string().into_bytes());
    let answer = world.send(known, &probe).await;
    assert!(answer.status < 300, "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn keys(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|it| {
            if it["id"].is_null() {
                it["seq"].to_string()
            } else {
                it["id"].to_string()
            }
        })
        .collect()
}

/// What pages of two hold, one after the other by `next_cursor`.
async fn by_cursor(world: &World, known: &Known, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..60 {
        let page = get(world, known, &format!("{path}limit=2{cursor}")).await;
        found.extend(keys(&page));
        let next = &page["next_cursor"];
        if next.is_null() {
            return found;
        }
        let text = next
            .as_str()
            .map_or_else(|| next.to_string(), str::to_owned);
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        cursor = format!("&cursor={text}");
    }
    panic!("{path} has no last page: {found:?}");
}

/// What pages of two hold, read from the end of a thread upwards while there is more.
async fn upwards(world: &World, known: &Known, path: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = String::new();
    loop {
        let page = get(world, known, &format!("{path}?limit=2{before}")).await;
        let mut seen = keys(&page);
        assert!(!seen.is_empty(), "there was said to be more");
        seen.extend(found);
        found = seen;
        if page["has_more"] == false {
            return found;
        }
        before = format!("&before_seq={}", page["items"][0]["seq"]);
    }
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain until {what}");
}

/// Runs one after the other, beside those that start by themselves.
async fn run_three_times(world: &World, known: &Known) {
    for number in 0..3 {
        let mut start = Probe::new("post", "/api/v1/sync/runs");
        start.key = Some(format!("run {number}").into_bytes());
        let started = async || world.send(known, &start).await.status == 202;
        until("a run begins", started).await;
        // Who starts another meanwhile is told of this one.
        let is_over = async || get(world, known, "/api/v1/sync").await["running"].is_null();
        until("it is over", is_over).await;
    }
}

/// The changes of the run that brought the org's people in.
async fn changes_of_a_run(world: &World, known: &Known) -> String {
    for _ in 0..400 {
        let runs = get(world, known, "/api/v1/sync/runs").await;
        for run in runs["items"].as_array().unwrap() {
            let path = format!("/api/v1/sync/runs/{}/changes?", run["id"].as_str().unwrap());
            if keys(&get(world, known, &path).await).len() >= 5 {
                return path;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no run changed anything");
}

/// Some of everything that is listed.
async fn fill(world: &World, known: &Known) {
    // Folded, some of these are taken apart, and one grows eighteen times as long.
    let long = format!("Paged {}", "\u{fdfa}".repeat(70));
    for (first, last) in [
        ("Zoe", "Paged Adams"),
        ("Adam", "Paged Zuber"),
        ("Ann", "Paged"),
        ("민준", "Paged 김"),
        ("서연", "Paged 이"),
        ("Ann", &long),
    ] {
        // Namesakes are told apart by their ids alone.
        for city in ["Leeds", "York"] {
            let fields = json!({"first_name": first, "last_name": last, "city": city});
            post(world, known, "/api/v1/contacts", json!({"fields": fields})).await;
        }
    }
    for number in 0..3 {
        let (theirs, name) = (format!("+44770090061{number}"), format!("SM-page-{number}"));
        let fields = [("From", theirs.as_str()), ("MessageSid", &name)];
        assert_eq!(world.signed_fields(&fields, false).await.status, 200);
        // One that we begin and they are to answer.
        let with = json!({"address": format!("+44770090062{number}")});
        let begun = post(world, known, "/api/v1/conversations", with).await;
        let path = format!(
            "/api/v1/conversations/{}/messages",
            begun["id"].as_str().unwrap()
        );
        post(world, known, &path, json!({"text": "Hello"})).await;
    }
    for number in 0..5 {
        let foreign = format!("AC-page-{number}");
        let kept = world.signed_form("AccountSid", &foreign, false).await;
        assert_eq!(kept.status, 200);
        world.add_broken_job().await;
    }
    let dead = async || keys(&get(world, known, "/api/v1/jobs").await).len();
    until("all have given up", async || dead().await >= 5).await;
    run_three_times(world, known).await;
}

#[tokio::test]
async fn page_after_page_holds_what_one_page_holds_in_the_same_order() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        fill(&world, &known).await;
        let changes = changes_of_a_run(&world, &known).await;
        for (path, at_least) in [
            ("/api/v1/contacts?", 6),
            ("/api/v1/contacts?q=paged&", 6),
            ("/api/v1/contacts?q=paged&sort=changed&", 6),
            ("/api/v1/conversations?", 6),
            ("/api/v1/audit?", 5),
            ("/api/v1/jobs?", 5),
            ("/api/v1/unassigned-texts?", 5),
            ("/api/v1/sync/runs?", 3),
            (&changes, 5),
        ] {
            let whole = async || keys(&get(&world, &known, &format!("{path}limit=100")).await);
            let (before, paged) = loop {
                let (before, paged) = (whole().await, by_cursor(&world, &known, path).await);
                // Else a run began meanwhile, say.
                if whole().await == before {
                    break (before, paged);
                }
            };
            assert!(before.len() >= at_least, "{path}: {before:?}");
            assert_eq!(paged, before, "{path}");
        }
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_thread_is_read_upwards_to_its_first_message_and_says_when_that_is() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = format!(
        "/api/v1/conversations/{}/messages",
        known.ids["ConversationId"]
    );
    for number in 2..=6 {
        post(
            &world,
            &known,
            &path,
            json!({"text": format!("Text {number}")}),
        )
        .await;
        let whole = keys(&get(&world, &known, &path).await);
        assert_eq!(whole.len(), number);
        assert_eq!(upwards(&world, &known, &path).await, whole, "of {number}");
    }
    world.stop().await;
}

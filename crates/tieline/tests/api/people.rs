//! People as they are typed in, and found again: numbers, names, values that the org would refuse.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tieline_testkit::postgres::Database;

pub async fn ask(
    world: &World,
    known: &Known,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut probe = Probe::new(method, path);
    let mut key = DefaultHasher::new();
    (method, path, format!("{body:?}")).hash(&mut key);
    probe.key = Some(format!("{:x}", key.finish()).into_bytes());
    probe.body = body.map(|body| body.to_string().into_bytes());
    let answer = world.send(known, &probe).await;
    (
        answer.status,
        serde_json::from_str(&answer.body).unwrap_or_default(),
    )
}

async fn create(world: &World, known: &Known, fields: Value) -> (u16, Value) {
    ask(
        world,
        known,
        "post",
        "/api/v1/contacts",
        Some(json!({"fields": fields})),
    )
    .await
}

fn reason_of(row: &Value) -> &str {
    row["unreadable"][0]["reason"].as_str().unwrap()
}

fn query(words: &str) -> String {
    url::form_urlencoded::byte_serialize(words.as_bytes()).collect()
}

#[tokio::test]
async fn conversations_are_found_by_words_and_numbers_however_they_are_spelled() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let id = known.ids["ConversationId"].clone();
        let path = format!("/api/v1/conversations/{id}/messages");
        for text in ["Viele GRÜSSE, Nguyễn", "ring 555-0142 or 07700 905600"] {
            let (status, message) =
                ask(&world, &known, "post", &path, Some(json!({"text": text}))).await;
            assert_eq!(status, 202, "{message}");
        }
        for (words, hit) in [
            ("Grüße", true),
            ("grusse nguyen", true),
            ("555-0142", true),
            ("5550142", true),
            ("+44 7700 905600", true),
            ("0044 7700905600", true),
            ("07700 905601", false),
            ("Grüße nobody", false),
        ] {
            let path = format!("/api/v1/conversations?q={}", query(words));
            let (status, list) = ask(&world, &known, "get", &path, None).await;
            assert_eq!(status, 200, "{list}");
            let items = list["items"].as_array().unwrap();
            assert_eq!(
                items.iter().any(|item| item["id"] == id.as_str()),
                hit,
                "{words}: {list}"
            );
        }
        let marked = async |words: &str| {
            let path = format!("/api/v1/conversations?q={}", query(words));
            let (_, list) = ask(&world, &known, "get", &path, None).await;
            let hits = list["hits"].as_array().unwrap().iter();
            let hit = hits.filter(|it| it["conversation_id"] == id.as_str());
            let pieces = hit.flat_map(|it| it["excerpt"].as_array().unwrap());
            let write = |piece: &Value| match piece["hit"].as_bool().unwrap() {
                true => format!("[{}]", piece["text"].as_str().unwrap()),
                false => piece["text"].as_str().unwrap().to_owned(),
            };
            pieces.map(write).collect::<String>()
        };
        for (words, text) in [
            ("grusse nguyen", "Viele [GRÜSSE], [Nguyễn]"),
            ("5550142", "ring [555-0142] or 07700 905600"),
            ("+44 7700 905600", "ring 555-0142 or 0[7700 905600]"),
            // Both have an "r": the newest message is named.
            ("r", "[r]ing 555-0142 o[r] 07700 905600"),
            // More of the words stand in the first.
            ("r viele", "[Viele] G[R]ÜSSE, Nguyễn"),
            // Found by the name of who it is.
            ("okafor", ""),
        ] {
            assert_eq!(marked(words).await, text, "{words}");
        }
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_number_is_read_where_it_is_valid_without_remarks_or_listed_as_unreadable() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (number, country, read) in [
        ("07700 905500 (wife)", "", Ok("+447700905500")),
        ("07700 905501 mobile", "", Ok("+447700905501")),
        ("+44 7700 905502 WhatsApp", "", Ok("+447700905502")),
        ("07700 905503 - mum", "", Ok("+447700905503")),
        ("+52 1 55 1234 5678", "", Ok("+525512345678")),
        ("(415) 555-0142", "United States", Ok("+14155550142")),
        ("(415) 555-0142", "", Err("not_valid_there")),
        ("07700 900001 or 07700 900002", "", Err("several")),
        ("ask Bob", "", Err("no_number")),
    ] {
        let fields = json!({"last_name": "Reads", "mobile_phone": number, "country": country});
        let (status, contact) = create(&world, &known, fields).await;
        assert_eq!(status, 201, "{contact}");
        let address = contact["points"][0]["address"].as_str();
        assert_eq!(address, read.ok(), "{number}: {contact}");
        let unreadable = match read {
            Ok(_) => json!([]),
            Err(reason) => {
                json!([{"field": "mobile_phone", "value": number, "reason": reason}])
            }
        };
        assert_eq!(contact["unreadable"], unreadable, "{number}");
    }
    let path = "/api/v1/contacts?unreadable=true&q=reads";
    let (_, list) = ask(&world, &known, "get", path, None).await;
    assert_eq!(list["total"], 3, "{list}");
    let mut reasons: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(reason_of)
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["no_number", "not_valid_there", "several"]);
    world.stop().await;
}

#[tokio::test]
async fn what_the_org_would_refuse_is_refused_here_with_the_field_named() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (field, value) in [
        ("email", "a@@b.com"),
        ("email", "a@b@example.com"),
        ("email", ".a@example.com"),
        ("email", "a.@example.com"),
        ("email", "a,b@example.com"),
        ("email", "<a@example.com>"),
        ("email", "mailto:a@example.com"),
        ("email", "a@example..com"),
        ("email", "a@example.com."),
        ("birthdate", "2026-02-31"),
        ("birthdate", "1699-12-31"),
        ("birthdate", "+026-+1-+1"),
        ("postal_code", "123456789012345678901"),
    ] {
        let fields = json!({"last_name": "Refused", field: value});
        let (status, problem) = create(&world, &known, fields).await;
        assert_eq!(
            (status, problem["field"].as_str()),
            (422, Some(field)),
            "{value}: {problem}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_link_is_not_called_over_when_it_was_the_database_that_failed() {
    let world = World::start(None).await;
    let link = Probe::new("post", &world.link_of("tom").await);
    world.fail_links(true).await;
    let failed = world.send_bare(&link, &[]).await;
    assert_eq!(failed.status, 500, "{failed:?}");
    assert!(failed.body.contains("still good"), "{failed:?}");
    assert!(failed.body.contains("<button>"), "{failed:?}");
    world.fail_links(false).await;
    let nobody = Known {
        ids: BTreeMap::new(),
        session: String::new(),
    };
    for gone_to in ["/app", "/app/sign-in?link=over"] {
        let headers = world.headers(&nobody, &link).await;
        assert_eq!(headers["location"], gone_to);
    }
    world.stop().await;
}

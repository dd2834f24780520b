//! People as they are typed in, and found again: numbers, names, values that the org would refuse.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tieline_testkit::postgres::Database;

async fn ask(
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
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_number_is_read_where_it_is_valid_without_remarks_or_listed_as_unreadable() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (number, country, address) in [
        ("07700 905500 (wife)", "", Some("+447700905500")),
        ("07700 905501 mobile", "", Some("+447700905501")),
        ("+44 7700 905502 WhatsApp", "", Some("+447700905502")),
        ("07700 905503 - mum", "", Some("+447700905503")),
        ("+52 1 55 1234 5678", "", Some("+525512345678")),
        ("(415) 555-0142", "United States", Some("+14155550142")),
        ("(415) 555-0142", "", None),
        ("ask Bob", "", None),
    ] {
        let fields = json!({"last_name": "Reads", "mobile_phone": number, "country": country});
        let (status, contact) = create(&world, &known, fields).await;
        assert_eq!(status, 201, "{contact}");
        let read = contact["points"][0]["address"].as_str();
        assert_eq!(read, address, "{number}: {contact}");
        let unreadable = match address {
            Some(_) => json!([]),
            None => json!([{"field": "mobile_phone", "value": number}]),
        };
        assert_eq!(contact["unreadable"], unreadable, "{number}");
    }
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

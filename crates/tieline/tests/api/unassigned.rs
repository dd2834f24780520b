//! A text that the carrier signed for a number or account of nobody's: kept once, listed, in no
//! conversation.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::Value;
use tieline_testkit::postgres::Database;

async fn items(world: &World, known: &Known, path: &str) -> Vec<Value> {
    let answer = world.send(known, &Probe::new("get", path)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let list: Value = serde_json::from_str(&answer.body).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_signed_text_for_nobody_we_know_is_kept_once_and_listed() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let before = items(&world, &known, "/api/v1/conversations").await.len();
        for (field, value) in [
            ("To", "+447700900099"),
            ("To", "+447700900099"),
            ("AccountSid", "AC0000"),
        ] {
            let answer = world.signed_form(field, value, false).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            // Anything else would be sent to them as our answer.
            assert_eq!(answer.content_type, "text/xml");
            assert!(answer.body.ends_with("<Response></Response>"), "{answer:?}");
        }
        let kept = items(&world, &known, "/api/v1/unassigned-texts").await;
        let mut kept: Vec<[&str; 4]> = kept
            .iter()
            .map(|it| {
                ["account", "sender", "addressee", "text"].map(|name| it[name].as_str().unwrap())
            })
            .collect();
        kept.sort_unstable();
        let ours = tieline::demo::OUR_NUMBER;
        assert_eq!(
            kept,
            [
                ["", "+447700900555", "+447700900099", "Hello"],
                ["AC0000", "+447700900555", ours, "Hello"],
            ]
        );
        let after = items(&world, &known, "/api/v1/conversations").await.len();
        assert_eq!(after, before);
        // Our own number, as a person would write it, is ours still.
        let ours = ours.replacen("+44", "0", 1);
        assert_eq!(world.signed_form("To", &ours, false).await.status, 200);
        let after = items(&world, &known, "/api/v1/conversations").await.len();
        assert_eq!(after, before + 1);
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_stop_to_a_number_that_no_inbox_has_is_a_wish_all_the_same() {
    let world = World::start(None).await;
    let known = world.people().await;
    let form = [("MessageSid", "SM1"), ("Body", "Hello")];
    assert_eq!(world.signed_fields(&form, false).await.status, 200);
    let gate = async || {
        let list = items(&world, &known, "/api/v1/conversations").await;
        let with = list.iter().find(|it| it["address"] == "+447700900555");
        with.unwrap()["gate"]["code"].clone()
    };
    assert_eq!(gate().await, Value::Null);
    let form = [
        ("MessageSid", "SM2"),
        ("Body", "STOP"),
        // As people write it there.
        ("From", "07700 900555"),
        ("To", "+447700900099"),
    ];
    assert_eq!(world.signed_fields(&form, false).await.status, 200);
    assert_eq!(gate().await, "opted_out");
    world.stop().await;
}

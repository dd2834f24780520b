//! Texts that come together go together; one that cannot be stored fails alone.

use crate::corpus::Probe;
use crate::world::World;
use futures_util::future::join_all;
use serde_json::Value;

#[tokio::test]
async fn a_text_that_cannot_be_stored_fails_alone_and_its_neighbours_are_kept() {
    let world = World::start(None).await;
    let known = world.people().await;
    world.refuse_to_store("SM5").await;
    let names: Vec<String> = (0..12).map(|number| format!("SM{number}")).collect();
    let answers = join_all(
        names
            .iter()
            .map(|name| world.signed_form("MessageSid", name, false)),
    );
    for (name, answer) in names.iter().zip(answers.await) {
        let expected = if name == "SM5" { 503 } else { 200 };
        assert_eq!(answer.status, expected, "{name}: {answer:?}");
    }
    let list = world
        .send(
            &known,
            &Probe::new("get", "/api/v1/conversations?q=447700900555"),
        )
        .await;
    let list: Value = serde_json::from_str(&list.body).unwrap();
    let path = format!(
        "/api/v1/conversations/{}/messages",
        list["items"][0]["id"].as_str().unwrap()
    );
    let messages = world.send(&known, &Probe::new("get", &path)).await;
    let messages: Value = serde_json::from_str(&messages.body).unwrap();
    assert_eq!(messages["items"].as_array().unwrap().len(), 11);
    // Once the cause is gone the carrier's next try is taken.
    world.store_again().await;
    assert_eq!(
        world.signed_form("MessageSid", "SM5", false).await.status,
        200
    );
    world.stop().await;
}

#[tokio::test]
async fn a_text_that_meets_a_full_disk_is_refused_and_the_next_is_stored_once_there_is_room() {
    let world = World::start(None).await;
    world.fill_the_disk().await;
    let mut refused = None;
    let mut taken = 0;
    for number in 0..500 {
        let name = format!("SMfull{number}");
        match world.signed_form("MessageSid", &name, false).await.status {
            200 => taken += 1,
            503 => {
                refused = Some(name);
                break;
            }
            other => panic!("{name}: {other}"),
        }
    }
    let refused = refused.expect("the disk is full");
    world.make_room_on_the_disk().await;
    for name in [refused.as_str(), "SMnext", refused.as_str()] {
        let answer = world.signed_form("MessageSid", name, false).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    assert_eq!(world.stored_texts().await, taken + 2);
    world.stop().await;
}

//! What a Task says: what was said, with its own person, and not what never left.

use super::tasks::tasks;
use super::waits::{live_on, plan};
use super::world::World;
use crate::desk;
use std::collections::BTreeMap;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attempt::Report;
use tieline_domain::delivery::State;
use tieline_messaging::receive::{Input, StatusReport};
use tieline_messaging::send::{self, Written};
use tieline_simulator::Mishap;
use tieline_simulator::carrier::{DeliveryError, DeliveryFailure};
use tieline_storage::attempt;
use tieline_sync::create_contact;

const THEIRS: &str = "+447700900746";

/// A person whom the org has too.
async fn somebody(world: &World, last_name: &str) {
    let fields = [("last_name", last_name), ("mobile_phone", THEIRS)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    create_contact(&world.hub.store, &Actor::system(), &BTreeMap::from(fields))
        .await
        .unwrap();
    world.live(30).await;
}

async fn says(world: &World, words: &str) {
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, words);
    world.simulator.step().await;
}

#[tokio::test]
async fn a_number_that_moves_takes_none_of_its_words_to_the_next_person() {
    let world = World::new(61).await;
    world.sync().await;
    somebody(&world, "Ann").await;
    says(&world, "First of Ann").await;
    world.live(10).await;
    // This one has not reached the org when the number moves.
    says(&world, "Last of Ann").await;
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let ann = contacts.iter().find(|it| it.name == "Ann").unwrap();
    desk::edit(&world.hub.store, ann, "mobile_phone", "").await;
    somebody(&world, "Bob").await;
    says(&world, "First of Bob").await;
    world.live(30).await;
    let tasks = tasks(&world);
    let with = |words: &str| {
        let with = tasks.iter().filter(|it| it.2.contains(words));
        with.map(|it| it.1.clone()).collect::<Vec<_>>()
    };
    let (of_ann, of_bob) = (with("of Ann"), with("of Bob"));
    assert_eq!((of_ann.len(), of_bob.len()), (1, 1), "{tasks:?}");
    assert_eq!(with("Last of Ann"), of_ann);
    assert_ne!(of_ann, of_bob);
}

#[tokio::test]
async fn a_task_holds_what_was_said_and_tells_what_did_not_arrive() {
    let world = World::new(62).await;
    world.sync().await;
    somebody(&world, "Ann").await;
    world.simulator.plan_delivery_failure(DeliveryFailure {
        to: Some(THEIRS.to_owned()),
        error_code: DeliveryError::UnreachableHandset,
        failed: false,
        times: 1,
    });
    desk::text(&world.hub.store, THEIRS, "Lost").await;
    world.live(20).await;
    let arrived = desk::text(&world.hub.store, THEIRS, "Arrived").await;
    let note = Written {
        conversation_id: arrived.conversation_id,
        author: arrived.author,
        text: "Between us".to_owned(),
        client_key: "note".to_owned(),
        note: true,
    };
    send::write(&world.hub.store, &Actor::system(), &Scope::system(), &note)
        .await
        .unwrap();
    world.live(20).await;
    // When the day is written this one waits for the carrier.
    let away = Mishap::Busy {
        status: 429,
        retry_after_seconds: 10,
    };
    plan(&world, "POST", "/Messages.json", 1, away);
    desk::text(&world.hub.store, THEIRS, "Late").await;
    world.live(5).await;
    let words = tasks(&world).remove(0).2;
    assert!(!words.contains("Late"), "{words}");
    world.live(40).await;
    assert!(tasks(&world)[0].2.ends_with("Us: Late"));
    desk::text(&world.hub.store, THEIRS, "Overtaken").await;
    says(&world, "STOP").await;
    world.live(20).await;
    let words = tasks(&world).remove(0).2;
    let lines: Vec<_> = words.lines().map(|line| &line[6..]).collect();
    assert_eq!(
        lines[..4],
        [
            "Us (not delivered): Lost",
            "Us: Arrived",
            "Us: Late",
            "Ann: STOP"
        ],
        "{words}"
    );
    assert!(!words.contains("Overtaken"), "{words}");
    assert!(!words.contains("Between us"), "{words}");
}

#[tokio::test]
async fn a_task_is_put_right_when_it_is_heard_later_that_a_text_did_not_arrive() {
    // The same day, or the next.
    for after_ms in [0, 86_400_000] {
        put_right(after_ms).await;
    }
}

async fn put_right(after_ms: i64) {
    let world = World::new(63).await;
    world.sync().await;
    somebody(&world, "Ann").await;
    let text = desk::text(&world.hub.store, THEIRS, "Hello").await;
    live_on(&world, &world.hub, 20).await;
    let words = || tasks(&world).remove(0).2;
    assert!(words().ends_with("Us: Hello"), "{}", words());
    let mut reader = world.hub.store.reader().await.unwrap();
    let attempts = attempt::load(&mut reader, &[text.id]).await.unwrap();
    drop(reader);
    let attempt = attempts.into_values().flatten().next().unwrap();
    let report = Report {
        provider_id: attempt.provider_id.expect("the carrier took it"),
        state: State::Undelivered,
        failure: None,
    };
    let late = Input::Status(StatusReport {
        account_id: attempt.account_id,
        message_id: text.id,
        attempt: Some(1),
        report,
    });
    world.wait(after_ms);
    world.hub.messaging.take_in([late]).await.unwrap();
    live_on(&world, &world.hub, 60).await;
    assert!(
        words().ends_with("Us (not delivered): Hello"),
        "{after_ms}: {}",
        words()
    );
}

//! Texts whose sending was cut off: the carrier is asked what it has, and no other text is taken for them.

use super::attempts::{THEIRS, WORDS, account, attempts, look, plan_once, say, send_again, sent};
use super::desk;
use super::leaving::second_number;
use super::waits::plan;
use super::world::World;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_messaging::send::{self, Written};
use tieline_simulator::Mishap;
use tieline_storage::carrier_account;

#[tokio::test]
async fn a_text_that_the_carrier_had_before_is_never_taken_for_one_whose_sending_was_cut_off() {
    let world = World::new(84).await;
    // The same words, sent by another program before this hub had the number.
    let form = [
        ("To", THEIRS),
        ("From", tieline::demo::OUR_NUMBER),
        ("Body", WORDS),
    ];
    world.send_as_another_program(&form).await;
    world.wait(3_600_000);
    world.live(1).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.live(11 * 60).await;
    let now = look(&world, &message).await;
    assert_eq!(now.failure, Some(Failure::from(FailureCode::NotSent)));
    assert_eq!(now.state, State::Failed);
}

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found_at_the_carrier_though_no_report_of_it_comes() {
    let world = World::new(96).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let cut = plan_once(&world, Mishap::CutAfterCommit);
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    // The carrier reports nothing: it is asked.
    world.wait(6_000);
    world.hub.worker().work_off().await;
    assert_eq!(look(&world, &message).await.state, State::Sent);
    let found = attempts(&world, &message).await;
    let texts = world.simulator.texts();
    let name = texts.last().map(|it| it.sid.clone());
    assert_eq!((found.len(), &found[0].provider_id), (1, &name));
    assert_eq!(sent(&world, WORDS), 1);
}

#[tokio::test]
async fn a_carrier_that_cannot_be_asked_has_not_said_that_it_lacks_a_text() {
    let world = World::new(88).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    let away = Mishap::Busy {
        status: 503,
        retry_after_seconds: 1,
    };
    let away = plan(&world, "GET", "/Messages.json", 127, away);
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.live(11 * 60).await;
    assert_eq!(look(&world, &message).await.state, State::Uncertain);
    // From then on it is asked ever more rarely.
    let before = world.simulator.fired(away);
    assert!((120..=127).contains(&before), "{before}");
    world.live(4 * 60).await;
    assert_eq!(world.simulator.fired(away), 127);
    let asked = look(&world, &message).await;
    let code = asked.failure.map(|it| it.code);
    assert_eq!(
        (asked.state, code),
        (State::Failed, Some(FailureCode::NotSent))
    );
}

#[tokio::test]
async fn a_clock_that_is_set_forward_does_not_declare_a_text_lost_at_the_first_look() {
    let world = World::new(93).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.wait(3_600_000);
    world.live(9 * 60).await;
    assert_eq!(look(&world, &message).await.state, State::Uncertain);
    world.live(2 * 60).await;
    assert_eq!(look(&world, &message).await.state, State::Failed);
}

#[tokio::test]
async fn the_text_of_one_message_is_never_taken_for_that_of_another_with_the_same_words() {
    let world = World::new(89).await;
    let first = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    let again_words = Written {
        conversation_id: first.conversation_id,
        author: first.author,
        text: WORDS.to_owned(),
        client_key: "again".to_owned(),
        note: false,
    };
    let (system, scope) = (Actor::system(), Scope::system());
    let again = send::write(&world.hub.store, &system, &scope, &again_words);
    let again = again.await.unwrap();
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    // One before it and one after it.
    let third = Written {
        client_key: "third".to_owned(),
        ..again_words
    };
    let third = send::write(&world.hub.store, &system, &scope, &third);
    let third = third.await.unwrap();
    // Ten minutes it may be listed late.
    world.live(9 * 60).await;
    assert_eq!(look(&world, &again).await.state, State::Uncertain);
    world.live(2 * 60).await;
    for (message, state) in [
        (&first, State::Delivered),
        (&again, State::Failed),
        (&third, State::Delivered),
    ] {
        assert_eq!(look(&world, message).await.state, state);
    }
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_a_second_time_is_looked_for_as_of_the_second() {
    let world = World::new(97).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.live(11 * 60).await;
    assert_eq!(look(&world, &message).await.state, State::Failed);
    let cut = plan_once(&world, Mishap::CutAfterCommit);
    send_again(&world, &message).await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    // The carrier reports nothing: it is asked.
    world.wait(6_000);
    world.hub.worker().work_off().await;
    assert_eq!(look(&world, &message).await.state, State::Sent);
    let found = attempts(&world, &message).await;
    let named: Vec<bool> = found.iter().map(|it| it.provider_id.is_some()).collect();
    assert_eq!(named, [false, true]);
}

#[tokio::test]
async fn a_text_that_leaves_from_another_number_when_it_is_sent_again_is_looked_for_there() {
    let world = World::new(99).await;
    let carrier = account(&world).await;
    let newer = second_number(&world).await;
    world.simulator.text_from_phone(THEIRS, &newer, "Hello");
    world.live(2).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    let first = attempts(&world, &message).await.remove(0).provider_id;
    let lost = (&*first.unwrap(), State::Undelivered);
    say(&world, carrier, &message, Some(1), lost).await;
    // Meanwhile the inbox gives the number up.
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let all = carrier_account::senders_of(&mut tx, carrier).await.unwrap();
    let given_up = all.iter().find(|it| it.address == newer).unwrap().id;
    carrier_account::assign_sender(&mut tx, given_up, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let cut = plan_once(&world, Mishap::CutAfterCommit);
    send_again(&world, &message).await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.wait(6_000);
    world.hub.worker().work_off().await;
    assert_eq!(look(&world, &message).await.state, State::Sent);
    let texts = world.simulator.texts();
    assert_eq!(texts.last().unwrap().from, OUR_NUMBER);
}

#[tokio::test]
async fn an_attempt_is_looked_for_also_while_a_look_for_the_one_before_is_to_come() {
    let world = World::new(104).await;
    let carrier = account(&world).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(look(&world, &message).await.state, State::Uncertain);
    // Before anybody looks its report comes.
    let lost = ("SM-lost", State::Undelivered);
    say(&world, carrier, &message, Some(1), lost).await;
    let cut = plan_once(&world, Mishap::CutAfterCommit);
    send_again(&world, &message).await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.wait(6_000);
    world.hub.worker().work_off().await;
    assert_eq!(look(&world, &message).await.state, State::Sent);
}

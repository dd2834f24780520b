//! Attempts at the carrier: a report is of one of them, whenever it comes and whoever signed it.

use super::desk;
use super::waits::plan;
use super::world::World;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attempt::{Attempt, Report};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::failure::FailureCode;
use tieline_domain::id::{CarrierAccountId, MessageId};
use tieline_messaging::MessagingError;
use tieline_messaging::receive::{Input, StatusReport};
use tieline_messaging::send;
use tieline_simulator::Mishap;
use tieline_storage::carrier_account::{self, CarrierAccount};
use tieline_storage::{attempt, conversation, event};

pub(super) const THEIRS: &str = "+441134960701";
pub(super) const WORDS: &str = "Are you there?";

pub(super) async fn look(world: &World, message: &Message) -> Message {
    let all = desk::messages(&world.hub.store).await;
    all.into_iter().find(|it| it.id == message.id).unwrap()
}

pub(super) async fn attempts(world: &World, message: &Message) -> Vec<Attempt> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let found = attempt::load(&mut reader, &[message.id]).await.unwrap();
    found.into_values().flatten().collect()
}

pub(super) async fn account(world: &World) -> CarrierAccountId {
    let mut reader = world.hub.store.reader().await.unwrap();
    carrier_account::all(&mut reader).await.unwrap()[0].id
}

/// What an account's carrier says of what it calls `name`.
pub(super) async fn say(
    world: &World,
    account_id: CarrierAccountId,
    message: &Message,
    number: Option<i64>,
    (name, state): (&str, State),
) {
    let failure = FailureCode::PhoneUnreachable.into();
    let report = Report {
        provider_id: name.to_owned(),
        state,
        failure: (state == State::Undelivered).then_some(failure),
    };
    let input = Input::Status(StatusReport {
        account_id,
        message_id: message.id,
        attempt: number,
        report,
    });
    world.hub.messaging.take_in([input]).await.unwrap();
}

/// The next text that is handed to the carrier meets this.
pub(super) fn plan_once(world: &World, mishap: Mishap) -> usize {
    plan(world, "POST", "/Messages.json", 1, mishap)
}

pub(super) async fn send_again(world: &World, message: &Message) {
    send::retry(
        &world.hub.store,
        &Actor::system(),
        &Scope::system(),
        message.id,
    )
    .await
    .unwrap();
}

pub(super) fn sent(world: &World, words: &str) -> usize {
    let texts = world.simulator.texts().into_iter();
    texts.filter(|it| it.body == words).count()
}

#[tokio::test]
async fn a_repeated_report_of_the_first_attempt_says_nothing_of_the_second() {
    // An address of today carries the number of the attempt, one of yesterday none.
    for number in [Some(1), None] {
        let world = World::new(81).await;
        let carrier = account(&world).await;
        let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
        world.hub.worker().work_off().await;
        let first = attempts(&world, &message).await.remove(0);
        let first = first.provider_id.expect("the carrier took it");
        let lost = (first.as_str(), State::Undelivered);
        say(&world, carrier, &message, number, lost).await;
        let now = look(&world, &message).await;
        let why = now.failure.map(|it| it.code);
        assert_eq!(
            (now.state, why),
            (State::Undelivered, Some(FailureCode::PhoneUnreachable))
        );

        let cut = plan_once(&world, Mishap::CutAfterCommit);
        send_again(&world, &message).await;
        world.hub.worker().work_off().await;
        assert_eq!(world.simulator.fired(cut), 1, "the second answer was lost");
        assert_eq!(look(&world, &message).await.state, State::Uncertain);

        say(&world, carrier, &message, number, lost).await;
        let state = look(&world, &message).await.state;
        assert_eq!(state, State::Uncertain, "{number:?}");
        world.live(30).await;
        assert_eq!(look(&world, &message).await.state, State::Delivered);
        assert_eq!(sent(&world, WORDS), 2, "one an attempt");
        let states: Vec<State> = (attempts(&world, &message).await.iter())
            .map(|it| it.state)
            .collect();
        assert_eq!(states, [State::Undelivered, State::Delivered]);
    }
}

#[tokio::test]
async fn a_text_that_gets_the_name_of_another_was_taken_all_the_same() {
    let alone = World::new(89).await;
    let message = desk::text(&alone.hub.store, THEIRS, WORDS).await;
    alone.hub.worker().work_off().await;
    let name = attempts(&alone, &message).await.remove(0).provider_id;
    let name = name.expect("the carrier took it");

    let world = World::new(89).await;
    let carrier = account(&world).await;
    let first = desk::text(&world.hub.store, THEIRS, "First").await;
    let cut = plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    say(&world, carrier, &first, Some(1), (&name, State::Sent)).await;
    let second = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    let texts = world.simulator.texts();
    assert_eq!(
        texts.last().map(|it| &it.sid),
        Some(&name),
        "the carrier took it"
    );
    let attempt = attempts(&world, &second).await.remove(0);
    assert_eq!((attempt.provider_id, attempt.state), (None, State::Sent));
    assert_eq!(look(&world, &second).await.state, State::Sent);
}

#[tokio::test]
async fn an_attempt_that_seemed_lost_and_was_not_is_believed_also_when_it_waits_to_be_sent_again() {
    for waits_again in [false, true] {
        let world = World::new(82).await;
        let carrier = account(&world).await;
        let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
        let cut = plan_once(&world, Mishap::CutBeforeCommit {});
        world.hub.worker().work_off().await;
        assert_eq!(world.simulator.fired(cut), 1);
        world.live(11 * 60).await;
        let given_up = look(&world, &message).await;
        let code = given_up.failure.map(|it| it.code);
        assert_eq!(
            (given_up.state, code),
            (State::Failed, Some(FailureCode::NotSent))
        );
        if waits_again {
            send_again(&world, &message).await;
        }
        let name = ("SM-after-all", State::Delivered);
        say(&world, carrier, &message, Some(1), name).await;
        world.live(5).await;
        let now = look(&world, &message).await;
        assert_eq!((now.state, now.failure), (State::Delivered, None));
        assert_eq!(sent(&world, WORDS), 0, "it arrived, and is not sent again");
    }
}

#[tokio::test]
async fn another_account_says_nothing_of_a_text_and_a_name_has_one_text() {
    let world = World::new(83).await;
    let carrier = account(&world).await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let other = CarrierAccount {
        id: tx.new_id(),
        carrier: CarrierKind::Twilio,
        account: "AC-other".to_owned(),
        url: "https://carrier.example".to_owned(),
        secret: Vec::new(),
        held_until: None,
    };
    carrier_account::create(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let second = desk::text(&world.hub.store, THEIRS, "And you?").await;
    world.hub.worker().work_off().await;
    let first = attempts(&world, &message).await.remove(0);
    let first = first.provider_id.unwrap();
    let undelivered = (first.as_str(), State::Undelivered);
    say(&world, other.id, &message, Some(1), undelivered).await;
    assert_eq!(look(&world, &message).await.state, State::Sent);
    // Nor does the name of one text say anything of another.
    for number in [Some(1), None, Some(2)] {
        say(&world, carrier, &second, number, undelivered).await;
    }
    assert_eq!(look(&world, &second).await.state, State::Sent);
    say(&world, carrier, &message, Some(1), undelivered).await;
    assert_eq!(look(&world, &message).await.state, State::Undelivered);
}

#[tokio::test]
async fn the_name_of_one_text_is_never_given_to_another_whose_answer_was_lost() {
    let world = World::new(92).await;
    let carrier = account(&world).await;
    let first = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    let name = attempts(&world, &first).await.remove(0).provider_id;
    let name = name.expect("the carrier took it");
    let second = desk::text(&world.hub.store, THEIRS, "And you?").await;
    plan_once(&world, Mishap::CutBeforeCommit {});
    world.hub.worker().work_off().await;
    for number in [Some(1), None] {
        let delivered = (name.as_str(), State::Delivered);
        say(&world, carrier, &second, number, delivered).await;
        let nameless = attempts(&world, &second).await.remove(0);
        assert_eq!(
            (nameless.provider_id, nameless.state),
            (None, State::Uncertain)
        );
        assert_eq!(look(&world, &second).await.state, State::Uncertain);
    }
}

#[tokio::test]
async fn what_a_report_says_of_the_number_is_kept() {
    for (code, gate) in [
        (FailureCode::Blocked, Some(FailureCode::OptedOut)),
        (FailureCode::Landline, Some(FailureCode::Landline)),
        (FailureCode::Filtered, None),
        (FailureCode::PhoneUnreachable, None),
    ] {
        let world = World::new(86).await;
        let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
        world.hub.worker().work_off().await;
        let first = attempts(&world, &message).await.remove(0);
        let input = Input::Status(StatusReport {
            account_id: first.account_id,
            message_id: message.id,
            attempt: Some(1),
            report: Report {
                provider_id: first.provider_id.unwrap(),
                state: State::Undelivered,
                failure: Some(code.into()),
            },
        });
        let mut reader = world.hub.store.reader().await.unwrap();
        let head = event::head(&mut reader).await.unwrap();
        world.hub.messaging.take_in([input]).await.unwrap();
        let told = event::list_after(&mut reader, &Scope::system(), head, 50).await;
        let (told, _) = told.unwrap().expect("they are kept");
        drop(reader);
        let mut told = told.iter().map(|it| &it.event);
        let told = told.any(|it| matches!(it, Event::Conversation { .. }));
        assert_eq!(told, gate.is_some(), "screens hear of it: {code:?}");
        // Whose word it was and of which text is kept.
        let sql = "select source, message_id from consent_entry order by id desc limit 1";
        let mut reader = world.hub.store.reader().await.unwrap();
        let entries = reader.all(sql, Vec::new()).await.unwrap();
        drop(reader);
        if gate == Some(FailureCode::OptedOut) {
            let of: Option<MessageId> = entries[0].opt_id("message_id").unwrap();
            let source = entries[0].text("source").unwrap();
            assert_eq!((&*source, of), ("carrier", Some(message.id)));
        }
        let refused = async || {
            let mut reader = world.hub.store.reader().await.unwrap();
            let id = message.conversation_id;
            let listed = conversation::get(&mut reader, &Scope::system(), id).await;
            let refusal = send::refusal(&listed.unwrap(), "Hello", world.hub.store.now());
            refusal.map(|it| it.failure.code)
        };
        assert_eq!(refused().await, gate, "{code:?}");
        // Who writes can be reached; who wished for nothing wishes so until they say START.
        let ours = tieline::demo::OUR_NUMBER;
        world.simulator.text_from_phone(THEIRS, ours, "Here I am");
        world.live(2).await;
        let still = gate.filter(|gate| *gate == FailureCode::OptedOut);
        assert_eq!(refused().await, still, "{code:?}");
    }
}

#[tokio::test]
async fn a_report_that_is_repeated_says_nothing_against_what_they_said_since() {
    for code in [FailureCode::Blocked, FailureCode::Landline] {
        let world = World::new(94).await;
        let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
        world.hub.worker().work_off().await;
        let first = attempts(&world, &message).await.remove(0);
        let report = Input::Status(StatusReport {
            account_id: first.account_id,
            message_id: message.id,
            attempt: Some(1),
            report: Report {
                provider_id: first.provider_id.unwrap(),
                state: State::Undelivered,
                failure: Some(code.into()),
            },
        });
        let refused = async || {
            let mut reader = world.hub.store.reader().await.unwrap();
            let id = message.conversation_id;
            let listed = conversation::get(&mut reader, &Scope::system(), id).await;
            send::refusal(&listed.unwrap(), "Hello", world.hub.store.now()).is_some()
        };
        for (is_report, expected) in [(true, true), (false, false), (true, false)] {
            if is_report {
                let again = report.clone();
                world.hub.messaging.take_in([again]).await.unwrap();
            } else {
                world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "START");
                world.live(2).await;
            }
            assert_eq!(refused().await, expected, "{code:?}");
        }
    }
}

#[tokio::test]
async fn a_carrier_that_refuses_a_text_as_they_told_it_stop_is_heard_by_the_gate() {
    let world = World::new(95).await;
    world.simulator.set_keeps_opt_outs(true);
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    // The carrier knows of it before it hands it in.
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "STOP");
    world.hub.worker().work_off().await;
    let now = look(&world, &message).await;
    let code = now.failure.map(|it| it.code);
    assert_eq!(
        (now.state, code),
        (State::Failed, Some(FailureCode::OptedOutAtCarrier))
    );
    let again = desk::try_text(&world.hub.store, THEIRS, "And now?").await;
    assert!(
        matches!(again, Err(MessagingError::Refused(_))),
        "{again:?}"
    );
}

//! Attempts at the carrier: a report is of one of them, whenever it comes and whoever signed it.

use super::desk;
use super::waits::plan;
use super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::{Arc, Mutex};
use tieline::demo::OUR_NUMBER;
use tieline::transport::{Transport, in_process};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::attempt::{Attempt, Report};
use tieline_domain::carrier::{CarrierKind, ProviderId};
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::id::{CarrierAccountId, MessageId};
use tieline_domain::job::{JobKind, JobState};
use tieline_domain::receive::Inbound;
use tieline_messaging::MessagingError;
use tieline_messaging::receive::{Input, StatusReport};
use tieline_messaging::send::{self, Written};
use tieline_org::{Place, Vault};
use tieline_simulator::Mishap;
use tieline_storage::carrier_account::{self, CarrierAccount, Sender};
use tieline_storage::{attempt, conversation, event, inbox, job};
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

const THEIRS: &str = "+441134960701";
const WORDS: &str = "Are you there?";

async fn look(world: &World, message: &Message) -> Message {
    let all = desk::messages(&world.hub.store).await;
    all.into_iter().find(|it| it.id == message.id).unwrap()
}

async fn attempts(world: &World, message: &Message) -> Vec<Attempt> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let found = attempt::load(&mut reader, &[message.id]).await.unwrap();
    found.into_values().flatten().collect()
}

async fn account(world: &World) -> CarrierAccountId {
    let mut reader = world.hub.store.reader().await.unwrap();
    carrier_account::all(&mut reader).await.unwrap()[0].id
}

/// What an account's carrier says of what it calls `name`.
async fn say(
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
fn plan_once(world: &World, mishap: Mishap) -> usize {
    plan(world, "POST", "/Messages.json", 1, mishap)
}

async fn send_again(world: &World, message: &Message) {
    send::retry(
        &world.hub.store,
        &Actor::system(),
        &Scope::system(),
        message.id,
    )
    .await
    .unwrap();
}

fn sent(world: &World, words: &str) -> usize {
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
async fn a_carrier_that_asks_to_be_left_alone_is_left_alone_by_all_texts() {
    let world = World::new(85).await;
    let slow = Mishap::Busy {
        status: 429,
        retry_after_seconds: 90,
    };
    let busy = plan_once(&world, slow);
    let first = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(busy), 1);
    let second = desk::text(&world.hub.store, "+441134960702", "And you?").await;
    world.live(60).await;
    for message in [&first, &second] {
        assert_eq!(look(&world, message).await.state, State::Queued);
    }
    assert!(
        attempts(&world, &second).await.is_empty(),
        "it was not tried"
    );
    world.live(60).await;
    for message in [&first, &second] {
        assert_eq!(look(&world, message).await.state, State::Delivered);
    }
    assert_eq!(attempts(&world, &first).await.len(), 2);
}

#[tokio::test]
async fn a_text_that_the_carrier_takes_at_no_time_is_tried_ten_times_and_said_to_have_failed() {
    let world = World::new(88).await;
    let busy = Mishap::Busy {
        status: 429,
        retry_after_seconds: 1,
    };
    let busy = plan(&world, "POST", "/Messages.json", u32::MAX, busy);
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    for tries in 1..=10 {
        assert_eq!(look(&world, &message).await.state, State::Queued);
        world.pump().await;
        assert_eq!(attempts(&world, &message).await.len(), tries);
        world.wait(20 * 60_000);
    }
    let now = look(&world, &message).await;
    let code = now.failure.map(|it| it.code);
    assert_eq!(
        (now.state, code),
        (State::Failed, Some(FailureCode::CarrierUnreachable))
    );
    world.pump().await;
    assert_eq!(world.simulator.fired(busy), 10, "it is tried no more");
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
async fn a_text_that_is_overtaken_by_stop_does_not_leave() {
    // Written just before, or sent again.
    for again in [false, true] {
        let world = World::new(87).await;
        let carrier = account(&world).await;
        let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
        if again {
            world.hub.worker().work_off().await;
            let first = attempts(&world, &message).await.remove(0).provider_id;
            let lost = (&*first.unwrap(), State::Undelivered);
            say(&world, carrier, &message, Some(1), lost).await;
            send_again(&world, &message).await;
        }
        let before = (sent(&world, WORDS), attempts(&world, &message).await.len());
        // It comes in before the worker takes the text in hand.
        world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "STOP");
        world.simulator.step().await;
        world.live(5).await;
        let now = look(&world, &message).await;
        let code = now.failure.map(|it| it.code);
        assert_eq!(
            (now.state, code),
            (State::Refused, Some(FailureCode::OptedOut)),
            "{again}"
        );
        let after = (sent(&world, WORDS), attempts(&world, &message).await.len());
        assert_eq!(after, before, "{again}");
        let mut reader = world.hub.store.reader().await.unwrap();
        let sql = "select id from job where kind = 'message.send'";
        let held = reader.all(sql, Vec::new()).await.unwrap();
        assert!(held.is_empty(), "its work is over");
    }
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
    plan(&world, "GET", "/Messages.json", 150, away);
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    world.live(11 * 60).await;
    assert_eq!(look(&world, &message).await.state, State::Uncertain);
    world.live(3 * 60).await;
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

/// A second number of the inbox that the demo's number is of.
async fn second_number(world: &World) -> String {
    let account_id = account(world).await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let inbox = inbox::all(&mut tx).await.unwrap().remove(0);
    let newer = Sender {
        id: tx.new_id(),
        account_id,
        inbox_id: Some(inbox.id),
        address: "+447700900011".to_owned(),
    };
    carrier_account::add_sender(&mut tx, &newer).await.unwrap();
    tx.commit().await.unwrap();
    let webhook = format!("http://hub.test/hooks/twilio/accounts/{account_id}");
    world.simulator.provision(&newer.address, &webhook);
    newer.address
}

fn left_from(world: &World, words: &str) -> String {
    let texts = world.simulator.texts();
    let text = texts.iter().find(|it| it.body == words).unwrap();
    text.from.clone()
}

#[tokio::test]
async fn an_answer_leaves_from_the_number_that_they_wrote_to() {
    let world = World::new(90).await;
    let newer = second_number(&world).await;
    for ours in [newer.as_str(), OUR_NUMBER] {
        world.simulator.text_from_phone(THEIRS, ours, "Hello");
        world.live(2).await;
        let words = format!("From {ours}");
        desk::text(&world.hub.store, THEIRS, &words).await;
        world.live(2).await;
        assert_eq!(left_from(&world, &words), ours);
    }
}

#[tokio::test]
async fn a_text_leaves_from_the_number_that_it_was_written_for_also_when_they_write_to_another() {
    let world = World::new(91).await;
    let newer = second_number(&world).await;
    world.simulator.text_from_phone(THEIRS, &newer, "Hello");
    world.live(2).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world
        .simulator
        .text_from_phone(THEIRS, OUR_NUMBER, "Or here");
    world.simulator.step().await;
    assert_eq!(look(&world, &message).await.state, State::Queued);
    let came = desk::messages(&world.hub.store).await;
    assert!(came.iter().any(|it| it.text == "Or here"), "it overtook");
    world.live(2).await;
    assert_eq!(left_from(&world, WORDS), newer);
}

#[tokio::test]
async fn a_text_whose_accounts_secret_cannot_be_opened_waits_until_it_can() {
    let world = World::new(89).await;
    let secret = async |secret: Option<Vec<u8>>| {
        let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
        let mut row = carrier_account::all(&mut tx).await.unwrap().remove(0);
        let was = row.secret.clone();
        row.secret = secret.unwrap_or_default();
        carrier_account::save(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        was
    };
    let was = secret(None).await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    for _ in 0..12 {
        world.wait(61_000);
        world.pump().await;
    }
    assert_eq!(look(&world, &message).await.state, State::Queued);
    secret(Some(was)).await;
    // Its waiting counts for no attempt: it is tried as often as any other.
    let busy = Mishap::Busy {
        status: 429,
        retry_after_seconds: 1,
    };
    let busy = plan_once(&world, busy);
    world.live(2 * 60).await;
    assert_eq!(world.simulator.fired(busy), 1);
    assert_eq!(look(&world, &message).await.state, State::Delivered);
}

#[tokio::test]
async fn a_text_whose_job_is_given_up_does_not_wait_for_ever_and_may_be_sent_again() {
    let world = World::new(90).await;
    let run = async |sql: &str| {
        let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
        tx.run(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    };
    run("create trigger refuse before insert on attempt begin select raise(abort, 'refused'); end")
        .await;
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    let (mut hours, mut head) = (0, 0);
    while look(&world, &message).await.state == State::Queued && hours < 48 {
        let mut reader = world.hub.store.reader().await.unwrap();
        head = event::head(&mut reader).await.unwrap();
        drop(reader);
        world.wait(3_600_000);
        world.live(3).await;
        hours += 1;
    }
    let now = look(&world, &message).await;
    let code = now.failure.map(|it| it.code);
    assert_eq!(
        (now.state, code),
        (State::Failed, Some(FailureCode::NotSent))
    );
    let mut reader = world.hub.store.reader().await.unwrap();
    let told = event::list_after(&mut reader, &Scope::system(), head, 1_000).await;
    drop(reader);
    let (told, _) = told.unwrap().expect("they are kept for a day");
    let of_it = |it: &Event| matches!(it, Event::MessageState { message_id, .. } if *message_id == message.id);
    assert!(told.iter().any(|it| of_it(&it.event)), "screens hear of it");
    run("drop trigger refuse").await;
    // Its job does not send what was told as not sent.
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let dead = job::list(&mut tx, JobState::Dead, None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    let most = JobKind::MessageSend.retry().failures_max;
    assert_eq!(dead[0].failures, most - 1, "a refusing database may pass");
    for dead in dead {
        job::revive(&mut tx, dead.id).await.unwrap();
    }
    tx.commit().await.unwrap();
    world.live(10).await;
    assert_eq!(look(&world, &message).await.state, State::Failed);
    assert_eq!(sent(&world, WORDS), 0);
    send_again(&world, &message).await;
    world.live(10).await;
    assert_eq!(look(&world, &message).await.state, State::Delivered);
    assert_eq!(sent(&world, WORDS), 1);
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
async fn a_carrier_that_asks_for_a_day_is_left_alone_for_an_hour() {
    let world = World::new(98).await;
    let day = Mishap::Busy {
        status: 429,
        retry_after_seconds: 86_400,
    };
    let busy = plan_once(&world, day);
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(busy), 1);
    for (wait_ms, state) in [(3_580_000, State::Queued), (30_000, State::Delivered)] {
        world.wait(wait_ms);
        world.live(3).await;
        assert_eq!(look(&world, &message).await.state, state);
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

/// A second account, and a number of it that the inbox has.
async fn second_account(world: &World) -> (CarrierAccount, Sender) {
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let id = tx.new_id();
    let vault = Vault::new(&[7; Vault::KEY_BYTES]);
    let other = CarrierAccount {
        id,
        carrier: CarrierKind::Twilio,
        account: "AC-other".to_owned(),
        url: "https://carrier.example".to_owned(),
        secret: vault.seal(Place::of_carrier_secret(id), b"token"),
        held_until: None,
    };
    carrier_account::create(&mut tx, &other).await.unwrap();
    let inbox = inbox::all(&mut tx).await.unwrap().remove(0);
    let number = Sender {
        id: tx.new_id(),
        account_id: id,
        inbox_id: Some(inbox.id),
        address: "+447700900015".to_owned(),
    };
    carrier_account::add_sender(&mut tx, &number).await.unwrap();
    tx.commit().await.unwrap();
    (other, number)
}

#[tokio::test]
async fn a_text_leaves_with_the_account_whose_number_it_is_from() {
    let world = World::new(105).await;
    let (other, number) = second_account(&world).await;
    let hello = Input::Text(Inbound {
        inbox_id: number.inbox_id.unwrap(),
        sender_id: number.id,
        address: THEIRS.to_owned(),
        text: "Hello".to_owned(),
        provider_id: ProviderId {
            account_id: other.id,
            name: "SM-hello".to_owned(),
        },
    });
    world.hub.messaging.take_in([hello]).await.unwrap();
    desk::text(&world.hub.store, THEIRS, WORDS).await;
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (log, inner) = (taken.clone(), in_process(world.simulator.router()));
    let transport: Transport = BoxCloneSyncService::new(service_fn(move |it: Request<Bytes>| {
        let (log, inner) = (log.clone(), inner.clone());
        async move {
            if it.uri().host() != Some("carrier.example") {
                return inner.oneshot(it).await;
            }
            let given = it.headers()["authorization"].to_str().unwrap().to_owned();
            let form = String::from_utf8(it.body().to_vec()).unwrap();
            log.lock()
                .unwrap()
                .push((it.uri().to_string(), given, form));
            let answer = r#"{"sid": "SM-out", "status": "queued"}"#;
            Ok(Response::new(Bytes::from_static(answer.as_bytes())))
        }
    }));
    let hub = world.second_hub(transport).await;
    hub.worker().work_off().await;
    let taken = taken.lock().unwrap().clone();
    let [(url, given, form)] = &taken[..] else {
        panic!("{taken:?}")
    };
    let expected = "https://carrier.example/2010-04-01/Accounts/AC-other/Messages.json";
    assert_eq!(url, expected);
    let credentials = STANDARD.encode("AC-other:token");
    assert_eq!(given, &format!("Basic {credentials}"));
    assert!(form.contains("From=%2B447700900015"), "{form}");
    let reports = format!("accounts%2F{}%2Fstatus", other.id);
    assert!(form.contains(&reports), "{form}");
}

#[tokio::test]
async fn what_a_carrier_refuses_is_told_in_its_words_and_not_sent_again() {
    let world = World::new(106).await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let inbox = inbox::all(&mut tx).await.unwrap().remove(0);
    // The carrier knows nothing of it.
    let number = Sender {
        id: tx.new_id(),
        account_id: carrier_account::all(&mut tx).await.unwrap()[0].id,
        inbox_id: Some(inbox.id),
        address: "+447700900016".to_owned(),
    };
    carrier_account::add_sender(&mut tx, &number).await.unwrap();
    tx.commit().await.unwrap();
    let hello = Input::Text(Inbound {
        inbox_id: inbox.id,
        sender_id: number.id,
        address: THEIRS.to_owned(),
        text: "Hello".to_owned(),
        provider_id: ProviderId {
            account_id: number.account_id,
            name: "SM-hello".to_owned(),
        },
    });
    world.hub.messaging.take_in([hello]).await.unwrap();
    let message = desk::text(&world.hub.store, THEIRS, WORDS).await;
    world.live(60).await;
    let now = look(&world, &message).await;
    let why = now.failure.expect("it says why");
    let told = (now.state, why.code);
    assert_eq!(told, (State::Failed, FailureCode::CarrierRefused));
    let words = why.sentence();
    assert!(words.contains("is not a valid") && words.contains("21606"));
    let made = attempts(&world, &message).await;
    let states: Vec<State> = made.iter().map(|it| it.state).collect();
    assert_eq!(states, [State::Failed], "once");
}

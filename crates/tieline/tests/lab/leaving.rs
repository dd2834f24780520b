//! When a text leaves, from which number, and what holds it back.

use super::attempts::{THEIRS, WORDS, account, attempts, look, plan_once, say, send_again, sent};
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
use tieline_domain::carrier::{CarrierKind, ProviderId};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::failure::FailureCode;
use tieline_domain::job::{JobKind, JobState};
use tieline_domain::receive::Inbound;
use tieline_messaging::receive::Input;
use tieline_org::{Place, Vault};
use tieline_simulator::Mishap;
use tieline_storage::carrier_account::{self, CarrierAccount, Sender};
use tieline_storage::{event, inbox, job};
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

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

/// A second number of the inbox that the demo's number is of.
pub(super) async fn second_number(world: &World) -> String {
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

//! What a stranger posts to a webhook is refused, stored nowhere and counted.

use super::desk;
use super::waits::plan;
use super::world::World;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use std::collections::BTreeSet;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::channel::Channel;
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::failure::FailureCode;
use tieline_domain::id::ConversationId;
use tieline_domain::receive::Unassigned;
use tieline_messaging::receive::Input;
use tieline_simulator::Mishap;
use tieline_storage::carrier_account::{self, CarrierAccount, Sender};
use tieline_storage::conversation::{self, ConversationQuery};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::{contact, event};
use tower::ServiceExt as _;

async fn text_of(response: axum::response::Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_wrong_signature_is_refused_stored_nowhere_and_counted() {
    let world = World::new(12).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let inbox = inbox::all(&mut reader).await.unwrap().remove(0);
    for signature in [None, Some(""), Some("bm90IGEgc2lnbmF0dXJl"), Some("\u{7f}")] {
        let mut request = Request::post(format!("/hooks/twilio/{}", inbox.id))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(signature) = signature.and_then(|it| http::HeaderValue::from_str(it).ok()) {
            request = request.header("x-twilio-signature", signature);
        }
        let form = "From=%2B441134960777&To=%2B447700900010&Body=Hello&MessageSid=SM1";
        let answer = world
            .hub
            .router()
            .oneshot(request.body(Body::from(form)).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let problem = text_of(answer).await;
        assert!(
            problem.contains("wrong_signature") && problem.contains("auth token"),
            "{problem}"
        );
    }
    let query = ConversationQuery {
        limit: 5,
        ..ConversationQuery::default()
    };
    let stored = conversation::list(&mut reader, &Scope::system(), &query)
        .await
        .unwrap();
    assert!(stored.is_empty());
    let metrics = Request::get("/metrics").body(Body::empty()).unwrap();
    let router = tieline_web::metrics_router(world.hub.metrics());
    let metrics = text_of(router.oneshot(metrics).await.unwrap()).await;
    let counted = metrics
        .lines()
        .find(|line| line.contains("refused") && line.ends_with(" 4"));
    assert!(counted.is_some(), "{metrics}");

    // The same door lets the carrier in.
    world
        .simulator
        .text_from_phone("+441134960777", OUR_NUMBER, "Hello");
    world.pump().await;
    let stored = conversation::list(&mut reader, &Scope::system(), &query)
        .await
        .unwrap();
    assert_eq!(stored.len(), 1);
}

#[tokio::test]
async fn a_text_from_a_name_or_a_short_code_stands_alone_and_takes_no_answer() {
    let world = World::new(13).await;
    for sender in ["68849", "0800REPAIRS"] {
        world
            .simulator
            .text_from_phone(sender, OUR_NUMBER, "code 1234");
    }
    world.pump().await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let query = ConversationQuery {
        limit: 5,
        ..ConversationQuery::default()
    };
    let stored = conversation::list(&mut reader, &Scope::system(), &query)
        .await
        .unwrap();
    let mut addresses: Vec<&str> = stored.iter().map(|it| it.address.as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["0800REPAIRS", "68849"]);
    for listed in &stored {
        assert_eq!(listed.conversation.contact_id, None);
        let now = world.hub.store.now();
        let refusal = tieline_messaging::send::refusal(listed, "Hello", now).unwrap();
        assert_eq!(refusal.failure.code, FailureCode::NotAnswerable);
    }
}

#[tokio::test]
async fn stop_is_heard_by_whichever_number_of_ours_it_is_told() {
    let world = World::new(14).await;
    let theirs = "+441134960778";
    world.simulator.text_from_phone(theirs, OUR_NUMBER, "Hello");
    world.pump().await;
    let told = |number: usize, words: &str| {
        Input::Unassigned(Unassigned {
            account: "AC9".to_owned(),
            provider_id: format!("SM{number}"),
            sender: theirs.to_owned(),
            addressee: "+447700900099".to_owned(),
            text: words.to_owned(),
        })
    };
    let is_out = async || {
        let mut reader = world.hub.store.reader().await.unwrap();
        let query = ConversationQuery {
            limit: 5,
            ..ConversationQuery::default()
        };
        let stored = conversation::list(&mut reader, &Scope::system(), &query).await;
        stored.unwrap()[0].opted_out_since.is_some()
    };
    let take_in = async |input: Input| world.hub.messaging.take_in([input]).await.unwrap();
    take_in(told(1, "please do not stop")).await;
    assert!(!is_out().await);
    take_in(told(2, "STOP")).await;
    assert!(is_out().await);
    let refused = desk::try_text(&world.hub.store, theirs, "Hello").await;
    assert!(refused.is_err(), "{refused:?}");
    world.simulator.text_from_phone(theirs, OUR_NUMBER, "START");
    world.pump().await;
    assert!(!is_out().await);
    // The carrier repeats itself.
    take_in(told(2, "STOP")).await;
    assert!(!is_out().await);
    // Whoever is out may say otherwise to any number as well; of a batch the last word holds.
    take_in(told(3, "STOP")).await;
    take_in(told(4, "start")).await;
    assert!(!is_out().await);
    for (words, out) in [(["START", "STOP"], true), (["STOP", "START"], false)] {
        let number = if out { 5 } else { 7 };
        let both = [told(number, words[0]), told(number + 1, words[1])];
        world.hub.messaging.take_in(both).await.unwrap();
        assert_eq!(is_out().await, out, "{words:?}");
    }
}

#[tokio::test]
async fn a_text_to_a_number_that_an_inbox_got_a_moment_ago_comes_into_the_inbox() {
    let world = World::new(15).await;
    let store = &world.hub.store;
    for ours in ["+447700900011", "+447700900012"] {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let account_id = carrier_account::all(&mut tx).await.unwrap()[0].id;
        let inbox = inbox::all(&mut tx).await.unwrap().remove(0);
        let sender = Sender {
            id: tx.new_id(),
            account_id,
            inbox_id: Some(inbox.id),
            address: ours.to_owned(),
        };
        carrier_account::add_sender(&mut tx, &sender).await.unwrap();
        tx.commit().await.unwrap();
        let webhook = format!("http://hub.test/hooks/twilio/accounts/{account_id}");
        world.simulator.provision(ours, &webhook);
        let theirs = "+441134960779";
        world.simulator.text_from_phone(theirs, ours, ours);
        world.pump().await;
        let messages = desk::messages(store).await;
        assert!(messages.iter().any(|it| it.text == ours), "{ours}");
    }
}

#[tokio::test]
async fn each_number_leads_to_its_own_inbox_and_reads_senders_as_people_write_there() {
    const THERE: &str = "+14155550100";
    let world = World::new(16).await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let account_id = carrier_account::all(&mut tx).await.unwrap()[0].id;
    let second = Inbox {
        id: tx.new_id(),
        channel: Channel::Sms,
        name: "Overseas".to_owned(),
        country: "US".to_owned(),
    };
    inbox::create(&mut tx, &second).await.unwrap();
    let sender = Sender {
        id: tx.new_id(),
        account_id,
        inbox_id: Some(second.id),
        address: THERE.to_owned(),
    };
    carrier_account::add_sender(&mut tx, &sender).await.unwrap();
    tx.commit().await.unwrap();
    let webhook = format!("http://hub.test/hooks/twilio/accounts/{account_id}");
    world.simulator.provision(THERE, &webhook);
    for (from, ours) in [("(415) 555-0142", THERE), ("+14155550142", OUR_NUMBER)] {
        world.simulator.text_from_phone(from, ours, ours);
    }
    world.pump().await;
    let query = ConversationQuery {
        limit: 5,
        ..ConversationQuery::default()
    };
    let mut reader = world.hub.store.reader().await.unwrap();
    let stored = conversation::list(&mut reader, &Scope::system(), &query).await;
    let stored = stored.unwrap();
    assert_eq!(stored.len(), 2);
    for it in &stored {
        let said = it.conversation.last.as_ref().unwrap().text.as_str();
        let is_there = it.conversation.inbox_id == second.id;
        assert_eq!(is_there, said == THERE, "{said}");
        assert_eq!(it.address, "+14155550142", "{said}");
    }
    // What they wish for, and whether they take texts at all, is told to the screens of both.
    let both: BTreeSet<ConversationId> = stored.iter().map(|it| it.conversation.id).collect();
    drop(reader);
    for word in ["STOP", "START"] {
        let seq = head(&world).await;
        world
            .simulator
            .text_from_phone("+14155550142", OUR_NUMBER, word);
        world.pump().await;
        assert_eq!(told_since(&world, seq).await, both, "{word}");
    }
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let point = stored[0].conversation.point_id;
    contact::mark_landline(&mut tx, point).await.unwrap();
    tx.commit().await.unwrap();
    let seq = head(&world).await;
    world
        .simulator
        .text_from_phone("+14155550142", OUR_NUMBER, "No landline");
    world.pump().await;
    assert_eq!(told_since(&world, seq).await, both, "the mark is lifted");
}

async fn head(world: &World) -> i64 {
    let mut reader = world.hub.store.reader().await.unwrap();
    event::head(&mut reader).await.unwrap()
}

/// Conversations that screens were told of since.
async fn told_since(world: &World, seq: i64) -> BTreeSet<ConversationId> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let news = event::list_after(&mut reader, &Scope::system(), seq, 100).await;
    let (events, _) = news.unwrap().expect("they are kept for a day");
    let told = events.iter().filter_map(|it| match it.event {
        Event::Conversation {
            conversation_id, ..
        } => Some(conversation_id),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn the_door_of_an_inbox_takes_what_any_account_signs_that_it_has_a_number_of() {
    let world = World::new(17).await;
    let store = &world.hub.store;
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let inbox = inbox::all(&mut tx).await.unwrap().remove(0);
    // One whose secret does not open stands before it.
    let older = CarrierAccount {
        id: tx.new_id(),
        carrier: CarrierKind::Twilio,
        account: "AC-older".to_owned(),
        url: "https://carrier.example".to_owned(),
        secret: Vec::new(),
        held_until: None,
    };
    carrier_account::create(&mut tx, &older).await.unwrap();
    let sender = Sender {
        id: tx.new_id(),
        account_id: older.id,
        inbox_id: Some(inbox.id),
        address: "+447700900013".to_owned(),
    };
    carrier_account::add_sender(&mut tx, &sender).await.unwrap();
    let sql = "update carrier_account set created_at = 0 where account = 'AC-older'";
    tx.run(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    let door = format!("http://hub.test/hooks/twilio/{}", inbox.id);
    world.simulator.provision(OUR_NUMBER, &door);
    let theirs = "+441134960780";
    world.simulator.text_from_phone(theirs, OUR_NUMBER, "Hello");
    world.pump().await;
    let messages = desk::messages(store).await;
    assert!(messages.iter().any(|it| it.text == "Hello"), "{messages:?}");

    // A report to the door, whose address names no attempt.
    let cut = Mishap::CutBeforeCommit {};
    let cut = plan(&world, "POST", "/Messages.json", 1, cut);
    let ours = desk::text(store, theirs, "On our way").await;
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), 1);
    let callback = format!("{door}/status?message={}", ours.id);
    let form = [
        ("To", theirs),
        ("From", OUR_NUMBER),
        ("Body", "by its carrier"),
        ("StatusCallback", &callback),
    ];
    world.send_as_another_program(&form).await;
    world.live(2).await;
    let messages = desk::messages(store).await;
    let now = messages.iter().find(|it| it.id == ours.id).unwrap();
    assert_eq!(now.state, State::Delivered);
}

#[tokio::test]
async fn a_text_that_came_while_the_secret_was_wrong_comes_in_as_soon_as_it_is_right() {
    let world = World::new(18).await;
    let store = &world.hub.store;
    let put = async |secret: Vec<u8>| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let mut row = carrier_account::all(&mut tx).await.unwrap().remove(0);
        let was = std::mem::replace(&mut row.secret, secret);
        carrier_account::save(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        was
    };
    let right = put(Vec::new()).await;
    let theirs = "+441134960781";
    world.simulator.text_from_phone(theirs, OUR_NUMBER, "Hello");
    world.pump().await;
    assert!(desk::messages(store).await.is_empty());
    put(right).await;
    // The carrier comes again after a while.
    world.live(5).await;
    let messages = desk::messages(store).await;
    let words: Vec<&str> = messages.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(words, ["Hello"]);
}

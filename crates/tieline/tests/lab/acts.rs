//! What staff do with a conversation: each act changes what it names, tells screens of that and of
//! nothing else, and what changes nothing tells nobody.

use super::desk;
use super::world::World;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Participant, Principal, Role, Scope, StaffMember};
use tieline_domain::attempt::Report;
use tieline_domain::carrier::ProviderId;
use tieline_domain::conversation::{Author, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::failure::FailureCode;
use tieline_domain::id::{ConversationId, InboxId, StaffId};
use tieline_domain::receive::{Inbound, Unassigned};
use tieline_messaging::MessagingError;
use tieline_messaging::converse::{self, Act, Mark, With};
use tieline_messaging::receive::{Input, StatusReport};
use tieline_messaging::send::{self, Written};
use tieline_storage::conversation::{self, Listed};
use tieline_storage::{StorageError, attempt, carrier_account, event, inbox, participant, staff};

const THEIRS: &str = "+441134960710";

async fn head(world: &World) -> i64 {
    let mut reader = world.hub.store.reader().await.unwrap();
    event::head(&mut reader).await.unwrap()
}

/// What screens were told since.
async fn told_since(world: &World, seq: i64) -> Vec<&'static str> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let news = event::list_after(&mut reader, &Scope::system(), seq, 1_000).await;
    let (events, _) = news.unwrap().expect("they are kept for a day");
    let name = |event: &Event| match event {
        Event::Message { .. } => "message",
        Event::MessageState { .. } => "state",
        Event::Conversation { .. } => "conversation",
        Event::Read { .. } => "read",
        _ => "other",
    };
    events.iter().map(|it| name(&it.event)).collect()
}

async fn people(world: &World) -> (StaffId, StaffId, InboxId) {
    let mut reader = world.hub.store.reader().await.unwrap();
    let all = staff::all(&mut reader).await.unwrap();
    let named = |name: &str| all.iter().find(|it| it.name.starts_with(name)).unwrap().id;
    let inbox = inbox::all(&mut reader).await.unwrap().remove(0);
    (named("Priya"), named("Tom"), inbox.id)
}

/// A conversation that begins with a text of theirs.
async fn texted(world: &World) -> ConversationId {
    world.simulator.text_from_phone(THEIRS, OUR_NUMBER, "Hello");
    world.live(2).await;
    let all = desk::messages(&world.hub.store).await;
    let hello = all.iter().find(|it| it.text == "Hello").unwrap();
    hello.conversation_id
}

async fn look(world: &World, id: ConversationId, reader: StaffId) -> Listed {
    let inboxes = vec![people(world).await.2];
    let scope = member(reader, inboxes).working_scope();
    let mut conn = world.hub.store.reader().await.unwrap();
    conversation::get(&mut conn, &scope, id).await.unwrap()
}

fn member(id: StaffId, inboxes: Vec<InboxId>) -> Principal {
    Principal::Staff(StaffMember {
        id,
        role: Role::Staff,
        reviewer: false,
        inboxes,
    })
}

async fn change(world: &World, id: ConversationId, acts: &[Act]) -> Result<Listed, MessagingError> {
    let (store, scope) = (&world.hub.store, Scope::system());
    converse::change(store, &Actor::system(), &scope, id, acts).await
}

async fn write(
    world: &World,
    id: ConversationId,
    author: StaffId,
    (text, note): (&str, bool),
) -> Result<Message, MessagingError> {
    let written = Written {
        conversation_id: id,
        author: Author::Staff(author),
        text: text.to_owned(),
        client_key: text.to_owned(),
        note,
    };
    let (store, scope) = (&world.hub.store, Scope::system());
    send::write(store, &Actor::system(), &scope, &written).await
}

#[tokio::test]
async fn each_change_is_told_once_and_what_changes_nothing_is_not() {
    let world = World::new(101).await;
    let (priya, tom, _) = people(&world).await;
    let id = texted(&world).await;
    assert!(look(&world, id, tom).await.conversation.our_turn);
    for (acts, told) in [
        (vec![Act::SetOpen(true)], false),
        (vec![Act::AssignTo(Some(tom))], true),
        (vec![Act::AssignTo(Some(tom))], false),
        (vec![Act::AssignTo(Some(priya)), Act::SetOpen(false)], true),
        (vec![Act::SetOpen(false)], false),
        (vec![Act::SetOpen(true), Act::AssignTo(None)], true),
    ] {
        let (before, seq) = (look(&world, id, tom).await, head(&world).await);
        let after = change(&world, id, &acts).await.unwrap();
        let expected: &[&str] = if told { &["conversation"] } else { &[] };
        assert_eq!(told_since(&world, seq).await, expected, "{acts:?}");
        let versions = (before.conversation.version, after.conversation.version);
        assert_eq!(versions.0 < versions.1, told, "{acts:?}");
    }
    let now = look(&world, id, tom).await.conversation;
    let stands = (now.open, now.our_turn, now.assigned_to);
    assert_eq!(stands, (true, false, None), "who closed it had seen to it");
    let mut reader = world.hub.store.reader().await.unwrap();
    let parts = participant::list(&mut reader, &Scope::system(), id).await;
    for given in [tom, priya] {
        let who = Participant::Staff(given);
        let part = parts.as_ref().unwrap().iter().find(|it| it.who == who);
        assert!(part.unwrap().until.is_some(), "it was given on");
    }
}

#[tokio::test]
async fn it_is_given_to_who_works_there_and_stays_with_who_had_it() {
    let world = World::new(102).await;
    let (priya, tom, inbox) = people(&world).await;
    let id = texted(&world).await;
    change(&world, id, &[Act::AssignTo(Some(tom))])
        .await
        .unwrap();
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    for gone in [tom, priya] {
        inbox::remove_member(&mut tx, inbox, gone).await.unwrap();
    }
    tx.commit().await.unwrap();
    // Closing it does not ask anew who may have it.
    let same = [Act::AssignTo(Some(tom)), Act::SetOpen(false)];
    assert!(change(&world, id, &same).await.is_ok());
    let other = change(&world, id, &[Act::AssignTo(Some(priya))]).await;
    let field = match other {
        Err(MessagingError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field, "assigned_to");
}

#[tokio::test]
async fn who_writes_has_read_and_a_note_never_leaves_the_house() {
    let world = World::new(103).await;
    let (priya, tom, _) = people(&world).await;
    let id = texted(&world).await;
    let unread = async |who| look(&world, id, who).await.unread;
    assert_eq!((unread(priya).await, unread(tom).await), (1, 1));
    for blank in ["", " \n"] {
        let refused = write(&world, id, tom, (blank, true)).await;
        let invalid = matches!(refused, Err(MessagingError::Invalid { field: "text", .. }));
        assert!(invalid, "{refused:?}");
    }
    for (words, note) in [("Ask Ann", true), ("We come at 4", false)] {
        let seq = head(&world).await;
        let first = write(&world, id, tom, (words, note)).await.unwrap();
        let told = told_since(&world, seq).await;
        let expected = ["read", "message", "conversation"];
        assert_eq!(told, expected, "{words}");
        let seq = head(&world).await;
        let again = write(&world, id, tom, (words, note)).await.unwrap();
        assert_eq!(again.id, first.id, "the same request is one message");
        assert!(told_since(&world, seq).await.is_empty());
    }
    assert_eq!((unread(priya).await, unread(tom).await), (1, 0));
    world.live(5).await;
    let all = desk::messages(&world.hub.store).await;
    let states: Vec<(Kind, State)> = all.iter().map(|it| (it.kind, it.state)).collect();
    let expected = [
        (Kind::Message, State::Received),
        (Kind::Note, State::Received),
        (Kind::Message, State::Delivered),
    ];
    assert_eq!(states, expected);
    let bodies: Vec<String> = (world.simulator.texts().into_iter())
        .map(|text| text.body)
        .collect();
    assert!(!bodies.iter().any(|it| it == "Ask Ann"), "{bodies:?}");
    for message in &all {
        let (store, scope) = (&world.hub.store, Scope::system());
        let again = send::retry(store, &Actor::system(), &scope, message.id).await;
        assert!(
            matches!(again, Err(MessagingError::Invalid { .. })),
            "{again:?}"
        );
    }
}

#[tokio::test]
async fn reading_is_told_to_the_reader_once() {
    let world = World::new(104).await;
    let (_, tom, _) = people(&world).await;
    let id = texted(&world).await;
    for (mark, told, unread) in [
        (Mark::Read, true, 0),
        (Mark::Read, false, 0),
        (Mark::Unread, true, 1),
    ] {
        let seq = head(&world).await;
        let (store, scope) = (&world.hub.store, Scope::system());
        converse::mark(store, &scope, id, tom, mark).await.unwrap();
        let expected: &[&str] = if told { &["read"] } else { &[] };
        assert_eq!(told_since(&world, seq).await, expected, "{mark:?}");
        assert_eq!(look(&world, id, tom).await.unread, unread, "{mark:?}");
    }
}

#[tokio::test]
async fn a_conversation_is_begun_once_where_the_scope_sees_the_inbox() {
    let world = World::new(105).await;
    let (_, tom, inbox) = people(&world).await;
    let with = With {
        address: Some(THEIRS),
        ..With::default()
    };
    let (store, system) = (&world.hub.store, Scope::system());
    let outside = member(tom, Vec::new()).working_scope();
    let refused = converse::begin(store, &Actor::system(), &outside, inbox, with).await;
    let not_there = matches!(
        refused,
        Err(MessagingError::Storage(StorageError::NotFound("inbox")))
    );
    assert!(not_there, "{refused:?}");
    let nobody = With::default();
    let refused = converse::begin(store, &Actor::system(), &system, inbox, nobody).await;
    let says_which = matches!(
        refused,
        Err(MessagingError::Invalid {
            field: "contact_id",
            ..
        })
    );
    assert!(says_which, "{refused:?}");
    for (new, told) in [(true, 1), (false, 0)] {
        let seq = head(&world).await;
        let begun = converse::begin(store, &Actor::system(), &system, inbox, with).await;
        let (listed, is_new) = begun.unwrap();
        assert_eq!((is_new, listed.conversation.open), (new, true));
        assert_eq!(told_since(&world, seq).await.len(), told);
    }
}

async fn entries(world: &World) -> i64 {
    let mut reader = world.hub.store.reader().await.unwrap();
    let sql = "select count(*) as n from consent_entry";
    let rows = reader.all(sql, Vec::new()).await.unwrap();
    rows[0].int("n").unwrap()
}

#[tokio::test]
async fn a_wish_that_is_told_twice_stands_once_in_the_ledger() {
    let world = World::new(106).await;
    let (_, tom, _) = people(&world).await;
    let id = texted(&world).await;
    for (word, known, wants_none) in [("STOP", 1, true), ("STOP", 1, true), ("START", 2, false)] {
        world.simulator.text_from_phone(THEIRS, OUR_NUMBER, word);
        let seq = head(&world).await;
        world.live(2).await;
        assert!(told_since(&world, seq).await.contains(&"conversation"));
        let listed = look(&world, id, tom).await;
        assert_eq!(listed.opted_out_since.is_some(), wants_none, "{word}");
        assert_eq!(entries(&world).await, known, "{word}");
        // What staff say among themselves is nobody's to refuse.
        let long = "They said it. ".repeat(200);
        let note = write(&world, id, tom, (long.as_str(), true)).await;
        assert!(note.is_ok(), "{word}: {note:?}");
    }
}

#[tokio::test]
async fn of_wishes_that_come_in_at_once_the_last_holds() {
    let world = World::new(109).await;
    let (_, tom, inbox_id) = people(&world).await;
    let id = texted(&world).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let senders = carrier_account::senders(&mut reader).await;
    drop(reader);
    let ours = senders.unwrap().remove(0);
    // A word in small letters is told to a number that no inbox has.
    for (batch, words, wants_none) in [
        (1, &["STOP", "START"][..], false),
        (2, &["STOP", "START", "STOP"], true),
        (3, &["START", "STOP", "START"], false),
        (4, &["STOP", "start"], false),
        (5, &["stop", "START", "stop"], true),
        (6, &["start", "STOP"], true),
        (7, &["stop", "START"], false),
    ] {
        let texts = words.iter().enumerate().map(|(place, words)| {
            let (name, text) = (format!("SM-{batch}-{place}"), (*words).to_owned());
            if words.starts_with('s') {
                return Input::Unassigned(Unassigned {
                    account: "AC-any".to_owned(),
                    provider_id: name,
                    sender: THEIRS.to_owned(),
                    addressee: "+447700900099".to_owned(),
                    text,
                });
            }
            Input::Text(Inbound {
                inbox_id,
                sender_id: ours.id,
                address: THEIRS.to_owned(),
                text,
                provider_id: ProviderId {
                    account_id: ours.account_id,
                    name,
                },
            })
        });
        let texts: Vec<Input> = texts.collect();
        world.hub.messaging.take_in(texts).await.unwrap();
        let listed = look(&world, id, tom).await;
        assert_eq!(listed.opted_out_since.is_some(), wants_none, "{words:?}");
    }
}

/// What the carrier says of the only attempt of a message.
async fn report(world: &World, message: &Message, state: State, code: FailureCode) {
    let mut reader = world.hub.store.reader().await.unwrap();
    let attempts = attempt::load(&mut reader, &[message.id]).await.unwrap();
    drop(reader);
    let first = attempts.into_values().flatten().next().unwrap();
    let input = Input::Status(StatusReport {
        account_id: first.account_id,
        message_id: message.id,
        attempt: Some(first.number),
        report: Report {
            provider_id: first.provider_id.unwrap(),
            state,
            failure: Some(code.into()),
        },
    });
    world.hub.messaging.take_in([input]).await.unwrap();
}

#[tokio::test]
async fn a_wish_that_is_told_to_any_number_and_to_the_carrier_stands_once_and_is_told_to_screens() {
    let world = World::new(107).await;
    let (_, tom, _) = people(&world).await;
    let id = texted(&world).await;
    let message = write(&world, id, tom, ("Is it mended?", false)).await;
    let message = message.unwrap();
    world.hub.worker().work_off().await;
    for number in 1..=2 {
        let seq = head(&world).await;
        let stop = Input::Unassigned(Unassigned {
            account: "AC-any".to_owned(),
            provider_id: format!("SM-any-{number}"),
            sender: THEIRS.to_owned(),
            addressee: "+447700900099".to_owned(),
            text: "STOP".to_owned(),
        });
        world.hub.messaging.take_in([stop]).await.unwrap();
        let is_told = told_since(&world, seq).await.contains(&"conversation");
        assert_eq!(is_told, number == 1, "the second says nothing new");
        assert!(look(&world, id, tom).await.opted_out_since.is_some());
        assert_eq!(entries(&world).await, 1);
    }
    report(&world, &message, State::Undelivered, FailureCode::Blocked).await;
    assert_eq!(entries(&world).await, 1);
}

#[tokio::test]
async fn what_was_not_delivered_is_sent_again_on_a_persons_word_while_they_wish_for_it() {
    let world = World::new(108).await;
    let (_, tom, _) = people(&world).await;
    let id = texted(&world).await;
    let message = write(&world, id, tom, ("Is it mended?", false)).await;
    let message = message.unwrap();
    world.hub.worker().work_off().await;
    let unreachable = FailureCode::PhoneUnreachable;
    report(&world, &message, State::Undelivered, unreachable).await;
    let again = async || {
        let (store, scope) = (&world.hub.store, Scope::system());
        send::retry(store, &Actor::system(), &scope, message.id).await
    };
    for (word, refused) in [("STOP", true), ("START", false)] {
        world.simulator.text_from_phone(THEIRS, OUR_NUMBER, word);
        world.live(2).await;
        let seq = head(&world).await;
        match again().await {
            Err(MessagingError::Refused(_)) => assert!(refused, "{word}"),
            Ok(now) => {
                assert!(!refused, "{word}");
                assert_eq!((now.state, now.failure), (State::Queued, None));
                assert!(now.state_at > message.state_at);
                assert_eq!(told_since(&world, seq).await, ["state"]);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(again().await.is_err(), "it is on its way");
    world.live(5).await;
    let texts = world.simulator.texts();
    let sent = texts.iter().filter(|it| it.body == "Is it mended?").count();
    assert_eq!(sent, 2);
}

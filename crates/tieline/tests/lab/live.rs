//! The live stream over HTTP: who hears what, and that nobody who comes back has missed anything.

use super::desk;
use super::world::World;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use tieline::demo::OUR_NUMBER;
use tieline_access::{NewStaff, SignedIn, StaffChange, Visit, Which};
use tieline_domain::access::{Actor, Caller, Role, Scope};
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::id::InboxId;
use tieline_messaging::converse::{self, Act, Mark};
use tieline_simulator::carrier::{DeliveryError, DeliveryFailure};
use tieline_storage::{inbox, staff};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

/// Nothing more comes when nothing came for so long.
const QUIET: Duration = Duration::from_millis(600);

/// An open stream and what it heard: event and number.
pub(super) struct Stream(pub Body);

impl Stream {
    async fn open(world: &World, session: &str, after: Option<i64>) -> Stream {
        let answer = ask(world, session, after).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Stream(answer.into_body())
    }

    /// The data of what comes of one name until it is quiet.
    pub async fn data_of(&mut self, name: &str) -> Vec<Value> {
        let (text, _) = self.text().await;
        let start = format!("event: {name}\n");
        let found = text.split("\n\n").filter(|it| it.starts_with(&start));
        let data = found.flat_map(|it| it.lines().find_map(|line| line.strip_prefix("data: ")));
        data.map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// The counts that it is told, at last those that are wanted; a busy machine may take a while.
    async fn counts_until(&mut self, wanted: &Value) -> Option<Value> {
        let mut last = None;
        for _ in 0..10 {
            last = self.data_of("counts").await.pop().or(last);
            if last.as_ref() == Some(wanted) {
                break;
            }
        }
        last
    }

    /// All that comes until it is quiet, and whether the stream ended.
    pub async fn heard(&mut self) -> (Vec<(String, String)>, bool) {
        let (text, ended) = self.text().await;
        let events = text.split("\n\n").filter(|it| it.starts_with("event:"));
        let events = events.map(|event| {
            let line = |name: &str| {
                let mut lines = event.lines();
                let found = lines.find_map(|line| line.strip_prefix(name));
                found.unwrap_or_default().to_owned()
            };
            (line("event: "), line("id: "))
        });
        (events.collect(), ended)
    }

    async fn text(&mut self) -> (String, bool) {
        let (mut text, mut ended) = (String::new(), false);
        while let Ok(frame) = tokio::time::timeout(QUIET, self.0.frame()).await {
            match frame {
                Some(frame) => {
                    let bytes = frame.unwrap().into_data().unwrap();
                    text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                None => {
                    ended = true;
                    break;
                }
            }
        }
        (text, ended)
    }

    /// The names of what comes, counts left out.
    pub async fn names(&mut self) -> Vec<String> {
        let (events, _) = self.heard().await;
        let names = events.into_iter().map(|(name, _)| name);
        names.filter(|name| name != "counts").collect()
    }
}

async fn ask(world: &World, session: &str, after: Option<i64>) -> http::Response<Body> {
    ask_after(world, session, after.map(|it| it.to_string())).await
}

async fn ask_after(world: &World, session: &str, after: Option<String>) -> http::Response<Body> {
    ask_at(world, session, "/api/v1/live", after).await
}

async fn ask_at(
    world: &World,
    session: &str,
    path: &str,
    after: Option<String>,
) -> http::Response<Body> {
    let mut request = Request::get(path).header("cookie", format!("tieline={session}"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let request = request.body(Body::empty()).unwrap();
    world.hub.router().oneshot(request).await.unwrap()
}

/// A session of a new colleague, member of the inbox or not.
pub(super) async fn colleague(world: &World, name: &str, is_member: bool) -> String {
    let email = format!("{name}@harrow-vale.example");
    let access = &world.hub.access;
    let operator = Caller::operator();
    let new = NewStaff {
        name: name.to_owned(),
        email,
        role: Role::Staff,
    };
    let user = access.add_staff(&operator, &new).await.unwrap();
    if is_member {
        let inbox = the_inbox(world).await;
        access.add_member(&operator, inbox, user.id).await.unwrap();
    }
    let link = access
        .sign_in_link(&operator, user.id, 60_000)
        .await
        .unwrap();
    access
        .use_link(&link.token, &Visit::default())
        .await
        .unwrap()
}

pub(super) async fn the_inbox(world: &World) -> InboxId {
    let mut reader = world.hub.store.reader().await.unwrap();
    inbox::all(&mut reader).await.unwrap()[0].id
}

pub(super) async fn text_in(world: &World, words: &str) {
    let texts = desk::messages(&world.hub.store).await.len();
    world
        .simulator
        .text_from_phone("+441134960777", OUR_NUMBER, words);
    for _ in 0..100 {
        world.simulator.step().await;
        if desk::messages(&world.hub.store).await.len() > texts {
            return;
        }
    }
    panic!("the text never came in");
}

#[tokio::test]
async fn only_members_of_the_inbox_hear_of_its_texts() {
    let world = World::new(41).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", false).await;
    let mut member = Stream::open(&world, &ann, None).await;
    let mut stranger = Stream::open(&world, &bob, None).await;
    assert_eq!(member.names().await, ["hello"]);
    assert_eq!(stranger.names().await, ["hello"]);
    text_in(&world, "Hello").await;
    assert_eq!(member.names().await, ["message", "conversation"]);
    assert_eq!(stranger.names().await, [""; 0]);
}

#[tokio::test]
async fn who_comes_back_while_others_listen_hears_each_event_once_or_is_told_to_begin_anew() {
    let world = World::new(50).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", true).await;
    let (events, _) = Stream::open(&world, &ann, None).await.heard().await;
    let at: i64 = events[0].1.parse().unwrap();
    text_in(&world, "While nobody listens").await;
    let mut his = Stream::open(&world, &bob, None).await;
    his.heard().await;
    text_in(&world, "While Bob listens").await;
    let back = async || {
        let (events, _) = Stream::open(&world, &ann, Some(at)).await.heard().await;
        let numbered = events.iter().filter(|(name, _)| name != "counts");
        let numbered = numbered.map(|(name, id)| (name.clone(), id.parse().unwrap_or(0)));
        numbered.collect::<Vec<(String, i64)>>()
    };
    let heard = back().await;
    assert_eq!(heard[0], ("hello".to_owned(), at));
    let numbers: Vec<i64> = heard[1..].iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (at + 1..=at + 4).collect::<Vec<_>>());
    drop(his);

    // What is too long ago is deleted; nobody is led over a gap.
    text_in(&world, "And once more").await;
    run(
        &world,
        &format!("delete from event where seq <= {}", at + 2),
    )
    .await;
    let mut his = Stream::open(&world, &bob, None).await;
    his.heard().await;
    assert_eq!(back().await[0].0, "reset");
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed_once_and_in_order() {
    let world = World::new(42).await;
    let ann = colleague(&world, "ann", true).await;
    let mut first = Stream::open(&world, &ann, None).await;
    let (events, _) = first.heard().await;
    let at: i64 = events[0].1.parse().unwrap();
    drop(first);
    // Nobody listens now, so nobody is told; the numbers are in the database.
    text_in(&world, "One").await;
    text_in(&world, "Two").await;
    let mut back = Stream::open(&world, &ann, Some(at)).await;
    let (events, _) = back.heard().await;
    let numbers: Vec<i64> = events
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "hello" | "counts"))
        .map(|(_, id)| id.parse().unwrap())
        .collect();
    assert_eq!(numbers, (at + 1..=at + 4).collect::<Vec<_>>());
    // A browser asks the address again that it asked first, and says where it is by now.
    let path = format!("/api/v1/live?after={at}");
    for (path, header, from) in [
        (path.as_str(), None, at),
        (path.as_str(), Some(at + 3), at + 3),
        ("/api/v1/live", Some(at + 3), at + 3),
    ] {
        let header = header.map(|it: i64| it.to_string());
        let answer = ask_at(&world, &ann, path, header).await;
        let (events, _) = Stream(answer.into_body()).heard().await;
        let numbers = events.iter().filter(|(name, _)| name != "counts");
        let numbers: Vec<i64> = numbers.map(|(_, id)| id.parse().unwrap()).collect();
        assert_eq!(numbers, (from..=at + 4).collect::<Vec<_>>(), "{path}");
    }
    let mut lost = Stream::open(&world, &ann, Some(at + 1_000)).await;
    assert_eq!(lost.names().await, ["reset"], "an event that never was");
    for spoilt in ["x", "1.5", "5,6", ""] {
        let answer = ask_after(&world, &ann, Some(spoilt.to_owned())).await;
        let mut spoilt_stream = Stream(answer.into_body());
        assert_eq!(spoilt_stream.names().await, ["reset"], "{spoilt:?}");
    }
}

#[tokio::test]
async fn a_stream_is_sent_as_it_is_also_to_who_takes_answers_packed() {
    let world = World::new(53).await;
    let ann = colleague(&world, "ann", true).await;
    let request = Request::get("/api/v1/live")
        .header("cookie", format!("tieline={ann}"))
        .header("accept-encoding", "gzip, br")
        .body(Body::empty());
    let answer = world.hub.router().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert!(answer.headers().get("content-encoding").is_none());
    let mut stream = Stream(answer.into_body());
    assert_eq!(stream.names().await, ["hello"]);
}

async fn run(world: &World, sql: &str) {
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    tx.run(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_for_a_while_is_missed_by_nobody() {
    let world = World::new(46).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", true).await;
    let mut streams = [
        Stream::open(&world, &ann, None).await,
        Stream::open(&world, &bob, None).await,
    ];
    for stream in &mut streams {
        assert_eq!(stream.names().await, ["hello"]);
    }
    run(&world, "alter table staff rename to staff_away").await;
    text_in(&world, "Hello").await;
    for stream in &mut streams {
        assert_eq!(stream.names().await, [""; 0], "it cannot be rendered");
    }
    run(&world, "alter table staff_away rename to staff").await;
    for stream in &mut streams {
        tokio::time::sleep(QUIET).await;
        assert_eq!(stream.names().await, ["message", "conversation"]);
    }
}

#[tokio::test]
async fn who_comes_in_while_events_cannot_be_read_goes_on_to_listen_and_is_told_the_counts() {
    let world = World::new(54).await;
    let ann = colleague(&world, "ann", true).await;
    let mut hers = Stream::open(&world, &ann, None).await;
    hers.heard().await;
    run(&world, "alter table sync_run rename to sync_run_away").await;
    let store = &world.hub.store;
    let unreadable = Event::SyncRun {
        run_id: store.new_id(),
    };
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    tx.emit(unreadable);
    tx.commit().await.unwrap();
    // That he became a member stands among what is yet to be read.
    let bob = colleague(&world, "bob", true).await;
    let mut his = Stream::open(&world, &bob, None).await;
    run(&world, "alter table sync_run_away rename to sync_run").await;
    let counts = counts_of(&world, &bob).await;
    assert_eq!(his.counts_until(&counts).await, Some(counts));
    text_in(&world, "Still there?").await;
    assert_eq!(his.names().await, ["message", "conversation"]);
}

#[tokio::test]
async fn all_streams_end_when_events_are_lost_before_they_were_told() {
    let world = World::new(51).await;
    let ann = colleague(&world, "ann", true).await;
    let mut stream = Stream::open(&world, &ann, None).await;
    assert_eq!(stream.names().await, ["hello"]);
    // Some were forgotten before anybody read them; they may have said that she is to hear no more.
    run(&world, "update stream_head set seq = seq + 3").await;
    text_in(&world, "Hello").await;
    assert!(stream.heard().await.1, "it ended");
    drop(stream);
    let mut again = Stream::open(&world, &ann, None).await;
    text_in(&world, "Again").await;
    assert_eq!(again.names().await, ["hello", "message", "conversation"]);
}

#[tokio::test]
async fn counts_follow_what_happens_without_being_asked() {
    let world = World::new(43).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", false).await;
    let mut stream = Stream::open(&world, &ann, None).await;
    let mut stranger = Stream::open(&world, &bob, None).await;
    let counts =
        |events: Vec<(String, String)>| events.iter().filter(|it| it.0 == "counts").count();
    assert_eq!(counts(stream.heard().await.0), 1, "told at the start");
    assert_eq!(counts(stranger.heard().await.0), 1, "as is everybody");
    text_in(&world, "Hello").await;
    assert_eq!(counts(stream.heard().await.0), 1, "one conversation more");
    assert_eq!(counts(stranger.heard().await.0), 0, "none of theirs");
}

/// What a person finds who asks.
async fn counts_of(world: &World, session: &str) -> Value {
    let request = Request::get("/api/v1/conversations")
        .header("cookie", format!("tieline={session}"))
        .body(Body::empty());
    let answer = world.hub.router().oneshot(request.unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let list: Value = serde_json::from_slice(&body).unwrap();
    list["counts"].clone()
}

#[tokio::test]
async fn who_comes_back_while_a_stream_of_theirs_goes_on_is_told_how_many_there_are_now() {
    let world = World::new(48).await;
    let ann = colleague(&world, "ann", true).await;
    let mut goes_on = Stream::open(&world, &ann, None).await;
    let (events, _) = Stream::open(&world, &ann, None).await.heard().await;
    let at: i64 = events[0].1.parse().unwrap();
    goes_on.heard().await;
    text_in(&world, "While one of two is away").await;
    let counts = Some(counts_of(&world, &ann).await);
    assert_eq!(goes_on.data_of("counts").await.pop(), counts);
    let mut back = Stream::open(&world, &ann, Some(at)).await;
    assert_eq!(back.data_of("counts").await.pop(), counts);
}

#[tokio::test]
async fn the_counts_that_each_person_is_told_are_those_that_they_find() {
    let world = World::new(47).await;
    let sessions = [("ann", true), ("bob", true), ("eve", false)];
    let mut people = Vec::new();
    for (name, is_member) in sessions {
        let session = colleague(&world, name, is_member).await;
        let me = world.hub.access.principal(&session, None).await.unwrap();
        let stream = Stream::open(&world, &session, None).await;
        people.push((session, me.unwrap().staff.id, stream));
    }
    let (ann, bob) = (people[0].1, people[1].1);
    for number in 0..4 {
        let phone = format!("+44113496078{number}");
        let hello = format!("Hello from {number}");
        world.simulator.text_from_phone(&phone, OUR_NUMBER, &hello);
    }
    world.live(2).await;
    let mut ids = Vec::new();
    for message in desk::messages(&world.hub.store).await {
        ids.push(message.conversation_id);
    }
    let (store, system, scope) = (&world.hub.store, Actor::system(), Scope::system());
    for (place, act) in [
        (0, Act::AssignTo(Some(ann))),
        (1, Act::AssignTo(Some(bob))),
        (2, Act::SetOpen(false)),
        (2, Act::SetOpen(true)),
    ] {
        let changed = converse::change(store, &system, &scope, ids[place], &[act]).await;
        changed.unwrap();
    }
    let read = converse::mark(store, &scope, ids[0], ann, Mark::Read).await;
    read.unwrap();
    let mut told = Vec::new();
    for (session, _, stream) in &mut people {
        let found = counts_of(&world, session).await;
        assert_eq!(stream.counts_until(&found).await.as_ref(), Some(&found));
        told.push(found);
    }
    let pick = |name: &str| told.iter().map(|it| it[name].clone()).collect::<Vec<_>>();
    for (name, expected) in [
        ("all", [4, 4, 0]),
        ("ours", [3, 3, 0]),
        ("theirs", [1, 1, 0]),
        ("mine", [1, 1, 0]),
        ("nobody", [2, 2, 0]),
        ("unread", [3, 4, 0]),
    ] {
        assert_eq!(pick(name), expected, "{name}");
    }
}

#[tokio::test]
async fn a_session_has_a_bounded_number_of_streams_and_ends_them_all_at_once() {
    let world = World::new(44).await;
    let ann = colleague(&world, "ann", true).await;
    let mut open = Vec::new();
    let refused = loop {
        let answer = ask(&world, &ann, None).await;
        if answer.status() != StatusCode::OK {
            break answer.status();
        }
        open.push(Stream(answer.into_body()));
        assert!(open.len() < 100, "there is a bound");
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let bob = colleague(&world, "bob", true).await;
    let other = ask(&world, &bob, None).await;
    assert_eq!(
        other.status(),
        StatusCode::OK,
        "another session has its own"
    );
    drop(other);
    let mut reader = world.hub.store.reader().await.unwrap();
    let user = staff::by_email(&mut reader, "ann@harrow-vale.example")
        .await
        .unwrap()
        .unwrap();
    drop(reader);
    let (access, operator) = (&world.hub.access, Caller::operator());
    access
        .end_sessions(&operator, user.id, Which::AllBut(None))
        .await
        .unwrap();
    for stream in &mut open {
        let (_, ended) = stream.heard().await;
        assert!(ended, "each of them");
    }
    drop(open);
    assert_eq!(world.hub.teller().streams(), 0);
}

/// What ends access, and the streams that stand on it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    SignOut,
    OwnOthers,
    Deactivation,
    Role,
    Membership,
    Password,
}

async fn end(world: &World, ending: Ending, ann: &SignedIn, token: &str) {
    let (access, operator) = (&world.hub.access, Caller::operator());
    let id = ann.staff.id;
    let change = |change: StaffChange| async move {
        let operator = Caller::operator();
        access.change_staff(&operator, id, &change).await.map(drop)
    };
    let ended = match ending {
        Ending::SignOut => access.sign_out(token, None).await,
        Ending::OwnOthers => {
            let all = Which::AllBut(None);
            access.end_sessions(&ann.caller(), id, all).await
        }
        Ending::Deactivation => {
            change(StaffChange {
                active: Some(false),
                ..StaffChange::default()
            })
            .await
        }
        Ending::Role => {
            change(StaffChange {
                role: Some(Role::UserAdministrator),
                ..StaffChange::default()
            })
            .await
        }
        Ending::Membership => {
            let inbox = the_inbox(world).await;
            access.remove_member(&operator, inbox, id).await
        }
        Ending::Password => {
            let password = "correct horse battery";
            access.set_password(&operator, id, password).await
        }
    };
    ended.unwrap();
}

#[tokio::test]
async fn streams_end_when_the_access_ends_that_they_stand_on_and_hear_nothing_that_came_after() {
    for ending in [
        Ending::SignOut,
        Ending::OwnOthers,
        Ending::Deactivation,
        Ending::Role,
        Ending::Membership,
        Ending::Password,
    ] {
        let world = World::new(45).await;
        let ann = colleague(&world, "ann", true).await;
        let bob = colleague(&world, "bob", true).await;
        let mut hers = Stream::open(&world, &ann, None).await;
        let mut his = Stream::open(&world, &bob, None).await;
        assert_eq!(hers.names().await, ["hello"]);
        assert_eq!(his.names().await, ["hello"]);
        let access = &world.hub.access;
        let signed_in = access.principal(&ann, None).await.unwrap().unwrap();
        end(&world, ending, &signed_in, &ann).await;
        text_in(&world, "After the end").await;
        let (heard, ended) = hers.heard().await;
        assert!(ended, "{ending:?}");
        assert_eq!(heard, [], "{ending:?}");
        assert!(!his.names().await.is_empty(), "{ending:?}: others go on");
        // It may be opened again where some access is left, and then shows no more than that.
        let again = ask(&world, &ann, None).await;
        let left = matches!(ending, Ending::Role | Ending::Membership);
        let expected = [StatusCode::UNAUTHORIZED, StatusCode::OK][usize::from(left)];
        assert_eq!(again.status(), expected, "{ending:?}");
        if ending == Ending::Membership {
            let mut again = Stream(again.into_body());
            text_in(&world, "Not for her").await;
            assert_eq!(again.names().await, ["hello"]);
        }
    }
}

/// Waits for an event; looked at by nobody until the stream wakes it.
fn waiting(stream: Stream, name: &'static str) -> JoinHandle<Stream> {
    let Stream(mut body) = stream;
    tokio::spawn(async move {
        let start = format!("event: {name}\n");
        while let Some(frame) = body.frame().await {
            let bytes = frame.unwrap().into_data().unwrap();
            if std::str::from_utf8(&bytes).unwrap().contains(&start) {
                return Stream(body);
            }
        }
        assert_eq!(name, "end");
        Stream(body)
    })
}

#[tokio::test]
async fn a_stream_that_waits_hears_of_everything_at_once() {
    let world = World::new(48).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", true).await;
    text_in(&world, "Before").await;
    let mut stream = Stream::open(&world, &ann, None).await;
    stream.heard().await;
    let conversation = desk::messages(&world.hub.store).await[0].conversation_id;
    for name in ["message", "counts", "presence", "end"] {
        let waits = waiting(stream, name);
        // It waits before it happens.
        tokio::time::sleep(Duration::from_millis(50)).await;
        match name {
            "message" => text_in(&world, "Now").await,
            "counts" => {
                let (store, system, scope) = (&world.hub.store, Actor::system(), Scope::system());
                let close = [Act::SetOpen(false)];
                let closed = converse::change(store, &system, &scope, conversation, &close).await;
                closed.unwrap();
            }
            "presence" => {
                let path = format!("/api/v1/conversations/{conversation}/presence");
                let request = Request::put(path)
                    .header("cookie", format!("tieline={bob}"))
                    .header("content-type", "application/json")
                    .body(Body::from(r#"{"state": "looking"}"#));
                let answer = world.hub.router().oneshot(request.unwrap()).await;
                assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
            }
            _ => world.hub.access.sign_out(&ann, None).await.unwrap(),
        }
        // Much less than the time after which a stream is looked at anyway.
        let heard = tokio::time::timeout(Duration::from_secs(5), waits).await;
        stream = heard.expect(name).unwrap();
    }
}

#[tokio::test]
async fn what_became_of_a_text_is_told_with_when_and_why() {
    let world = World::new(52).await;
    let ann = colleague(&world, "ann", true).await;
    let mut stream = Stream::open(&world, &ann, None).await;
    stream.heard().await;
    let theirs = "+441134960777";
    world.simulator.plan_delivery_failure(DeliveryFailure {
        to: Some(theirs.to_owned()),
        error_code: DeliveryError::UnreachableHandset,
        failed: false,
        times: 1,
    });
    let text = desk::text(&world.hub.store, theirs, "Lost").await;
    world.live(20).await;
    let told = stream.data_of("message_state").await;
    let last = told.last().expect("it is told");
    let all = desk::messages(&world.hub.store).await;
    let now = all.iter().find(|it| it.id == text.id).unwrap();
    assert_eq!(now.state, State::Undelivered);
    assert!(now.state_at > now.at, "it took a while");
    let expected = [
        ("conversation_id", json!(now.conversation_id)),
        ("message_id", json!(now.id)),
        ("seq", json!(now.seq)),
        ("state", json!(now.state)),
        ("state_at", json!(now.state_at)),
    ];
    for (name, value) in expected {
        assert_eq!(last[name], value, "{name}");
    }
    let code = now.failure.as_ref().map(|it| it.code);
    assert_eq!(last["error"]["code"], json!(code));
}

#[tokio::test]
async fn each_is_told_what_they_have_not_read_of_each_conversation() {
    let world = World::new(49).await;
    let mut people = Vec::new();
    for name in ["ann", "bob"] {
        let session = colleague(&world, name, true).await;
        let me = world.hub.access.principal(&session, None).await.unwrap();
        let stream = Stream::open(&world, &session, None).await;
        people.push((me.unwrap().staff.id, stream));
    }
    let phones = ["+441134960781", "+441134960782"];
    for phone in phones {
        world.simulator.text_from_phone(phone, OUR_NUMBER, "One");
    }
    world.live(2).await;
    let mut ids = Vec::new();
    for message in desk::messages(&world.hub.store).await {
        ids.push(message.conversation_id);
    }
    // Ann has read the first, Bob the second.
    let (store, scope) = (&world.hub.store, Scope::system());
    for ((person, _), id) in people.iter().zip(&ids) {
        let read = converse::mark(store, &scope, *id, *person, Mark::Read).await;
        read.unwrap();
    }
    for ((_, stream), id) in people.iter_mut().zip(&ids) {
        let told = stream.data_of("read").await;
        let of_own = json!({"conversation_id": id.to_string(), "unread": 0});
        assert_eq!(told, [of_own]);
    }
    // Both at once, so that they are told together.
    for phone in phones {
        world.simulator.text_from_phone(phone, OUR_NUMBER, "Two");
    }
    world.live(2).await;
    for (at, (_, stream)) in people.iter_mut().enumerate() {
        let told = stream.data_of("conversation").await;
        for (of, id) in ids.iter().enumerate() {
            let of_this = told
                .iter()
                .rfind(|it| it["conversation"]["id"] == id.to_string());
            let unread = of_this.map(|it| it["conversation"]["unread"].clone());
            let expected = if at == of { 1 } else { 2 };
            assert_eq!(unread, Some(expected.into()), "{at} {of}: {told:?}");
        }
    }
}

#[tokio::test]
async fn a_message_says_when_it_was_written_where_it_is_since_when_and_why() {
    let world = World::new(50).await;
    let ann = colleague(&world, "ann", true).await;
    let mut stream = Stream::open(&world, &ann, None).await;
    world.simulator.plan_delivery_failure(DeliveryFailure {
        to: Some("+441134960784".to_owned()),
        error_code: DeliveryError::UnreachableHandset,
        failed: false,
        times: 1,
    });
    for (theirs, state, code, detail) in [
        ("+441134960783", "delivered", Value::Null, Value::Null),
        (
            "+441134960784",
            "undelivered",
            "phone_unreachable".into(),
            "30003".into(),
        ),
    ] {
        let written = desk::text(&world.hub.store, theirs, "On its way").await;
        world.live(3).await;
        let all = desk::messages(&world.hub.store).await;
        let arrived = all.iter().find(|it| it.id == written.id).unwrap();
        assert!(arrived.state_at > written.at, "it took its time");
        let told = stream.data_of("message_state").await.pop().unwrap();
        let path = format!("/api/v1/conversations/{}/messages", written.conversation_id);
        let request = Request::get(path)
            .header("cookie", format!("tieline={ann}"))
            .body(Body::empty());
        let answer = world.hub.router().oneshot(request.unwrap()).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let list: Value = serde_json::from_slice(&body).unwrap();
        let listed = &list["items"][0];
        assert_eq!(listed["at"], written.at.0);
        for it in [listed, &told] {
            assert_eq!(it["state"], state);
            assert_eq!(it["state_at"], arrived.state_at.0);
            let why = (&it["error"]["code"], &it["error"]["detail"]);
            assert_eq!(why, (&code, &detail));
            assert_eq!(it["error"]["text"].is_string(), !code.is_null());
        }
    }
}

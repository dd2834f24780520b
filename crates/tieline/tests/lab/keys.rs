//! Keys of programs over HTTP: their streams end with them, wrong ones are slowed down by network, and a
//! key sees no more than the inboxes that it was given.

use super::desk;
use super::live::{Stream, colleague, text_in, the_inbox};
use super::world::World;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::net::IpAddr;
use std::time::Duration;
use tieline_access::NewKey;
use tieline_domain::access::{Actor, Caller, Reach, Right, Rights};
use tieline_domain::channel::Channel;
use tieline_domain::id::{ApiKeyId, InboxId};
use tieline_domain::time::Timestamp;
use tieline_edge::ClientAddress;
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::staff;
use tower::ServiceExt as _;

/// More wrong keys than any network may try for nothing.
const MANY: usize = 40;

async fn key(world: &World, name: &str, inboxes: Reach<InboxId>) -> (ApiKeyId, String) {
    make(world, name, inboxes, None).await
}

async fn make(
    world: &World,
    name: &str,
    inboxes: Reach<InboxId>,
    expires_at: Option<Timestamp>,
) -> (ApiKeyId, String) {
    let new = NewKey {
        name: name.to_owned(),
        rights: Rights::of(&[Right::ReadConversations]),
        inboxes,
        expires_at,
    };
    let made = world.hub.access.add_key(&Caller::operator(), new).await;
    let (key, secret) = made.unwrap();
    (key.id, secret)
}

/// An inbox that nobody has texted to.
async fn another_inbox(world: &World) -> InboxId {
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let inbox = Inbox {
        id: tx.new_id(),
        channel: Channel::Sms,
        name: "Another".to_owned(),
        country: "GB".to_owned(),
    };
    inbox::create(&mut tx, &inbox).await.unwrap();
    tx.commit().await.unwrap();
    inbox.id
}

async fn get(
    world: &World,
    path: &str,
    secret: &str,
    from: &str,
    for_whom: &str,
) -> Response<Body> {
    let mut request = Request::get(path).header("authorization", format!("Bearer {secret}"));
    if !for_whom.is_empty() {
        request = request.header("on-behalf-of", for_whom);
    }
    let address: IpAddr = from.parse().unwrap();
    let request = request.extension(ClientAddress(address));
    let request = request.body(Body::empty()).unwrap();
    world.hub.router().oneshot(request).await.unwrap()
}

async fn follow(world: &World, secret: &str) -> Response<Body> {
    get(world, "/api/v1/live", secret, "192.0.2.1", "").await
}

#[tokio::test]
async fn the_streams_of_a_key_end_as_it_is_revoked_and_those_of_others_go_on() {
    let world = World::new(91).await;
    let (id, secret) = key(&world, "Revoked", Reach::All).await;
    let (_, other) = key(&world, "Other", Reach::All).await;
    let mut streams = [&secret, &secret, &other].map(|secret| (secret, None));
    for (secret, stream) in &mut streams {
        let mut open = Stream(follow(&world, secret).await.into_body());
        assert_eq!(open.names().await, ["hello"]);
        *stream = Some(open);
    }
    let [first, second, others] = streams.map(|(_, stream)| stream.unwrap());
    let access = &world.hub.access;
    access.revoke_key(&Caller::operator(), id).await.unwrap();
    text_in(&world, "After the end").await;
    for mut stream in [first, second] {
        assert_eq!(stream.heard().await, (Vec::new(), true), "it ended");
    }
    let mut others = others;
    assert_eq!(others.names().await, ["message", "conversation"]);
    let again = follow(&world, &secret).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_keys_are_slowed_down_by_network_and_a_right_one_never_waits_for_them() {
    let world = World::new(92).await;
    let (_, right) = key(&world, "Right", Reach::All).await;
    let path = "/api/v1/conversations";
    let guess = async |number: usize, from: &str| {
        let wrong = format!("tlk_{number:043}");
        get(&world, path, &wrong, from, "").await
    };
    let mut refused = Vec::new();
    for number in 0..MANY {
        // One network, of which a stranger has as many addresses as they like.
        let answer = guess(number, &format!("2001:db8:1:2::{number:x}")).await;
        refused.push(answer.status());
        if let StatusCode::TOO_MANY_REQUESTS = answer.status() {
            let wait = answer.headers()["retry-after"].to_str().unwrap();
            assert!(wait.parse::<u64>().unwrap() > 0, "{wait}");
        }
    }
    let free = refused
        .iter()
        .take_while(|it| **it == StatusCode::UNAUTHORIZED);
    let free = free.count();
    assert!((1..MANY).contains(&free), "{refused:?}");
    let rest = &refused[free..];
    assert!(
        rest.iter().all(|it| *it == StatusCode::TOO_MANY_REQUESTS),
        "{rest:?}"
    );
    let elsewhere = guess(MANY, "2001:db8:1:3::1").await;
    assert_eq!(
        elsewhere.status(),
        StatusCode::UNAUTHORIZED,
        "another network"
    );
    let among_them = get(&world, path, &right, "2001:db8:1:2::1", "").await;
    assert_eq!(among_them.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_key_over_another_inbox_sees_nothing_of_this_one_whoever_it_acts_for() {
    let world = World::new(93).await;
    text_in(&world, "Hello").await;
    let conversation = desk::messages(&world.hub.store).await[0].conversation_id;
    let mut reader = world.hub.store.reader().await.unwrap();
    let inbox = the_inbox(&world).await;
    let members = inbox::members(&mut reader, inbox).await;
    let member = members.unwrap()[0];
    assert!(staff::by_id(&mut reader, member).await.unwrap().active);
    drop(reader);
    let member = member.to_string();
    let other = another_inbox(&world).await;
    let (_, theirs) = key(&world, "Theirs", Reach::only([inbox])).await;
    let (_, elsewhere) = key(&world, "Elsewhere", Reach::only([other])).await;
    let one = format!("/api/v1/conversations/{conversation}");
    let messages = format!("{one}/messages");
    for (secret, for_whom, rows, status) in [
        (&theirs, "", 1, StatusCode::OK),
        (&theirs, member.as_str(), 1, StatusCode::OK),
        (&elsewhere, "", 0, StatusCode::NOT_FOUND),
        (&elsewhere, member.as_str(), 0, StatusCode::NOT_FOUND),
    ] {
        let list = "/api/v1/conversations?q=hello";
        let listed = get(&world, list, secret, "192.0.2.1", for_whom).await;
        let listed = listed.into_body().collect().await.unwrap().to_bytes();
        let listed: Value = serde_json::from_slice(&listed).unwrap();
        assert_eq!(listed["items"].as_array().unwrap().len(), rows, "{listed}");
        assert_eq!(listed["counts"]["all"], rows, "{listed}");
        for path in [&one, &messages] {
            let answer = get(&world, path, secret, "192.0.2.1", for_whom).await;
            assert_eq!(answer.status(), status, "{path} for {for_whom:?}");
        }
    }
    let mut hears = Stream(follow(&world, &theirs).await.into_body());
    let mut deaf = Stream(follow(&world, &elsewhere).await.into_body());
    assert_eq!(hears.names().await, ["hello"]);
    assert_eq!(deaf.names().await, ["hello"]);
    text_in(&world, "Again").await;
    assert_eq!(hears.names().await, ["message", "conversation"]);
    assert_eq!(deaf.names().await, [""; 0]);
}

#[tokio::test]
async fn the_stream_of_a_key_ends_when_the_user_it_acts_for_sees_less() {
    let world = World::new(97).await;
    let access = &world.hub.access;
    let session = colleague(&world, "ann", true).await;
    let ann = access.principal(&session, None).await.unwrap();
    let ann = ann.unwrap().staff.id;
    let (_, secret) = key(&world, "Both", Reach::All).await;
    let listen = async |for_whom: &str| {
        let answer = get(&world, "/api/v1/live", &secret, "192.0.2.1", for_whom).await;
        let mut stream = Stream(answer.into_body());
        assert_eq!(stream.names().await, ["hello"]);
        stream
    };
    let (mut for_her, mut for_nobody) = (listen(&ann.to_string()).await, listen("").await);
    let inbox = the_inbox(&world).await;
    let removed = access.remove_member(&Caller::operator(), inbox, ann).await;
    removed.unwrap();
    text_in(&world, "Not for her").await;
    assert_eq!(for_her.heard().await, (Vec::new(), true));
    assert_eq!(for_nobody.names().await, ["message", "conversation"]);
}

#[tokio::test]
async fn a_stream_ends_with_its_key_also_while_it_hears_something() {
    let world = World::new(94).await;
    let end = world.hub.store.now() + 1_000;
    let (_, ending) = make(&world, "Ending", Reach::All, Some(end)).await;
    let (_, endless) = make(&world, "Endless", Reach::All, None).await;
    let open = async |secret: &String| {
        let mut stream = Stream(follow(&world, secret).await.into_body());
        assert_eq!(stream.names().await, ["hello"]);
        stream
    };
    let (mut hers, mut his) = (open(&ending).await, open(&endless).await);
    world.wait(1_000);
    text_in(&world, "After the end").await;
    assert_eq!(hers.heard().await, (Vec::new(), true));
    assert_eq!(his.names().await, ["message", "conversation"]);
}

#[tokio::test]
async fn a_stream_that_hears_nothing_ends_with_its_key_within_a_second() {
    let world = World::new(95).await;
    let end = world.hub.store.now() + 300;
    let (_, ending) = make(&world, "Ending", Reach::All, Some(end)).await;
    let mut stream = Stream(follow(&world, &ending).await.into_body());
    world.wait(300);
    let waited = tokio::time::timeout(Duration::from_secs(1), stream.heard()).await;
    assert!(waited.unwrap().1, "it ended");
}

#[tokio::test]
async fn a_stream_that_hears_nothing_ends_with_its_session_as_well() {
    let world = World::new(97).await;
    let ann = colleague(&world, "ann", true).await;
    let end = world.hub.store.now() + 300;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let sql = format!("update session set expires_at = {0}, ends_at = {0}", end.0);
    tx.run(&sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    let request = Request::get("/api/v1/live").header("cookie", format!("tieline={ann}"));
    let request = request.body(Body::empty()).unwrap();
    let answer = world.hub.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut stream = Stream(answer.into_body());
    world.wait(300);
    let waited = tokio::time::timeout(Duration::from_secs(1), stream.heard()).await;
    assert!(waited.unwrap().1, "it ended");
}

#[tokio::test]
async fn a_stream_tells_of_contacts_and_runs_only_whoever_may_read_them() {
    let world = World::new(96).await;
    let (_, talks) = key(&world, "Talks", Reach::All).await;
    let new = NewKey {
        name: "All".to_owned(),
        rights: Rights::all(),
        inboxes: Reach::All,
        expires_at: None,
    };
    let made = world.hub.access.add_key(&Caller::operator(), new).await;
    let all = made.unwrap().1;
    let mut streams = Vec::new();
    for secret in [&talks, &all] {
        let mut stream = Stream(follow(&world, secret).await.into_body());
        assert_eq!(stream.names().await, ["hello"]);
        streams.push(stream);
    }
    world.sync().await;
    let [hears, hears_all] = &mut streams[..] else {
        unreachable!("two")
    };
    assert_eq!(hears.names().await, [""; 0]);
    let names = hears_all.names().await;
    for name in ["run", "contacts"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
}

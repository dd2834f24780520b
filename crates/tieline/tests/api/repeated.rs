//! A request that comes again with its key: done once, answered alike.

use crate::corpus::Probe;
use crate::world::{Answer, Known, World};
use axum::body::Body;
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;
use tieline_testkit::postgres::Database;
use tokio::time::{sleep, timeout};

async fn post(world: &World, known: &Known, path: &str, key: &str, body: Value) -> Answer {
    let mut probe = Probe::new("post", path);
    probe.key = Some(key.as_bytes().to_vec());
    probe.body = Some(body.to_string().into_bytes());
    world.send(known, &probe).await
}

fn code(answer: &Answer) -> String {
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

async fn contacts(world: &World, known: &Known) -> i64 {
    let answer = world
        .send(known, &Probe::new("get", "/api/v1/contacts"))
        .await;
    let list: Value = serde_json::from_str(&answer.body).unwrap();
    list["total"].as_i64().unwrap()
}

#[tokio::test]
async fn a_contact_is_made_once_for_each_key() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let known = world.people().await;
        let before = contacts(&world, &known).await;
        let body = json!({"fields": {"last_name": "Twice"}});
        let path = "/api/v1/contacts";
        let first = post(&world, &known, path, "k1", body.clone()).await;
        let again = post(&world, &known, path, "k1", body.clone()).await;
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.content_type, first.content_type);
        assert_eq!(contacts(&world, &known).await, before + 1);

        let other = json!({"fields": {"last_name": "Other"}});
        let refused = post(&world, &known, path, "k1", other).await;
        assert_eq!(
            (refused.status, code(&refused).as_str()),
            (422, "key_reused")
        );
        let elsewhere = post(&world, &known, "/api/v1/sync/runs", "k1", body).await;
        assert_eq!(code(&elsewhere), "key_reused");
        assert_eq!(contacts(&world, &known).await, before + 1);
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_text_whose_key_comes_with_other_words_is_refused_and_not_lost() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = format!(
        "/api/v1/conversations/{}/messages",
        known.ids["ConversationId"]
    );
    // A writer's key is told to them as it came.
    let other = post(&world, &known, &path, "a:b:c", json!({"text": "zero"})).await;
    let other: Value = serde_json::from_str(&other.body).unwrap();
    assert_eq!(other["client_key"], "a:b:c");
    let one = post(&world, &known, &path, "same", json!({"text": "one"})).await;
    let two = post(&world, &known, &path, "same", json!({"text": "two"})).await;
    assert_eq!(one.status, 202, "{one:?}");
    assert_eq!((two.status, code(&two).as_str()), (422, "key_reused"));
    let again = post(&world, &known, &path, "same", json!({"text": "one"})).await;
    assert_eq!(again.body, one.body);

    // The message itself knows its key for longer than answers are kept.
    world.forget_keys().await;
    let note = json!({"text": "one", "kind": "note"});
    for other in [json!({"text": "two"}), note] {
        let two = post(&world, &known, &path, "same", other).await;
        assert_eq!((two.status, code(&two).as_str()), (422, "key_reused"));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = "/api/v1/contacts";
    let refused = post(
        &world,
        &known,
        path,
        "k",
        json!({"fields": {"nonsense": "x"}}),
    )
    .await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let mended = json!({"fields": {"last_name": "Mended"}});
    let taken = post(&world, &known, path, "k", mended).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    world.stop().await;
}

#[tokio::test]
async fn of_two_requests_with_one_key_at_once_one_is_done() {
    let world = World::start(None).await;
    let known = world.people().await;
    let before = contacts(&world, &known).await;
    let body = json!({"fields": {"last_name": "Race"}});
    let path = "/api/v1/contacts";
    let (one, two) = tokio::join!(
        post(&world, &known, path, "race", body.clone()),
        post(&world, &known, path, "race", body.clone()),
    );
    for answer in [&one, &two] {
        let fits = answer.status == 201 || code(answer) == "key_in_use";
        assert!(fits, "{answer:?}");
    }
    assert!(one.status == 201 || two.status == 201);
    assert_eq!(contacts(&world, &known).await, before + 1);
    world.stop().await;
}

#[tokio::test]
async fn the_keys_of_two_people_have_nothing_to_do_with_each_other() {
    let world = World::start(None).await;
    let priya = world.people().await;
    let tom = world.colleague().await;
    let path = "/api/v1/contacts";
    let hers = post(
        &world,
        &priya,
        path,
        "k",
        json!({"fields": {"last_name": "Hers"}}),
    )
    .await;
    let his = post(
        &world,
        &tom,
        path,
        "k",
        json!({"fields": {"last_name": "His"}}),
    )
    .await;
    assert_eq!((hers.status, his.status), (201, 201), "{his:?}");
    assert_ne!(hers.body, his.body);
    world.stop().await;
}

#[tokio::test]
async fn a_secret_is_told_once_and_kept_with_no_answer() {
    let world = World::start(None).await;
    let known = world.people().await;
    let link = format!("/api/v1/staff/{}/sign-in-link", known.ids["StaffId"]);
    let key = json!({"name": "Once", "rights": ["read_contacts"]});
    for (path, body, secret) in [("/api/v1/keys", key, "secret"), (&link, json!({}), "url")] {
        let first = post(&world, &known, path, "once", body.clone()).await;
        let told: Value = serde_json::from_str(&first.body).unwrap();
        assert_eq!(first.status, 201, "{first:?}");
        assert!(told[secret].is_string(), "{path}: {told}");
        let again = post(&world, &known, path, "once", body).await;
        assert_eq!(code(&again), "already_made", "{path}: {again:?}");
        world.forget_keys().await;
    }
    world.stop().await;
}

#[tokio::test]
async fn whoever_may_see_other_things_is_not_told_again_what_they_were_answered_before() {
    let other_inbox = "delete /api/v1/inboxes/{inbox}/members/{tom} null";
    let other_role = "patch /api/v1/staff/{tom} {\"reviewer\":true}";
    for act in [other_inbox, other_role] {
        let world = World::start(None).await;
        let known = world.people().await;
        let path = format!(
            "/api/v1/conversations/{}/messages",
            known.ids["ConversationId"]
        );
        let body = json!({"text": "Between us"});
        let tom = world.colleague().await;
        let first = post(&world, &tom, &path, "gone", body.clone()).await;
        assert!(first.body.contains("Between us"), "{first:?}");
        let me = world.send(&tom, &Probe::new("get", "/api/v1/me")).await;
        let me: Value = serde_json::from_str(&me.body).unwrap();
        let act = act.replace("{tom}", me["staff"]["id"].as_str().unwrap());
        let act = act.replace("{inbox}", &known.ids["InboxId"]);
        let [method, address, change] = act.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{act}");
        };
        let mut probe = Probe::new(method, address);
        probe.body = (change != "null").then(|| change.as_bytes().to_vec());
        let changed = world.send(&known, &probe).await;
        assert!(changed.status < 300, "{changed:?}");
        let again = post(&world, &tom, &path, "gone", body).await;
        let told = (again.status, code(&again));
        assert_eq!(told, (409, "already_made".to_owned()), "{again:?}");
        assert!(!again.body.contains("Between us"));
        world.stop().await;
    }
}

#[tokio::test]
async fn what_was_begun_for_a_caller_who_hung_up_is_done_and_answered_when_they_come_again() {
    let database = Database::create().await;
    let world = World::start(Some(database.url.clone())).await;
    let known = world.people().await;
    let path = "/api/v1/contact-fields";
    let field = json!({"name": "hat", "label": "Hat", "type": "text", "section": "more"});
    let ask = || post(&world, &known, path, "hang-up", field.clone());
    let before = world.keys_taken().await;
    let held = world.hold_fields().await;
    {
        let mut first = pin!(ask());
        // Once the key is taken the handler waits for the fields.
        loop {
            tokio::select! {
                answer = &mut first => panic!("{answer:?}"),
                taken = world.keys_taken() => if taken > before { break },
            }
        }
        let waits = timeout(Duration::from_millis(100), &mut first).await;
        assert!(waits.is_err(), "{waits:?}");
    }
    drop(held);
    let answered = async {
        loop {
            let again = ask().await;
            if code(&again) != "key_in_use" {
                return again;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let again = timeout(Duration::from_secs(30), answered).await;
    let again = again.expect("it is done, whether its caller waits or not");
    assert_eq!(again.status, 201, "{again:?}");
    let list = world.send(&known, &Probe::new("get", path)).await;
    let list: Value = serde_json::from_str(&list.body).unwrap();
    let hats = list["items"].as_array().unwrap().iter();
    assert_eq!(hats.filter(|it| it["name"] == "hat").count(), 1);
    world.stop().await;
    database.remove().await;
}

/// Takes a user out of an inbox, or back in.
async fn move_member(world: &World, known: &Known, method: &str) {
    let (inbox, staff) = (&known.ids["InboxId"], &known.ids["StaffId"]);
    let seat = format!("/api/v1/inboxes/{inbox}/members/{staff}");
    let moved = world.send(known, &Probe::new(method, &seat)).await;
    assert_eq!(moved.status, 204, "{moved:?}");
}

#[tokio::test]
async fn whose_access_changes_while_they_are_answered_is_told_no_second_time() {
    let database = Database::create().await;
    let world = World::start(Some(database.url.clone())).await;
    let known = world.people().await;
    let path = "/api/v1/contact-fields";
    let field = json!({"name": "hat", "label": "Hat", "type": "text", "section": "more"});
    let ask = || post(&world, &known, path, "meanwhile", field.clone());
    let before = world.keys_taken().await;
    let held = world.hold_fields().await;
    let meanwhile = async {
        while world.keys_taken().await == before {}
        move_member(&world, &known, "delete").await;
        drop(held);
    };
    let (first, ()) = tokio::join!(ask(), meanwhile);
    assert_eq!(first.status, 201, "{first:?}");
    let again = ask().await;
    let told = (again.status, code(&again));
    assert_eq!(told, (409, "already_made".to_owned()), "{again:?}");
    world.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn whose_access_changed_before_their_request_was_whole_is_told_no_second_time() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = "/api/v1/contacts";
    let mut probe = Probe::new("post", path);
    probe.key = Some(b"slow".to_vec());
    let body = json!({"fields": {"last_name": "Slow"}});
    let (go, gone) = tokio::sync::oneshot::channel();
    let text = body.to_string();
    let slow = futures_util::stream::once(async move {
        gone.await.unwrap();
        Ok::<_, std::io::Error>(text)
    });
    let sent = world.send_body(&known, &probe, Body::from_stream(slow));
    let change = async {
        // Whoever is asked for is looked up first, and their body is waited for then.
        sleep(Duration::from_millis(200)).await;
        move_member(&world, &known, "delete").await;
        go.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(sent, change);
    assert_eq!(first.status, 201, "{first:?}");
    let again = post(&world, &known, path, "slow", body).await;
    let told = (again.status, code(&again));
    assert_eq!(told, (409, "already_made".to_owned()), "{again:?}");
    world.stop().await;
}

#[tokio::test]
async fn an_answer_that_a_client_takes_in_no_way_that_we_have_comes_plain() {
    let world = World::start(None).await;
    let known = world.people().await;
    for (number, encodings) in [
        "identity;q=0",
        "*;q=0",
        "*;Q=0.000",
        "IDENTITY;q=0.0",
        "br, identity; q=0",
        "gzip;q=0, *;q=0",
        "zstd;q=1, *;q=0",
    ]
    .iter()
    .enumerate()
    {
        let mut probe = Probe::new("post", "/api/v1/contacts");
        probe.key = Some(format!("packed {number}").into_bytes());
        let body = json!({"fields": {"last_name": "Plain"}});
        probe.body = Some(body.to_string().into_bytes());
        let answer = world.send_taking(&known, &probe, encodings).await;
        assert_eq!(answer.status, 201, "{encodings}: {answer:?}");
        assert!(answer.body.contains("Plain"), "{encodings}: {answer:?}");
        let look = Probe::new("get", "/app");
        let look = world.send_taking(&known, &look, encodings).await;
        assert_eq!(look.status, 200, "{encodings}");
    }
    world.stop().await;
}

//! Who has read what, who wrote what, and who takes part in a conversation.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use tieline_testkit::postgres::Database;

const THEIRS: &str = "+447700900555";

async fn ask(
    world: &World,
    known: &Known,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let mut probe = Probe::new(method, path);
    let number = ASKED.fetch_add(1, Ordering::SeqCst);
    probe.key = Some(format!("asked {number}").into_bytes());
    probe.body = body.map(|body| body.to_string().into_bytes());
    let answer = world.send(known, &probe).await;
    let body = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, body)
}

async fn get(world: &World, known: &Known, path: &str) -> Value {
    let (status, body) = ask(world, known, "get", path, None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

async fn change(world: &World, known: &Known, path: &str, body: Value) -> Value {
    let (status, body) = ask(world, known, "patch", path, Some(body)).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Lets texts come in from a number; its conversation.
async fn texted(world: &World, known: &Known, names: &[&str]) -> String {
    for name in names {
        let answer = world.signed_form("MessageSid", name, false).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let list = get(world, known, "/api/v1/conversations").await;
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|it| it["address"] == THEIRS).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn reading_changes_one_persons_number_and_nothing_else() {
    let database = Database::create().await;
    for database in [None, Some(database.url.clone())] {
        let world = World::start(database).await;
        let (priya, tom) = (world.people().await, world.colleague().await);
        let id = texted(&world, &priya, &["SM1", "SM2"]).await;
        let path = format!("/api/v1/conversations/{id}");
        let messages = format!("{path}/messages");
        let unread = async || {
            let theirs = get(&world, &priya, &path).await;
            let his = get(&world, &tom, &path).await;
            [theirs, his].map(|it| it["unread"].as_i64().unwrap())
        };
        assert_eq!(unread().await, [2, 2]);
        let before = get(&world, &priya, &path).await;
        get(&world, &priya, &messages).await;
        let read = format!("{path}/read");
        assert_eq!(ask(&world, &priya, "post", &read, None).await.0, 204);
        assert_eq!(unread().await, [0, 2]);
        let list = get(&world, &priya, &messages).await;
        let message = |n: usize| list["items"][n]["id"].clone();
        assert_eq!(list["first_unread_seq"], Value::Null);
        let counted =
            async |known| get(&world, known, "/api/v1/me").await["counts"]["unread"].clone();
        let none = counted(&priya).await.as_i64().unwrap();
        let unmark = format!("{path}/unread");
        for (from, number, seq) in [
            (Value::Null, 1, 2),
            (Value::Null, 1, 2),
            (message(0), 2, 1),
            (Value::Null, 2, 1),
            (message(1), 1, 2),
        ] {
            let body = Some(json!({"message_id": from}));
            let (status, marked) = ask(&world, &priya, "post", &unmark, body).await;
            assert_eq!((status, &marked["unread"]), (200, &json!(number)), "{from}");
            let list = get(&world, &priya, &messages).await;
            assert_eq!(list["first_unread_seq"], seq, "{from}");
        }
        assert_eq!(counted(&priya).await, none + 1);
        assert_eq!(unread().await, [1, 2]);
        let foreign = Some(json!({"message_id": priya.ids["MessageId"]}));
        let (status, problem) = ask(&world, &priya, "post", &unmark, foreign).await;
        assert_eq!((status, &problem["field"]), (422, &json!("message_id")));
        let after = get(&world, &priya, &path).await;
        assert_eq!(after["version"], before["version"]);
        assert_eq!(world.parts(&id).await, 0, "reading is not taking part");

        let answer = Some(json!({"text": "On its way"}));
        let (status, ours) = ask(&world, &tom, "post", &messages, answer).await;
        assert_eq!(status, 202, "{ours}");
        assert_eq!(unread().await, [1, 0], "only who wrote has read it");
        assert_eq!(world.parts(&id).await, 1);
        // From one of ours on: what came in since, or else the last before it.
        for (name, unread) in [("SM2", 1), ("SM3", 1)] {
            texted(&world, &priya, &[name]).await;
            assert_eq!(ask(&world, &priya, "post", &read, None).await.0, 204);
            let body = Some(json!({"message_id": ours["id"]}));
            let (status, marked) = ask(&world, &priya, "post", &unmark, body).await;
            assert_eq!((status, &marked["unread"]), (200, &json!(unread)), "{name}");
            let list = get(&world, &priya, &messages).await;
            let first = if name == "SM2" { 2 } else { 4 };
            assert_eq!(list["first_unread_seq"], first, "{name}");
        }
        world.stop().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_thread_is_read_around_a_message_and_from_there_both_ways() {
    let world = World::start(None).await;
    let known = world.people().await;
    let names = ["SM1", "SM2", "SM3", "SM4", "SM5"];
    let id = texted(&world, &known, &names).await;
    let messages = format!("/api/v1/conversations/{id}/messages");
    let all = get(&world, &known, &messages).await;
    let third = all["items"][2]["id"].as_str().unwrap();
    for (query, seqs, older, newer) in [
        (String::new(), vec![1, 2, 3, 4, 5], false, false),
        (format!("around={third}&limit=3"), vec![2, 3, 4], true, true),
        (format!("around={third}"), vec![1, 2, 3, 4, 5], false, false),
        ("after_seq=3&limit=1".to_owned(), vec![4], true, true),
        ("after_seq=3".to_owned(), vec![4, 5], true, false),
        ("before_seq=3".to_owned(), vec![1, 2], false, true),
    ] {
        let list = get(&world, &known, &format!("{messages}?{query}")).await;
        let items = list["items"].as_array().unwrap().iter();
        let found: Vec<i64> = items.map(|it| it["seq"].as_i64().unwrap()).collect();
        assert_eq!(found, seqs, "{query}");
        let more = (&list["has_more"], &list["has_newer"]);
        assert_eq!(more, (&json!(older), &json!(newer)), "{query}");
    }
    let foreign = known.ids["MessageId"].clone();
    for query in [
        format!("around={foreign}"),
        format!("around={third}&before_seq=3"),
    ] {
        let path = format!("{messages}?{query}");
        let (status, problem) = ask(&world, &known, "get", &path, None).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!("around")),
            "{query}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_message_says_what_it_is_who_wrote_it_and_who_sees_it() {
    let world = World::start(None).await;
    let known = world.people().await;
    let me = get(&world, &known, "/api/v1/me").await["staff"].clone();
    let answer = world.signed_form("Body", "HELP", false).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = texted(&world, &known, &[]).await;
    let path = format!("/api/v1/conversations/{id}");
    let messages = format!("{path}/messages");
    for kind in ["message", "note"] {
        let body = json!({"text": "words", "kind": kind});
        let written = ask(&world, &known, "post", &messages, Some(body)).await;
        assert_eq!(written.0, 202, "{written:?}");
    }
    let mine = json!({"kind": "staff", "id": me["id"], "name": me["name"]});
    let list = get(&world, &known, &messages).await;
    let said: Vec<Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["kind"], it["audience"], it["direction"], it["author"]]))
        .collect();
    assert_eq!(
        said,
        [
            json!(["message", "all", "in", {"kind": "contact"}]),
            json!(["message", "all", "out", {"kind": "hub", "reason": "keyword"}]),
            json!(["message", "all", "out", mine]),
            json!(["note", "staff", null, mine]),
        ]
    );
    let last = get(&world, &known, &path).await["last"].clone();
    assert_eq!((&last["kind"], &last["author"]), (&json!("note"), &mine));
    world.stop().await;
}

#[tokio::test]
async fn who_is_given_a_conversation_takes_part_and_a_contact_that_is_gone_cannot_be_tied() {
    let world = World::start(None).await;
    let known = world.people().await;
    let id = texted(&world, &known, &["SM1"]).await;
    let path = format!("/api/v1/conversations/{id}");
    let me = known.ids["StaffId"].clone();
    for (to, parts) in [(json!(me), 1), (Value::Null, 1), (json!(me), 1)] {
        change(&world, &known, &path, json!({"assigned_to": to})).await;
        assert_eq!(world.parts(&id).await, parts, "a part that ended is kept");
    }
    let contact = known.ids["ContactId"].clone();
    let gone = format!("/api/v1/contacts/{contact}");
    assert!(ask(&world, &known, "delete", &gone, None).await.0 < 300);
    let tied = Some(json!({"contact_id": contact}));
    let (status, problem) = ask(&world, &known, "patch", &path, tied).await;
    assert_eq!((status, &problem["field"]), (422, &json!("contact_id")));
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_that_was_closed_waits_for_nobody_and_is_opened_by_who_writes_to_them() {
    let world = World::start(None).await;
    let known = world.people().await;
    let id = texted(&world, &known, &["SM1"]).await;
    let path = format!("/api/v1/conversations/{id}");
    assert_eq!(get(&world, &known, &path).await["turn"], "ours");
    for status in ["closed", "open", "closed"] {
        let changed = change(&world, &known, &path, json!({"status": status})).await;
        assert_eq!(changed["status"], status);
        assert_eq!(changed["turn"], "theirs", "{status}: it was seen to");
    }
    for (said, code) in [
        (json!({"turn": "ours"}), 422),
        (json!({"turn": "theirs"}), 200),
        (json!({"status": "open", "turn": "ours"}), 200),
        (json!({"status": "closed", "turn": "ours"}), 422),
    ] {
        let (status, told) = ask(&world, &known, "patch", &path, Some(said.clone())).await;
        assert_eq!(status, code, "{said}: {told}");
        let field = (status == 422).then_some("turn");
        assert_eq!(told["field"].as_str(), field, "{said}: {told}");
    }
    let now = get(&world, &known, &path).await;
    let stands = (&now["status"], &now["turn"]);
    assert_eq!(stands, (&json!("open"), &json!("ours")), "it waits again");
    change(&world, &known, &path, json!({"status": "closed"})).await;
    let with = Some(json!({"address": THEIRS}));
    let begin = ask(&world, &known, "post", "/api/v1/conversations", with);
    let (status, begun) = begin.await;
    assert_eq!((status, &begun["id"]), (200, &json!(id)));
    assert_eq!(begun["status"], "open");
    assert_eq!(texted(&world, &known, &[]).await, id, "it is listed again");
    world.stop().await;
}

#[tokio::test]
async fn who_asks_for_a_conversation_that_became_part_of_another_gets_the_other() {
    let world = World::start(None).await;
    let known = world.people().await;
    let id = texted(&world, &known, &["SM1"]).await;
    let other = known.ids["ConversationId"].clone();
    world.merge(&id, &other).await;
    let messages = format!("/api/v1/conversations/{other}/messages");
    let shown = get(&world, &known, &format!("/api/v1/conversations/{other}")).await;
    assert_eq!(shown["id"], id.as_str());
    let list = get(&world, &known, &messages).await;
    let items = list["items"].as_array().unwrap();
    let kinds: Vec<_> = items
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["message", "message", "act"]);
    let written = Some(json!({"text": "Here"}));
    let (status, message) = ask(&world, &known, "post", &messages, written).await;
    assert_eq!((status, &message["conversation_id"]), (202, &json!(id)));
    // Nor is there another one for its number: for who writes there, or opens it by their name.
    let contact = format!("/api/v1/contacts/{}", known.ids["ContactId"]);
    let contact = get(&world, &known, &contact).await;
    let address = contact["points"][0]["address"].as_str().unwrap();
    let form = [
        ("MessageSid", "SM2"),
        ("From", address),
        ("Body", "I am here"),
    ];
    let answer = world.signed_fields(&form, false).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = get(&world, &known, &messages).await;
    let last = list["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["text"], "I am here");
    let shown = get(&world, &known, &format!("/api/v1/conversations/{id}")).await;
    assert_eq!(shown["last"]["text"], "I am here");
    for with in [
        json!({"contact_id": contact["id"]}),
        json!({"address": address}),
    ] {
        let begun = ask(&world, &known, "post", "/api/v1/conversations", Some(with));
        let (status, begun) = begun.await;
        assert_eq!((status, &begun["id"]), (200, &json!(id)), "{begun}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_file_is_kept_and_never_shown_and_only_read_with_its_message() {
    let world = World::start(None).await;
    let known = world.people().await;
    let path = format!("/api/v1/attachments/{}", known.ids["AttachmentId"]);
    let probe = Probe::new("get", &path);
    let answer = world.send(&known, &probe).await;
    assert_eq!((answer.status, &*answer.body), (200, "bytes"));
    assert_eq!(
        answer.content_type, "application/octet-stream",
        "it says that it is HTML"
    );
    let headers = world.headers(&known, &probe).await;
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; filename=\"Lease 1.pdf\""),
        "{disposition}"
    );
    let tom = world.colleague().await;
    assert_eq!(world.send(&tom, &probe).await.status, 200);
    let me = format!(
        "/api/v1/inboxes/{}/members/{}",
        known.ids["InboxId"], known.ids["StaffId"]
    );
    assert_eq!(ask(&world, &known, "delete", &me, None).await.0, 204);
    assert_eq!(world.send(&known, &probe).await.status, 404);
    // What was deleted is not shown, also while its bytes are there.
    world.lose_files().await;
    assert_eq!(world.send(&tom, &probe).await.status, 404);
    world.stop().await;
}

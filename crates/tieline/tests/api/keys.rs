//! Keys of programs: what one opens, for whom it writes, and when it ends.

use crate::corpus::Probe;
use crate::world::{Answer, Known, World};
use serde_json::{Value, json};
use std::time::Duration;
use tieline_domain::access::{Right, Rights};

struct Key {
    id: String,
    secret: String,
}

fn probe(method: &str, path: &str, key: &str, body: Option<Value>) -> Probe {
    Probe {
        key: Some(key.as_bytes().to_vec()),
        body: body.map(|body| body.to_string().into_bytes()),
        ..Probe::new(method, path)
    }
}

async fn make(world: &World, known: &Known, name: &str, rights: &[&str]) -> Key {
    let body = json!({"name": name, "rights": rights, "all_inboxes": true});
    let request = probe("post", "/api/v1/keys", name, Some(body));
    let answer = world.send(known, &request).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let made = read(&answer);
    Key {
        id: made["key"]["id"].as_str().unwrap().to_owned(),
        secret: made["secret"].as_str().unwrap().to_owned(),
    }
}

/// The names of the keys that the audit says were revoked.
async fn revoked_in_audit(world: &World, known: &Known) -> Vec<String> {
    let lines = read(&world.send(known, &Probe::new("get", "/api/v1/audit")).await);
    let lines = lines["items"].as_array().unwrap().iter();
    let revoked = lines.filter(|it| it["act"] == "revoke_key");
    revoked
        .map(|it| it["before"]["name"].as_str().unwrap().to_owned())
        .collect()
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_key_opens_what_it_was_given_until_it_is_revoked() {
    let world = World::start(None).await;
    let known = world.people().await;
    let key = make(&world, &known, "Reports", &["read_conversations"]).await;
    let conversations = Probe::new("get", "/api/v1/conversations");
    let contacts = Probe::new("get", "/api/v1/contacts");
    let asked = async |probe: &Probe| world.send_with_key(&key.secret, None, probe).await.status;
    assert_eq!(asked(&conversations).await, 200);
    let bearer = format!("bearer {}", key.secret);
    let bearer = [("authorization", bearer.as_str())];
    let small = world.send_bare(&conversations, &bearer).await;
    assert_eq!(small.status, 200, "{small:?}");
    assert_eq!(asked(&contacts).await, 403);
    let keys = probe("post", "/api/v1/keys", "more", Some(json!({})));
    assert_eq!(asked(&keys).await, 403, "a key makes no keys");
    let path = format!("/api/v1/keys/{}", key.id);
    let other = make(&world, &known, "Later", &["read_contacts"]).await;
    let revoked = world.send(&known, &Probe::new("delete", &path)).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    assert_eq!(revoked_in_audit(&world, &known).await, ["Reports"]);
    let nobodys = format!("/api/v1/keys/key_{:032x}", 1);
    let nobodys = world.send(&known, &Probe::new("delete", &nobodys)).await;
    assert_eq!(nobodys.status, 404, "{nobodys:?}");
    assert_eq!(revoked_in_audit(&world, &known).await, ["Reports"]);
    let goes_on = world.send_with_key(&other.secret, None, &contacts).await;
    assert_eq!(goes_on.status, 200, "{goes_on:?}");
    let after = world.send_with_key(&key.secret, None, &conversations).await;
    assert_eq!(after.status, 401, "{after:?}");
    world.stop().await;
}

#[tokio::test]
async fn each_reading_of_a_key_that_may_review_is_in_the_audit_and_no_reading_of_another() {
    let world = World::start(None).await;
    let known = world.people().await;
    let read_only = Rights::of(&[Right::ReadConversations]);
    let reads = world.key("Reads", read_only).await;
    let reviews = Rights::of(&[Right::ReadConversations, Right::Review]);
    let reviews = world.key("Reviews", reviews).await;
    let text = world.signed_form("MessageSid", "SM-unread", false).await;
    assert_eq!(text.status, 200, "{text:?}");
    let list = Probe::new("get", "/api/v1/conversations");
    let list = read(&world.send_with_key(&reads, None, &list).await);
    assert_eq!(list["counts"]["unread"], 0, "nobody has read nothing");
    let one = format!("/api/v1/conversations/{}", known.ids["ConversationId"]);
    for path in ["/api/v1/conversations", &one, &format!("{one}/messages")] {
        for key in [&reads, &reviews] {
            let probe = Probe::new("get", path);
            let answer = world.send_with_key(key, None, &probe).await;
            assert_eq!(answer.status, 200, "{path} {answer:?}");
        }
        let lines = read(
            &world
                .send(&known, &Probe::new("get", "/api/v1/audit"))
                .await,
        );
        let latest = &lines["items"][0];
        let told = (&latest["act"], &latest["by"], &latest["key"]["name"]);
        assert_eq!(
            told,
            (&json!("review"), &json!("api_key"), &json!("Reviews"))
        );
        let lines = lines["items"].as_array().unwrap().iter();
        let of_the_other = lines.filter(|it| it["key"]["name"] == "Reads");
        assert_eq!(of_the_other.count(), 0, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_a_key_writes_is_its_own_unless_it_names_a_user_who_may_write_as_well() {
    let world = World::start(None).await;
    let known = world.people().await;
    let tom = world.colleague().await;
    let me = world.send(&tom, &Probe::new("get", "/api/v1/me")).await;
    let tom = read(&me)["staff"]["id"].as_str().unwrap().to_owned();
    let rights = ["read_conversations", "converse"];
    let key = make(&world, &known, "Reminders", &rights).await;
    let path = format!(
        "/api/v1/conversations/{}/messages",
        known.ids["ConversationId"]
    );
    for (number, on_behalf_of) in [None, Some(tom.as_str())].into_iter().enumerate() {
        let text = json!({"text": format!("Reminder {number}")});
        // The same key of a request: two callers have nothing to do with each other.
        let request = probe("post", &path, "same", Some(text));
        let answer = world
            .send_with_key(&key.secret, on_behalf_of, &request)
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let author = read(&answer)["author"].clone();
        match on_behalf_of {
            None => assert_eq!(author, json!({"kind": "api_key", "id": key.id})),
            Some(tom) => assert_eq!(
                (&author["kind"], &author["id"]),
                (&json!("staff"), &json!(tom))
            ),
        }
        let again = world
            .send_with_key(&key.secret, on_behalf_of, &request)
            .await;
        assert_eq!(read(&again)["id"], read(&answer)["id"], "once");
    }
    // Nor have two keys that act for one user, or he himself.
    let other = make(&world, &known, "Others", &rights).await;
    let session = world.colleague().await;
    let request = probe(
        "post",
        &path,
        "shared",
        Some(json!({"text": "Three times"})),
    );
    let mut made = vec![read(&world.send(&session, &request).await)["id"].clone()];
    for secret in [&key.secret, &other.secret] {
        let answer = world
            .send_with_key(secret, Some(tom.as_str()), &request)
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let id = read(&answer)["id"].clone();
        assert!(id.is_string() && !made.contains(&id), "{made:?}");
        made.push(id);
    }
    for nobody in ["st_00000000000000000000000000000001", "Tom", ""] {
        let request = probe("post", &path, "nobody", Some(json!({"text": "Hello"})));
        let refused = world
            .send_with_key(&key.secret, Some(nobody), &request)
            .await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(read(&refused)["field"], "On-Behalf-Of");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_right_to_write_or_to_read_one_thing_tells_nothing_else() {
    let world = World::start(None).await;
    let known = world.people().await;
    let contact = known.ids["ContactId"].as_str();
    let talk = known.ids["ConversationId"].as_str();
    let (it, there) = (
        format!("/api/v1/contacts/{contact}"),
        format!("/api/v1/conversations/{talk}"),
    );
    let fields = json!({"fields": {"last_name": "Written"}});
    let nothing = json!({"version": 0, "fields": {}});
    let only_ids = [
        ("patch", it.clone(), "edit_contacts", Some(nothing)),
        (
            "post",
            "/api/v1/contacts".to_owned(),
            "edit_contacts",
            Some(fields),
        ),
        ("post", format!("{it}/restore"), "edit_contacts", None),
        ("patch", there.clone(), "converse", Some(json!({}))),
        (
            "post",
            "/api/v1/conversations".to_owned(),
            "converse",
            Some(json!({"contact_id": contact})),
        ),
        (
            "post",
            format!("{there}/messages"),
            "converse",
            Some(json!({"text": "Hello"})),
        ),
        ("post", "/api/v1/sync/runs".to_owned(), "run_sync", None),
        (
            "patch",
            format!("/api/v1/contact-fields/{}", known.ids["ContactFieldId"]),
            "manage_settings",
            Some(json!({"label": "Family name"})),
        ),
    ];
    for (number, (method, path, right, body)) in only_ids.into_iter().enumerate() {
        let reading = if right == "run_sync" {
            "read_sync"
        } else {
            "read_contacts"
        };
        let reading = if right == "converse" {
            "read_conversations"
        } else {
            reading
        };
        let blind = make(&world, &known, &format!("blind {number}"), &[right]).await;
        let sees = make(&world, &known, &format!("sees {number}"), &[right, reading]).await;
        if path.ends_with("/restore") {
            let deleted = world.send(&known, &Probe::new("delete", &it)).await;
            assert_eq!(deleted.status, 204, "{deleted:?}");
        }
        for (key, whole) in [(blind, false), (sees, true)] {
            let mut body = body.clone();
            if let Some(version) = body.as_mut().and_then(|body| body.get_mut("version")) {
                let now = world.send(&known, &Probe::new("get", &it)).await;
                *version = read(&now)["version"].clone();
            }
            let request = probe(method, &path, "written", body);
            let answer = world.send_with_key(&key.secret, None, &request).await;
            assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
            let told = read(&answer);
            let names: Vec<&String> = told.as_object().unwrap().keys().collect();
            assert!(told["id"].is_string(), "{path}: {told}");
            assert_eq!(names.len() > 1, whole, "{method} {path} as {right}: {told}");
        }
    }
    // A refusal tells nothing of it, and is told.
    let blind = make(&world, &known, "blind and refused", &["converse"]).await;
    let nothing = json!({"text": ""});
    let request = probe(
        "post",
        &format!("{there}/messages"),
        "refused",
        Some(nothing),
    );
    let answer = world.send_with_key(&blind.secret, None, &request).await;
    assert_eq!(
        (answer.status, &read(&answer)["code"]),
        (422, &json!("empty")),
        "{answer:?}"
    );
    world.stop().await;
}

/// The path of a run that has ended.
async fn run_to_its_end(world: &World, known: &Known) -> String {
    let start = probe("post", "/api/v1/sync/runs", "run", None);
    let run = read(&world.send(known, &start).await);
    let path = format!("/api/v1/sync/runs/{}", run["id"].as_str().unwrap());
    for _ in 0..600 {
        let run = world.send(known, &Probe::new("get", &path)).await;
        if !read(&run)["finished_at"].is_null() {
            return path;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the run never ends");
}

#[tokio::test]
async fn who_may_read_runs_or_contacts_alone_reads_nothing_of_the_other() {
    let world = World::start(None).await;
    let known = world.people().await;
    let it = format!("/api/v1/contacts/{}", known.ids["ContactId"]);
    let changes = format!("{}/changes", run_to_its_end(&world, &known).await);
    let get = async |key: &Key, path: &str| {
        let answer = world
            .send_with_key(&key.secret, None, &Probe::new("get", path))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        read(&answer)
    };
    let sync = make(&world, &known, "runs", &["read_sync"]).await;
    let both = make(
        &world,
        &known,
        "both",
        &["read_sync", "read_contacts", "read_conversations"],
    )
    .await;
    let contacts = make(&world, &known, "contacts", &["read_contacts"]).await;
    let told = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        let tells = |it: &Value| it["fields"] != json!([]) || it["contact"]["name"].is_string();
        (items.len() > 0, items.filter(|it| tells(it)).count() > 0)
    };
    assert_eq!(told(&get(&both, &changes).await), (true, true));
    assert_eq!(told(&get(&sync, &changes).await), (true, false));
    let talks = async |key| {
        get(key, &it).await["conversations"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((talks(&both).await, talks(&contacts).await), (1, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_key_that_may_not_converse_says_of_no_conversation_whom_it_is_with() {
    let world = World::start(None).await;
    let known = world.people().await;
    let talk = known.ids["ConversationId"].as_str();
    let there = format!("/api/v1/conversations/{talk}");
    let contact = async || {
        let shown = world.send(&known, &Probe::new("get", &there)).await;
        read(&shown)["contact"]["id"].clone()
    };
    let before = contact().await;
    let edits = ["read_contacts", "edit_contacts"];
    let both = [&edits[..], &["converse", "read_conversations"]].concat();
    for (rights, status) in [(&edits[..], 403), (&both, 201)] {
        let key = make(&world, &known, &format!("ties {status}"), rights).await;
        let body = json!({"fields": {"last_name": "Tied"}, "conversation_id": talk});
        let request = probe("post", "/api/v1/contacts", "tie", Some(body));
        let answer = world.send_with_key(&key.secret, None, &request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let made = read(&answer);
        match status {
            201 => assert_eq!(contact().await, made["id"]),
            _ => {
                assert_eq!(made["field"], "conversation_id");
                assert_eq!(contact().await, before);
            }
        }
        let tied = Probe::new("get", "/api/v1/contacts?q=tied");
        let total = read(&world.send(&known, &tied).await)["total"].clone();
        assert_eq!(total, i64::from(status == 201), "none is made in vain");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_audit_names_the_key_that_did_something() {
    let world = World::start(None).await;
    let known = world.people().await;
    make(&world, &known, "Another", &["manage_inboxes"]).await;
    let key = make(&world, &known, "Onboarding", &["manage_inboxes"]).await;
    let nora = world.newcomer().await;
    let seat = format!("/api/v1/inboxes/{}/members/{nora}", known.ids["InboxId"]);
    let added = Probe::new("put", &seat);
    let added = world.send_with_key(&key.secret, None, &added).await;
    assert_eq!(added.status, 204, "{added:?}");
    let lines = read(
        &world
            .send(&known, &Probe::new("get", "/api/v1/audit"))
            .await,
    );
    let line = &lines["items"][0];
    assert_eq!(line["act"], "add_member", "{line}");
    let expected = json!({"id": key.id, "name": "Onboarding"});
    assert_eq!((&line["key"], &line["staff"]), (&expected, &Value::Null));
    world.stop().await;
}

#[tokio::test]
async fn a_key_for_some_inboxes_lists_those_alone_and_no_text_of_nobodys() {
    let world = World::start(None).await;
    let known = world.people().await;
    let second = world.second_inbox("tom").await.to_string();
    let first = known.ids["InboxId"].clone();
    for (body, expected, status) in [
        (json!({"inboxes": [second]}), vec![&second], 403),
        (json!({"all_inboxes": true}), vec![&first, &second], 200),
    ] {
        let mut body = body;
        body["name"] = json!(format!("of {}", expected.len()));
        body["rights"] = json!(["manage_inboxes"]);
        let made = world
            .send(
                &known,
                &probe(
                    "post",
                    "/api/v1/keys",
                    &body["name"].to_string(),
                    Some(body.clone()),
                ),
            )
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        let made = read(&made);
        let secret = made["secret"].as_str().unwrap();
        let list = Probe::new("get", "/api/v1/inboxes");
        let list = read(&world.send_with_key(secret, None, &list).await);
        let listed = list["items"].as_array().unwrap().iter();
        let mut listed: Vec<_> = listed.map(|it| it["id"].as_str().unwrap()).collect();
        let mut expected: Vec<_> = expected.into_iter().map(String::as_str).collect();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected);
        let texts = Probe::new("get", "/api/v1/unassigned-texts");
        let texts = world.send_with_key(secret, None, &texts).await;
        assert_eq!(texts.status, status, "{texts:?}");
    }
    world.stop().await;
}

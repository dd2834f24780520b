//! What is said in an inbox is its members': nobody else reads it by its id, and who may review
//! reads and changes nothing.

use crate::corpus::Probe;
use crate::world::{Known, World};
use serde_json::{Value, json};

/// A request about the conversation, its message or its file.
struct Asked {
    probe: Probe,
    /// It only looks.
    looks: bool,
    /// As a member gets it.
    status: u16,
}

fn asked(known: &Known) -> Vec<Asked> {
    let ids = &known.ids;
    let it = format!("/api/v1/conversations/{}", ids["ConversationId"]);
    let messages = format!("{it}/messages");
    let file = format!("/api/v1/attachments/{}", ids["AttachmentId"]);
    let retry = format!("/api/v1/messages/{}/retry", ids["MessageId"]);
    let row = |method: &str, path: &str, body: Option<Value>, status| {
        let mut probe = Probe::new(method, path);
        probe.key = Some(format!("{method} {path} {}", known.session).into_bytes());
        probe.key.as_mut().unwrap().truncate(190);
        probe.body = body.map(|it| it.to_string().into_bytes());
        Asked {
            probe,
            looks: method == "get",
            status,
        }
    };
    let text = |kind: &str| Some(json!({"text": "Hello", "kind": kind}));
    vec![
        row("get", &it, None, 200),
        row("get", &messages, None, 200),
        row("get", &file, None, 200),
        row("patch", &it, Some(json!({"status": "closed"})), 200),
        row("patch", &it, Some(json!({"assigned_to": null})), 200),
        row("post", &messages, text("message"), 202),
        row("post", &retry, None, 422),
        row("post", &format!("{it}/read"), None, 204),
        row(
            "put",
            &format!("{it}/presence"),
            Some(json!({"state": "looking"})),
            204,
        ),
        row("post", &format!("{it}/unread"), Some(json!({})), 200),
    ]
}

/// The ids of what a list holds.
async fn listed(world: &World, who: &Known) -> Vec<String> {
    let probe = Probe::new("get", "/api/v1/conversations");
    let answer = world.send(who, &probe).await;
    let list: Value = serde_json::from_str(&answer.body).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_said_in_an_inbox_is_read_by_its_members_and_reviewers_and_changed_by_members() {
    #[derive(Debug, PartialEq, Clone, Copy)]
    enum Is {
        Member,
        Nobody,
        Reviewer,
    }
    let world = World::start(None).await;
    for tom_is in [Is::Member, Is::Nobody, Is::Reviewer] {
        let (priya, tom) = (world.people().await, world.colleague().await);
        if tom_is != Is::Member {
            world.take_out_of_inboxes("tom").await;
        }
        if tom_is == Is::Reviewer {
            world.make_reviewer("tom").await;
        }
        let sees = tom_is != Is::Nobody;
        let id = &priya.ids["ConversationId"];
        assert_eq!(listed(&world, &tom).await.contains(id), sees, "{tom_is:?}");
        for it in asked(&Known {
            session: tom.session.clone(),
            ids: priya.ids.clone(),
        }) {
            let answer = world.send(&tom, &it.probe).await;
            let may = tom_is == Is::Member || (tom_is == Is::Reviewer && it.looks);
            let expected = if may { it.status } else { 404 };
            assert_eq!(
                answer.status, expected,
                "{tom_is:?} {:?}: {answer:?}",
                it.probe
            );
        }
        let mut begin = Probe::new("post", "/api/v1/conversations");
        let inbox = &priya.ids["InboxId"];
        let body = json!({"address": "+447700900777", "inbox_id": inbox});
        begin.body = Some(body.to_string().into_bytes());
        let begun = world.send(&tom, &begin).await.status;
        assert_eq!(begun < 300, tom_is == Is::Member, "{tom_is:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_is_begun_in_the_inbox_that_is_wanted_if_it_is_one_of_ones_own() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let first = json!(priya.ids["InboxId"]);
    let second = json!(world.second_inbox("priya").await);
    let begin = async |who: &Known, address: &str, wanted: &Value| {
        let mut begin = Probe::new("post", "/api/v1/conversations");
        let body = json!({"address": address, "inbox_id": wanted});
        begin.body = Some(body.to_string().into_bytes());
        let answer = world.send(who, &begin).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, body)
    };
    // As people write it there.
    for (address, wanted) in [("07700 900771", &first), ("07700 900772", &second)] {
        let (status, begun) = begin(&priya, address, wanted).await;
        assert_eq!((status, &begun["inbox_id"]), (201, wanted), "{begun}");
        let kept = format!("+44{}", address[1..].replace(' ', ""));
        assert_eq!(begun["address"], kept);
        // Who writes to one number from two inboxes has two conversations.
        let other = if wanted == &first { &second } else { &first };
        let (_, again) = begin(&priya, address, other).await;
        assert_ne!(again["id"], begun["id"]);
        let (status, found) = begin(&priya, address, wanted).await;
        assert_eq!((status, &found["id"]), (200, &begun["id"]), "{found}");
    }
    // Nor is what is said there given to him, though he works in the other.
    let (_, there) = begin(&priya, "+447700900772", &second).await;
    let there = there["id"].as_str().unwrap();
    let mut give = Probe::new("patch", &format!("/api/v1/conversations/{there}"));
    let to_tom = json!({"assigned_to": world.staff("tom").await.id.to_string()});
    give.body = Some(to_tom.to_string().into_bytes());
    let given = world.send(&priya, &give).await;
    assert_eq!(given.status, 422, "{given:?}");
    let (status, problem) = begin(&tom, "+447700900773", &second).await;
    assert_eq!((status, &problem["field"]), (422, &json!("inbox_id")));
    let (_, own) = begin(&tom, "+447700900773", &Value::Null).await;
    assert_eq!(own["inbox_id"], first);
    world.take_out_of_inboxes("tom").await;
    for wanted in [&Value::Null, &first] {
        let (status, problem) = begin(&tom, "+447700900774", wanted).await;
        assert_eq!((status, &problem["field"]), (422, &json!("inbox_id")));
    }
    world.stop().await;
}

#[tokio::test]
async fn who_a_conversation_is_with_is_said_by_a_new_contact_of_its_members_alone() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let id = &priya.ids["ConversationId"];
    let shown = async || {
        let path = format!("/api/v1/conversations/{id}");
        let answer = world.send(&priya, &Probe::new("get", &path)).await;
        let shown: Value = serde_json::from_str(&answer.body).unwrap();
        shown["contact"]["id"].clone()
    };
    let add = async |name: &str| {
        let mut add = Probe::new("post", "/api/v1/contacts");
        add.key = Some(name.as_bytes().to_vec());
        let body = json!({"fields": {"last_name": name}, "conversation_id": id});
        add.body = Some(body.to_string().into_bytes());
        let answer = world.send(&tom, &add).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, body)
    };
    let (status, member) = add("Member").await;
    assert_eq!((status, &shown().await), (201, &member["id"]), "{member}");
    world.take_out_of_inboxes("tom").await;
    for is_reviewer in [false, true] {
        if is_reviewer {
            world.make_reviewer("tom").await;
        }
        let (status, problem) = add("Stranger").await;
        let refused = (status, &problem["field"]);
        assert_eq!(refused, (422, &json!("conversation_id")), "{problem}");
        assert_eq!(shown().await, member["id"], "reviewer: {is_reviewer}");
    }
    world.stop().await;
}

//! Keys of programs: what one opens, for whom it writes, and when it ends.

use crate::corpus::Probe;
use crate::world::{Answer, Known, World};
use serde_json::{Value, json};

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
    assert_eq!(asked(&contacts).await, 403);
    let keys = probe("post", "/api/v1/keys", "more", Some(json!({})));
    assert_eq!(asked(&keys).await, 403, "a key makes no keys");
    let path = format!("/api/v1/keys/{}", key.id);
    let revoked = world.send(&known, &Probe::new("delete", &path)).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    let after = world.send_with_key(&key.secret, None, &conversations).await;
    assert_eq!(after.status, 401, "{after:?}");
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
    let nobody = "st_00000000000000000000000000000001";
    let request = probe("post", &path, "nobody", Some(json!({"text": "Hello"})));
    let refused = world
        .send_with_key(&key.secret, Some(nobody), &request)
        .await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    world.stop().await;
}

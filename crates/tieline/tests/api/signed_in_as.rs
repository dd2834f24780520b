//! A request that names a user is done as that one or not at all: a page does not know that another tab
//! of the browser has signed in somebody else.

use crate::corpus::Probe;
use crate::people::ask;
use crate::world::World;
use serde_json::{Value, json};

/// A request of the session of `known` by a page that takes another to be signed in.
async fn named(world: &World, session: &str, name: &str, probe: &Probe) -> (u16, Value) {
    let cookie = format!("tieline={session}");
    let headers = [("cookie", cookie.as_str()), ("signed-in-as", name)];
    let answer = world.send_bare(probe, &headers).await;
    let body = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, body)
}

fn text(conversation: &str, words: &str, key: &str) -> Probe {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let mut probe = Probe::new("post", &path);
    probe.body = Some(json!({"text": words}).to_string().into_bytes());
    probe.key = Some(key.as_bytes().to_vec());
    probe
}

#[tokio::test]
async fn what_one_user_wrote_is_never_sent_in_the_name_of_the_next() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let (hers, his) = (&priya.ids["StaffId"], world.staff("tom").await.id);
    let conversation = &priya.ids["ConversationId"];
    let stored = world.stored_texts().await;
    let probe = text(conversation, "Words of hers", "k1");
    let (status, problem) = named(&world, &tom.session, hers, &probe).await;
    assert_eq!((status, &problem["code"]), (409, &json!("other_user")));
    assert_eq!(world.stored_texts().await, stored);
    // It did not take the key, and goes once it is her session again.
    let (status, message) = named(&world, &priya.session, hers, &probe).await;
    assert_eq!((status, &message["author"]["id"]), (202, &json!(hers)));
    let own = text(conversation, "Words of his", "k1");
    let (status, message) = named(&world, &tom.session, &his.to_string(), &own).await;
    assert_eq!(
        (status, &message["author"]["id"]),
        (202, &json!(his.to_string()))
    );
    world.stop().await;
}

#[tokio::test]
async fn every_route_of_a_session_heeds_it_and_so_does_signing_out() {
    let world = World::start(None).await;
    let priya = world.people().await;
    let tom = world.staff("tom").await.id.to_string();
    let description = tieline_web::description();
    let mut complaints = Vec::new();
    let mut tried = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            if !parameters.iter().any(|it| it["name"] == "Signed-In-As") {
                continue;
            }
            tried += 1;
            let nobody = "00000000000000000000000000000001";
            let probe = Probe::new(method, &path.replace("{id}", &format!("x_{nobody}")));
            for name in [tom.as_str(), "nobody", ""] {
                let (status, problem) = named(&world, &priya.session, name, &probe).await;
                if (status, problem["code"].as_str()) != (409, Some("other_user")) {
                    complaints.push(format!("{method} {path} as {name:?}: {status} {problem}"));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(tried > 50, "{tried} routes say that they heed it");
    let (status, me) = ask(&world, &priya, "get", "/api/v1/me", None).await;
    assert_eq!(
        (status, &me["staff"]["id"]),
        (200, &json!(priya.ids["StaffId"]))
    );
    let out = Probe::new("delete", "/api/v1/session");
    let (status, _) = named(&world, &priya.session, &priya.ids["StaffId"], &out).await;
    assert_eq!(status, 204);
    world.stop().await;
}

//! Who is at a conversation: told at once to those who may see it, on all nodes, and soon forgotten.

use super::desk;
use super::live::{Stream, colleague, text_in};
use super::world::World;
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tieline::hub::Hub;
use tieline::transport::in_process;
use tieline_storage::event;
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;

/// As long as somebody is there who does not say so again.
const KEPT_MS: i64 = 15_000;

async fn follow(hub: &Hub, session: &str) -> Stream {
    let request = Request::get("/api/v1/live").header("cookie", format!("tieline={session}"));
    let request = request.body(Body::empty()).unwrap();
    let answer = hub.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    Stream(answer.into_body())
}

async fn say(hub: &Hub, session: &str, conversation: &str, state: &str) -> StatusCode {
    let path = format!("/api/v1/conversations/{conversation}/presence");
    let request = Request::put(path)
        .header("cookie", format!("tieline={session}"))
        .header("content-type", "application/json")
        .body(Body::from(json!({"state": state}).to_string()));
    let answer = hub.router().oneshot(request.unwrap()).await;
    answer.unwrap().status()
}

/// What a stream heard of presence until it was quiet.
async fn heard(stream: &mut Stream) -> Vec<Value> {
    let data = stream.data_of("presence").await;
    data.into_iter().map(|it| it["state"].clone()).collect()
}

async fn the_conversation(world: &World) -> String {
    text_in(world, "Hello").await;
    let messages = desk::messages(&world.hub.store).await;
    messages[0].conversation_id.to_string()
}

#[tokio::test]
async fn members_hear_who_is_at_a_conversation_until_they_are_gone_and_nothing_is_stored() {
    let world = World::new(101).await;
    let hub = &world.hub;
    let [ann, bob, eve] = [("ann", true), ("bob", true), ("eve", false)];
    let ann = colleague(&world, ann.0, ann.1).await;
    let bob = colleague(&world, bob.0, bob.1).await;
    let eve = colleague(&world, eve.0, eve.1).await;
    let conversation = the_conversation(&world).await;
    let mut streams = Vec::new();
    for session in [&ann, &bob, &eve] {
        streams.push(follow(hub, session).await);
    }
    let head = async || {
        let mut reader = hub.store.reader().await.unwrap();
        event::head(&mut reader).await.unwrap()
    };
    let before = head().await;
    let typing = say(hub, &ann, &conversation, "typing").await;
    assert_eq!(typing, StatusCode::NO_CONTENT);
    let typing = vec![json!("typing")];
    for (stream, expected) in streams.iter_mut().zip([vec![], typing.clone(), vec![]]) {
        assert_eq!(heard(stream).await, expected);
    }
    let mut late = follow(hub, &bob).await;
    assert_eq!(heard(&mut late).await, typing, "it holds as he comes");
    let mut stranger = follow(hub, &eve).await;
    assert_eq!(heard(&mut stranger).await, [Value::Null; 0]);
    let foreign = say(hub, &eve, &conversation, "looking").await;
    assert_eq!(foreign, StatusCode::NOT_FOUND);

    world.wait(KEPT_MS);
    // It is looked at every second, by the clock of this machine.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(heard(&mut late).await, [Value::Null]);
    assert_eq!(heard(&mut follow(hub, &bob).await).await, [Value::Null; 0]);
    assert_eq!(head().await, before, "no event was made");
}

#[tokio::test]
async fn who_is_at_a_conversation_is_heard_on_the_other_hub_of_the_same_postgresql() {
    let database = Database::create().await;
    let world = World::on_postgres(102, &database).await;
    let second = world.second_hub(in_process(world.simulator.router())).await;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", true).await;
    let conversation = the_conversation(&world).await;
    let mut here = follow(&world.hub, &bob).await;
    let mut there = follow(&second, &bob).await;
    for state in ["looking", "typing"] {
        let said = say(&world.hub, &ann, &conversation, state).await;
        assert_eq!(said, StatusCode::NO_CONTENT);
        for stream in [&mut here, &mut there] {
            assert_eq!(heard(stream).await, [json!(state)]);
        }
        world.wait(1_000);
    }
    drop((here, there));
    second.store.close().await;
    world.hub.store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn who_is_gone_is_said_to_be_gone_though_the_clock_was_set_back_meanwhile() {
    let world = World::new(103).await;
    let hub = &world.hub;
    let ann = colleague(&world, "ann", true).await;
    let bob = colleague(&world, "bob", true).await;
    let conversation = the_conversation(&world).await;
    let mut stream = follow(hub, &bob).await;
    say(hub, &ann, &conversation, "typing").await;
    assert_eq!(heard(&mut stream).await, [json!("typing")]);
    world.computer.set_database_by(-3_600_000);
    world.learn_time().await;
    world.wait(KEPT_MS);
    // It is looked at every second, by the clock of this machine.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(heard(&mut stream).await, [Value::Null]);
}

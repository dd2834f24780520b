//! The event bus as the control plane sets it up and disturbs it.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;

use crate::support::{CONTACTS, INVALID_ARGUMENT, LATEST, World, silent, soon, world};
use crate::wire::{
    FetchResponse, ManagedFetchRequest, ManagedFetchResponse, TopicInfo, TopicRequest,
};

impl World {
    async fn control(&self, method: Method, path: &str, body: Json) -> Json {
        let token = self.simulator.control_token();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        let router = self.simulator.control_router();
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{path}: {bytes:?}");
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    async fn set(&self, path: &str, body: Json) -> Json {
        self.control(Method::POST, path, body).await
    }
}

#[tokio::test]
async fn planned_mishaps_reach_subscribers() {
    let world = world();
    let mut line = world.subscribe(CONTACTS, LATEST, 100).await;
    let plan = async |mishap: Json| world.set("/events/mishaps", mishap).await;
    plan(json!({"kind": "gap", "object": "contact"})).await;
    world.contact("Gap");
    assert_eq!(world.events(&mut line).await[0].kind(), "GAP_CREATE");
    plan(json!({"kind": "overflow"})).await;
    world.contact("Overflow");
    assert_eq!(world.events(&mut line).await[0].kind(), "GAP_OVERFLOW");
    plan(json!({"kind": "drop", "object": "Contact"})).await;
    world.contact("Dropped");
    let next = world.contact("Seen");
    let events = world.events(&mut line).await;
    assert_eq!(events[0].record_ids(), [next.to_string()]);
    let again = json!({"kind": "repeat", "count": 1});
    plan(again).await;
    let mut second = world.resubscribe(CONTACTS, &events[0].replay_id).await;
    let repeated = world.events(&mut second).await;
    assert_eq!(repeated[0].record_ids(), [next.to_string()]);
    plan(json!({"kind": "delay", "ms": 60_000})).await;
    world.contact("Late");
    silent(&mut line).await;
    plan(json!({"kind": "reset"})).await;
    let mut lost = world.resubscribe(CONTACTS, &events[0].replay_id).await;
    let ended = soon(lost.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.code, INVALID_ARGUMENT);
}

#[tokio::test]
async fn objects_are_deselected_and_channels_carry_several() {
    let world = world();
    let people = json!({"name": "People__chn", "objects": ["Contact", "Lead"]});
    let people = world.set("/events/channels", people).await;
    assert_eq!(people["topic"], "/data/People__chn");
    let selected = |yes: bool| json!({"object": "Contact", "selected": yes});
    world.set("/events/selection", selected(false)).await;
    world.contact("Unseen");
    world.set("/events/selection", selected(true)).await;
    let contact = world.contact("Seen");
    let lead = world.create("Lead", json!({"LastName": "Berg", "Company": "Berg Ltd"}));
    world.create("Account", json!({"Name": "Other"}));
    let events = world.earliest("/data/People__chn").await;
    let ids: Vec<_> = events.iter().flat_map(|e| e.record_ids()).collect();
    assert_eq!(ids, [contact.to_string(), lead.to_string()]);
}

#[tokio::test]
async fn platform_events_and_settings_come_from_the_control_plane() {
    let world = world();
    let event = json!({"name": "Text_sent__e", "fields": [{"name": "Number__c", "kind": "text"}]});
    let topic = world.set("/events/platform", event).await["topic"].clone();
    let asked = TopicRequest {
        topic_name: topic.as_str().unwrap().to_owned(),
    };
    let info: TopicInfo = world.ask("GetTopic", &asked).await.unwrap();
    assert!(world.schema(&info.schema_id).await.contains("Number__c"));
    let mirror = json!({"developer_name": "Mirror", "topic": CONTACTS, "from_earliest": true});
    let mirror = world.set("/events/managed-subscriptions", mirror).await;
    let id = world.contact("Berg");
    let mut line = world.open("ManagedSubscribe").await;
    line.send(&ManagedFetchRequest {
        subscription_id: mirror["id"].as_str().unwrap().to_owned(),
        num_requested: 1,
        ..Default::default()
    });
    let answer: ManagedFetchResponse = soon(line.next()).await.unwrap();
    let event = world.decode(&answer.events[0]).await;
    assert_eq!(event.record_ids(), [id.to_string()]);
    let settings = world.set("/events", json!({"keep_alive_ms": 20})).await;
    assert_eq!(settings["overflow_changes"], 100_000, "the rest stays");
    let shown = world.control(Method::GET, "/events", Json::Null).await;
    assert_eq!(shown, settings);
    let mut line = world.subscribe(CONTACTS, LATEST, 1).await;
    let nothing: FetchResponse = soon(line.next()).await.unwrap();
    assert!(nothing.events.is_empty(), "a sign of life after 20 ms");
}

#[tokio::test]
async fn after_a_restore_events_go_on_with_fresh_replay_ids() {
    let world = world();
    world.set("/snapshots", json!({"name": "before"})).await;
    world.contact("Gone");
    let seen = world.earliest(CONTACTS).await;
    world.set("/snapshots/before/restore", Json::Null).await;
    let mut lost = world.resubscribe(CONTACTS, &seen[0].replay_id).await;
    let ended = soon(lost.next::<FetchResponse>()).await.unwrap_err();
    assert_eq!(ended.code, INVALID_ARGUMENT);
    let id = world.contact("New");
    let events = world.earliest(CONTACTS).await;
    assert_eq!(events[0].record_ids(), [id.to_string()]);
    assert_ne!(events[0].replay_id, seen[0].replay_id);
}

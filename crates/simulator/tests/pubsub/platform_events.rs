//! Platform events: defined, published, read.

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use tieline_simulator::org::events::PlatformKind;

use crate::support::{LATEST, World, soon, world};
use crate::wire::{ProducerEvent, PublishRequest, PublishResponse, TopicInfo, TopicRequest};

const TOPIC: &str = "/event/Reply__e";

async fn schema_id(world: &World) -> String {
    let fields = [
        ("Text__c", PlatformKind::Text),
        ("Count__c", PlatformKind::Number),
    ];
    world
        .org()
        .define_platform_event("Reply__e", &fields)
        .unwrap();
    let asked = TopicRequest {
        topic_name: TOPIC.to_owned(),
    };
    let info: TopicInfo = world.ask("GetTopic", &asked).await.unwrap();
    assert!(info.can_publish && info.can_subscribe);
    info.schema_id
}

async fn payload(world: &World, schema_id: &str, text: &str) -> Vec<u8> {
    let schema = Schema::parse_str(&world.schema(schema_id).await).unwrap();
    let value = Value::Record(vec![
        (
            "CreatedDate".to_owned(),
            Value::Long(crate::support::NOON_MS),
        ),
        ("CreatedById".to_owned(), Value::String("005".to_owned())),
        (
            "Text__c".to_owned(),
            Value::Union(1, Box::new(Value::String(text.to_owned()))),
        ),
        (
            "Count__c".to_owned(),
            Value::Union(0, Box::new(Value::Null)),
        ),
    ]);
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    writer.write_value_to_vec(value).unwrap()
}

fn request(events: &[(&str, &str, Vec<u8>)]) -> PublishRequest {
    let event = |(id, schema_id, payload): &(&str, &str, Vec<u8>)| ProducerEvent {
        id: (*id).to_owned(),
        schema_id: (*schema_id).to_owned(),
        payload: payload.clone(),
    };
    PublishRequest {
        topic_name: TOPIC.to_owned(),
        events: events.iter().map(event).collect(),
    }
}

#[tokio::test]
async fn a_published_event_reaches_its_subscribers() {
    let world = world();
    let schema_id = schema_id(&world).await;
    let mut line = world.subscribe(TOPIC, LATEST, 10).await;
    let payload = payload(&world, &schema_id, "hello").await;
    let asked = request(&[("a", &schema_id, payload)]);
    let answer: PublishResponse = world.ask("Publish", &asked).await.unwrap();
    let events = world.events(&mut line).await;
    assert_eq!(events[0].fields["Text__c"], "hello");
    assert_eq!(events[0].replay_id, answer.results[0].replay_id);
}

#[tokio::test]
async fn each_published_event_has_its_own_result() {
    let world = world();
    let schema_id = schema_id(&world).await;
    let good = payload(&world, &schema_id, "good").await;
    let mut long = good.clone();
    long.push(0);
    let asked = request(&[
        ("good", &schema_id, good.clone()),
        ("schema", "other", good),
        ("long", &schema_id, long),
        ("empty", &schema_id, Vec::new()),
    ]);
    let answer: PublishResponse = world.ask("Publish", &asked).await.unwrap();
    let failed: Vec<_> = answer
        .results
        .iter()
        .map(|r| (r.correlation_key.as_str(), r.error.is_some()))
        .collect();
    assert_eq!(
        failed,
        [
            ("good", false),
            ("schema", true),
            ("long", true),
            ("empty", true)
        ]
    );
}

#[tokio::test]
async fn a_stream_of_requests_is_answered_one_by_one() {
    let world = world();
    let schema_id = schema_id(&world).await;
    let payload = payload(&world, &schema_id, "one").await;
    let mut line = world.open("PublishStream").await;
    for _ in 0..2 {
        line.send(&request(&[("x", &schema_id, payload.clone())]));
        let answer: PublishResponse = soon(line.next()).await.unwrap();
        assert_eq!(answer.results.len(), 1);
        assert_eq!(answer.results[0].error, None);
    }
}

#[tokio::test]
async fn change_events_cannot_be_published() {
    let world = world();
    let asked = PublishRequest {
        topic_name: "/data/ContactChangeEvent".to_owned(),
        events: Vec::new(),
    };
    let ended = world
        .ask::<PublishResponse>("Publish", &asked)
        .await
        .unwrap_err();
    assert_eq!(ended.code, 7);
}

#[tokio::test]
async fn a_changed_definition_has_a_new_schema_and_the_old_one_stays_readable() {
    let world = world();
    let old = schema_id(&world).await;
    world
        .org()
        .define_platform_event("Reply__e", &[("Text__c", PlatformKind::Text)])
        .unwrap();
    let asked = TopicRequest {
        topic_name: TOPIC.to_owned(),
    };
    let info: TopicInfo = world.ask("GetTopic", &asked).await.unwrap();
    assert_ne!(info.schema_id, old);
    assert!(world.schema(&old).await.contains("Count__c"));
}

//! A world with its Pub/Sub API, a clock that moves by hand, and events read back into JSON.

use std::sync::Arc;
use std::time::Duration;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use serde_json::{Map, Value as Json};
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::{Call, Org, OrgKind, RecordId};
use tieline_simulator::{OrgAccess, OrgPlace, Simulator, SimulatorOptions};

use crate::wire::{
    ConsumerEvent, Ended, FetchRequest, FetchResponse, Line, SchemaInfo, SchemaRequest, ask,
};

/// 2026-11-24 12:00 UTC.
pub const NOON_MS: i64 = 1_795_521_600_000;
pub const CONTACTS: &str = "/data/ContactChangeEvent";
pub const LATEST: i32 = 0;
pub const EARLIEST: i32 = 1;
pub const CUSTOM: i32 = 2;
/// gRPC's numbers.
pub const OK: u32 = 0;
pub const INVALID_ARGUMENT: u32 = 3;
pub const UNAUTHENTICATED: u32 = 16;

pub struct World {
    pub simulator: Simulator,
    pub clock: Arc<SetClock>,
    pub access: OrgAccess,
    pub call: Call,
}

/// An event, decoded by its own schema.
#[derive(Debug)]
pub struct Event {
    pub header: Json,
    pub fields: Json,
    pub changed: Vec<String>,
    pub nulled: Vec<String>,
    pub replay_id: Vec<u8>,
}

pub fn world() -> World {
    let clock = Arc::new(SetClock::new(NOON_MS));
    let simulator = Simulator::new(SimulatorOptions {
        seed: 7,
        contacts: 0,
        leads: 0,
        clock: clock.clone(),
        orgs: vec![OrgPlace {
            kind: OrgKind::Production,
            base_url: "http://org.test".to_owned(),
        }],
    });
    let access = simulator.org_access();
    let call = Call {
        client: Some("tieline".to_owned()),
        ..Call::of(simulator.org().users()[0].id)
    };
    World {
        simulator,
        clock,
        access,
        call,
    }
}

pub fn body(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

impl World {
    pub fn org(&self) -> &Org {
        self.simulator.org()
    }

    pub fn create(&self, object: &str, fields: Json) -> RecordId {
        let made = self.org().create(&self.call, object, &body(fields));
        made.unwrap()
    }

    pub fn contact(&self, last_name: &str) -> RecordId {
        self.create("Contact", serde_json::json!({"LastName": last_name}))
    }

    pub fn update(&self, object: &str, id: &RecordId, fields: Json) {
        let id = id.to_string();
        let saved = self.org().update(&self.call, object, &id, &body(fields));
        saved.unwrap();
    }

    pub fn metadata(&self) -> [(&str, &str); 3] {
        [
            ("accesstoken", &self.access.access_token),
            ("instanceurl", "http://org.test"),
            ("tenantid", &self.access.org_id),
        ]
    }

    pub async fn open(&self, method: &str) -> Line {
        let router = self.simulator.pubsub_router();
        Line::open(router, method, &self.metadata()).await
    }

    pub async fn ask<T: prost::Message + Default>(
        &self,
        method: &str,
        message: &impl prost::Message,
    ) -> Result<T, Ended> {
        ask(
            self.simulator.pubsub_router(),
            method,
            &self.metadata(),
            message,
        )
        .await
    }

    /// A subscription that asked for `num_requested` events.
    pub async fn subscribe(&self, topic: &str, preset: i32, num_requested: i32) -> Line {
        let line = self.open("Subscribe").await;
        line.send(&fetch(topic, preset, &[], num_requested));
        if preset == LATEST {
            self.settle().await;
        }
        line
    }

    pub async fn resubscribe(&self, topic: &str, replay_id: &[u8]) -> Line {
        let line = self.open("Subscribe").await;
        line.send(&fetch(topic, CUSTOM, replay_id, 100));
        line
    }

    /// Lets the server take up what was sent.
    pub async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }

    /// The events of the next answer.
    pub async fn events(&self, line: &mut Line) -> Vec<Event> {
        let response: FetchResponse = soon(line.next()).await.unwrap();
        let mut events = Vec::new();
        for event in response.events {
            events.push(self.decode(&event).await);
        }
        events
    }

    pub async fn earliest(&self, topic: &str) -> Vec<Event> {
        let mut line = self.subscribe(topic, EARLIEST, 100).await;
        self.events(&mut line).await
    }

    pub async fn schema(&self, schema_id: &str) -> String {
        let asked = SchemaRequest {
            schema_id: schema_id.to_owned(),
        };
        let info: SchemaInfo = self.ask("GetSchema", &asked).await.unwrap();
        info.schema_json
    }

    pub async fn decode(&self, event: &ConsumerEvent) -> Event {
        let schema = self.schema(&event.event.schema_id).await;
        let json: Json = serde_json::from_str(&schema).unwrap();
        let schema = Schema::parse_str(&schema).unwrap();
        let mut payload = event.event.payload.as_slice();
        let reader = GenericDatumReader::builder(&schema).build().unwrap();
        let value = reader.read_value(&mut payload).unwrap();
        assert!(payload.is_empty(), "the schema reads all bytes");
        let mut fields = Json::try_from(value).unwrap();
        let header = fields.as_object_mut().unwrap().remove("ChangeEventHeader");
        let header = header.unwrap_or_default();
        Event {
            changed: names(&json, &header["changedFields"]),
            nulled: names(&json, &header["nulledFields"]),
            header,
            fields,
            replay_id: event.replay_id.clone(),
        }
    }
}

impl Event {
    pub fn kind(&self) -> &str {
        self.header["changeType"].as_str().unwrap()
    }

    pub fn record_ids(&self) -> Vec<&str> {
        let ids = self.header["recordIds"].as_array().unwrap();
        ids.iter().map(|id| id.as_str().unwrap()).collect()
    }
}

pub fn fetch(topic: &str, preset: i32, replay_id: &[u8], num_requested: i32) -> FetchRequest {
    FetchRequest {
        topic_name: topic.to_owned(),
        replay_preset: preset,
        replay_id: replay_id.to_vec(),
        num_requested,
    }
}

/// What must come at once.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(5);
    let done = tokio::time::timeout(limit, work).await;
    done.expect("the stream is silent")
}

/// That nothing comes.
pub async fn silent(line: &mut Line) {
    let wait = Duration::from_millis(150);
    let answer = tokio::time::timeout(wait, line.next::<FetchResponse>()).await;
    assert!(answer.is_err(), "something came: {answer:?}");
}

/// Bitmaps as field names, read as the public clients read them.
fn names(schema: &Json, bitmaps: &Json) -> Vec<String> {
    let bits = |hex: &str, fields: &Json| -> Vec<String> {
        let number = u128::from_str_radix(hex.strip_prefix("0x").unwrap(), 16).unwrap();
        let fields = fields.as_array().unwrap().iter().enumerate();
        let set = fields.filter(|(bit, _)| number >> bit & 1 == 1);
        set.map(|(_, f)| f["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = &schema["fields"];
    let mut names = Vec::new();
    for bitmap in bitmaps.as_array().into_iter().flatten() {
        match bitmap.as_str().unwrap().split_once('-') {
            None => names.extend(bits(bitmap.as_str().unwrap(), all)),
            Some((parent, hex)) => {
                let parent = &all[parent.parse::<usize>().unwrap()];
                let record = match &parent["type"][1] {
                    Json::String(name) => written_out(all, name),
                    record => record,
                };
                let parent = parent["name"].as_str().unwrap();
                let parts = bits(hex, &record["fields"]);
                names.extend(parts.iter().map(|part| format!("{parent}.{part}")));
            }
        }
    }
    names
}

fn written_out<'a>(fields: &'a Json, name: &str) -> &'a Json {
    let all = fields.as_array().unwrap().iter();
    let mut records = all.map(|f| &f["type"][1]);
    records.find(|record| record["name"] == name).unwrap()
}

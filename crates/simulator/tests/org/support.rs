//! An org with a clock that stands still, and short ways to say what a test is about.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::{ApiError, Call, Org, OrgKind, OrgOptions, RecordId};

/// 2026-11-24T12:00:00.789Z
pub const NOON_MS: i64 = 1_795_521_600_789;

pub struct TestOrg {
    pub org: Org,
    pub clock: Arc<SetClock>,
    pub call: Call,
}

pub fn org() -> TestOrg {
    org_with(7, 0, 0)
}

pub fn org_with(seed: u64, contacts: usize, leads: usize) -> TestOrg {
    let clock = Arc::new(SetClock::new(NOON_MS));
    let org = Org::new(OrgOptions {
        seed,
        contacts,
        leads,
        person_accounts: false,
        kind: OrgKind::Production,
        clock: clock.clone(),
    });
    let call = Call::of(org.users()[0].id);
    TestOrg { org, clock, call }
}

pub fn body(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

impl TestOrg {
    pub fn as_user(&self, username: &str) -> Call {
        Call::of(self.org.user_by_username(username).unwrap().id)
    }

    pub fn create(&self, object: &str, fields: Json) -> RecordId {
        self.org.create(&self.call, object, &body(fields)).unwrap()
    }

    pub fn refused(&self, object: &str, fields: Json) -> ApiError {
        let errors = self
            .org
            .create(&self.call, object, &body(fields))
            .unwrap_err();
        errors[0].clone()
    }

    pub fn update(&self, object: &str, id: &RecordId, fields: Json) -> Result<(), Vec<ApiError>> {
        self.org
            .update(&self.call, object, &id.to_string(), &body(fields))
    }

    pub fn get(&self, object: &str, id: &RecordId) -> Json {
        self.org
            .get(&self.call, object, &id.to_string(), None)
            .unwrap()
    }

    pub fn rows(&self, soql: &str) -> Vec<Json> {
        self.rows_of(soql, false)
    }

    pub fn rows_of(&self, soql: &str, include_deleted: bool) -> Vec<Json> {
        let answer = self.org.query(&self.call, soql, include_deleted);
        let answer = answer.unwrap_or_else(|e| panic!("{soql}: {e}"));
        self.org.rows(&self.call, &answer, 0..answer.len())
    }

    /// The values of one column; parents with a dot.
    pub fn column(&self, soql: &str, path: &str) -> Vec<Json> {
        let pointer = format!("/{}", path.replace('.', "/"));
        let value = |row: &Json| row.pointer(&pointer).cloned().unwrap_or(json!("absent"));
        self.rows(soql).iter().map(value).collect()
    }

    pub fn count(&self, soql: &str) -> usize {
        self.org
            .query(&self.call, soql, false)
            .unwrap()
            .total_size()
    }

    pub fn query_error(&self, soql: &str) -> ApiError {
        match self.org.query(&self.call, soql, false) {
            Ok(_) => panic!("the org accepted {soql}"),
            Err(error) => error,
        }
    }

    pub fn id_of(&self, soql: &str) -> RecordId {
        let rows = self.rows(soql);
        RecordId::parse(rows[0]["Id"].as_str().unwrap()).unwrap()
    }
}

//! What was asked of an org and by whom, and how much of its calls is used up.

use crate::org::RecordId;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Calls that an org allows in 24 hours, unless told otherwise.
const CALLS_MAX: u64 = 100_000;
/// Calls of at least `LONG_MS` that may run at once.
const LONG_CALLS_MAX: usize = 25;
const LONG_MS: i64 = 20_000;
/// Requests that are remembered one by one.
const RECORDS_MAX: usize = 100_000;
const HOUR_MS: i64 = 3_600_000;

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// When, in epoch milliseconds of the org's clock.
    pub at_ms: i64,
    /// Number of the org.
    pub org: usize,
    /// `GET`, …
    pub method: String,
    /// With the query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `client=` of Sforce-Call-Options.
    pub client: Option<String>,
    /// The kind of resource: `query`, `queryMore`, `collections`, `describe`, …
    pub purpose: &'static str,
    /// Id of the user whose session it was.
    pub user: Option<String>,
    /// Whether it counted against the limit on API calls.
    pub counted: bool,
    /// Whether a fault fired.
    pub fault: bool,
}

/// API calls that counted, since the org was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageReport {
    /// In the last 24 hours.
    pub used: u64,
    /// Allowed in 24 hours.
    pub max: u64,
    /// What is left of them.
    pub remaining: u64,
    /// The value of Sforce-Limit-Info.
    pub header: String,
    /// Calls at once that may take long.
    pub long_calls_max: usize,
    /// By `client=` of Sforce-Call-Options; the empty name for those who give none.
    pub by_client: BTreeMap<String, u64>,
    /// By kind of resource.
    pub by_purpose: BTreeMap<&'static str, u64>,
    /// By id of the user; the empty id for calls without a good session.
    pub by_user: BTreeMap<String, u64>,
    /// By hour, named by its start in epoch milliseconds.
    pub by_hour: BTreeMap<i64, u64>,
}

/// Why a call is refused before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitReached {
    Daily,
    LongCalls,
}

/// The user of a call that counted; travels with its answer to where it is written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted(pub Option<RecordId>);

pub(crate) struct Usage {
    records: VecDeque<CallRecord>,
    total: u64,
    max: u64,
    long_calls_max: usize,
    by_hour: BTreeMap<i64, u64>,
    by_client: BTreeMap<String, u64>,
    by_purpose: BTreeMap<&'static str, u64>,
    by_user: BTreeMap<String, u64>,
    running: BTreeMap<u64, i64>,
    serial: u64,
}

impl LimitReached {
    /// The text of REQUEST_LIMIT_EXCEEDED.
    pub fn message(self) -> &'static str {
        match self {
            LimitReached::Daily => "TotalRequests Limit exceeded.",
            LimitReached::LongCalls => "ConcurrentPerOrgLongTxn Limit exceeded.",
        }
    }
}

impl Usage {
    pub fn new() -> Usage {
        Usage {
            records: VecDeque::new(),
            total: 0,
            max: CALLS_MAX,
            long_calls_max: LONG_CALLS_MAX,
            by_hour: BTreeMap::new(),
            by_client: BTreeMap::new(),
            by_purpose: BTreeMap::new(),
            by_user: BTreeMap::new(),
            running: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Counts calls against the limit.
    pub fn count(&mut self, calls: u64, now_ms: i64) {
        self.total += calls;
        *self.by_hour.entry(hour(now_ms)).or_default() += calls;
    }

    /// Writes down what was answered.
    pub fn record(&mut self, record: CallRecord) {
        if record.counted {
            let client = record.client.clone().unwrap_or_default();
            let user = record.user.clone().unwrap_or_default();
            *self.by_client.entry(client).or_default() += 1;
            *self.by_user.entry(user).or_default() += 1;
            *self.by_purpose.entry(record.purpose).or_default() += 1;
        }
        if self.records.len() == RECORDS_MAX {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// The requests that are still remembered, oldest first.
    pub fn records(&self) -> Vec<CallRecord> {
        self.records.iter().cloned().collect()
    }

    /// Calls that counted since the org was made.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Calls of the last 24 hours, by whole hours.
    pub fn used(&self, now_ms: i64) -> u64 {
        let first = hour(now_ms) - 23 * HOUR_MS;
        self.by_hour.range(first..).map(|(_, calls)| calls).sum()
    }

    pub fn max(&self) -> u64 {
        self.max
    }

    pub fn remaining(&self, now_ms: i64) -> u64 {
        self.max.saturating_sub(self.used(now_ms))
    }

    pub fn header(&self, now_ms: i64) -> String {
        format!("api-usage={}/{}", self.used(now_ms), self.max)
    }

    /// Why no further call is let in, if so.
    pub fn reached(&self, now_ms: i64) -> Option<LimitReached> {
        let long = |start: &&i64| now_ms - **start >= LONG_MS;
        if self.used(now_ms) >= self.max {
            return Some(LimitReached::Daily);
        }
        let long_calls = self.running.values().filter(long).count();
        (long_calls >= self.long_calls_max).then_some(LimitReached::LongCalls)
    }

    pub fn set_max(&mut self, max: u64) {
        self.max = max;
    }

    pub fn set_long_calls_max(&mut self, max: usize) {
        self.long_calls_max = max;
    }

    /// Makes it look as if so many calls had been made, all of them now.
    pub fn set_used(&mut self, used: u64, now_ms: i64) {
        self.by_hour.clear();
        self.by_hour.insert(hour(now_ms), used);
    }

    /// A call begins; the number ends it.
    pub fn begin(&mut self, now_ms: i64) -> u64 {
        self.serial += 1;
        self.running.insert(self.serial, now_ms);
        self.serial
    }

    pub fn end(&mut self, number: u64) {
        self.running.remove(&number);
    }

    pub fn report(&self, now_ms: i64) -> UsageReport {
        UsageReport {
            used: self.used(now_ms),
            max: self.max,
            remaining: self.remaining(now_ms),
            header: self.header(now_ms),
            long_calls_max: self.long_calls_max,
            by_client: self.by_client.clone(),
            by_purpose: self.by_purpose.clone(),
            by_user: self.by_user.clone(),
            by_hour: self.by_hour.clone(),
        }
    }
}

/// The kind of resource that a request is after.
pub(crate) fn purpose_of(method: &str, path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        ["services", "oauth2", ..] | ["services", "Soap", ..] => "login",
        ["id", ..] => "identity",
        ["services", "data"] => "versions",
        ["services", "data", _, rest @ ..] => purpose_of_resource(method, rest),
        ["2010-04-01", ..] => "carrier",
        _ => "pages",
    }
}

fn purpose_of_resource(method: &str, path: &[&str]) -> &'static str {
    match path {
        ["query" | "queryAll"] => "query",
        ["query" | "queryAll", _] => "queryMore",
        ["composite", "sobjects", ..] => "collections",
        ["composite", ..] => "composite",
        ["jobs", ..] => "bulk",
        ["limits", ..] => "limits",
        ["search" | "parameterizedSearch", ..] => "search",
        ["sobjects"] | ["sobjects", _, "describe", ..] => "describe",
        ["sobjects", _] if method == "GET" => "describe",
        ["sobjects", _, "updated" | "deleted"] => "replication",
        ["sobjects", _, "listviews", ..] => "list-views",
        ["sobjects", ..] => "single-record",
        [] => "resources",
        _ => "other",
    }
}

fn hour(now_ms: i64) -> i64 {
    now_ms - now_ms.rem_euclid(HOUR_MS)
}

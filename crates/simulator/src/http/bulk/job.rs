//! The jobs of one org, what each of them knows of itself, and how they move on.

use super::dialect::{delimiter_name, line_ending_name};
use super::ingest::IngestJob;
use super::query::QueryJob;
use super::{no_such_job, refused};
use crate::host::Host;
use crate::http::ask::Answered;
use crate::org::{Call, CsvStyle, Org, RecordId, show_time};
use crate::simulator::lock;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long a job waits before its work begins.
pub(super) const START_MS: i64 = 100;
/// Results can be had for this long after the job was made.
const KEPT_MS: i64 = 7 * 86_400_000;
/// Records of an upload that count as one batch.
const BATCH_ROWS: usize = 10_000;
/// Jobs on one page of a list.
const LIST_PAGE: usize = 1_000;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

/// What all jobs know.
#[derive(Clone)]
pub(super) struct Head {
    pub id: String,
    pub call: Call,
    pub operation: &'static str,
    pub style: CsvStyle,
    pub state: State,
    pub created_ms: i64,
    pub changed_ms: i64,
    /// When its data was complete.
    pub closed_ms: i64,
    /// Why it failed.
    pub error: Option<String>,
}

/// All jobs of one org.
#[derive(Default)]
pub(crate) struct Jobs {
    pub(super) ingest: BTreeMap<String, IngestJob>,
    pub(super) query: BTreeMap<String, QueryJob>,
    serial: u64,
}

impl Jobs {
    /// Moves every job on to the present, and forgets the old ones.
    pub fn work(&mut self, host: &Host) {
        let org = &host.org;
        let now_ms = org.now_ms();
        self.ingest
            .retain(|_, job| job.head.created_ms + KEPT_MS > now_ms);
        self.query
            .retain(|_, job| job.head.created_ms + KEPT_MS > now_ms);
        for job in self.ingest.values_mut() {
            let began = job.head.state;
            job.work(org, now_ms);
            if began == State::UploadComplete && job.head.state != State::UploadComplete {
                let rows = job.rows().max(1);
                lock(&host.bulk_use).count_batches(now_ms, rows.div_ceil(BATCH_ROWS));
            }
        }
        for job in self.query.values_mut() {
            if let Some(bytes) = job.work(org, now_ms) {
                lock(&host.bulk_use).count_stored(now_ms, bytes);
            }
        }
    }

    pub(super) fn new_head(
        &mut self,
        org: &Org,
        call: &Call,
        (operation, style): (&'static str, CsvStyle),
    ) -> Head {
        self.serial += 1;
        let now_ms = org.now_ms();
        Head {
            id: RecordId::new("750", *b"xx", self.serial).to_string(),
            // A row that was planned to fail was one of this request, which has none.
            call: Call {
                refuse: None,
                ..call.clone()
            },
            operation,
            style,
            state: State::Open,
            created_ms: now_ms,
            changed_ms: now_ms,
            closed_ms: now_ms,
            error: None,
        }
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Open => "Open",
            State::UploadComplete => "UploadComplete",
            State::InProgress => "InProgress",
            State::JobComplete => "JobComplete",
            State::Failed => "Failed",
            State::Aborted => "Aborted",
        }
    }

    /// Nothing will happen to it any more.
    pub fn is_over(self) -> bool {
        matches!(self, State::JobComplete | State::Failed | State::Aborted)
    }
}

impl Head {
    pub fn enter(&mut self, state: State, now_ms: i64) {
        self.state = state;
        self.changed_ms = now_ms;
    }

    pub fn fail(&mut self, why: String, now_ms: i64) {
        self.error = Some(why);
        self.enter(State::Failed, now_ms);
    }

    /// What each kind of job tells of itself; the caller adds what is its own.
    pub fn info(&self, job_type: &str) -> Value {
        let version: f64 = self.call.version.parse().unwrap_or_default();
        let mut info = json!({
            "id": self.id,
            "operation": self.operation,
            "createdById": self.call.user.to_string(),
            "createdDate": show_time(self.created_ms.div_euclid(1_000)),
            "systemModstamp": show_time(self.changed_ms.div_euclid(1_000)),
            "state": self.state.name(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": version,
            "jobType": job_type,
            "lineEnding": line_ending_name(self.style),
            "columnDelimiter": delimiter_name(self.style),
        });
        if let Some(error) = &self.error {
            info["errorMessage"] = json!(error);
        }
        info
    }

    /// Milliseconds from the end of the upload until now or the end.
    pub fn processing_ms(&self, now_ms: i64) -> i64 {
        let until = if self.state.is_over() {
            self.changed_ms
        } else {
            now_ms
        };
        (until - self.closed_ms).max(0)
    }

    /// Ends it before its time.
    pub fn abort(&mut self, now_ms: i64) -> Answered<()> {
        if self.state.is_over() {
            let text = format!("A job in the state {} cannot be aborted", self.state.name());
            return Err(refused("INVALIDJOBSTATE", text));
        }
        self.enter(State::Aborted, now_ms);
        Ok(())
    }

    /// Whether it may be deleted now.
    pub fn deletable(&self) -> Answered<()> {
        match self.state {
            State::InProgress | State::Open => {
                let text = format!("A job in the state {} cannot be deleted", self.state.name());
                Err(refused("INVALIDJOBSTATE", text))
            }
            _ => Ok(()),
        }
    }
}

/// A job by its 15- or 18-character id.
pub(super) fn find<'j, J>(jobs: &'j mut BTreeMap<String, J>, id: &str) -> Answered<&'j mut J> {
    let id = RecordId::parse(id).map(|id| id.to_string());
    id.and_then(|id| jobs.get_mut(&id)).ok_or_else(no_such_job)
}

/// One page of a list of jobs, from the locator of an earlier page on.
pub(super) fn list(
    mut infos: Vec<Value>,
    asked: &BTreeMap<String, String>,
    url: &str,
) -> Answered<Value> {
    let mut filters = String::new();
    for filter in ["jobType", "concurrencyMode"] {
        if let Some(wanted) = asked.get(filter) {
            infos.retain(|info| info[filter] == json!(wanted));
            filters.push_str(&format!("&{filter}={wanted}"));
        }
    }
    if asked.get("isPkChunkingEnabled").map(String::as_str) == Some("true") {
        infos.clear();
    }
    let from = match asked.get("queryLocator") {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            refused(
                "INVALID_QUERY_LOCATOR",
                "queryLocator: it is none of this list",
            )
        })?,
    };
    let total = infos.len();
    let page: Vec<Value> = infos.into_iter().skip(from).take(LIST_PAGE).collect();
    let next = from.saturating_add(page.len());
    let more = next < total && !page.is_empty();
    Ok(json!({
        "done": !more,
        "nextRecordsUrl": more.then(|| format!("{url}?queryLocator={next}{filters}")),
        "records": page,
    }))
}

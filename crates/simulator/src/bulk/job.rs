//! What every job knows of itself.

use super::dialect::{delimiter_name, line_ending_name};
use crate::org::{Call, CsvStyle, show_time};
use serde_json::{Value, json};

/// How long a job waits before its work begins.
pub(crate) const START_MS: i64 = 100;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

/// What all jobs know.
#[derive(Clone)]
pub(crate) struct Head {
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

impl State {
    /// The state in the API's word.
    pub fn name(self) -> &'static str {
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
}

//! Jobs whose answer is a file: the ids are found once, and the rows are read when they are fetched.

use super::job::{Head, START_MS, State};
use crate::org::{Org, QueryAnswer};
use serde_json::{Value, json};

/// Rows that the org reads in a millisecond of its time.
const ROWS_PER_MS: i64 = 100;
/// Rows by which the size of a whole result is told.
const SAMPLE_ROWS: usize = 200;

/// One query job.
pub(crate) struct QueryJob {
    pub head: Head,
    pub soql: String,
    pub object: String,
    pub found: Option<QueryAnswer>,
    /// When the last row will have been read.
    pub done_ms: i64,
}

impl QueryJob {
    /// Does what is due by now: the rows are found when the job begins, and it is done when as
    /// much time went by as reading them takes. Tells how many bytes its results then have.
    pub fn work(&mut self, org: &Org, now_ms: i64) -> Option<u64> {
        let head = &mut self.head;
        let begins_ms = head.closed_ms + START_MS;
        if head.state == State::UploadComplete && now_ms >= begins_ms {
            match org.query(&head.call, &self.soql, head.operation == "queryAll") {
                Ok(found) => {
                    self.done_ms = begins_ms + found.len() as i64 / ROWS_PER_MS;
                    self.found = Some(found);
                    head.enter(State::InProgress, begins_ms);
                }
                Err(error) => head.fail(error.to_string(), begins_ms),
            }
        }
        if head.state != State::InProgress || now_ms < self.done_ms {
            return None;
        }
        head.enter(State::JobComplete, self.done_ms);
        let found = self.found.as_ref()?;
        let sample = found.len().min(SAMPLE_ROWS);
        let bytes = org.csv_rows(found, 0..sample, head.style).len() as u64;
        Some(bytes * found.len() as u64 / sample.max(1) as u64)
    }

    /// The job as the API shows it.
    pub fn info(&self, now_ms: i64) -> Value {
        let mut info = self.head.info("V2Query");
        let rows = self.done().map_or(0, QueryAnswer::len);
        info["object"] = json!(self.object);
        info["numberRecordsProcessed"] = json!(rows);
        info["retries"] = json!(0);
        info["totalProcessingTime"] = json!(self.head.processing_ms(now_ms));
        info
    }

    /// What was found, once the job is complete.
    pub fn done(&self) -> Option<&QueryAnswer> {
        let found = self.found.as_ref();
        found.filter(|_| self.head.state == State::JobComplete)
    }
}

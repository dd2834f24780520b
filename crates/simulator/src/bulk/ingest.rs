//! Jobs that take in a file of records: worked off in the background in pieces of 200 rows.

use super::job::{Head, START_MS, State};
use super::upload::Upload;
use crate::org::{Call, Org, SaveResult};
use axum::body::Bytes;
use serde_json::{Value, json};

/// Rows that are saved in one transaction.
const CHUNK_ROWS: usize = 200;
/// Rows that the org works off in a millisecond of its time.
const ROWS_PER_MS: i64 = 20;

/// One ingest job.
pub(crate) struct IngestJob {
    pub head: Head,
    pub object: String,
    pub key: Option<String>,
    pub assignment_rule: Option<String>,
    pub data: Option<Bytes>,
    pub upload: Upload,
    /// One for each row that was worked off, in the order of the upload.
    pub outcomes: Vec<SaveResult>,
}

impl IngestJob {
    /// Rows of its data.
    pub fn rows(&self) -> usize {
        self.upload.rows.len()
    }

    /// Does what is due by now.
    pub fn work(&mut self, org: &Org, now_ms: i64) {
        let begins_ms = self.head.closed_ms + START_MS;
        if self.head.state == State::UploadComplete && now_ms >= begins_ms {
            match self.read(org) {
                Ok(()) => self.head.enter(State::InProgress, begins_ms),
                Err(why) => self.head.fail(why, begins_ms),
            }
            self.data = None;
        }
        if self.head.state != State::InProgress {
            return;
        }
        let due = (now_ms - begins_ms + 1).max(1).saturating_mul(ROWS_PER_MS);
        let due = usize::try_from(due).unwrap_or(usize::MAX).min(self.rows());
        while self.outcomes.len() < due {
            self.save_chunk(org);
        }
        if self.outcomes.len() == self.rows() {
            let spent_ms = self.rows() as i64 / ROWS_PER_MS;
            self.head.enter(State::JobComplete, begins_ms + spent_ms);
        }
    }

    /// Reads the data. What can be read of it is kept even when the job then fails: its rows are
    /// the unprocessed ones.
    fn read(&mut self, org: &Org) -> Result<(), String> {
        let data = self.data.take().unwrap_or_default();
        self.upload = Upload::read(&data, self.head.style)?;
        let upload = &mut self.upload;
        upload.bind(org, &self.head.call, &self.object)?;
        let needed = match self.head.operation {
            "insert" => None,
            "upsert" => self.key.as_deref(),
            _ => Some("Id"),
        };
        if let Some(column) = needed.filter(|column| !upload.has(column)) {
            return Err(format!("InvalidBatch : Field name not found : {column}"));
        }
        let deletes = matches!(self.head.operation, "delete" | "hardDelete");
        if deletes && upload.header.len() > 1 {
            return Err("InvalidBatch : A delete takes the column Id and no other".to_owned());
        }
        Ok(())
    }

    /// Saves the next rows in a transaction of their own.
    fn save_chunk(&mut self, org: &Org) {
        let from = self.outcomes.len();
        let rows = from..(from + CHUNK_ROWS).min(self.rows());
        // Other rows are locked in each chunk.
        let drawn = |(percent, seed): (u64, u64)| (percent, seed.wrapping_add(from as u64));
        let call = &Call {
            contention: self.head.call.contention.map(drawn),
            ..self.head.call.clone()
        };
        let ids = || {
            rows.clone()
                .map(|row| self.upload.cell(row, "Id").to_owned())
        };
        let records = || {
            rows.clone()
                .map(|row| self.upload.record(row, &self.object))
        };
        let saved = match self.head.operation {
            "insert" => org.create_many(call, &records().collect::<Vec<_>>(), false),
            "update" => org.update_many(call, &records().collect::<Vec<_>>(), false),
            "upsert" => {
                let key = self.key.as_deref().unwrap_or("Id");
                let records: Vec<Value> = records().collect();
                org.upsert_many(call, (&self.object, key), &records, false)
            }
            "hardDelete" => org.hard_delete_many(call, &ids().collect::<Vec<_>>(), false),
            _ => org.delete_many(call, &ids().collect::<Vec<_>>(), false),
        };
        let saved = saved.unwrap_or_else(|error| {
            let refused = SaveResult {
                id: None,
                created: None,
                errors: vec![error],
            };
            vec![refused; rows.len()]
        });
        self.outcomes.extend(saved);
    }

    /// The job as the API shows it.
    pub fn info(&self, now_ms: i64, version: &str) -> Value {
        let mut info = self.head.info("V2Ingest");
        info["object"] = json!(self.object);
        info["assignmentRuleId"] = json!(self.assignment_rule);
        if let Some(key) = &self.key {
            info["externalIdFieldName"] = json!(key);
        }
        let failed = self.outcomes.iter().filter(|it| !it.errors.is_empty());
        let spent = self.head.processing_ms(now_ms);
        info["numberRecordsProcessed"] = json!(self.outcomes.len());
        info["numberRecordsFailed"] = json!(failed.count());
        info["retries"] = json!(0);
        info["totalProcessingTime"] = json!(spent);
        info["apiActiveProcessingTime"] = json!(spent);
        info["apexProcessingTime"] = json!(0);
        if self.head.state == State::Open {
            let id = &self.head.id;
            // Without a slash before it: clients put it behind the instance's address and one.
            info["contentUrl"] =
                json!(format!("services/data/v{version}/jobs/ingest/{id}/batches"));
        }
        info
    }
}

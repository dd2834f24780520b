//! Jobs that take in a file of records: made, filled once, closed, worked off in the background in
//! pieces of 200 rows, and asked for what became of each row.

use super::dialect;
use super::job::{Head, START_MS, State, find, list};
use super::upload::Upload;
use super::{DATA_BYTES_MAX, parts, refused};
use crate::http::ask::{Answer, Answered, Ask};
use crate::org::{ApiError, Call, Org, SaveResult};
use crate::simulator::Simulator;
use axum::body::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// Rows that are saved in one transaction.
const CHUNK_ROWS: usize = 200;
/// Rows that the org works off in a millisecond of its time.
const ROWS_PER_MS: i64 = 20;

/// Data that may come with the job in one request.
const MULTIPART_BYTES_MAX: usize = 100_000;

const OPERATIONS: [&str; 5] = ["insert", "update", "upsert", "delete", "hardDelete"];

/// One ingest job.
pub(super) struct IngestJob {
    pub head: Head,
    object: String,
    key: Option<String>,
    assignment_rule: Option<String>,
    data: Option<Bytes>,
    pub upload: Upload,
    /// One for each row that was worked off, in the order of the upload.
    pub outcomes: Vec<SaveResult>,
}

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    let org = simulator.org();
    let mut jobs = simulator.host.jobs();
    jobs.work(&simulator.host);
    match (&ask.method, rest) {
        (&Method::POST, []) => {
            let job = new_job(simulator, ask, &mut jobs)?;
            let info = job.info(org.now_ms(), &ask.call.version);
            jobs.ingest.insert(job.head.id.clone(), job);
            Ok(Answer::ok(info))
        }
        (&Method::GET, []) => {
            let infos = jobs
                .ingest
                .values()
                .map(|job| job.info(org.now_ms(), &ask.call.version));
            let url = ask.at("jobs/ingest");
            let page = list(infos.collect(), &ask.query, &url)?;
            Ok(Answer::ok(page))
        }
        (_, []) => Err(ask.not_allowed(&[Method::GET, Method::POST])),
        (method, [id]) => {
            let job = find(&mut jobs.ingest, id)?;
            match *method {
                Method::GET => {}
                Method::PATCH => job.change(&ask.json()?, org.now_ms())?,
                Method::DELETE => {
                    job.head.deletable()?;
                    let id = job.head.id.clone();
                    jobs.ingest.remove(&id);
                    return Ok(Answer::nothing());
                }
                _ => return Err(ask.not_allowed(&[Method::GET, Method::PATCH, Method::DELETE])),
            }
            Ok(Answer::ok(job.info(org.now_ms(), &ask.call.version)))
        }
        (&Method::PUT, [id, "batches"]) => {
            find(&mut jobs.ingest, id)?.fill(ask)?;
            Ok(Answer::Empty(StatusCode::CREATED))
        }
        (_, [_, "batches"]) => Err(ask.not_allowed(&[Method::PUT])),
        (&Method::GET, [id, results]) => find(&mut jobs.ingest, id)?.results(results),
        (_, [_, _]) => Err(ask.not_allowed(&[Method::GET])),
        _ => Err(ApiError::not_found().into()),
    }
}

fn new_job(simulator: &Simulator, ask: &Ask<'_>, jobs: &mut super::Jobs) -> Answered<IngestJob> {
    let org = simulator.org();
    let kind = ask.header("content-type").unwrap_or_default();
    let (body, data) = match kind.starts_with("multipart/form-data") {
        true => multipart(&ask.body, kind)?,
        false => (ask.json()?, None),
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let operation = text("operation").unwrap_or_default();
    let operation = OPERATIONS.iter().find(|known| **known == operation);
    let Some(operation) = operation else {
        let text = format!("operation: must be one of {}", OPERATIONS.join(", "));
        return Err(refused("INVALIDJOB", text));
    };
    let given = text("object").unwrap_or_default();
    let Some(object) = org.uploadable(&ask.call, given) else {
        return Err(refused(
            "INVALIDENTITY",
            format!("Unable to find object: {given}"),
        ));
    };
    let key = text("externalIdFieldName").map(str::to_owned);
    if *operation == "upsert" {
        check_key(org, ask, (&object, key.as_deref()))?;
    }
    if *operation == "hardDelete" && !org.may_hard_delete(&ask.call) {
        let text = "hardDelete operation requires special user profile permission, please \
                    contact your system administrator";
        return Err(refused("FEATURENOTENABLED", text));
    }
    let head = jobs.new_head(org, &ask.call, (operation, dialect::read(&body)?));
    let mut job = IngestJob {
        head,
        object,
        key,
        assignment_rule: text("assignmentRuleId").map(str::to_owned),
        data: None,
        upload: Upload::default(),
        outcomes: Vec::new(),
    };
    if let Some(data) = data {
        job.data = Some(data);
        job.head.enter(State::UploadComplete, org.now_ms());
    }
    Ok(job)
}

/// An upsert names the field to find records by.
fn check_key(org: &Org, ask: &Ask<'_>, (object, key): (&str, Option<&str>)) -> Answered<()> {
    let text = match key {
        Some(key) if org.finds_by(&ask.call, object, key) => return Ok(()),
        Some(key) => format!(
            "InvalidJob : Field name provided, {key} does not match an External ID, Salesforce \
             Id, or indexed field for {object}"
        ),
        None => format!(
            "InvalidJob : External ID was blank for {object}. An External ID must be specified \
             for upsert."
        ),
    };
    Err(refused("INVALIDJOB", text))
}

/// A job and its data in one request, for small data.
fn multipart(body: &Bytes, kind: &str) -> Answered<(Map<String, Value>, Option<Bytes>)> {
    let found = parts(body, kind).unwrap_or_default();
    let part = |name: &str| {
        found
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, it)| it)
    };
    let job = part("job").and_then(|job| serde_json::from_slice(job).ok());
    match (job, part("content")) {
        (Some(_), Some(content)) if content.len() > MULTIPART_BYTES_MAX => {
            let text =
                format!("A multipart request takes {MULTIPART_BYTES_MAX} characters of data");
            Err(refused("CLIENTINPUTERROR", text))
        }
        (Some(job), Some(content)) => Ok((job, Some(content.clone()))),
        _ => {
            let text = "The parts of a multipart request are job, in JSON, and content, in CSV";
            Err(refused("INVALIDJOB", text))
        }
    }
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

    /// `PATCH {"state": …}`.
    fn change(&mut self, body: &Map<String, Value>, now_ms: i64) -> Answered<()> {
        match body.get("state").and_then(Value::as_str) {
            Some("UploadComplete") if self.head.state == State::Open => {
                self.head.enter(State::UploadComplete, now_ms);
                self.head.closed_ms = now_ms;
                Ok(())
            }
            Some("UploadComplete") => {
                let text = "Closed, aborted and failed jobs cannot be closed";
                Err(refused("INVALIDJOBSTATE", text))
            }
            Some("Aborted") => {
                self.head.abort(now_ms)?;
                let data = self.data.take();
                let read = data.and_then(|data| Upload::read(&data, self.head.style).ok());
                self.upload = read.unwrap_or_else(|| std::mem::take(&mut self.upload));
                Ok(())
            }
            _ => {
                let text = "state: must be UploadComplete or Aborted";
                Err(refused("INVALIDJOB", text))
            }
        }
    }

    /// The one upload of its data.
    fn fill(&mut self, ask: &Ask<'_>) -> Answered<()> {
        if self.head.state != State::Open || self.data.is_some() {
            let text = "Data can be uploaded once, while the job is open";
            return Err(refused("INVALIDJOBSTATE", text));
        }
        if ask.body.len() > DATA_BYTES_MAX {
            return Err(refused(
                "CLIENTINPUTERROR",
                "The data is larger than 100 MB",
            ));
        }
        let kind = ask.header("content-type").unwrap_or("text/csv");
        if !kind.to_ascii_lowercase().starts_with("text/csv") {
            let text = format!("Content-Type: must be text/csv, is {kind}");
            return Err(refused("CLIENTINPUTERROR", text));
        }
        self.data = Some(ask.body.clone());
        Ok(())
    }

    fn info(&self, now_ms: i64, version: &str) -> Value {
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

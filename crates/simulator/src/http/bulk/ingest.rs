//! Requests about jobs that take in a file of records: made, filled once, closed, and asked for what
//! became of each row.

use super::dialect;
use super::job::{find, list};
use super::{DATA_BYTES_MAX, parts, refused};
use crate::bulk::{IngestJob, Jobs, State, Upload};
use crate::http::ask::{Answer, Answered, Ask};
use crate::org::{ApiError, Org};
use crate::simulator::Simulator;
use axum::body::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

/// Data that may come with the job in one request.
const MULTIPART_BYTES_MAX: usize = 100_000;

const OPERATIONS: [&str; 5] = ["insert", "update", "upsert", "delete", "hardDelete"];

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    let org = simulator.org();
    let mut jobs = simulator.host.jobs();
    jobs.work(org, &simulator.host.bulk_use);
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

fn new_job(simulator: &Simulator, ask: &Ask<'_>, jobs: &mut Jobs) -> Answered<IngestJob> {
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
}

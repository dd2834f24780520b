//! Bulk API 2.0: requests about jobs that take in a file of records, and about jobs whose answer is
//! one.

pub(super) mod classic;
mod dialect;
mod ingest;
mod job;
mod query;
mod results;

use super::ask::{Answer, Answered, Ask};
use crate::org::ApiError;
use crate::simulator::Simulator;
use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderValue, Response};

/// Bytes of data that one job takes; in base64, as the org keeps them, they are half as many again.
const DATA_BYTES_MAX: usize = 100 * 1_024 * 1_024;
/// Bytes of a request that are read at all, so that what is too large is refused with a reason.
pub(crate) const BODY_BYTES_MAX: usize = 150 * 1_024 * 1_024;

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    match rest {
        ["ingest", rest @ ..] => ingest::answer(simulator, ask, rest),
        ["query", rest @ ..] => query::answer(simulator, ask, rest),
        _ => Err(ApiError::not_found().into()),
    }
}

impl Simulator {
    /// Moves the jobs of all orgs on to the present.
    pub fn work_jobs(&self) {
        for host in &self.world.hosts {
            host.jobs().work(&host.org, &host.bulk_use);
        }
    }
}

fn refused(code: &'static str, text: impl Into<String>) -> Answer {
    ApiError::request(400, code, text).into()
}

fn no_such_job() -> Answer {
    ApiError::not_found().into()
}

/// An answer in CSV with headers of its own.
fn csv(body: impl Into<Body>, headers: &[(&'static str, String)]) -> Answer {
    let mut response = Response::new(body.into());
    let kind = HeaderValue::from_static("text/csv");
    put(response.headers_mut(), "content-type", kind);
    for (name, text) in headers {
        if let Ok(value) = HeaderValue::from_str(text) {
            put(response.headers_mut(), name, value);
        }
    }
    Answer::Whole(Box::new(response))
}

fn put(headers: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    headers.insert(name, value);
}

/// The parts of a `multipart/form-data` body: name and content.
fn parts(body: &Bytes, content_type: &str) -> Option<Vec<(String, Bytes)>> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let fence = format!("--{boundary}");
    let mut found = Vec::new();
    let mut rest = body.clone();
    let mut start = position(&rest, fence.as_bytes())? + fence.len();
    loop {
        rest = rest.slice(start..);
        let Some(end) = position(&rest, fence.as_bytes()) else {
            return Some(found);
        };
        let part = rest.slice(..end);
        let split = position(&part, b"\r\n\r\n").map(|at| (at, 4));
        let (head_end, gap) = split.or_else(|| position(&part, b"\n\n").map(|at| (at, 2)))?;
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        // A file name may stand first; it ends in the same letters.
        let head = head.replace("filename=", "");
        let name = head.split("name=\"").nth(1)?.split('"').next()?.to_owned();
        let content = part.slice(head_end + gap..);
        let trimmed = content
            .strip_suffix(b"\r\n")
            .or(content.strip_suffix(b"\n"));
        let length = trimmed.unwrap_or(&content).len();
        found.push((name, content.slice(..length)));
        start = end + fence.len();
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

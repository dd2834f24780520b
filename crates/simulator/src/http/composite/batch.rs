//! Independent requests in one: each is carried out, counted and answered for itself.

use super::inner::Inner;
use super::{check_count, method, text};
use crate::http::ask::{Answer, Answered, Ask, malformed};
use crate::lock::lock;
use crate::org::ApiError;
use crate::simulator::Simulator;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

/// What became of those behind a failure.
const HALTED: &str = "Batch processing halted per request";

/// `composite/batch`.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::POST])?;
    let body = ask.json()?;
    let list = body.get("batchRequests").and_then(Value::as_array);
    let list = list.ok_or_else(|| malformed("batchRequests is required"))?;
    check_count(list.len())?;
    let requests = list.iter().map(request).collect::<Answered<Vec<_>>>()?;
    let halt = body.get("haltOnError").and_then(Value::as_bool) == Some(true);
    let mut failed = false;
    let mut results = Vec::with_capacity(requests.len());
    for (index, request) in requests.iter().enumerate() {
        let answer = match failed && halt {
            true => ApiError::request(412, "BATCH_PROCESSING_HALTED", HALTED).into(),
            false => request.answer(simulator, ask),
        };
        // The batch itself is counted as the first of its requests.
        if index > 0 {
            lock(&simulator.host.usage).count(1, simulator.now_ms());
        }
        let (status, _, body) = answer.into_parts();
        failed |= status >= StatusCode::BAD_REQUEST;
        results.push(json!({"statusCode": status.as_u16(), "result": body}));
    }
    Ok(Answer::ok(json!({"hasErrors": failed, "results": results})))
}

/// A request of a batch; its URL may leave out what all URLs have in common.
fn request(value: &Value) -> Answered<Inner> {
    let url = text(value, "url")?;
    let url = match url.starts_with("/services/data/") {
        true => url.to_owned(),
        false => format!("/services/data/{}", url.trim_start_matches('/')),
    };
    Ok(Inner {
        method: method(value)?,
        url,
        headers: HeaderMap::new(),
        body: value
            .get("richInput")
            .filter(|body| !body.is_null())
            .cloned(),
    })
}

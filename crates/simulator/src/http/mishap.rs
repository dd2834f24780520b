//! Every request passes here: planned faults fire, and what was answered is written down.

use super::ask::Answer;
use super::call_options::{LOCKED_RATE, LOCKED_ROW, client_name};
use super::rest::{counted, refused_by_limit, respond};
use crate::faults::{ErrorEntry, Mishap};
use crate::lock::lock;
use crate::org::ApiError;
use crate::simulator::Simulator;
use crate::usage::{CallRecord, Counted, LimitReached, purpose_of};
use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const MAINTENANCE: &str = "<html><body><h1>We are down for maintenance.</h1></body></html>";
const BUSY: &str = "<html><body><h1>Too much is asked of us at once.</h1></body></html>";
const MOVED: &str = "<html><body><h1>The instance was moved.</h1></body></html>";

pub(super) async fn with_faults(
    State(simulator): State<Simulator>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().to_string();
    let path = path_of(&request);
    let client = client_name(request.headers());
    let mishap = lock(&simulator.host.faults).next(&method, &path, client.as_deref());
    let fault = mishap.is_some();
    unmark(&mut request);
    let running = Running::begin(&simulator);
    let response = match mishap {
        None => next.run(request).await,
        Some(mishap) => answer(&simulator, mishap, (request, next)).await,
    };
    drop(running);
    let counted = response.extensions().get::<Counted>().copied();
    let record = CallRecord {
        at_ms: simulator.now_ms(),
        org: simulator.number(),
        purpose: purpose_of(&method, &path),
        status: response.status().as_u16(),
        user: counted.and_then(|Counted(user)| user.map(|id| id.to_string())),
        counted: counted.is_some(),
        method,
        path,
        client,
        fault,
    };
    lock(&simulator.host.usage).record(record);
    response
}

/// A request that is being worked on, also when its client goes before the answer.
struct Running<'s> {
    simulator: &'s Simulator,
    number: u64,
}

impl<'s> Running<'s> {
    fn begin(simulator: &'s Simulator) -> Running<'s> {
        let number = lock(&simulator.host.usage).begin(simulator.now_ms());
        Running { simulator, number }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.simulator.host.usage).end(self.number);
    }
}

/// What a request gets that a fault hits: from the org with something changed, or from the fault.
async fn answer(simulator: &Simulator, mishap: Mishap, asked: (Request, Next)) -> Response {
    let (mut request, next) = asked;
    match mishap {
        Mishap::SessionOver => {
            simulator.end_sessions();
            next.run(request).await
        }
        Mishap::Slow { delay_ms } => {
            let response = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            response
        }
        Mishap::Stall { limit_ms } => {
            tokio::time::sleep(Duration::from_millis(limit_ms)).await;
            broken(StatusCode::OK)
        }
        Mishap::CutBeforeCommit {} => broken(StatusCode::OK),
        Mishap::CutAfterCommit => cut(next.run(request).await, 0).await,
        Mishap::CutMidBody { after_bytes } => cut(next.run(request).await, after_bytes).await,
        Mishap::LockedRow { position } => {
            let headers = request.headers_mut();
            headers.insert(LOCKED_ROW, HeaderValue::from(position));
            next.run(request).await
        }
        Mishap::LockedRate { percent } => {
            lock_rows(simulator, &mut request, percent);
            next.run(request).await
        }
        instead => instead_of_the_org(simulator, instead, &path_of(&request)),
    }
}

/// Mishaps whose answer has nothing to do with the org's.
fn instead_of_the_org(simulator: &Simulator, mishap: Mishap, path: &str) -> Response {
    match mishap {
        Mishap::Error {
            status,
            code,
            message,
        } => {
            let fields = None;
            errors(
                simulator,
                status,
                &[ErrorEntry {
                    code,
                    message,
                    fields,
                }],
            )
        }
        Mishap::Errors { status, entries } => errors(simulator, status, &entries),
        Mishap::Html { status } => html(status, MAINTENANCE),
        Mishap::Busy {
            status,
            retry_after_seconds,
        } => {
            let mut response = html(status, BUSY);
            let seconds = HeaderValue::from(retry_after_seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds);
            response
        }
        Mishap::Empty406 {} => StatusCode::NOT_ACCEPTABLE.into_response(),
        Mishap::InvalidHeader {} => {
            let error = ApiError::invalid_auth_header();
            counted(simulator, None, respond(Answer::from(error)))
        }
        Mishap::LimitExhausted {} => used_up(simulator),
        Mishap::ConcurrentLimit {} => refused_by_limit(simulator, LimitReached::LongCalls),
        Mishap::InstanceMoved { to, status: 302 } => {
            let location = HeaderValue::from_str(&format!("{to}{path}"));
            let mut response = StatusCode::FOUND.into_response();
            if let Ok(location) = location {
                response.headers_mut().insert("location", location);
            }
            response
        }
        Mishap::InstanceMoved { status, .. } => html(status, MOVED),
        _ => html(503, MAINTENANCE),
    }
}

fn errors(simulator: &Simulator, status: u16, entries: &[ErrorEntry]) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let entry = |entry: &ErrorEntry| {
        let mut json = json!({"message": entry.message, "errorCode": entry.code});
        if let Some(fields) = &entry.fields {
            json["fields"] = json!(fields);
        }
        json
    };
    let body: Vec<Value> = entries.iter().map(entry).collect();
    counted(simulator, None, (status, Json(body)).into_response())
}

fn html(status: u16, page: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, [("content-type", "text/html; charset=utf-8")], page).into_response()
}

/// As if the calls of the day were used up, for this one call.
fn used_up(simulator: &Simulator) -> Response {
    let mut response = refused_by_limit(simulator, LimitReached::Daily);
    let max = lock(&simulator.host.usage).max();
    if let Ok(value) = HeaderValue::from_str(&format!("api-usage={max}/{max}")) {
        response.headers_mut().insert("sforce-limit-info", value);
    }
    response
}

/// Only the middleware itself may plan what happens to rows.
fn unmark(request: &mut Request) {
    request.headers_mut().remove(LOCKED_ROW);
    request.headers_mut().remove(LOCKED_RATE);
}

fn lock_rows(simulator: &Simulator, request: &mut Request, percent: u64) {
    let seed = lock(&simulator.host.faults).draw();
    if let Ok(value) = HeaderValue::from_str(&format!("{percent} {seed}")) {
        request.headers_mut().insert(LOCKED_RATE, value);
    }
}

/// The answer whose body breaks off: over a socket the connection closes, in process it is an error.
async fn cut(response: Response, after_bytes: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let arrives = whole.slice(..after_bytes.min(whole.len()));
    if after_bytes == 0 {
        parts.headers.remove("content-length");
    }
    Response::from_parts(parts, breaking_off(arrives))
}

fn broken(status: StatusCode) -> Response {
    let mut response = status.into_response();
    *response.body_mut() = breaking_off(Bytes::new());
    response
}

fn breaking_off(arrives: Bytes) -> Body {
    let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset");
    let parts = [Ok(arrives), Err(error)];
    let parts = parts
        .into_iter()
        .filter(|part| !matches!(part, Ok(bytes) if bytes.is_empty()));
    Body::from_stream(futures_util::stream::iter(parts))
}

fn path_of(request: &Request) -> String {
    let path = request.uri().path_and_query();
    path.map(ToString::to_string).unwrap_or_default()
}

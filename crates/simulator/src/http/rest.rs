//! The REST API: who asks, which resource, how often the org was called, and planned faults.

use super::records;
use super::sign_in::{fields, user_of};
use crate::control::{CallRecord, Mishap};
use crate::org::{ApiError, Call};
use crate::simulator::{Simulator, lock};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

const VERSIONS: std::ops::RangeInclusive<u32> = 31..=67;
/// How a planned failure of one row travels from the fault to the collection.
const LOCKED_ROW: &str = "x-simulator-locked-row";

/// A request to a resource, taken apart.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Segments behind the version.
    pub path: Vec<&'a str>,
    pub query: BTreeMap<String, String>,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
    pub call: Call,
}

/// What a resource answers.
pub(super) enum Answer {
    Json(StatusCode, Value),
    Empty(StatusCode),
    Errors(Vec<ApiError>),
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Answer {
        Answer::Errors(vec![error])
    }
}

pub(super) async fn versions(State(simulator): State<Simulator>) -> Json<Value> {
    let _ = &simulator;
    let list: Vec<Value> = VERSIONS
        .map(|v| json!({"label": format!("Release {v}"), "url": format!("/services/data/v{v}.0"), "version": format!("{v}.0")}))
        .collect();
    Json(Value::from(list))
}

pub(super) async fn nowhere() -> Response {
    respond(Answer::from(ApiError::not_found()))
}

pub(super) async fn dispatch(
    State(simulator): State<Simulator>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_start_matches("/services/data/");
    let Some((version, rest)) = split_version(path) else {
        return nowhere().await;
    };
    let Some(user) = user_of(&simulator, &headers, &uri) else {
        let error = ApiError::request(401, "INVALID_SESSION_ID", "Session expired or invalid");
        return counted(&simulator, respond(Answer::from(error)));
    };
    let locked = headers
        .get(LOCKED_ROW)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let lock_error = || {
        ApiError::record(
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access to this record",
            &[],
        )
    };
    let ask = Ask {
        method,
        path: rest.split('/').filter(|part| !part.is_empty()).collect(),
        query: fields(uri.query().unwrap_or_default()),
        headers: &headers,
        body,
        call: Call {
            user: user.id,
            client: client_name(&headers),
            version: version.to_owned(),
            allow_duplicate_save: duplicate_rule_flag(&headers, "allowsave"),
            include_duplicate_details: duplicate_rule_flag(&headers, "includerecorddetails"),
            refuse: locked.map(|position: usize| (position, lock_error())),
        },
    };
    counted(&simulator, respond(records::answer(&simulator, &ask)))
}

/// Every request passes here: planned faults fire, and what was answered is written down.
pub(super) async fn with_faults(
    State(simulator): State<Simulator>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().to_string();
    let path = request
        .uri()
        .path_and_query()
        .map(ToString::to_string)
        .unwrap_or_default();
    let client = client_name(request.headers());
    let mishap = lock(&simulator.host.faults).next(&method, &path);
    let fault = mishap.is_some();
    let response = match mishap {
        None => next.run(request).await,
        Some(Mishap::Error {
            status,
            code,
            message,
        }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = json!([{"message": message, "errorCode": code}]);
            counted(&simulator, (status, Json(body)).into_response())
        }
        Some(Mishap::Html { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let page = "<html><body><h1>We are down for maintenance.</h1></body></html>";
            (status, [("content-type", "text/html; charset=utf-8")], page).into_response()
        }
        Some(Mishap::SessionOver) => {
            simulator.end_sessions();
            next.run(request).await
        }
        Some(Mishap::Slow { delay_ms }) => {
            let response = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            response
        }
        Some(Mishap::CutAfterCommit) => cut(next.run(request).await),
        Some(Mishap::LockedRow { position }) => {
            request
                .headers_mut()
                .insert(LOCKED_ROW, HeaderValue::from(position));
            next.run(request).await
        }
    };
    let record = CallRecord {
        method,
        path,
        status: response.status().as_u16(),
        client,
        fault,
    };
    lock(&simulator.host.calls).push(record);
    response
}

/// The answer whose body breaks off: over a socket the connection closes, in process it is an error.
fn cut(response: Response) -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, std::io::Error>(std::io::Error::new(
            std::io::ErrorKind::ConnectionReset,
            "connection reset",
        ))
    });
    let (mut parts, _) = response.into_parts();
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from_stream(broken))
}

fn split_version(path: &str) -> Option<(&str, &str)> {
    let (version, rest) = path.split_once('/').unwrap_or((path, ""));
    let number = version.strip_prefix('v')?;
    let major: u32 = number.strip_suffix(".0")?.parse().ok()?;
    (VERSIONS.contains(&major) && !rest.starts_with('/')).then_some((number, rest))
}

fn client_name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("sforce-call-options")?.to_str().ok()?;
    value
        .split([',', ';'])
        .find_map(|part| part.trim().strip_prefix("client="))
        .map(str::to_owned)
}

/// A flag of `Sforce-Duplicate-Rule-Header: allowSave=true; includeRecordDetails=true`.
fn duplicate_rule_flag(headers: &HeaderMap, flag: &str) -> bool {
    let value = headers.get("sforce-duplicate-rule-header");
    let value = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let folded = value.to_ascii_lowercase();
    folded.split([';', ',']).any(|part| {
        let pair = part.split_once('=').map(|(k, v)| (k.trim(), v.trim()));
        pair == Some((flag, "true"))
    })
}

fn counted(simulator: &Simulator, mut response: Response) -> Response {
    let used = simulator.host.used.fetch_add(1, Ordering::SeqCst) + 1;
    let max = simulator.host.calls_max.load(Ordering::SeqCst);
    if let Ok(value) = HeaderValue::from_str(&format!("api-usage={used}/{max}")) {
        response.headers_mut().insert("sforce-limit-info", value);
    }
    response
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Empty(status) => status.into_response(),
        Answer::Json(status, body) => json_response(status, &body),
        Answer::Errors(errors) => {
            let status = errors.first().map_or(500, |error| error.status);
            let body: Vec<Value> = errors.iter().map(ApiError::to_json).collect();
            json_response(
                StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
                &Value::from(body),
            )
        }
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [("content-type", "application/json;charset=UTF-8")],
        body.to_string(),
    )
        .into_response()
}

//! The REST API: who asks, which resource, how often the org was called, and planned faults.

use super::ask::{Answer, Ask};
use super::call_options::{LOCKED_ROW, call_of, client_name};
use super::records;
use super::sign_in::user_of;
use crate::control::{CallRecord, Mishap};
use crate::org::{ApiError, User};
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
/// Versions that existed and were switched off.
const RETIRED: std::ops::RangeInclusive<u32> = 21..=30;
/// Bytes that a URL, or the headers, may have.
const HEAD_BYTES_MAX: usize = 16_384;

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
    if let Some(refusal) = too_long(&uri, &headers) {
        return refusal;
    }
    let (version, path) = match split_path(uri.path()) {
        Ok(found) => found,
        Err(error) => return respond(Answer::from(error)),
    };
    let user = match signed_in(&simulator, &headers, &uri) {
        Ok(user) => user,
        Err(error) => return counted(&simulator, respond(Answer::from(error))),
    };
    if wants_xml(&headers) {
        return counted(
            &simulator,
            respond(Answer::not_implemented("answers in XML")),
        );
    }
    let mut query = parameters(uri.query().unwrap_or_default());
    let ask = Ask {
        method: meant(method, query.remove("_HttpMethod")),
        path,
        query,
        headers: &headers,
        body,
        call: call_of(user.id, version, &headers),
    };
    counted(&simulator, respond(records::answer(&simulator, &ask)))
}

/// Version and segments of a path such as `/services/data/v62.0/sobjects/Contact`. A slash at its
/// end changes nothing; two in a row lead nowhere.
pub(super) fn split_path(path: &str) -> Result<(&str, Vec<&str>), ApiError> {
    let path = path.strip_prefix("/services/data/");
    let path = path.ok_or_else(ApiError::not_found)?;
    let (version, rest) = path.split_once('/').unwrap_or((path, ""));
    let number = version.strip_prefix('v').unwrap_or_default();
    let major = number.strip_suffix(".0").and_then(|m| m.parse().ok());
    match major {
        Some(major) if VERSIONS.contains(&major) => {}
        Some(major) if RETIRED.contains(&major) => return Err(ApiError::retired_version(number)),
        _ => return Err(ApiError::not_found()),
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() {
        return Ok((number, Vec::new()));
    }
    let segments: Vec<&str> = rest.split('/').collect();
    match segments.iter().any(|segment| segment.is_empty()) {
        true => Err(ApiError::not_found()),
        false => Ok((number, segments)),
    }
}

/// The parameters of a URL; one that stands there several times is a list with commas.
pub(super) fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match all.get_mut(name.as_ref()) {
            Some(known) => *known = format!("{known},{value}"),
            None => drop(all.insert(name.into_owned(), value.into_owned())),
        }
    }
    all
}

/// A HEAD is answered like a GET, and a POST may stand for a method that a client cannot send.
fn meant(method: Method, instead: Option<String>) -> Method {
    match (method, instead) {
        (Method::HEAD, _) => Method::GET,
        (Method::POST, Some(name)) => Method::from_bytes(name.as_bytes()).unwrap_or(Method::POST),
        (method, _) => method,
    }
}

fn signed_in(simulator: &Simulator, headers: &HeaderMap, uri: &Uri) -> Result<User, ApiError> {
    if let Some(user) = user_of(simulator, headers, uri) {
        return Ok(user);
    }
    let known_scheme = |value: &HeaderValue| {
        let scheme = value.to_str().ok().and_then(|text| text.split(' ').next());
        scheme.is_some_and(|scheme| ["Bearer", "OAuth"].contains(&scheme))
    };
    match headers.get("authorization") {
        Some(value) if !known_scheme(value) => Err(ApiError::invalid_auth_header()),
        None if headers.contains_key("x-sfdc-session") => Err(ApiError::session_not_for_rest()),
        _ => Err(ApiError::invalid_session()),
    }
}

/// Whether a client takes nothing but XML.
fn wants_xml(headers: &HeaderMap) -> bool {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok());
    accept.is_some_and(|kinds| {
        kinds.contains("xml") && !kinds.contains("json") && !kinds.contains('*')
    })
}

/// The web server before the API refuses what is too long, with a page of its own.
fn too_long(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let uri_bytes = uri.path_and_query().map_or(0, |all| all.as_str().len());
    let header_bytes = |(name, value): (&http::HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    let bytes: usize = headers.iter().map(header_bytes).sum();
    let (status, reason) = match (
        uri_bytes > HEAD_BYTES_MAX,
        bytes + uri_bytes > HEAD_BYTES_MAX,
    ) {
        (true, _) => (StatusCode::URI_TOO_LONG, "URI Too Long"),
        (_, true) => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Request Header Fields Too Large",
        ),
        _ => return None,
    };
    let page = format!(
        "<h1>Bad Message {}</h1><pre>reason: {reason}</pre>",
        status.as_u16()
    );
    let kind = [("content-type", "text/html;charset=iso-8859-1")];
    Some((status, kind, page).into_response())
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

fn counted(simulator: &Simulator, mut response: Response) -> Response {
    let used = simulator.host.used.fetch_add(1, Ordering::SeqCst) + 1;
    let max = simulator.host.calls_max.load(Ordering::SeqCst);
    if let Ok(value) = HeaderValue::from_str(&format!("api-usage={used}/{max}")) {
        response.headers_mut().insert("sforce-limit-info", value);
    }
    response
}

fn respond(answer: Answer) -> Response {
    let answer = match answer {
        Answer::Whole(response) => return *response,
        answer => answer,
    };
    let (status, headers, body) = answer.into_wire();
    let mut response = match body {
        None => status.into_response(),
        Some(body) => {
            let kind = [("content-type", "application/json;charset=UTF-8")];
            (status, kind, body).into_response()
        }
    };
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

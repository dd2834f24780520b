//! The REST API: who asks, which resource, and how often the org was called.

use super::ask::{Answer, Ask};
use super::call_options::call_of;
use super::records;
use super::sign_in::{reaches_api, user_of};
use super::target::{VERSIONS, parameters, split_path};
use crate::lock::lock;
use crate::org::{ApiError, RecordId, User};
use crate::simulator::Simulator;
use crate::usage::{Counted, LimitReached};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};

/// What is said of a body over the limit; from memory.
pub(super) const BODY_TOO_LARGE: &str = "The request body is larger than the API takes";
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
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if let Some(refusal) = too_long(&uri, &headers) {
        return refusal;
    }
    let body = match body {
        Ok(body) => body,
        Err(refused) => return unread(refused.status()),
    };
    let (version, path) = match split_path(uri.path()) {
        Ok(found) => found,
        Err(error) => return respond(Answer::from(error)),
    };
    let user = match signed_in(&simulator, &headers, &uri) {
        Ok(user) => user,
        Err(error) => return counted(&simulator, None, respond(Answer::from(error))),
    };
    if wants_xml(&headers) {
        return counted(
            &simulator,
            Some(user.id),
            respond(Answer::not_implemented("answers in XML")),
        );
    }
    let reached = lock(&simulator.host.usage).reached(simulator.now_ms());
    if let Some(reached) = reached {
        return refused_by_limit(&simulator, reached);
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
    let response = respond(records::answer(&simulator, &ask));
    counted(&simulator, Some(user.id), response)
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
        return match simulator.org().has_permission(&user.id, "ApiEnabled") {
            true if reaches_api(simulator, headers, uri) => Ok(user),
            true => Err(ApiError::session_not_for_rest()),
            false => Err(ApiError::api_not_enabled()),
        };
    }
    let known_scheme = |value: &HeaderValue| {
        let scheme = value.to_str().ok().and_then(|text| text.split(' ').next());
        let known = ["Bearer", "OAuth"];
        scheme.is_some_and(|scheme| known.iter().any(|k| k.eq_ignore_ascii_case(scheme)))
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

/// A body that is too large, or that broke off.
fn unread(status: StatusCode) -> Response {
    let (code, text) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ("REQUEST_ENTITY_TOO_LARGE", BODY_TOO_LARGE),
        _ => ("UNKNOWN_EXCEPTION", "The request body could not be read"),
    };
    respond(Answer::from(ApiError::request(status.as_u16(), code, text)))
}

/// 403 for a call that came when a limit was reached; such a call does not count.
pub(super) fn refused_by_limit(simulator: &Simulator, reached: LimitReached) -> Response {
    let error = ApiError::request(403, "REQUEST_LIMIT_EXCEEDED", reached.message());
    with_usage(simulator, respond(Answer::from(error)))
}

/// An API call that counts, with the usage in its answer; a session's user is known.
pub(super) fn counted(
    simulator: &Simulator,
    user: Option<RecordId>,
    response: Response,
) -> Response {
    lock(&simulator.host.usage).count(1, simulator.now_ms());
    let mut response = with_usage(simulator, response);
    response.extensions_mut().insert(Counted(user));
    response
}

/// The usage in an answer that does not count.
fn with_usage(simulator: &Simulator, mut response: Response) -> Response {
    let header = lock(&simulator.host.usage).header(simulator.now_ms());
    if let Ok(value) = HeaderValue::from_str(&header) {
        response.headers_mut().insert("sforce-limit-info", value);
    }
    response
}

pub(super) fn respond(answer: Answer) -> Response {
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

//! A request to a resource taken apart, and what a resource answers. Requests from outside and the
//! subrequests of the composite resources look the same from here on.

use crate::org::{ApiError, Call};
use axum::body::Bytes;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A request to a resource, taken apart.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Segments behind the version, as they stand in the URL.
    pub path: Vec<&'a str>,
    pub query: BTreeMap<String, String>,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
    pub call: Call,
}

/// What a resource answers.
pub(super) enum Answer {
    Json(StatusCode, Value),
    /// 200 with JSON that is text already.
    Text(Vec<u8>),
    Empty(StatusCode),
    Errors(Vec<ApiError>),
    /// Another answer with headers of its own.
    With(Headers, Box<Answer>),
    /// An answer that is not JSON; it goes out as it is.
    Whole(Box<Response>),
}

/// Headers of an answer.
pub(super) type Headers = Vec<(&'static str, String)>;

/// An answer, or the one that refuses.
pub(super) type Answered<T = Answer> = std::result::Result<T, Answer>;

impl Answer {
    /// 200 with this body.
    pub fn ok(body: Value) -> Answer {
        Answer::Json(StatusCode::OK, body)
    }

    /// 204.
    pub fn nothing() -> Answer {
        Answer::Empty(StatusCode::NO_CONTENT)
    }

    /// The same with one more header.
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Answer {
        Answer::With(vec![(name, value.into())], Box::new(self))
    }

    /// A resource that a real org has and this one does not.
    pub fn not_implemented(what: &str) -> Answer {
        let text = format!("the simulator does not have {what}");
        ApiError::request(501, "NOT_IMPLEMENTED", text).into()
    }

    /// Status, headers and body, as they go over the wire.
    pub fn into_wire(self) -> (StatusCode, Headers, Option<Vec<u8>>) {
        match self {
            Answer::Text(text) => (StatusCode::OK, Vec::new(), Some(text)),
            Answer::With(mut headers, inner) => {
                let (status, more, text) = inner.into_wire();
                headers.extend(more);
                (status, headers, text)
            }
            other => {
                let (status, headers, body) = other.into_parts();
                (
                    status,
                    headers,
                    body.map(|body| body.to_string().into_bytes()),
                )
            }
        }
    }

    /// Status, headers and body, as they go into a composite answer.
    pub fn into_parts(self) -> (StatusCode, Headers, Option<Value>) {
        match self {
            Answer::Empty(status) => (status, Vec::new(), None),
            Answer::Json(status, body) => (status, Vec::new(), Some(body)),
            Answer::Text(text) => {
                let body = serde_json::from_slice(&text).unwrap_or_default();
                (StatusCode::OK, Vec::new(), Some(body))
            }
            Answer::Errors(errors) => {
                let status = errors.first().map_or(500, |error| error.status);
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                let body: Vec<Value> = errors.iter().map(ApiError::to_json).collect();
                (status, Vec::new(), Some(Value::from(body)))
            }
            Answer::Whole(_) => {
                let what = "answers that are not JSON inside of another answer";
                Answer::not_implemented(what).into_parts()
            }
            Answer::With(mut headers, inner) => {
                let (status, more, body) = inner.into_parts();
                headers.extend(more);
                (status, headers, body)
            }
        }
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Answer {
        Answer::Errors(vec![error])
    }
}

impl From<Vec<ApiError>> for Answer {
    fn from(errors: Vec<ApiError>) -> Answer {
        Answer::Errors(errors)
    }
}

impl Ask<'_> {
    /// Refuses other methods, and tells which ones there are.
    pub fn only(&self, allowed: &[Method]) -> Answered<()> {
        match allowed.contains(&self.method) {
            true => Ok(()),
            false => Err(self.not_allowed(allowed)),
        }
    }

    /// 405.
    pub fn not_allowed(&self, allowed: &[Method]) -> Answer {
        let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        let text = format!(
            "HTTP Method '{}' not allowed. Allowed are {}",
            self.method,
            names.join(",")
        );
        Answer::from(ApiError::request(405, "METHOD_NOT_ALLOWED", text))
            .with("allow", names.join(","))
    }

    /// Whether a parameter of the URL says `true`.
    pub fn flag(&self, name: &str) -> bool {
        let value = self.query.get(name);
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The number of the API version: 62 for `62.0`.
    pub fn version(&self) -> u32 {
        let major = self.call.version.split('.').next();
        major.and_then(|m| m.parse().ok()).unwrap_or_default()
    }

    /// The path of a resource of this version, `/services/data/vNN.0/…`.
    pub fn at(&self, path: &str) -> String {
        format!("/services/data/v{}/{path}", self.call.version)
    }

    /// The body, which must be a JSON object.
    pub fn json(&self) -> Answered<Map<String, Value>> {
        self.check_content_type()?;
        let text = String::from_utf8_lossy(&self.body);
        match serde_json::from_str(&text) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(malformed("The HTTP entity body must be an object")),
            Err(_) if text.trim().is_empty() => Err(malformed(
                "The HTTP entity body is required, but this request has no entity body.",
            )),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(malformed(&format!(
                    "Unexpected character at [line:{line}, column:{column}]"
                )))
            }
        }
    }

    /// A body that says what it is must say that it is JSON.
    fn check_content_type(&self) -> Answered<()> {
        let Some(given) = self.header("content-type") else {
            return Ok(());
        };
        let kind = given.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "" | "application/json" => Ok(()),
            "application/xml" | "text/xml" => Err(Answer::not_implemented("bodies in XML")),
            "multipart/form-data" => Err(Answer::not_implemented("uploads of files")),
            _ => {
                let text = format!(
                    "Content-Type header specified in HTTP request is not supported: {kind}"
                );
                Err(ApiError::request(415, "UNSUPPORTED_MEDIA_TYPE", text).into())
            }
        }
    }
}

/// 400 for a body that cannot be read.
pub(super) fn malformed(text: &str) -> Answer {
    ApiError::request(400, "JSON_PARSER_ERROR", text).into()
}

/// The entries of a list with commas.
pub(super) fn listed(value: Option<&String>) -> Vec<String> {
    let parts = value.map(|list| list.split(',')).into_iter().flatten();
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// A segment of a path without its percent signs.
pub(super) fn decoded(segment: &str) -> String {
    let joined = format!("v={}", segment.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(joined.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

//! A request inside another one, on its way to the resource.

use crate::http::ask::{Answer, Ask};
use crate::http::call_options::call_of;
use crate::http::resources;
use crate::http::target::{parameters, split_path};
use crate::org::ApiError;
use crate::simulator::Simulator;
use axum::body::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

/// Headers of the whole that say something about its own body or answer only.
const OUTER_ONLY: [&str; 6] = [
    "content-length",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
];

/// A request inside another one.
pub(super) struct Inner {
    pub method: Method,
    pub url: String,
    /// Its own headers; the others are those of the whole.
    pub headers: HeaderMap,
    pub body: Option<Value>,
}

impl Inner {
    /// What the resource answers.
    pub fn answer(&self, simulator: &Simulator, outer: &Ask<'_>) -> Answer {
        let (path, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (version, path) = match split_path(path) {
            Ok(found) => found,
            Err(error) => return error.into(),
        };
        if !may_stand_inside(&path) {
            let text = format!("This resource cannot be a subrequest: {}", path.join("/"));
            return ApiError::request(400, "INVALID_SUBREQUEST", text).into();
        }
        let headers = self.all_headers(outer.headers);
        let body = self.body.as_ref().map(Value::to_string);
        let ask = Ask {
            method: self.method.clone(),
            path,
            query: parameters(query),
            headers: &headers,
            body: Bytes::from(body.unwrap_or_default()),
            call: call_of(outer.call.user, version, &headers),
        };
        resources::answer(simulator, &ask)
    }

    /// Whether this is a collection that asks for all or none of its own records.
    pub fn is_all_or_none(&self) -> bool {
        let in_body = self.body.as_ref().map(|body| &body["allOrNone"]);
        in_body == Some(&json!(true)) || self.url.contains("allOrNone=true")
    }

    fn all_headers(&self, outer: &HeaderMap) -> HeaderMap {
        let mut headers = outer.clone();
        for name in OUTER_ONLY {
            headers.remove(name);
        }
        let kind = HeaderValue::from_static("application/json");
        headers.insert("content-type", kind);
        headers.extend(self.headers.clone());
        headers
    }
}

fn may_stand_inside(path: &[&str]) -> bool {
    matches!(
        path,
        [
            "sobjects" | "query" | "queryAll" | "limits" | "search" | "parameterizedSearch",
            ..
        ] | ["composite", "sobjects", ..]
            | ["recent"]
    )
}

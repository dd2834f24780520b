//! What all routes share: which org is meant, bodies whose errors name the field, and refusals.

use crate::simulator::Simulator;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why a request is refused: `field: what and how to mend`.
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

/// The org that the request means: `?org=` with its number or id, else the first.
pub(super) struct Seat(pub Simulator);

/// A JSON body.
pub(super) struct Given<T>(pub T);

/// The parameters of the URL.
pub(super) struct Parameters(pub BTreeMap<String, String>);

impl Refusal {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Refusal {
        let body = json!({"error": text.into()});
        Refusal { status, body }
    }

    pub fn bad(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, text)
    }

    pub fn missing(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, text)
    }

    /// The same with one more field beside the error.
    pub fn with(mut self, field: &str, value: Value) -> Refusal {
        self.body[field] = value;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl Parameters {
    /// A number of the URL, 0 when it is not there.
    pub fn number(&self, name: &str) -> Result<u64, Refusal> {
        let Some(text) = self.0.get(name) else {
            return Ok(0);
        };
        let number = text.parse();
        number.map_err(|_| Refusal::bad(format!("{name}: {text:?} is no number from 0")))
    }
}

impl FromRequestParts<Simulator> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Simulator) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        Ok(Parameters(pairs.collect()))
    }
}

impl FromRequestParts<Simulator> for Seat {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Simulator) -> Result<Self, Refusal> {
        let Parameters(all) = Parameters::from_request_parts(parts, state).await?;
        let Some(wanted) = all.get("org") else {
            return Ok(Seat(state.clone()));
        };
        let mut orgs = state.orgs();
        let ids: Vec<String> = orgs.iter().map(|org| org.org().id().to_string()).collect();
        let is_meant = |(number, id): (usize, &String)| {
            *wanted == number.to_string() || wanted == id || *wanted == id[..15]
        };
        match ids.iter().enumerate().position(is_meant) {
            Some(number) => Ok(Seat(orgs.swap_remove(number))),
            None => {
                let text = format!("org: there is no {wanted:?}; take a number from 0 or an id");
                Err(Refusal::missing(text).with("orgs", json!(ids)))
            }
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Simulator> for Given<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &Simulator) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Refusal::bad(format!("body: {error}")))?;
        read(&bytes).map(Given)
    }
}

/// Reads a body; what is wrong is said with the name of its field.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let error = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let text = error.to_string();
    let plain = text.split(" at line ").next().unwrap_or_default();
    if error.is_syntax() || error.is_eof() {
        return Err(Refusal::bad(format!("body: send one JSON object ({text})")));
    }
    let field = match plain.split('`').nth(1) {
        Some(field) if plain.contains(" field `") => field.to_owned(),
        _ => last_key(bytes, error.line(), error.column()).unwrap_or_else(|| "body".to_owned()),
    };
    Err(Refusal::bad(format!("{field}: {plain}")))
}

/// The key that stands last before a place in a JSON text.
fn last_key(bytes: &[u8], line: usize, column: usize) -> Option<String> {
    let rows: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let row = rows.get(line.checked_sub(1)?)?;
    let mut before = rows[..line - 1].concat();
    before.extend_from_slice(&row[..column.min(row.len())]);
    let before = String::from_utf8_lossy(&before);
    let colon = before.rfind("\":")?;
    let start = before[..colon].rfind('"')? + 1;
    Some(before[start..colon].to_owned())
}

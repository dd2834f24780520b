//! What routes share that change an org: finding what a request names, and passing on what the org
//! itself refuses.

use super::request::Refusal;
use crate::org::{ApiError, User};
use crate::simulator::Simulator;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The user with a sign-in name that stands in this field.
pub(super) fn user(simulator: &Simulator, field: &str, username: &str) -> Result<User, Refusal> {
    let found = simulator.org().user_by_username(username);
    found.ok_or_else(|| {
        let text = format!("{field}: there is no {username:?}; GET /users lists them");
        Refusal::missing(text)
    })
}

/// The object in the org's own spelling.
pub(super) fn object(simulator: &Simulator, name: &str) -> Result<String, Refusal> {
    let found = simulator.org().object_named(name);
    found.ok_or_else(|| Refusal::missing(format!("object: there is no {name:?}")))
}

/// Settings with some of their fields changed.
pub(super) fn changed<T: Serialize + DeserializeOwned>(
    settings: &T,
    given: Map<String, Value>,
) -> Result<T, Refusal> {
    let mut all = json!(settings);
    for (name, value) in given {
        all[&name] = value;
        if let Err(error) = serde_json::from_value::<T>(all.clone()) {
            return Err(Refusal::bad(format!("{name}: {error}")));
        }
    }
    let settings = serde_json::from_value(all);
    settings.map_err(|error| Refusal::bad(format!("body: {error}")))
}

/// What the org refused, as it says so itself.
pub(super) fn refused(field: &str, errors: &[ApiError]) -> Refusal {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let entries: Vec<Value> = errors.iter().map(ApiError::to_json).collect();
    let status = match errors.first().map(|error| error.status) {
        Some(404) => StatusCode::NOT_FOUND,
        Some(501) => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::BAD_REQUEST,
    };
    let text = format!("{field}: {}", texts.join("; "));
    Refusal::new(status, text).with("errors", json!(entries))
}

/// The outcome of an administrator's act; what was refused is said of this field.
pub(super) fn told<T>(field: &str, outcome: Result<T, ApiError>) -> Result<T, Refusal> {
    outcome.map_err(|error| refused(field, &[error]))
}

/// The same where the org may also not know another field that the request names.
pub(super) fn told_of_column<T>(
    (column, field): (&str, &str),
    outcome: Result<T, ApiError>,
) -> Result<T, Refusal> {
    outcome.map_err(|error| {
        let field = match error.code {
            "INVALID_FIELD" => column,
            _ => field,
        };
        refused(field, &[error])
    })
}

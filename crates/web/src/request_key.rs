//! The header `Idempotency-Key`, by which a request that comes again is known.

use crate::problem::{Code, Problem, Result};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

/// The header.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Characters of a key.
pub(crate) const KEY_MAX: usize = 200;

/// The key of a request that must have one.
pub(crate) struct RequestKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RequestKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<RequestKey> {
        key_of(&parts.headers)?.map(RequestKey).ok_or_else(|| {
            Problem::field(
                "Idempotency-Key",
                "this header is missing",
                "send a new random key with each new request",
            )
        })
    }
}

/// The key of a request, if it has one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > KEY_MAX {
        return Err(Problem::field(
            "Idempotency-Key",
            format!("it has no or more than {KEY_MAX} characters, or others than ASCII"),
            "send a new random key with each new request",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// A key that came with another request.
pub(crate) fn key_reused() -> Problem {
    Problem::new(Code::KeyReused, "this key came with another request before")
        .of("Idempotency-Key")
        .fix("Send a new random key with each new request.")
}

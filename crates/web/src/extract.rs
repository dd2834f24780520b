//! What handlers take from a request. Whatever cannot be taken is refused here, as a problem that
//! names the field and the fix; no handler sees a malformed body, an unknown field or a foreign id.

use crate::api::text::Text;
use crate::problem::{Code, Problem, Result};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tieline_domain::id::Id;
use url::form_urlencoded;
use utoipa::ToSchema;

const SEE_DESCRIPTION: &str = "Send what /api/openapi.json describes.";

/// The body, read as JSON.
pub(crate) struct Json<T>(pub T);

/// The parameters of the query.
pub(crate) struct Query<T>(pub T);

/// The one part of the path that differs.
pub(crate) struct Path<T>(pub T);

/// Both parts of the path that differ.
pub(crate) struct Path2<A, B>(pub A, pub B);

/// The body as it came, for those who check a signature over it.
pub(crate) struct Body(pub Bytes);

/// No body: for acts that the address says all about. `{}` passes, because many clients send it.
pub(crate) struct NoBody;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        read_json(&bytes).map(Json)
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<NoBody> {
        let is_json = is_json(request.headers());
        let Body(bytes) = Body::from_request(request, state).await?;
        if bytes.is_empty() {
            return Ok(NoBody);
        }
        if !is_json {
            return Err(not_json());
        }
        let fields: serde_json::Map<String, serde_json::Value> = read_json(&bytes)?;
        match fields.keys().next() {
            None => Ok(NoBody),
            Some(name) => Err(Problem::field(
                name,
                "there is no such field",
                "leave the body out",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Body(bytes)),
            Err(BytesRejection::FailedToBufferBody(error))
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Err(too_large())
            }
            Err(_) => Err(broke_off()),
        }
    }
}

pub(crate) fn too_large() -> Problem {
    Problem::new(Code::BodyTooLarge, "the body is too large").fix("Send less at once.")
}

pub(crate) fn broke_off() -> Problem {
    Problem::new(Code::InvalidRequest, "the body broke off before its end").fix("Send it again.")
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Query)
            .map_err(|error| unfit(error.path().to_string(), &error.inner().to_string()))
    }
}

impl<S: Send + Sync, T: PathPart> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>> {
        let found = path_of(parts, state).await?;
        Ok(Path(part(&mut found.iter())?))
    }
}

impl<S: Send + Sync, A: PathPart, B: PathPart> FromRequestParts<S> for Path2<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path2<A, B>> {
        let found = path_of(parts, state).await?;
        let mut found = found.iter();
        Ok(Path2(part(&mut found)?, part(&mut found)?))
    }
}

/// What a part of a path may be.
pub(crate) trait PathPart: ToSchema {
    fn read(text: &str) -> std::result::Result<Self, String>
    where
        Self: Sized;
}

impl<T: Id + ToSchema> PathPart for T {
    fn read(text: &str) -> std::result::Result<T, String> {
        text.parse().map_err(|error: T::Err| error.to_string())
    }
}

impl<const MAX: usize> PathPart for Text<MAX> {
    fn read(text: &str) -> std::result::Result<Text<MAX>, String> {
        Text::new(text).map_err(|flaw| flaw.to_string())
    }
}

async fn path_of<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| {
            Problem::new(Code::InvalidRequest, "the address is not UTF-8").fix(SEE_DESCRIPTION)
        })
}

fn part<'a, T: PathPart>(found: &mut impl Iterator<Item = (&'a str, &'a str)>) -> Result<T> {
    let (name, text) = found.next().unwrap_or_default();
    T::read(text).map_err(|problem| Problem::field(name, problem, "copy it from a list of the API"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn not_json() -> Problem {
    Problem::new(
        Code::UnsupportedMediaType,
        "the body is not said to be JSON",
    )
    .fix("Send it with the header Content-Type: application/json.")
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // serde would take the fields in their order as well, without names.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(
            Code::InvalidField,
            "the body is a list; an object is asked for",
        )
        .fix(SEE_DESCRIPTION));
    }
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        if error.inner().is_data() {
            unfit(error.path().to_string(), &error.inner().to_string())
        } else {
            broken(error.inner())
        }
    })?;
    from.end().map_err(|error| broken(&error))?;
    Ok(value)
}

fn broken(error: &serde_json::Error) -> Problem {
    Problem::new(
        Code::InvalidJson,
        format!("the body cannot be read: {error}"),
    )
    .fix(SEE_DESCRIPTION)
}

/// A field that is missing, unknown, or of another form.
fn unfit(path: String, words: &str) -> Problem {
    let problem = Problem::new(Code::InvalidField, words).fix(SEE_DESCRIPTION);
    // The path leads to the value that was being read, or to an unknown field; to a missing field it
    // cannot lead, but serde names it in backticks.
    let missing = words
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match (path.as_str(), missing) {
        (".", Some(name)) => problem.of(name),
        (".", None) => problem,
        (path, Some(name)) => problem.of(&format!("{path}.{name}")),
        (path, None) => problem.of(path),
    }
}

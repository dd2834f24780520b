//! What handlers give back: a status each, and a body whose shape the description knows.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;

/// 200 and a body.
pub(crate) struct Answer<T>(pub T);

/// 201: it was made.
pub(crate) struct Created<T>(pub T);

/// 202: it is on its way.
pub(crate) struct Accepted<T>(pub T);

/// 204: done, nothing more to say.
pub(crate) struct NoContent;

/// Events without end.
pub(crate) struct EventStream(pub Body);

/// 201 if it was made, 200 if it was there.
pub(crate) struct MadeOrFound<T> {
    pub is_new: bool,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self.0)
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, &self.0)
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "text/event-stream")], self.0).into_response()
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: Serialize> IntoResponse for MadeOrFound<T> {
    fn into_response(self) -> Response {
        let status = if self.is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        json(status, &self.body)
    }
}

fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let text = serde_json::to_string(body).expect("shapes of the API are JSON");
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

//! What handlers give back: a status each, and a body whose shape the description knows.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
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

/// 200 and bytes, for a browser to keep and never to show.
pub(crate) struct File {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

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

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, self.media_type.to_owned()),
            (CONTENT_DISPOSITION, to_be_kept_as(&self.name)),
        ];
        (headers, self.bytes).into_response()
    }
}

/// The header that has a browser keep a file (RFC 6266): its name in ASCII, and as it is.
fn to_be_kept_as(name: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || " -._()".contains(it);
    let ascii: String = name
        .chars()
        .map(|it| if plain(it) { it } else { '_' })
        .collect();
    let whole: String = name
        .bytes()
        .map(|it| match it {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(it).into(),
            _ => format!("%{it:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_a_header_whatever_it_is() {
        for (name, header) in [
            (
                "Lease 1.pdf",
                "attachment; filename=\"Lease 1.pdf\"; filename*=UTF-8''Lease%201.pdf",
            ),
            (
                "ü\";\r\n.x",
                "attachment; filename=\"_____.x\"; filename*=UTF-8''%C3%BC%22%3B%0D%0A.x",
            ),
        ] {
            assert_eq!(to_be_kept_as(name), header);
            assert!(http::HeaderValue::from_str(header).is_ok());
        }
    }
}

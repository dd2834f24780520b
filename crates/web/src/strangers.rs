//! What strangers send before anybody knows who they are: small, and bounded in all.

use crate::extract::{broke_off, too_large};
use crate::problem::{Code, Problem, Result};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body may have this many bytes. A carrier's form has some two thousand.
const BODY_BYTES_MAX: usize = 64 << 10;
/// All that are held at one moment. One network may open a thousand connections, and cannot fill it.
const HELD_BYTES_MAX: usize = 64 << 20;
/// How long to stay away when that is full.
const AGAIN_AFTER_MS: i64 = 2_000;

/// Counts what is held of strangers' bodies; cheap to clone.
#[derive(Clone)]
pub struct Held(Arc<Semaphore>);

impl Default for Held {
    fn default() -> Held {
        Held::up_to(HELD_BYTES_MAX)
    }
}

impl Held {
    fn up_to(bytes_max: usize) -> Held {
        Held(Arc::new(Semaphore::new(bytes_max)))
    }
}

/// Takes the body in as far as there is room for it, which is given back with the answer.
pub(crate) async fn bounded(State(held): State<Held>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match take(&held, body).await {
        Ok((bytes, _room)) => next.run(Request::from_parts(parts, bytes.into())).await,
        Err(problem) => problem.into_response(),
    }
}

async fn take(held: &Held, mut body: Body) -> Result<(bytes::Bytes, Option<OwnedSemaphorePermit>)> {
    let (mut bytes, mut room) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broke_off())?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        let more = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let more = held.0.clone().try_acquire_many_owned(more);
        let more = more.map_err(|_| too_much_at_once())?;
        match &mut room {
            Some(room) => room.merge(more),
            None => room = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes.freeze(), room))
}

fn too_much_at_once() -> Problem {
    Problem::new(Code::Overloaded, "too much comes in at this moment")
        .fix("Send it again in a few seconds.")
        .retry_after_ms(AGAIN_AFTER_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use http::StatusCode;
    use http::header::RETRY_AFTER;
    use std::convert::Infallible;
    use tower::ServiceExt as _;

    fn router(held: &Held) -> Router {
        let length = async |body: bytes::Bytes| body.len().to_string();
        let route = post(length).route_layer(from_fn_with_state(held.clone(), bounded));
        Router::new().route("/", route)
    }

    async fn send(held: &Held, body: impl Into<Body>) -> Response {
        let request = Request::post("/").body(body.into()).unwrap();
        router(held).oneshot(request).await.unwrap()
    }

    /// A body that begins and never ends.
    fn endless(first: usize) -> Body {
        let first = Ok::<_, Infallible>(vec![b'x'; first]);
        let begun = futures_util::stream::iter([first]);
        Body::from_stream(futures_util::StreamExt::chain(
            begun,
            futures_util::stream::pending(),
        ))
    }

    #[tokio::test]
    async fn a_body_is_small_and_arrives_whole() {
        let held = Held::default();
        for (bytes, status) in [
            (0, StatusCode::OK),
            (BODY_BYTES_MAX, StatusCode::OK),
            (BODY_BYTES_MAX + 1, StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let answer = send(&held, vec![b'x'; bytes]).await;
            assert_eq!(answer.status(), status, "{bytes}");
        }
        assert_eq!(
            held.0.available_permits(),
            HELD_BYTES_MAX,
            "all is given back"
        );
    }

    #[tokio::test]
    async fn what_is_held_of_all_bodies_has_a_bound_and_is_given_back() {
        let held = Held::up_to(1_000);
        let slow = tokio::spawn({
            let held = held.clone();
            async move { send(&held, endless(900)).await }
        });
        while held.0.available_permits() > 100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(send(&held, vec![b'x'; 100]).await.status(), StatusCode::OK);
        let refused = send(&held, vec![b'x'; 101]).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key(RETRY_AFTER));
        slow.abort();
        assert!(slow.await.is_err());
        assert_eq!(
            send(&held, vec![b'x'; 1_000]).await.status(),
            StatusCode::OK
        );
    }
}

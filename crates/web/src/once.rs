//! `Idempotency-Key`: a request that creates or sends and is repeated is done once.
//!
//! Every POST behind a sign-in passes here. The key is taken before the handler runs. The handler
//! then runs to its end even if the caller hangs up, because a caller who hung up is the one who
//! comes again with the same key. A refusal gives the key back, unless something was done.

use crate::caller::{Admitted, key_space, still_is};
use crate::extract::Body;
use crate::problem::{Code, Problem, Result};
use crate::request_key::{key_of, key_reused};
use crate::state::WebState;
use axum::extract::{FromRequest as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::BodyExt as _;
use ring::digest::{Context, SHA256};
use tieline_domain::access::Actor;
use tieline_storage::Store;
use tieline_storage::idempotency::{self, Kept, Known};

/// An answer with this among its extensions holds a secret, or what its caller may not see any more, and
/// is not kept.
#[derive(Clone, Copy)]
pub(crate) struct HoldsSecret;

pub(crate) async fn once(State(state): State<WebState>, request: Request, next: Next) -> Response {
    match key_of(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => keyed(&state, key, request, next)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(state: &WebState, key: String, request: Request, next: Next) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let Body(bytes) = Body::from_request(whole, state).await?;
    let Some(me) = parts.extensions.get::<Admitted>().cloned() else {
        return Err(Problem::internal("a key of a request behind no sign-in"));
    };
    let taken = idempotency::Request {
        principal: key_space(&me.caller),
        staff: me.caller.principal.by().staff(),
        key,
        hash: hash_of(&parts, &bytes),
    };
    let mut tx = state.store.begin(&Actor::system()).await?;
    let known = idempotency::take(&mut tx, &taken).await?;
    tx.commit().await?;
    match known {
        Known::New => {
            let (state, headers) = (state.clone(), parts.headers.clone());
            let request = Request::from_parts(parts, axum::body::Body::from(bytes));
            let done = tokio::spawn(async move {
                let mut answer = idempotency::during(taken.clone(), next.run(request)).await;
                // What changes from the taking of the key on forgets the answer; what changed before is
                // seen here.
                if answer.status().is_success() && !still_is(&state, &headers, &me).await {
                    answer.extensions_mut().insert(HoldsSecret);
                }
                settle(&state.store, &taken, answer).await
            });
            done.await
                .unwrap_or_else(|error| Err(Problem::internal(&error.to_string())))
        }
        Known::Answered(kept) => Ok(again(kept)),
        Known::InFlight => Err(Problem::new(
            Code::KeyInUse,
            "a request with this key is still being answered",
        )
        .fix("Ask again in a moment with the same key.")),
        Known::Done => Err(Problem::new(
            Code::AlreadyMade,
            "a request with this key was done; its answer is not kept",
        )
        .fix("Use what it made; or send a new key to make another.")),
        Known::OtherRequest => Err(key_reused()),
    }
}

/// Keeps what was answered, or gives the key back when nothing was done. The caller gets the answer
/// in any case: what was done is done, also when it cannot be kept.
async fn settle(store: &Store, taken: &idempotency::Request, answer: Response) -> Result<Response> {
    if !answer.status().is_success() {
        logged(write_down(store, taken, Outcome::Refused).await);
        return Ok(answer);
    }
    if answer.extensions().get::<HoldsSecret>().is_some() {
        logged(write_down(store, taken, Outcome::Secret).await);
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let bytes = body
        .collect()
        .await
        .map_err(|error| Problem::internal(&error.to_string()))?
        .to_bytes();
    let kept = Kept {
        status: parts.status.as_u16().into(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    logged(write_down(store, taken, Outcome::Answered(kept)).await);
    Ok(Response::from_parts(parts, bytes.into()))
}

enum Outcome {
    Refused,
    Secret,
    Answered(Kept),
}

async fn write_down(
    store: &Store,
    taken: &idempotency::Request,
    outcome: Outcome,
) -> tieline_storage::Result<()> {
    let mut tx = store.begin(&Actor::system()).await?;
    match outcome {
        Outcome::Refused => idempotency::give_back(&mut tx, taken).await?,
        Outcome::Secret => idempotency::settle(&mut tx, taken, None).await?,
        Outcome::Answered(kept) => idempotency::settle(&mut tx, taken, Some(&kept)).await?,
    }
    tx.commit().await
}

fn logged(written: tieline_storage::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(%error, "the outcome of a request with a key was not kept");
    }
}

fn again(kept: Kept) -> Response {
    let status = u16::try_from(kept.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::OK);
    if kept.body.is_empty() {
        return status.into_response();
    }
    (status, [(CONTENT_TYPE, "application/json")], kept.body).into_response()
}

/// Method, address and body, each with its end in sight.
fn hash_of(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in [parts.method.as_str(), &parts.uri.to_string()] {
        context.update(part.as_bytes());
        context.update(b"\n");
    }
    context.update(body);
    context.finish().as_ref().to_vec()
}

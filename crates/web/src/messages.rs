//! Messages over the API.

use crate::json::{self, id};
use crate::me::names;
use crate::problem::{Problem, Result};
use crate::router::WebState;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tieline_access::SignedIn;
use tieline_messaging::send::{self, Written};
use tieline_storage::message;

const PAGE_MAX: i64 = 200;
const KEY_MAX: usize = 200;

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    before_seq: Option<i64>,
    limit: Option<i64>,
}

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>> {
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let names = names(&state).await?;
    let mut reader = state.store.reader().await?;
    let rows = message::list(
        &mut reader,
        &me.principal.scope(),
        id("id", &path)?,
        query.before_seq,
        limit,
    )
    .await?;
    let more = rows.first().is_some_and(|first| first.seq > 1);
    let items: Vec<Value> = rows.iter().map(|row| json::message(row, &names)).collect();
    Ok(Json(json!({"items": items, "has_more": more})))
}

#[derive(Deserialize)]
struct Write {
    text: String,
    #[serde(default)]
    kind: String,
    client_key: Option<String>,
}

pub(crate) async fn write(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let write: Write = json::body(&body)?;
    let note = match write.kind.as_str() {
        "" | "text" => false,
        "note" => true,
        other => {
            return Err(Problem::field(
                "kind",
                format!("{other:?} is no kind of message"),
                "use text or note",
            ));
        }
    };
    let header = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let key = header
        .or(write.client_key)
        .filter(|key| !key.is_empty() && key.len() <= KEY_MAX)
        .ok_or_else(|| {
            Problem::field(
                "Idempotency-Key",
                "it is missing or too long",
                "send a header with a new random key a message",
            )
        })?;
    let written = Written {
        conversation_id: id("id", &path)?,
        author: me.staff.id,
        text: write.text,
        client_key: format!("{}:{key}", me.staff.id),
        note,
    };
    let message = send::write(&state.store, &me.principal.scope(), &written).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json::message(&message, &names(&state).await?)),
    )
        .into_response())
}

pub(crate) async fn retry(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<Response> {
    let message = send::retry(&state.store, &me.principal.scope(), id("id", &path)?).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json::message(&message, &names(&state).await?)),
    )
        .into_response())
}

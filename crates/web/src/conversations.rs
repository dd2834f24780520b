//! Conversations over the API.

use crate::json::{self, cursor, cursor_parts, cursor_time, id};
use crate::me::names;
use crate::problem::{Problem, Result};
use crate::router::WebState;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tieline_access::SignedIn;
use tieline_domain::id::{ContactId, ConversationId, InboxId, StaffId};
use tieline_messaging::converse::{self, Act};
use tieline_storage::conversation::{self, ConversationQuery, View};
use tieline_storage::inbox;

const PAGE_MAX: i64 = 100;

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    view: String,
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    limit: Option<i64>,
}

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>> {
    let view = match query.view.as_str() {
        "" | "all" => View::All,
        "mine" => View::AssignedTo(me.staff.id),
        "nobody" => View::Nobodys,
        "closed" => View::Closed,
        other => {
            return Err(Problem::field(
                "view",
                format!("{other:?} is no list"),
                "use all, mine, nobody or closed",
            ));
        }
    };
    let after = match &query.cursor {
        None => None,
        Some(text) => {
            let [turn, at, last] = cursor_parts::<3>(text)?;
            Some((turn == "ours", cursor_time(at)?, id("cursor", last)?))
        }
    };
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let asked = ConversationQuery {
        view,
        words: query.q,
        after,
        limit,
    };
    let scope = me.principal.scope();
    let names = names(&state).await?;
    let mut reader = state.store.reader().await?;
    let rows = conversation::list(&mut reader, &scope, &asked).await?;
    let counts = conversation::count_views(&mut reader, &scope).await?;
    let next = (rows.len() as i64 == limit)
        .then(|| rows.last())
        .flatten()
        .map(|row| {
            let it = &row.conversation;
            let turn = if it.our_turn { "ours" } else { "theirs" };
            cursor(&[turn, &it.last_at.0.to_string(), &it.id.to_string()])
        });
    let items: Vec<Value> = rows
        .iter()
        .map(|row| json::conversation(row, &names))
        .collect();
    Ok(Json(json!({
        "items": items, "next_cursor": next,
        "counts": {"all": counts.all, "mine": counts.mine, "nobody": counts.nobodys, "ours": counts.ours,
                   "theirs": counts.all - counts.ours},
    })))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<Json<Value>> {
    let names = names(&state).await?;
    let mut reader = state.store.reader().await?;
    let listed = conversation::get(&mut reader, &me.principal.scope(), id("id", &path)?).await?;
    Ok(Json(json::conversation(&listed, &names)))
}

#[derive(Deserialize)]
struct Begin {
    contact_id: Option<ContactId>,
    address: Option<String>,
    inbox_id: Option<InboxId>,
}

pub(crate) async fn begin(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    body: Bytes,
) -> Result<Response> {
    let begin: Begin = json::body(&body)?;
    let scope = me.principal.scope();
    let inboxes = inbox::all(&mut *state.store.reader().await?).await?;
    let inbox = inboxes
        .iter()
        .find(|inbox| {
            scope.sees_inbox(inbox.id) && begin.inbox_id.is_none_or(|wanted| wanted == inbox.id)
        })
        .ok_or_else(|| {
            Problem::field(
                "inbox_id",
                "there is no such inbox of yours",
                "take one of /api/v1/me",
            )
        })?;
    let address = match &begin.address {
        None => None,
        Some(text) => Some(
            tieline_domain::phone::normalise(text, &inbox.country).ok_or_else(|| {
                Problem::field(
                    "address",
                    format!("{text:?} is not a phone number"),
                    "write it as +447700900317",
                )
            })?,
        ),
    };
    let (listed, is_new) = converse::begin(
        &state.store,
        &scope,
        inbox.id,
        begin.contact_id,
        address.as_deref(),
    )
    .await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((
        status,
        Json(json::conversation(&listed, &names(&state).await?)),
    )
        .into_response())
}

#[derive(Deserialize)]
struct Change {
    status: Option<String>,
    #[serde(default, deserialize_with = "given")]
    assigned_to: Option<Option<StaffId>>,
    #[serde(default, deserialize_with = "given")]
    contact_id: Option<Option<ContactId>>,
}

/// Tells a null from a field that is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
    body: Bytes,
) -> Result<Json<Value>> {
    let change: Change = json::body(&body)?;
    let mut acts = Vec::new();
    match change.status.as_deref() {
        None => {}
        Some("open") => acts.push(Act::SetOpen(true)),
        Some("closed") => acts.push(Act::SetOpen(false)),
        Some(other) => {
            return Err(Problem::field(
                "status",
                format!("{other:?} is no status"),
                "use open or closed",
            ));
        }
    }
    acts.extend(change.assigned_to.map(Act::AssignTo));
    acts.extend(change.contact_id.map(Act::TieTo));
    act(&state, &me, id("id", &path)?, &acts).await
}

pub(crate) async fn read(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<StatusCode> {
    let _read = act(&state, &me, id("id", &path)?, &[Act::MarkRead]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn act(
    state: &WebState,
    me: &SignedIn,
    id: ConversationId,
    acts: &[Act],
) -> Result<Json<Value>> {
    let listed = converse::change(&state.store, &me.principal.scope(), id, acts).await?;
    Ok(Json(json::conversation(&listed, &names(state).await?)))
}

//! Sync runs over the API.

use crate::json::{Names, cursor, cursor_parts, cursor_time, id, person};
use crate::me::names;
use crate::problem::Result;
use crate::router::WebState;
use crate::sync::the_connection;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tieline_access::SignedIn;
use tieline_domain::contact::{Fields, attribute_named};
use tieline_domain::id::{ContactId, SyncRunId};
use tieline_storage::contact;
use tieline_storage::sync_run::{self, Change, ChangeQuery, SyncRun};
use tieline_sync::StartedBy;

const PAGE_MAX: i64 = 200;

pub(crate) fn run_json(run: &SyncRun, names: &Names) -> Value {
    let by_object: Vec<Value> = run
        .counts
        .0
        .iter()
        .map(|(object, counts)| json!({"object": object, "to_hub": counts.to_hub, "to_org": counts.to_org}))
        .collect();
    json!({
        "id": run.id, "trigger": run.trigger, "by": person(names, run.staff_id), "state": run.state, "phase": run.phase,
        "started_at": run.started_at, "finished_at": run.finished_at, "api_calls": run.api_calls,
        "api_calls_minimum": run.api_calls_minimum, "error": run.error,
        "progress": {"done": run.progress_done, "total": run.progress_total, "eta_ms": null},
        "counts": run.counts.total(), "by_object": by_object,
    })
}

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    cursor: Option<String>,
    limit: Option<i64>,
    direction: Option<String>,
    state: Option<String>,
}

pub(crate) async fn list(
    State(state): State<WebState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>> {
    let before = match &query.cursor {
        None => None,
        Some(text) => {
            let [at, last] = cursor_parts::<2>(text)?;
            Some((cursor_time(at)?, id("cursor", last)?))
        }
    };
    let limit = query.limit.unwrap_or(30).clamp(1, PAGE_MAX);
    let connection = the_connection(&state).await?;
    let names = names(&state).await?;
    let rows =
        sync_run::history(&mut *state.store.reader().await?, connection, before, limit).await?;
    let next = (rows.len() as i64 == limit)
        .then(|| rows.last())
        .flatten()
        .map(|run| cursor(&[&run.started_at.0.to_string(), &run.id.to_string()]));
    let items: Vec<Value> = rows.iter().map(|run| run_json(run, &names)).collect();
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Path(path): Path<String>,
) -> Result<Json<Value>> {
    let run = sync_run::by_id(&mut *state.store.reader().await?, id("id", &path)?).await?;
    Ok(Json(run_json(&run, &names(&state).await?)))
}

pub(crate) async fn start(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    _body: Bytes,
) -> Result<Response> {
    let run = state
        .sync
        .start(the_connection(&state).await?, StartedBy::Staff(me.staff.id))
        .await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(run_json(&run, &names(&state).await?)),
    )
        .into_response())
}

pub(crate) async fn cancel(
    State(state): State<WebState>,
    Path(path): Path<String>,
) -> Result<Response> {
    let run = state.sync.cancel(id("id", &path)?).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(run_json(&run, &names(&state).await?)),
    )
        .into_response())
}

pub(crate) async fn changes(
    State(state): State<WebState>,
    Path(path): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>> {
    let run: SyncRunId = id("id", &path)?;
    let after = query
        .cursor
        .as_deref()
        .map(cursor_time)
        .transpose()?
        .map_or(0, |at| at.0);
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    let asked = ChangeQuery {
        direction: query.direction,
        state: query.state,
        after,
        limit,
    };
    let mut reader = state.store.reader().await?;
    let rows = sync_run::changes(&mut reader, run, &asked).await?;
    let ids: Vec<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
    let contacts = contact::load_by_ids(&mut reader, &ids).await?;
    let called: BTreeMap<ContactId, String> = contacts
        .into_iter()
        .map(|(id, contact)| (id, contact.name))
        .collect();
    let next = (rows.len() as i64 == limit)
        .then(|| rows.last().map(|row| row.seq.to_string()))
        .flatten();
    let items: Vec<Value> = rows.iter().map(|row| change_json(row, &called)).collect();
    Ok(Json(json!({"items": items, "next_cursor": next})))
}

fn change_json(change: &Change, called: &BTreeMap<ContactId, String>) -> Value {
    let none = Fields::new();
    let (before, after) = (
        change.before.as_ref().unwrap_or(&none),
        change.after.as_ref().unwrap_or(&none),
    );
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let fields: Vec<Value> = names
        .into_iter()
        .map(|name| {
            let label = attribute_named(name).map_or(name.as_str(), |attribute| attribute.label);
            json!({"name": name, "label": label, "before": before.get(name), "after": after.get(name)})
        })
        .collect();
    json!({
        "seq": change.seq, "object": change.object, "record_id": change.record_id,
        "contact": change.contact_id.map(|id| json!({"id": id, "name": called.get(&id)})),
        "direction": change.direction, "act": change.act, "state": change.state, "fields": fields,
        "error": change.error.as_ref().map(|(code, text)| json!({"code": code, "text": text})), "at": change.at,
    })
}

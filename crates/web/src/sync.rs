//! How the org and the hub stand, and the mappings.

use crate::json::{self, id};
use crate::me::connection_json;
use crate::problem::{Problem, Result};
use crate::router::WebState;
use crate::runs::run_json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_access::SignedIn;
use tieline_domain::access::Actor;
use tieline_domain::id::ConnectionId;
use tieline_domain::sync::mapping::{Deletes, Direction, Policy};
use tieline_storage::contact::{self, ContactQuery};
use tieline_storage::{connection, mapping};

/// The connection; one a deployment today.
pub(crate) async fn the_connection(state: &WebState) -> Result<ConnectionId> {
    let all = connection::all(&mut *state.store.reader().await?).await?;
    all.first().map(|connection| connection.id).ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "not_connected",
            "no Salesforce org is connected",
        )
        .fix("Connect one under Settings.")
    })
}

pub(crate) async fn status(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
) -> Result<Json<Value>> {
    let status = state.sync.status(the_connection(&state).await?).await?;
    let names = crate::me::names(&state).await?;
    let scope = me.principal.scope();
    let total = contact::count(
        &mut *state.store.reader().await?,
        &scope,
        &ContactQuery::default(),
    )
    .await?;
    let waiting: i64 = status
        .links
        .values()
        .map(|counts| counts.waiting_to_org)
        .sum();
    let word = match (&status.running, &status.last) {
        (Some(_), _) => "running",
        (None, None) => "never",
        (None, Some(last)) if last.state == "failed" => "failed",
        _ if waiting > 0 => "behind",
        _ => "in_step",
    };
    let mappings: Vec<Value> = status
        .mappings
        .iter()
        .map(|mapping| {
            let counts = status.links.get(&mapping.object).copied().unwrap_or_default();
            let fields: Vec<Value> = mapping
                .fields
                .iter()
                .map(|pair| {
                    json!({"field": pair.field, "attribute": pair.attribute, "direction": pair.direction, "policy": pair.policy})
                })
                .collect();
            json!({"id": mapping.id, "object": mapping.object, "enabled": mapping.enabled, "direction": mapping.direction,
                   "records": counts.records, "waiting_to_org": counts.waiting_to_org, "conflicts": counts.conflicts,
                   "last_changed_at": mapping.last_changed_at, "deletes": mapping.deletes, "fields": fields})
        })
        .collect();
    let by_purpose: BTreeMap<&str, i64> = status
        .usage
        .iter()
        .map(|(word, calls)| (word.as_str(), *calls))
        .collect();
    let org_calls = status.connection.org_calls;
    Ok(Json(json!({
        "connection": connection_json(&status.connection), "state": word,
        "in_step_since": status.last.as_ref().filter(|run| run.state == "done").and_then(|run| run.finished_at),
        "last_run": status.last.as_ref().map(|run| run_json(run, &names)),
        "running": status.running.as_ref().map(|run| run_json(run, &names)),
        "next_run_at": null, "interval_ms": null, "contacts_total": total, "mappings": mappings,
        "api": {"used_24h": by_purpose.values().sum::<i64>(), "budget_24h": status.connection.daily_budget,
                "org_used": org_calls.map(|calls| calls.0), "org_max": org_calls.map(|calls| calls.1),
                "by_purpose": by_purpose},
    })))
}

#[derive(Deserialize)]
struct MappingChange {
    enabled: Option<bool>,
    deletes: Option<Deletes>,
}

pub(crate) async fn change_mapping(
    State(state): State<WebState>,
    Path(path): Path<String>,
    body: Bytes,
) -> Result<StatusCode> {
    let change: MappingChange = json::body(&body)?;
    let mut tx = state.store.begin(&Actor::system()).await?;
    let found = mapping::update(&mut tx, id("id", &path)?, change.enabled, change.deletes).await?;
    tx.commit().await?;
    done(found, "object mapping")
}

#[derive(Deserialize)]
struct FieldChange {
    policy: Option<Policy>,
    direction: Option<Direction>,
}

pub(crate) async fn change_field(
    State(state): State<WebState>,
    Path((path, field)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode> {
    let change: FieldChange = json::body(&body)?;
    if field.contains('.')
        && change
            .direction
            .is_some_and(|direction| direction != Direction::ToHub)
    {
        let words = "a field of a parent record can only be read";
        return Err(Problem::field("direction", words, "use to_hub"));
    }
    let mut tx = state.store.begin(&Actor::system()).await?;
    let found = mapping::update_field(
        &mut tx,
        id("id", &path)?,
        &field,
        change.policy,
        change.direction,
    )
    .await?;
    tx.commit().await?;
    done(found, "field mapping")
}

fn done(found: bool, noun: &'static str) -> Result<StatusCode> {
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(tieline_storage::StorageError::NotFound(noun).into())
    }
}

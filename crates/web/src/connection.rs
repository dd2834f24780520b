//! Connections over the API, and the one that a request is about.

use crate::answer::NoContent;
use crate::api::sync::ConnectionChange;
use crate::extract::{Json, Path};
use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use serde_json::json;
use tieline_domain::access::{AuditedAct, Caller};
use tieline_domain::id::ConnectionId;
use tieline_storage::audit::{self, Entry};
use tieline_storage::connection;

/// More than any org allows in a day.
const BUDGET_MAX: i64 = 100_000_000;

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConnectionId>,
    Json(change): Json<ConnectionChange>,
) -> Result<NoContent> {
    let Some(calls) = change.daily_budget else {
        connection::by_id(&mut *state.store.reader().await?, id).await?;
        return Ok(NoContent);
    };
    if !(1..=BUDGET_MAX).contains(&calls) {
        let problem = format!("{calls} calls a day are not possible");
        let fix = format!("use 1 to {BUDGET_MAX}");
        return Err(Problem::field("daily_budget", problem, &fix));
    }
    let mut tx = state.store.begin(&me.actor()).await?;
    let before = connection::by_id(&mut tx, id).await?.daily_budget;
    connection::set_budget(&mut tx, id, calls).await?;
    let entry = Entry {
        act: AuditedAct::ChangeConnection,
        target: id.to_string(),
        before: json!({"daily_budget": before}),
        after: json!({"daily_budget": calls}),
    };
    audit::add(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(NoContent)
}

/// The connection; one a deployment today.
pub(crate) async fn the_connection(state: &WebState) -> Result<ConnectionId> {
    let all = connection::all(&mut *state.store.reader().await?).await?;
    all.first().map(|connection| connection.id).ok_or_else(|| {
        Problem::new(Code::NotConnected, "no Salesforce org is connected")
            .fix("Connect one under Settings.")
    })
}

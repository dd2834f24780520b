//! Background work that gave up, over the API: a person retries or drops it.

use crate::answer::{Answer, NoContent};
use crate::api::jobs::{Job, JobList, JobQuery};
use crate::extract::{NoBody, Path, Query};
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use serde_json::{Value, json};
use tieline_domain::access::{AuditedAct, Caller};
use tieline_domain::id::JobId;
use tieline_domain::job::JobState;
use tieline_storage::audit::{self, Entry};
use tieline_storage::{Tx, job};

pub(crate) async fn list(
    State(state): State<WebState>,
    Query(query): Query<JobQuery>,
) -> Result<Answer<JobList>> {
    let limit = query.limit.0;
    let mut reader = state.store.reader().await?;
    let rows = job::list(&mut reader, JobState::Dead, query.cursor, limit).await?;
    let full = rows.len() as i64 == limit;
    Ok(Answer(JobList {
        next_cursor: rows.last().filter(|_| full).map(|row| row.id),
        items: rows.into_iter().map(Job::of).collect(),
    }))
}

pub(crate) async fn retry(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<JobId>,
    NoBody: NoBody,
) -> Result<NoContent> {
    let mut tx = state.store.begin(&me.actor()).await?;
    job::revive(&mut tx, id).await?;
    note(&mut tx, AuditedAct::RetryJob, id).await?;
    tx.commit().await?;
    Ok(NoContent)
}

pub(crate) async fn drop(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<JobId>,
) -> Result<NoContent> {
    let mut tx = state.store.begin(&me.actor()).await?;
    job::discard(&mut tx, id).await?;
    note(&mut tx, AuditedAct::DropJob, id).await?;
    tx.commit().await?;
    Ok(NoContent)
}

async fn note(tx: &mut Tx, act: AuditedAct, id: JobId) -> Result<()> {
    let entry = Entry {
        act,
        target: id.to_string(),
        before: json!({"state": "dead"}),
        after: Value::Null,
    };
    Ok(audit::add(tx, entry).await?)
}

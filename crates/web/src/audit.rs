//! The audit, for those who may read it.

use crate::answer::Answer;
use crate::api::names::{KeyName, Names};
use crate::api::staff::{AuditLine, AuditList, AuditQuery};
use crate::extract::Query;
use crate::problem::Result;
use crate::state::WebState;
use axum::extract::State;
use tieline_storage::{api_key, audit};

pub(crate) async fn list(
    State(state): State<WebState>,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<AuditList>> {
    let names = Names::load(&state.store).await?;
    let limit = query.limit.0;
    let mut reader = state.store.reader().await?;
    let lines = audit::page(&mut reader, query.cursor, limit).await?;
    let keys = api_key::all(&mut reader).await?;
    let key_of = |id| {
        let key = keys.iter().find(|key| Some(key.id) == id)?;
        let name = key.name.clone();
        Some(KeyName { id: key.id, name })
    };
    let full = lines.len() as i64 == limit;
    let next_cursor = lines.last().filter(|_| full).map(|line| line.id);
    let items = lines.into_iter().map(|line| AuditLine {
        id: line.id,
        at: line.at,
        by: line.by_kind,
        staff: names.of(line.staff_id),
        key: key_of(line.api_key_id),
        address: line.address,
        act: line.entry.act,
        target: line.entry.target,
        before: line.entry.before,
        after: line.entry.after,
    });
    Ok(Answer(AuditList {
        items: items.collect(),
        next_cursor,
    }))
}

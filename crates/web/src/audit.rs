//! The audit, for those who may read it.

use crate::answer::Answer;
use crate::api::names::Names;
use crate::api::staff::{AuditLine, AuditList, AuditQuery};
use crate::extract::Query;
use crate::problem::Result;
use crate::state::WebState;
use axum::extract::State;
use tieline_storage::audit;

pub(crate) async fn list(
    State(state): State<WebState>,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<AuditList>> {
    let names = Names::load(&state.store).await?;
    let limit = query.limit.0;
    let lines = audit::page(&mut *state.store.reader().await?, query.cursor, limit).await?;
    let full = lines.len() as i64 == limit;
    let next_cursor = lines.last().filter(|_| full).map(|line| line.id);
    let items = lines.into_iter().map(|line| AuditLine {
        id: line.id,
        at: line.at,
        by: line.by_kind,
        staff: names.of(line.staff_id),
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

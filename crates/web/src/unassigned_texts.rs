//! Texts that came in for nobody we know, over the API.

use crate::answer::Answer;
use crate::api::unassigned_texts::{UnassignedText, UnassignedTextList, UnassignedTextQuery};
use crate::cursor::{cursor, cursor_part, cursor_parts, next};
use crate::extract::Query;
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_access::AccessError;
use tieline_domain::access::{Caller, Reach, StaffRefusal};
use tieline_domain::time::Timestamp;
use tieline_storage::unassigned_text;

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Query(query): Query<UnassignedTextQuery>,
) -> Result<Answer<UnassignedTextList>> {
    // They belong to no inbox, and so to none of a key's own.
    if me.principal.opens() != Reach::All {
        return Err(AccessError::Refused(StaffRefusal::BeyondOwnInboxes).into());
    }
    let before = match &query.cursor {
        None => None,
        Some(text) => {
            let [at, last] = cursor_parts::<2>(text)?;
            Some((Timestamp(cursor_part(at)?), cursor_part(last)?))
        }
    };
    let limit = query.limit.0;
    let mut reader = state.store.reader().await?;
    let rows = unassigned_text::all(&mut reader, before, limit).await?;
    Ok(Answer(UnassignedTextList {
        next_cursor: next(&rows, limit, |row| {
            cursor(&[&row.received_at.0.to_string(), &row.id.to_string()])
        }),
        items: rows.into_iter().map(UnassignedText::of).collect(),
    }))
}

//! Sync runs over the API.

use crate::answer::{Accepted, Answer};
use crate::api::names::{ContactName, Names, OutsideError};
use crate::api::sync::{
    FieldChange, Run, RunChange, RunChangeList, RunChangeQuery, RunList, RunQuery,
};
use crate::connection::the_connection;
use crate::cursor::{cursor, cursor_part, cursor_parts, next};
use crate::extract::{NoBody, Path, Query};
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::{Caller, Right};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::contact::Fields;
use tieline_domain::id::{ContactId, SyncRunId};
use tieline_domain::time::Timestamp;
use tieline_storage::sync_run::{self, Change, ChangeQuery};
use tieline_storage::{contact, contact_field};
use tieline_sync::{StartedBy, SyncError};

pub(crate) async fn list(
    State(state): State<WebState>,
    Query(query): Query<RunQuery>,
) -> Result<Answer<RunList>> {
    let before = match &query.cursor {
        None => None,
        Some(text) => {
            let [at, last] = cursor_parts::<2>(text)?;
            Some((Timestamp(cursor_part(at)?), cursor_part(last)?))
        }
    };
    let limit = query.limit.0;
    let connection = the_connection(&state).await?;
    let names = Names::load(&state.store).await?;
    let mut reader = state.store.reader().await?;
    let rows = sync_run::history(&mut reader, connection, before, limit).await?;
    Ok(Answer(RunList {
        next_cursor: next(&rows, limit, |run| {
            cursor(&[&run.started_at.0.to_string(), &run.id.to_string()])
        }),
        items: rows.iter().map(|run| Run::of(run, &names)).collect(),
    }))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Path(id): Path<SyncRunId>,
) -> Result<Answer<Run>> {
    let run = sync_run::by_id(&mut *state.store.reader().await?, id).await?;
    Ok(Answer(Run::of(&run, &Names::load(&state.store).await?)))
}

pub(crate) async fn start(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    NoBody: NoBody,
) -> Result<Accepted<Run>> {
    let connection = the_connection(&state).await?;
    let by = StartedBy::Somebody(me.actor());
    let run = match state.sync.start(connection, by).await {
        Err(SyncError::Running) => {
            let mut reader = state.store.reader().await?;
            let going = sync_run::open_run(&mut reader, connection).await?;
            going.ok_or(SyncError::Running)?
        }
        started => started?,
    };
    Ok(Accepted(Run::of(&run, &Names::load(&state.store).await?)))
}

pub(crate) async fn cancel(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<SyncRunId>,
    NoBody: NoBody,
) -> Result<Accepted<Run>> {
    let run = state.sync.cancel(&me.actor(), id).await?;
    Ok(Accepted(Run::of(&run, &Names::load(&state.store).await?)))
}

pub(crate) async fn changes(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(run): Path<SyncRunId>,
    Query(query): Query<RunChangeQuery>,
) -> Result<Answer<RunChangeList>> {
    let limit = query.limit.0;
    let asked = ChangeQuery {
        direction: query.direction,
        state: query.state,
        after: query.cursor.map_or(0, |it| it.0),
        limit,
    };
    let mut reader = state.store.reader().await?;
    let scope = me.principal.scope();
    let rows = sync_run::changes(&mut reader, &scope, run, &asked).await?;
    let catalogue = contact_field::load(&mut reader).await?;
    let ids: Vec<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
    // Runs are one thing, the people in them another.
    let may_read = me.principal.rights().has(Right::ReadContacts);
    let called = match may_read {
        true => contact::list_names(&mut reader, &scope, &ids).await?,
        false => BTreeMap::new(),
    };
    Ok(Answer(RunChangeList {
        next_cursor: next(&rows, limit, |row| row.seq.to_string()),
        items: rows
            .iter()
            .map(|row| RunChange {
                fields: match may_read {
                    true => fields_of(row, &catalogue),
                    false => Vec::new(),
                },
                ..change_of(row, &called)
            })
            .collect(),
    }))
}

fn change_of(change: &Change, called: &BTreeMap<ContactId, String>) -> RunChange {
    RunChange {
        seq: change.seq,
        object: change.object.clone(),
        record_id: change.record_id.clone(),
        contact: change.contact_id.map(|id| ContactName {
            id,
            name: called.get(&id).cloned(),
        }),
        direction: change.direction,
        act: change.act,
        state: change.state,
        fields: Vec::new(),
        error: change.error.as_ref().map(OutsideError::of),
        at: change.at,
    }
}

fn fields_of(change: &Change, catalogue: &Catalogue) -> Vec<FieldChange> {
    let none = Fields::new();
    let before = change.before.as_ref().unwrap_or(&none);
    let after = change.after.as_ref().unwrap_or(&none);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|name| FieldChange {
            name: name.clone(),
            label: catalogue
                .field(name)
                .map_or(name.as_str(), |field| field.label.as_str())
                .to_owned(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

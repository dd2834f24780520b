//! Conversations over the API.

use crate::answer::{Answer, MadeOrFound, NoContent};
use crate::api::contacts::{Candidates, TiedToNobody};
use crate::api::conversations::{
    Conversation, ConversationBegin, ConversationChange, ConversationCounts, ConversationList,
    ConversationPresence, ConversationQuery, ConversationUnread, ConversationView, SearchHit,
};
use crate::api::names::Names;
use crate::caller::acting;
use crate::contacts::rows_of;
use crate::cursor::{cursor_part, next};
use crate::extract::{Json, NoBody, Path, Query};
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::{Caller, Scope};
use tieline_domain::conversation::{ConversationStatus, ListPlace, Turn};
use tieline_domain::id::{ContactId, ConversationId};
use tieline_domain::presence::Sign;
use tieline_messaging::converse::{self, Act, Mark, With};
use tieline_storage::conversation::{self, ConversationQuery as Asked, Listed, View};
use tieline_storage::{StorageError, contact, inbox, message};

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Query(query): Query<ConversationQuery>,
) -> Result<Answer<ConversationList>> {
    let view = match query.view {
        ConversationView::All => View::All,
        ConversationView::Mine => View::AssignedTo(acting(&me)?),
        ConversationView::Nobody => View::Nobodys,
        ConversationView::Closed => View::Closed,
    };
    let after = query.cursor.as_deref().map(cursor_part).transpose()?;
    if query.ids.is_some() && after.is_some() {
        let problem = "a page and a choice of ids do not go together";
        return Err(Problem::field("cursor", problem, "leave one of them out"));
    }
    let limit = match &query.ids {
        Some(ids) => ids.0.len() as i64,
        None => query.limit.0,
    };
    let is_page = query.ids.is_none();
    let asked = Asked {
        view,
        words: query.q.into_string(),
        among: query.ids.map(|ids| ids.0),
        after,
        limit,
    };
    let scope = me.principal.scope();
    let now = state.store.now();
    let names = Names::load(&state.store).await?;
    let mut reader = state.store.reader().await?;
    let rows = conversation::list(&mut reader, &scope, &asked).await?;
    let found: Vec<ConversationId> = rows.iter().map(|row| row.conversation.id).collect();
    let hits = message::list_hits(&mut reader, &scope, &asked.words, &found).await?;
    let total = conversation::count(&mut reader, &scope, &asked).await?;
    let counts = conversation::count_views(&mut reader, &scope).await?;
    let place_of = |row: &Listed| ListPlace::of(&row.conversation).to_string();
    Ok(Answer(ConversationList {
        next_cursor: next(&rows, limit, place_of).filter(|_| is_page),
        items: rows
            .iter()
            .map(|row| Conversation::of(row, &names, now))
            .collect(),
        total,
        hits: hits.into_iter().map(SearchHit::of).collect(),
        counts: ConversationCounts::of(&counts),
    }))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
) -> Result<Answer<Conversation>> {
    let names = Names::load(&state.store).await?;
    let mut reader = state.store.reader().await?;
    let listed = conversation::get(&mut reader, &me.principal.scope(), id).await?;
    Ok(Answer(Conversation::of(&listed, &names, state.store.now())))
}

pub(crate) async fn candidates(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
) -> Result<Answer<Candidates>> {
    let mut reader = state.store.reader().await?;
    let scope = me.principal.scope();
    let listed = conversation::get(&mut reader, &scope, id).await?;
    let holders = contact::list_holders(&mut reader, &scope, &listed.address).await?;
    let reason = match (listed.conversation.contact_id, holders.len()) {
        (Some(_), _) => None,
        (None, 0) => Some(TiedToNobody::Nobody),
        (None, 1) => Some(TiedToNobody::Decided),
        (None, _) => Some(TiedToNobody::Several),
    };
    let items = rows_of(&mut reader, &scope, &holders).await?;
    Ok(Answer(Candidates { reason, items }))
}

pub(crate) async fn begin(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(begin): Json<ConversationBegin>,
) -> Result<MadeOrFound<Conversation>> {
    let scope = me.principal.working_scope();
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
                    format!("{:?} is not a phone number", &**text),
                    "write it as +447700900317",
                )
            })?,
        ),
    };
    known_contact(&state, &scope, begin.contact_id).await?;
    let (listed, is_new) = converse::begin(
        &state.store,
        &me.actor(),
        &scope,
        inbox.id,
        With {
            contact: begin.contact_id,
            address: address.as_deref(),
        },
    )
    .await?;
    let body = Conversation::of(
        &listed,
        &Names::load(&state.store).await?,
        state.store.now(),
    );
    Ok(MadeOrFound { is_new, body })
}

pub(crate) async fn change(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    Json(change): Json<ConversationChange>,
) -> Result<Answer<Conversation>> {
    let scope = me.principal.scope();
    known_contact(&state, &scope, change.contact_id.flatten()).await?;
    let mut acts = Vec::new();
    acts.extend(
        change
            .status
            .map(|status| Act::SetOpen(status == ConversationStatus::Open)),
    );
    acts.extend(change.turn.map(|turn| Act::SetOurTurn(turn == Turn::Ours)));
    acts.extend(change.assigned_to.map(Act::AssignTo));
    acts.extend(change.contact_id.map(Act::TieTo));
    let working = me.principal.working_scope();
    let listed = converse::change(&state.store, &me.actor(), &working, id, &acts).await?;
    let names = Names::load(&state.store).await?;
    Ok(Answer(Conversation::of(&listed, &names, state.store.now())))
}

/// Refuses a contact that the caller may not see.
async fn known_contact(state: &WebState, scope: &Scope, id: Option<ContactId>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let mut reader = state.store.reader().await?;
    match contact::get(&mut reader, scope, id).await {
        Ok(contact) if contact.deleted_at.is_none() => Ok(()),
        Ok(_) | Err(StorageError::NotFound(_)) => Err(Problem::field(
            "contact_id",
            "there is no such contact",
            "take one of /api/v1/contacts",
        )),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn read(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    NoBody: NoBody,
) -> Result<NoContent> {
    let scope = me.principal.working_scope();
    converse::mark(&state.store, &scope, id, acting(&me)?, Mark::Read).await?;
    Ok(NoContent)
}

pub(crate) async fn unread(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    Json(unread): Json<ConversationUnread>,
) -> Result<Answer<Conversation>> {
    let scope = me.principal.working_scope();
    let mark = unread.message_id.map_or(Mark::Unread, Mark::UnreadFrom);
    let marked = converse::mark(&state.store, &scope, id, acting(&me)?, mark).await?;
    let names = Names::load(&state.store).await?;
    Ok(Answer(Conversation::of(&marked, &names, state.store.now())))
}

pub(crate) async fn be_present(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    Json(said): Json<ConversationPresence>,
) -> Result<NoContent> {
    let staff_id = acting(&me)?;
    let mut reader = state.store.reader().await?;
    let listed = conversation::get(&mut reader, &me.principal.working_scope(), id).await?;
    drop(reader);
    let sign = Sign {
        inbox_id: listed.conversation.inbox_id,
        conversation_id: listed.conversation.id,
        staff_id,
        doing: said.state,
    };
    state.teller.be_present(sign).await?;
    Ok(NoContent)
}

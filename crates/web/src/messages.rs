//! Messages over the API.

use crate::answer::{Accepted, Answer};
use crate::api::conversations::{Message, MessageList, MessageQuery, MessageWrite, WrittenKind};
use crate::api::names::Names;
use crate::caller::{author, key_space};
use crate::extract::{Json, NoBody, Path, Query};
use crate::problem::Result;
use crate::request_key::{RequestKey, key_reused};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::Caller;
use tieline_domain::conversation::Kind;
use tieline_domain::id::{ConversationId, MessageId};
use tieline_messaging::send::{self, Written};
use tieline_storage::message;

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessageQuery>,
) -> Result<Answer<MessageList>> {
    let names = Names::load(&state.store).await?;
    let scope = me.principal.scope();
    let mut reader = state.store.reader().await?;
    let rows = message::list(&mut reader, &scope, id, query.before_seq, query.limit.0).await?;
    Ok(Answer(MessageList {
        has_more: rows.first().is_some_and(|first| first.seq > 1),
        items: rows.iter().map(|row| Message::of(row, &names)).collect(),
    }))
}

pub(crate) async fn write(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    RequestKey(key): RequestKey,
    Json(write): Json<MessageWrite>,
) -> Result<Accepted<Message>> {
    let author = author(&me)?;
    let written = Written {
        conversation_id: id,
        author,
        text: write.text.into_string(),
        client_key: format!("{}:{key}", key_space(&me)),
        note: write.kind == WrittenKind::Note,
    };
    let message = send::write(
        &state.store,
        &me.actor(),
        &me.principal.working_scope(),
        &written,
    )
    .await?;
    // A message knows its key for longer than answers are kept.
    let is_note = message.kind == Kind::Note;
    if message.text != written.text || is_note != written.note {
        return Err(key_reused());
    }
    let names = Names::load(&state.store).await?;
    Ok(Accepted(Message::of(&message, &names)))
}

pub(crate) async fn retry(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<MessageId>,
    NoBody: NoBody,
) -> Result<Accepted<Message>> {
    let message = send::retry(&state.store, &me.actor(), &me.principal.working_scope(), id).await?;
    let names = Names::load(&state.store).await?;
    Ok(Accepted(Message::of(&message, &names)))
}

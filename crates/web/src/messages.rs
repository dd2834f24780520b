//! Messages over the API.

use crate::answer::{Accepted, Answer};
use crate::api::conversations::{Message, MessageList, MessageQuery, MessageWrite, WrittenKind};
use crate::api::names::Names;
use crate::caller::{author, key_space};
use crate::extract::{Json, NoBody, Path, Query};
use crate::problem::{Problem, Result};
use crate::request_key::{RequestKey, key_reused};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::{Caller, Scope};
use tieline_domain::conversation::Kind;
use tieline_domain::id::{ConversationId, MessageId};
use tieline_messaging::send::{self, Written};
use tieline_storage::message::Part;
use tieline_storage::{Conn, conversation, message, read_mark};

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessageQuery>,
) -> Result<Answer<MessageList>> {
    let names = Names::load(&state.store).await?;
    let scope = me.principal.scope();
    let mut reader = state.store.reader().await?;
    let thread = conversation::get(&mut reader, &scope, id).await?;
    let thread = thread.conversation;
    let part = part(&mut reader, &scope, thread.id, &query).await?;
    let rows = message::list(&mut reader, &scope, thread.id, part, query.limit.0).await?;
    let first_unread_seq = match scope.staff() {
        None => None,
        Some(staff) => {
            let mark = read_mark::get(&mut reader, thread.id, staff).await?;
            message::received_from(&mut reader, &scope, thread.id, mark.seq + 1)
                .await?
                .1
        }
    };
    Ok(Answer(MessageList {
        has_more: rows.first().is_some_and(|first| first.seq > 1),
        has_newer: rows.last().is_some_and(|last| last.seq < thread.last_seq),
        first_unread_seq,
        items: rows.iter().map(|row| Message::of(row, &names)).collect(),
    }))
}

/// The part of a conversation that a query asks for: the end, unless it says which.
async fn part(
    reader: &mut Conn,
    scope: &Scope,
    conversation: ConversationId,
    query: &MessageQuery,
) -> Result<Part> {
    match (query.before_seq, query.after_seq, query.around) {
        (None, None, None) => Ok(Part::End),
        (Some(seq), None, None) => Ok(Part::Before(seq.0)),
        (None, Some(seq), None) => Ok(Part::After(seq.0)),
        (None, None, Some(id)) => {
            let found = message::list_by_ids(reader, scope, &[id]).await?;
            let found = found
                .get(&id)
                .filter(|it| it.conversation_id == conversation);
            found.map(|it| Part::Around(it.seq)).ok_or_else(|| {
                let problem = "it is no message of this conversation";
                Problem::field("around", problem, "take the id from a search or a list")
            })
        }
        _ => Err(Problem::field(
            "around",
            "only one of before_seq, after_seq and around says where to begin",
            "leave the others out",
        )),
    }
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

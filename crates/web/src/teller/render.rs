//! What browsers are told of an event: read in sets, rendered once for all who may see it.

use super::desk::Told;
use crate::api::conversations::{Conversation, Message};
use crate::api::names::{Names, OutsideError};
use crate::api::sync::Run;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::conversation as domain;
use tieline_domain::event::Event;
use tieline_domain::id::{ConversationId, MessageId};
use tieline_storage::conversation::Listed;
use tieline_storage::event::{StoredEvent, inbox_of};
use tieline_storage::{Conn, Result, StorageError, conversation, message, sync_run};

/// What the events of a batch name.
struct Named {
    messages: BTreeMap<MessageId, domain::Message>,
    conversations: BTreeMap<ConversationId, Listed>,
    names: Names,
}

/// The events as they stand in the stream; what is gone by now is left out.
pub(super) async fn render(conn: &mut Conn, events: &[StoredEvent]) -> Result<Vec<Told>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let named = load(conn, events).await?;
    let mut told = Vec::with_capacity(events.len());
    for stored in events {
        let Some((name, data)) = describe(conn, &named, &stored.event).await? else {
            continue;
        };
        told.push(Told {
            seq: stored.seq,
            inbox: inbox_of(&stored.event),
            frame: Bytes::from(format!(
                "event: {name}\nid: {}\ndata: {data}\n\n",
                stored.seq
            )),
        });
    }
    Ok(told)
}

async fn load(conn: &mut Conn, events: &[StoredEvent]) -> Result<Named> {
    let (mut messages, mut conversations) = (Vec::new(), Vec::new());
    for stored in events {
        match stored.event {
            Event::Message { message_id, .. } | Event::MessageState { message_id, .. } => {
                messages.push(message_id);
            }
            Event::Conversation {
                conversation_id, ..
            } => conversations.push(conversation_id),
            Event::Contacts { .. } | Event::SyncRun { .. } | Event::Access { .. } => {}
        }
    }
    let scope = Scope::system();
    Ok(Named {
        messages: message::list_by_ids(conn, &scope, &messages).await?,
        conversations: conversation::list_by_ids(conn, &scope, &conversations).await?,
        names: Names::read(conn).await?,
    })
}

/// The event's name and data; nothing for what is gone.
async fn describe(
    conn: &mut Conn,
    named: &Named,
    event: &Event,
) -> Result<Option<(&'static str, Value)>> {
    Ok(match event {
        Event::Message {
            conversation_id,
            message_id,
            ..
        } => named.messages.get(message_id).map(|it| {
            let message = Message::of(it, &named.names);
            let data = json!({"conversation_id": conversation_id, "message": message});
            ("message", data)
        }),
        Event::MessageState {
            conversation_id,
            message_id,
            ..
        } => named.messages.get(message_id).map(|it| {
            let error = it.error.as_ref().map(OutsideError::of);
            let data = json!({
                "conversation_id": conversation_id, "message_id": message_id, "seq": it.seq,
                "state": it.state.as_str(), "state_at": it.state_at, "error": error,
            });
            ("message_state", data)
        }),
        Event::Conversation {
            conversation_id, ..
        } => named.conversations.get(conversation_id).map(|listed| {
            let conversation = Conversation::of(listed, &named.names);
            ("conversation", json!({"conversation": conversation}))
        }),
        Event::Contacts { contact_ids } => Some(("contacts", json!({"ids": contact_ids}))),
        Event::Access { .. } => None,
        Event::SyncRun { run_id } => match sync_run::by_id(conn, *run_id).await {
            Ok(run) => Some(("run", json!({"run": Run::of(&run, &named.names)}))),
            Err(StorageError::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
    })
}

//! What browsers are told of an event: read in sets, rendered once for all who may see it. What a
//! person has not read is the one number that differs: it is put in as the event is taken.

use super::told::{Frame, Told, Unread};
use crate::api::conversations::{Conversation, Message, MessageFailure};
use crate::api::live::{
    LiveContacts, LiveConversation, LiveEvent, LiveMessage, LiveMessageState, LiveRead, LiveRun,
};
use crate::api::names::Names;
use crate::api::sync::Run;
use bytes::Bytes;
use std::collections::BTreeMap;
use tieline_domain::access::{Right, Scope};
use tieline_domain::conversation::{self as domain, Marks, ReadMark};
use tieline_domain::event::Event;
use tieline_domain::id::{ConversationId, Id as _, MessageId, StaffId};
use tieline_storage::conversation::Listed;
use tieline_storage::event::{StoredEvent, inbox_of};
use tieline_storage::{Conn, Result, StorageError, conversation, message, read_mark, sync_run};

/// What the events of a batch name.
struct Named {
    marks: Marks,
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
        let Some(event) = describe(conn, &named, stored).await? else {
            continue;
        };
        let text = event.frame(Some(stored.seq));
        told.push(Told {
            seq: stored.seq,
            right: right_for(&stored.event),
            inbox: inbox_of(&stored.event),
            reader: reader_of(&stored.event),
            frame: frame(&text, named.unread(&stored.event)),
        });
    }
    Ok(told)
}

/// What it takes to be told of an event.
fn right_for(event: &Event) -> Right {
    match event {
        Event::Contacts { .. } => Right::ReadContacts,
        Event::SyncRun { .. } => Right::ReadSync,
        Event::Message { .. }
        | Event::MessageState { .. }
        | Event::Conversation { .. }
        | Event::Read { .. }
        | Event::Access { .. }
        | Event::KeyRevoked { .. } => Right::ReadConversations,
    }
}

/// Who alone is told of an event.
fn reader_of(event: &Event) -> Option<StaffId> {
    match event {
        Event::Read { staff_id, .. } => Some(*staff_id),
        _ => None,
    }
}

/// Cut at the number that differs, if it has one. Within a text the quotes of such a name are
/// escaped, so it stands nowhere else.
fn frame(text: &str, unread: Option<Unread>) -> Frame {
    const NAME: &str = "\"unread\":";
    let Some((unread, at)) = unread.zip(text.find(NAME)) else {
        return Frame::Same(Bytes::copy_from_slice(text.as_bytes()));
    };
    let (head, rest) = text.split_at(at + NAME.len());
    let tail = rest.trim_start_matches(|it: char| it.is_ascii_digit());
    Frame::PerPerson {
        head: Bytes::copy_from_slice(head.as_bytes()),
        unread,
        tail: Bytes::copy_from_slice(tail.as_bytes()),
    }
}

impl Named {
    /// What each person has not read of the conversation that an event tells of.
    fn unread(&self, event: &Event) -> Option<Unread> {
        let (Event::Conversation {
            conversation_id, ..
        }
        | Event::Read {
            conversation_id, ..
        }) = event
        else {
            return None;
        };
        let conversation = &self.conversations.get(conversation_id)?.conversation;
        let from = (*conversation_id, StaffId::from_uuid(0));
        let marks = self.marks.range(from..);
        let of_this = marks.take_while(|((id, _), _)| id == conversation_id);
        Some(Unread {
            to_all_others: ReadMark::NONE.unread(conversation),
            to: of_this
                .map(|((_, staff), mark)| (*staff, mark.unread(conversation)))
                .collect(),
        })
    }
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
            }
            | Event::Read {
                conversation_id, ..
            } => conversations.push(conversation_id),
            Event::Contacts { .. }
            | Event::SyncRun { .. }
            | Event::Access { .. }
            | Event::KeyRevoked { .. } => {}
        }
    }
    let scope = Scope::system();
    Ok(Named {
        marks: read_mark::load(conn, &conversations).await?,
        messages: message::list_by_ids(conn, &scope, &messages).await?,
        conversations: conversation::list_by_ids(conn, &scope, &conversations).await?,
        names: Names::read(conn).await?,
    })
}

/// What is told of an event; nothing for what is gone.
async fn describe(
    conn: &mut Conn,
    named: &Named,
    stored: &StoredEvent,
) -> Result<Option<LiveEvent>> {
    Ok(match &stored.event {
        Event::Message {
            conversation_id,
            message_id,
            ..
        } => named.messages.get(message_id).map(|it| {
            LiveEvent::Message(LiveMessage {
                conversation_id: *conversation_id,
                message: Message::of(it, &named.names),
            })
        }),
        Event::MessageState {
            conversation_id,
            message_id,
            ..
        } => named.messages.get(message_id).map(|it| {
            LiveEvent::MessageState(LiveMessageState {
                conversation_id: *conversation_id,
                message_id: *message_id,
                seq: it.seq,
                state: it.state,
                state_at: it.state_at,
                error: it.failure.as_ref().map(MessageFailure::of),
            })
        }),
        Event::Conversation {
            conversation_id, ..
        } => named.conversations.get(conversation_id).map(|listed| {
            LiveEvent::Conversation(LiveConversation {
                conversation: Conversation::of(listed, &named.names, stored.at),
            })
        }),
        // The number stands in for each person's own.
        Event::Read {
            conversation_id, ..
        } => named.conversations.get(conversation_id).map(|_| {
            LiveEvent::Read(LiveRead {
                conversation_id: *conversation_id,
                unread: 0,
            })
        }),
        Event::Contacts { contact_ids } => Some(LiveEvent::Contacts(LiveContacts {
            ids: contact_ids.clone(),
        })),
        Event::Access { .. } | Event::KeyRevoked { .. } => None,
        Event::SyncRun { run_id } => match sync_run::by_id(conn, *run_id).await {
            Ok(run) => Some(LiveEvent::Run(LiveRun {
                run: Run::of(&run, &named.names),
            })),
            Err(StorageError::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use serde_json::{Value, json};

    #[test]
    fn each_persons_number_is_put_in_at_its_name_and_never_into_a_text() {
        let text = r#"to "unread":7, he said"#;
        let data = json!({"conversation": {"last": {"text": text}, "unread": 12, "version": 3}});
        let unread = Unread {
            to: [(StaffId::from_uuid(1), 5)].into(),
            to_all_others: 0,
        };
        let frame = frame(&format!("data: {data}\n\n"), Some(unread));
        for (staff, number) in [(1, 5), (2, 0)] {
            let mut written = BytesMut::new();
            frame.write(Some(StaffId::from_uuid(staff)), &mut written);
            let written = String::from_utf8_lossy(&written).into_owned();
            let told: Value = serde_json::from_str(&written["data: ".len()..]).unwrap();
            let conversation = &told["conversation"];
            assert_eq!(conversation["unread"], number);
            assert_eq!(conversation["last"]["text"], text);
            assert_eq!(conversation["version"], 3);
        }
    }
}

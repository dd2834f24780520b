//! What staff send: the gate, and the message in one commit with the job that lets it leave.

use crate::error::{MessagingError, Result};
use crate::tell::{save_and_tell, tell};
use crate::{EARLIER_ATTEMPT, ask_logs, load_message, take_part};
use serde::{Deserialize, Serialize};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::address::can_be_answered;
use tieline_domain::conversation::{Author, Direction, Draft, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::gate::{Asked, Purpose, Refusal, check};
use tieline_domain::id::{ConversationId, InboxId, MessageId, StaffId};
use tieline_domain::job::{JobKind, Party};
use tieline_storage::conversation::Listed;
use tieline_storage::job::{self, NewJob};
use tieline_storage::{StorageError, Store, Tx, conversation, message};

/// What the job of a text carries.
#[derive(Serialize, Deserialize)]
pub(crate) struct SendPayload {
    pub message_id: MessageId,
    pub keyword_reply: bool,
}

/// What staff wrote.
pub struct Written {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub author: StaffId,
    /// What.
    pub text: String,
    /// The writer's own key, so that a repeated request is one message.
    pub client_key: String,
    /// Only for staff to see.
    pub note: bool,
}

/// Whether a text may be sent in a conversation now.
pub fn gate(listed: &Listed, text: &str) -> std::result::Result<(), Refusal> {
    check(&Asked {
        text,
        purpose: Purpose::Ordinary,
        opted_out_since: listed.opted_out_since,
        can_be_answered: can_be_answered(&listed.address),
        has_sender: listed.channel == "sms",
    })
}

/// Writes a message or note; what the gate refuses is not written.
pub async fn write(store: &Store, scope: &Scope, written: &Written) -> Result<Message> {
    match write_once(store, scope, written).await {
        // The same request came twice at once, or a text came in: whoever was first is there now.
        Err(MessagingError::Storage(StorageError::Duplicate(_) | StorageError::Conflict(_))) => {
            write_once(store, scope, written).await
        }
        other => other,
    }
}

async fn write_once(store: &Store, scope: &Scope, written: &Written) -> Result<Message> {
    let mut tx = store.begin(&Actor::system()).await?;
    let listed = conversation::get(&mut tx, scope, written.conversation_id).await?;
    let id = listed.conversation.id;
    if let Some(known) = message::load_by_client_key(&mut tx, id, &written.client_key).await? {
        return Ok(known);
    }
    if written.note && written.text.trim().is_empty() {
        return Err(MessagingError::Invalid {
            field: "text",
            problem: "write something first".to_owned(),
        });
    }
    if !written.note {
        gate(&listed, &written.text).map_err(MessagingError::Refused)?;
    }
    let mut conversation = listed.conversation;
    let message = conversation.add(Draft {
        id: tx.new_id(),
        kind: if written.note {
            Kind::Note
        } else {
            Kind::Message
        },
        author: Author::Staff(written.author),
        text: written.text.clone(),
        state: if written.note {
            State::Received
        } else {
            State::Queued
        },
        provider_id: None,
        client_key: Some(written.client_key.clone()),
        at: tx.now(),
    });
    conversation::save_many(&mut tx, std::slice::from_ref(&conversation)).await?;
    message::create_many(&mut tx, std::slice::from_ref(&message)).await?;
    take_part::wrote(&mut tx, &conversation, &message).await?;
    if !written.note {
        ask_send(
            &mut tx,
            message.id,
            conversation.inbox_id,
            Purpose::Ordinary,
        )
        .await?;
        ask_logs(&mut tx, [conversation.id], message.at).await?;
    }
    tell(&mut tx, conversation.inbox_id, conversation.id, message.id);
    tx.commit().await?;
    Ok(message)
}

/// Sends a failed message again, on a person's word.
pub async fn retry(store: &Store, scope: &Scope, id: MessageId) -> Result<Message> {
    let mut tx = store.begin(&Actor::system()).await?;
    let mut message = load_message(&mut tx, id).await?;
    let listed = conversation::get(&mut tx, scope, message.conversation_id).await?;
    let inbox_id = listed.conversation.inbox_id;
    if message.direction() != Some(Direction::Out) || !message.state.may_be_retried() {
        let problem = format!(
            "it is {}; only a message that failed can be sent again",
            message.state.as_str()
        );
        return Err(MessagingError::Invalid {
            field: "message",
            problem,
        });
    }
    let was = std::mem::replace(&mut message.state, State::Queued);
    message.state_at = tx.now();
    message.error = None;
    message.attempt += 1;
    if let Some(earlier) = message.provider_id.take() {
        message::add_receipts(&mut tx, EARLIER_ATTEMPT, &[earlier]).await?;
    }
    save_and_tell(&mut tx, &message, was).await?;
    ask_send(&mut tx, id, inbox_id, Purpose::Ordinary).await?;
    tx.commit().await?;
    Ok(message)
}

/// Asks for a message to leave, within the transaction that adds it.
pub(crate) async fn ask_send(
    tx: &mut Tx,
    message_id: MessageId,
    inbox: InboxId,
    purpose: Purpose,
) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JobKind::MessageSend,
        party: Some(Party::Carrier(inbox)),
        key: None,
        payload: SendPayload {
            message_id,
            keyword_reply: purpose == Purpose::KeywordReply,
        },
        run_at: tx.now(),
    };
    job::enqueue(tx, new).await
}

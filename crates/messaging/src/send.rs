//! What staff send: the gate, and the message in one commit with the job that lets it leave.

use crate::error::{MessagingError, Result};
use crate::tell::{save_and_tell, tell};
use crate::{ask_logs, decided, load_message, take_part};
use serde::{Deserialize, Serialize};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::address::can_be_answered;
use tieline_domain::conversation::{Author, Draft, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::failure::FailureCode;
use tieline_domain::gate::{Asked, Purpose, Refusal, Verdict, check};
use tieline_domain::id::{CarrierAccountId, ConversationId, MessageId};
use tieline_domain::job::{JobKind, Party};
use tieline_domain::text::is_blank;
use tieline_domain::time::Timestamp;
use tieline_storage::carrier_account::{self, Sender};
use tieline_storage::conversation::Listed;
use tieline_storage::job::{self, InLine, NewJob};
use tieline_storage::{Store, Tx, conversation, message};

/// What the job of a text carries.
#[derive(Serialize, Deserialize)]
pub(crate) struct SendPayload {
    pub message_id: MessageId,
    pub keyword_reply: bool,
}

/// What staff wrote.
pub struct Written {
    pub conversation_id: ConversationId,
    pub author: Author,
    pub text: String,
    /// The writer's own key, so that a repeated request is one message.
    pub client_key: String,
    /// Only for staff to see.
    pub note: bool,
}

/// What the gate is asked of a text of ours in a conversation, as far as the conversation tells.
pub(crate) fn asked<'a>(listed: &Listed, text: &'a str, now: Timestamp) -> Asked<'a> {
    Asked {
        text,
        purpose: Purpose::Ordinary,
        now,
        opted_out_since: listed.opted_out_since,
        landline_since: listed.landline_since,
        can_be_answered: can_be_answered(&listed.address),
        has_sender: listed.has_sender,
        has_secret: true,
        chance: 0,
        held_until: None,
    }
}

/// Why a text may not be sent in a conversation now; what must only wait may be written.
pub fn refusal(listed: &Listed, text: &str, now: Timestamp) -> Option<Refusal> {
    match check(&asked(listed, text, now)) {
        Verdict::Refuse(refusal) => Some(refusal),
        Verdict::Send | Verdict::Hold { .. } => None,
    }
}

/// Writes a message or note; what the gate refuses is not written.
pub async fn write(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    written: &Written,
) -> Result<Message> {
    // The same request may come twice at once, or a text come in.
    decided(|| write_once(store, actor, scope, written)).await
}

async fn write_once(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    written: &Written,
) -> Result<Message> {
    let mut tx = store.begin(actor).await?;
    let listed = conversation::get(&mut tx, scope, written.conversation_id).await?;
    let id = listed.conversation.id;
    if let Some(known) = message::load_by_client_key(&mut tx, id, &written.client_key).await? {
        return Ok(known);
    }
    if written.note && is_blank(&written.text) {
        return Err(MessagingError::Invalid {
            field: "text",
            problem: "write something first".to_owned(),
        });
    }
    let sender = match written.note {
        true => None,
        false => Some(sender_of(&mut tx, &listed, &written.text).await?),
    };
    let mut conversation = listed.conversation;
    let message = conversation.add(Draft {
        id: tx.new_id(),
        kind: if written.note {
            Kind::Note
        } else {
            Kind::Message
        },
        author: written.author,
        text: written.text.clone(),
        state: if written.note {
            State::Received
        } else {
            State::Queued
        },
        sender_id: sender.as_ref().map(|it| it.id),
        client_key: Some(written.client_key.clone()),
        at: tx.now(),
    });
    conversation::save_many(&mut tx, std::slice::from_ref(&conversation)).await?;
    message::create_many(&mut tx, std::slice::from_ref(&message)).await?;
    take_part::wrote(&mut tx, &conversation, &message).await?;
    if let Some(sender) = sender {
        let account = sender.account_id;
        ask_send(&mut tx, &message, account, Purpose::Ordinary).await?;
        ask_logs(&mut tx, [&conversation], message.at).await?;
    }
    tell(&mut tx, conversation.inbox_id, conversation.id, message.id);
    tx.commit().await?;
    Ok(message)
}

/// The number that a text goes through, if the gate lets it.
async fn sender_of(tx: &mut Tx, listed: &Listed, text: &str) -> Result<Sender> {
    if let Some(refusal) = refusal(listed, text, tx.now()) {
        return Err(MessagingError::Refused(refusal));
    }
    let it = &listed.conversation;
    let found = carrier_account::sender_for(tx, it.inbox_id, it.sender_id).await?;
    found.ok_or_else(|| MessagingError::Refused(FailureCode::NoSender.into()))
}

/// Sends a failed message again, on a person's word.
pub async fn retry(store: &Store, actor: &Actor, scope: &Scope, id: MessageId) -> Result<Message> {
    let mut tx = store.begin(actor).await?;
    let mut message = load_message(&mut tx, id).await?;
    let listed = conversation::get(&mut tx, scope, message.conversation_id).await?;
    if !message.state.may_be_retried() {
        let problem = format!(
            "it is {}; only a message that failed can be sent again",
            message.state.as_str()
        );
        return Err(MessagingError::Invalid {
            field: "message",
            problem,
        });
    }
    let sender = sender_of(&mut tx, &listed, &message.text).await?;
    let was = std::mem::replace(&mut message.state, State::Queued);
    message.state_at = tx.now();
    message.failure = None;
    save_and_tell(&mut tx, &message, was).await?;
    ask_send(&mut tx, &message, sender.account_id, Purpose::Ordinary).await?;
    tx.commit().await?;
    Ok(message)
}

/// Asks for a message to leave, within the transaction that adds it. Those of a conversation leave as
/// they stand in it, each once the carrier has the one before or will not have it. The answer to a
/// keyword waits for none of them, but for the answer before: the last one read is the one that holds.
pub(crate) async fn ask_send(
    tx: &mut Tx,
    message: &Message,
    account: CarrierAccountId,
    purpose: Purpose,
) -> tieline_storage::Result<()> {
    let is_answer = purpose == Purpose::KeywordReply;
    let conversation = message.conversation_id;
    let place = InLine {
        line: match is_answer {
            true => format!("{conversation}:keyword"),
            false => conversation.to_string(),
        },
        number: message.seq,
    };
    let new = NewJob {
        kind: JobKind::MessageSend,
        party: Some(Party::Carrier(account)),
        key: None,
        in_line: Some(place),
        payload: SendPayload {
            message_id: message.id,
            keyword_reply: is_answer,
        },
        run_at: tx.now(),
    };
    job::enqueue(tx, new).await
}

//! What screens hear of messages, within the transaction that changed them.

use crate::ask_log_again;
use crate::error::Result;
use tieline_domain::conversation::Message;
use tieline_domain::delivery::State;
use tieline_domain::event::Event;
use tieline_domain::id::{ConversationId, InboxId, MessageId, PointId};
use tieline_storage::{Tx, conversation, message};

/// Tells screens of a new message.
pub(crate) fn tell(
    tx: &mut Tx,
    inbox_id: InboxId,
    conversation_id: ConversationId,
    message_id: MessageId,
) {
    tx.emit(Event::Message {
        inbox_id,
        conversation_id,
        message_id,
    });
    tx.emit(Event::Conversation {
        inbox_id,
        conversation_id,
    });
}

/// Tells screens that texts to these numbers are gated otherwise, in whichever inbox.
pub(crate) async fn tell_gates(tx: &mut Tx, points: &[PointId]) -> tieline_storage::Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    let gated = conversation::load_by_points(tx, points).await?;
    for it in gated.into_values() {
        tx.emit(Event::Conversation {
            inbox_id: it.inbox_id,
            conversation_id: it.id,
        });
    }
    Ok(())
}

/// Writes the state of a message that was in the state `was`, and tells screens.
pub(crate) async fn save_and_tell(tx: &mut Tx, message: &Message, was: State) -> Result<()> {
    message::save_state(tx, message, was).await?;
    ask_log_again(tx, message, was).await?;
    let conversations = conversation::load_by_ids(tx, &[message.conversation_id]).await?;
    if let Some(conversation) = conversations.get(&message.conversation_id) {
        let (inbox_id, conversation_id) = (conversation.inbox_id, conversation.id);
        tx.emit(Event::MessageState {
            inbox_id,
            conversation_id,
            message_id: message.id,
        });
    }
    Ok(())
}

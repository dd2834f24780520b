//! Facts told to screens: what a committed transaction made true.
//!
//! Events are stored with the change itself and numbered at commit, so that a browser can resume
//! from the last number it saw. They name things by id; the reader fetches what it may see.

use crate::id::{ApiKeyId, ContactId, ConversationId, InboxId, MessageId, StaffId, SyncRunId};
use crate::presence::Sign;
use serde::{Deserialize, Serialize};

/// One fact, as kept in the event table and sent on the live stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A message or note was added to a conversation.
    Message {
        /// The inbox decides who may see it.
        inbox_id: InboxId,
        conversation_id: ConversationId,
        message_id: MessageId,
    },
    /// The delivery state of a message moved on.
    MessageState {
        /// The inbox decides who may see it.
        inbox_id: InboxId,
        conversation_id: ConversationId,
        message_id: MessageId,
    },
    /// A conversation was opened, closed, assigned, tied to a contact, made part of another one or
    /// gated otherwise.
    Conversation {
        /// The inbox decides who may see it.
        inbox_id: InboxId,
        conversation_id: ConversationId,
    },
    /// A person read a conversation, or set their mark back; only they hear of it.
    Read {
        /// The inbox decides whether they may still see it.
        inbox_id: InboxId,
        conversation_id: ConversationId,
        staff_id: StaffId,
    },
    /// Contacts were created, changed or deleted; a batch of the sync names up to a few hundred.
    Contacts { contact_ids: Vec<ContactId> },
    /// A sync run began, was cancelled or ended.
    SyncRun { run_id: SyncRunId },
    /// What a user may see or do changed, or a session of theirs ended: their streams end, and open
    /// again as far as they still may.
    Access {
        /// Whose.
        staff_id: StaffId,
    },
    /// A key of a program opens nothing any more: what it follows ends.
    KeyRevoked { api_key_id: ApiKeyId },
}

/// What is told to all nodes at this moment, and never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Whisper {
    /// Somebody is at a conversation.
    Presence(Sign),
}

//! The live stream: its parameters, and the events that stand in it.

use super::conversations::{Conversation, ConversationCounts, Message, MessageFailure};
use super::sync::Run;
use super::text::Seq;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tieline_domain::delivery::State;
use tieline_domain::id::{ContactId, ConversationId, MessageId, StaffId};
use tieline_domain::presence::Doing;
use tieline_domain::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveQuery {
    /// The number of the last event that the caller saw; the header Last-Event-ID goes before it.
    #[param(inline)]
    pub after: Option<Seq>,
}

/// An event of the live stream, as a browser's EventSource tells it: its name, and its data as JSON. Its
/// number, where it has one, is its id; a stream that is opened again with it goes on behind it.
#[derive(Serialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub(crate) enum LiveEvent {
    /// The stream is open. Its id is where it begins.
    Hello {},
    /// More was missed than is kept: load everything again. Its id is where the stream goes on.
    Reset {},
    Message(LiveMessage),
    MessageState(LiveMessageState),
    Conversation(LiveConversation),
    Read(LiveRead),
    Contacts(LiveContacts),
    Run(LiveRun),
    /// Who else is at a conversation. It has no id: only the last one of each person there counts. As
    /// the stream opens, all who are there are told.
    Presence(LivePresence),
    /// How many conversations the caller's lists hold now. It has no id: only the last one counts.
    Counts(ConversationCounts),
}

/// A message or note was added to a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveMessage {
    pub conversation_id: ConversationId,
    pub message: Message,
}

/// The delivery of a message moved on.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveMessageState {
    pub conversation_id: ConversationId,
    pub message_id: MessageId,
    pub seq: i64,
    pub state: State,
    pub state_at: Timestamp,
    pub error: Option<MessageFailure>,
}

/// A conversation began or is another now.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveConversation {
    pub conversation: Conversation,
}

/// The caller read a conversation, here or elsewhere, or set their mark back.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveRead {
    pub conversation_id: ConversationId,
    pub unread: i64,
}

/// Contacts were created, changed or deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveContacts {
    pub ids: Vec<ContactId>,
}

/// A sync run began, was cancelled or ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveRun {
    pub run: Run,
}

/// Somebody came to a conversation, does something else there, or is gone.
#[derive(Serialize, ToSchema)]
pub(crate) struct LivePresence {
    pub conversation_id: ConversationId,
    /// One of staff_list in /api/v1/me.
    pub staff_id: StaffId,
    /// Null once they are gone.
    pub state: Option<Doing>,
}

impl LiveEvent {
    /// The event as it stands in the stream, with its number if it has one.
    pub fn frame(&self, seq: Option<i64>) -> String {
        let mut told = serde_json::to_value(self).expect("shapes of the API are JSON");
        let data = told["data"].take();
        let name = told["event"].as_str().unwrap_or_default();
        let id = seq.map(|seq| format!("id: {seq}\n")).unwrap_or_default();
        format!("event: {name}\n{id}data: {}\n\n", Value::to_string(&data))
    }
}

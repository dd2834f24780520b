//! Conversations and their messages.

use super::names::{Author, ContactName, Names, StaffName};
use super::text::{Ids, Limit, Seq, Text};
use serde::{Deserialize, Deserializer, Serialize};
use tieline_domain::channel::Channel;
use tieline_domain::conversation::{
    self as domain, Audience, ConversationStatus, Direction, Kind, Turn,
};
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::id::{ContactId, ConversationId, InboxId, MessageId, StaffId};
use tieline_domain::presence::Doing;
use tieline_domain::time::Timestamp;
use tieline_messaging::send;
use tieline_storage::conversation::{Listed, ViewCounts};
use tieline_storage::message::Hit;
use utoipa::{IntoParams, ToSchema};

/// Which conversations a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConversationView {
    /// All that are open.
    #[default]
    All,
    /// Open and assigned to the caller.
    Mine,
    /// Open and assigned to nobody.
    Nobody,
    Closed,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationQuery {
    #[serde(default)]
    #[param(inline, value_type = Option<ConversationView>)]
    pub view: ConversationView,
    /// Words that all occur in who it is or in what was said.
    #[serde(default)]
    #[param(inline, value_type = Option<Text<200>>)]
    pub q: Text<200>,
    /// Only these of the list, with commas between them: which of them belong to it now.
    #[param(inline, value_type = Option<Text<4_000>>)]
    pub ids: Option<Ids<ConversationId, 100>>,
    /// `next_cursor` of the page before: what stands behind it.
    #[param(inline)]
    pub cursor: Option<Text<1_000>>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 100>>)]
    pub limit: Limit<50, 100>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationBegin {
    /// With whom; their first number is taken unless an address is given. A conversation that somebody
    /// said is with another stays with that one.
    pub contact_id: Option<ContactId>,
    /// A phone number.
    pub address: Option<Text<100>>,
    /// From where; the first inbox of the caller unless one is given.
    pub inbox_id: Option<InboxId>,
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationChange {
    /// Closing it says that it was seen to: the turn is theirs then, also once it is opened again.
    pub status: Option<ConversationStatus>,
    /// Ours is only for one that is open, or is opened with it: so is a close taken back.
    pub turn: Option<Turn>,
    /// Null gives it to nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<StaffId>)]
    pub assigned_to: Option<Option<StaffId>>,
    /// Null takes the contact away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ContactId>)]
    pub contact_id: Option<Option<ContactId>>,
}

/// For the caller alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationUnread {
    /// What came in from this message on is unread then; without one, the last that came in.
    pub message_id: Option<MessageId>,
}

/// It holds for 15 seconds: say it again every 10 as long as it is so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationPresence {
    pub state: Doing,
}

/// Tells a null from a field that is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationList {
    pub items: Vec<Conversation>,
    pub next_cursor: Option<String>,
    /// How many the whole list holds, by `view` and `q`.
    pub total: i64,
    /// The message of a conversation of this page that fits `q` best; none of those that were found by
    /// their name or number alone.
    pub hits: Vec<SearchHit>,
    pub counts: ConversationCounts,
}

/// A message that a search found, to go to with `around`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchHit {
    pub conversation_id: ConversationId,
    pub message_id: MessageId,
    pub seq: i64,
    pub at: Timestamp,
    /// The part of its text around what was found.
    pub excerpt: Vec<ExcerptPiece>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExcerptPiece {
    pub text: String,
    /// Whether this is what was searched for.
    pub hit: bool,
}

impl SearchHit {
    pub fn of(hit: Hit) -> SearchHit {
        let pieces = hit.excerpt.into_iter();
        SearchHit {
            conversation_id: hit.message.conversation_id,
            message_id: hit.message.id,
            seq: hit.message.seq,
            at: hit.message.at,
            excerpt: pieces
                .map(|it| ExcerptPiece {
                    text: it.text,
                    hit: it.is_hit,
                })
                .collect(),
        }
    }
}

/// How many open conversations there are for the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ConversationCounts {
    pub all: i64,
    pub mine: i64,
    pub nobody: i64,
    /// They wait for an answer.
    pub ours: i64,
    /// We wait for an answer.
    pub theirs: i64,
    /// Something of theirs is there that the caller has not read, whoever's turn it is.
    pub unread: i64,
}

impl ConversationCounts {
    pub fn of(counts: &ViewCounts) -> ConversationCounts {
        ConversationCounts {
            all: counts.all,
            mine: counts.mine,
            nobody: counts.nobodys,
            ours: counts.ours,
            theirs: counts.all - counts.ours,
            unread: counts.unread,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Conversation {
    pub id: ConversationId,
    pub inbox_id: InboxId,
    pub channel: Channel,
    pub address: String,
    pub contact: Option<ContactName>,
    pub status: ConversationStatus,
    pub turn: Turn,
    pub assigned_to: Option<StaffName>,
    pub last: Option<LastMessage>,
    /// When something was last said, or when it began.
    pub last_at: Timestamp,
    /// Where it stands in every list that it belongs to: lists ascend by this text.
    pub place: String,
    /// How many of their messages the caller has not read.
    pub unread: i64,
    /// The conversation that this one became part of, which answers in its place.
    pub merged_into: Option<ConversationId>,
    pub version: i64,
    pub gate: Gate,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LastMessage {
    pub text: String,
    pub kind: Kind,
    /// Null for what is not sent.
    pub direction: Option<Direction>,
    pub author: Author,
    pub at: Timestamp,
    pub state: State,
}

/// Whether a text may be sent now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Gate {
    pub allowed: bool,
    /// Why not.
    pub code: Option<FailureCode>,
    /// Why not, for people.
    pub reason: Option<String>,
    pub since: Option<Timestamp>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageQuery {
    /// The messages before this one.
    #[param(inline)]
    pub before_seq: Option<Seq>,
    /// The messages after this one.
    #[param(inline)]
    pub after_seq: Option<Seq>,
    /// This message, with as many before it as after it.
    #[param(inline)]
    pub around: Option<MessageId>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 200>>)]
    pub limit: Limit<50, 200>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WrittenKind {
    #[default]
    Message,
    /// Only for staff to see.
    Note,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageWrite {
    pub text: Text<32_000>,
    #[serde(default)]
    #[schema(value_type = Option<WrittenKind>)]
    pub kind: WrittenKind,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MessageList {
    /// The oldest first.
    pub items: Vec<Message>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// The number of the first message of theirs that the caller has not read, if there is one.
    pub first_unread_seq: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub seq: i64,
    pub kind: Kind,
    pub audience: Audience,
    /// Null for what is not sent.
    pub direction: Option<Direction>,
    pub author: Author,
    pub text: String,
    pub at: Timestamp,
    pub state: State,
    pub state_at: Timestamp,
    pub error: Option<MessageFailure>,
    pub segments: i64,
    pub client_key: Option<String>,
}

/// Why a message did not go or did not arrive.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageFailure {
    pub code: FailureCode,
    /// What the carrier said: its own code or words.
    pub detail: Option<String>,
    /// What happened and what to do, for people.
    pub text: String,
}

impl MessageFailure {
    pub fn of(failure: &Failure) -> MessageFailure {
        MessageFailure {
            code: failure.code,
            detail: failure.detail.clone(),
            text: failure.sentence(),
        }
    }
}

impl Conversation {
    pub fn of(listed: &Listed, names: &Names, now: Timestamp) -> Conversation {
        let it = &listed.conversation;
        Conversation {
            id: it.id,
            inbox_id: it.inbox_id,
            channel: listed.channel,
            address: listed.address.clone(),
            contact: it.contact_id.map(|id| ContactName {
                id,
                name: listed.contact_name.clone(),
            }),
            status: ConversationStatus::of(it.open),
            turn: Turn::of(it.our_turn),
            assigned_to: names.of(it.assigned_to),
            last: it.last.as_ref().map(|last| LastMessage {
                text: last.text.clone(),
                kind: last.kind,
                direction: last.kind.direction(last.author),
                author: names.of_author(last.author),
                at: it.last_at,
                state: last.state,
            }),
            last_at: it.last_at,
            place: domain::ListPlace::of(it).to_string(),
            unread: listed.unread,
            merged_into: it.merged_into,
            version: it.version,
            gate: Gate::of(listed, now),
        }
    }
}

impl Gate {
    fn of(listed: &Listed, now: Timestamp) -> Gate {
        let refusal = send::refusal(listed, "x", now);
        Gate {
            allowed: refusal.is_none(),
            code: refusal.as_ref().map(|it| it.failure.code),
            since: refusal.as_ref().and_then(|it| it.since),
            reason: refusal.map(|it| it.failure.sentence()),
        }
    }
}

impl Message {
    pub fn of(it: &domain::Message, names: &Names) -> Message {
        // The key is kept behind its writer's id; to the writer it is told as it came.
        let key = it.client_key.as_deref();
        Message {
            id: it.id,
            conversation_id: it.conversation_id,
            seq: it.seq,
            kind: it.kind,
            audience: it.kind.audience(),
            direction: it.direction(),
            author: names.of_author(it.author),
            text: it.text.clone(),
            at: it.at,
            state: it.state,
            state_at: it.state_at,
            error: it.failure.as_ref().map(MessageFailure::of),
            segments: it.segments,
            client_key: key.map(|key| key.split_once(':').map_or(key, |(_, own)| own).to_owned()),
        }
    }
}

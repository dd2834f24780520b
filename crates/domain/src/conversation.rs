//! Conversations and their messages.

use crate::delivery::State;
use crate::id::{ContactId, ConversationId, InboxId, MessageId, PointId, StaffId};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Characters of the last message that a list shows.
const PREVIEW_MAX: usize = 160;

/// The exchange between an inbox and a contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// Our end.
    pub inbox_id: InboxId,
    /// Their end.
    pub point_id: PointId,
    /// Who it is, once that is unambiguous.
    pub contact_id: Option<ContactId>,
    /// Who said so.
    pub tie: Tie,
    /// Whether it is open; closed ones are opened again by a message.
    pub open: bool,
    /// Whether we are to answer.
    pub our_turn: bool,
    /// Who looks after it.
    pub assigned_to: Option<StaffId>,
    /// Number of the last message.
    pub last_seq: i64,
    /// Its text, cut.
    pub last_text: String,
    /// Its direction.
    pub last_direction: Direction,
    /// Who wrote it, if staff did.
    pub last_author: Option<StaffId>,
    /// Its state.
    pub last_state: State,
    /// When.
    pub last_at: Timestamp,
    /// Messages in that nobody read.
    pub unread: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

/// How a conversation came to its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The contact is the only one who answers to the point; found anew whenever contacts change.
    Derived,
    /// A person said so, and it stays.
    Decided,
}

impl Tie {
    /// The word kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Tie::Derived => "derived",
            Tie::Decided => "decided",
        }
    }

    /// The tie of that word.
    pub fn parse(word: &str) -> Option<Tie> {
        [Tie::Derived, Tie::Decided]
            .into_iter()
            .find(|known| known.as_str() == word)
    }
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From them.
    In,
    /// To them.
    Out,
    /// Between staff.
    Note,
}

impl Direction {
    /// The word kept in the database and used by the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::Note => "note",
        }
    }

    /// The direction of that word.
    pub fn parse(word: &str) -> Option<Direction> {
        [Direction::In, Direction::Out, Direction::Note]
            .into_iter()
            .find(|known| known.as_str() == word)
    }
}

/// One text or note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Its number within the conversation.
    pub seq: i64,
    /// Where it goes.
    pub direction: Direction,
    /// Who wrote it, if staff did.
    pub author: Option<StaffId>,
    /// What it says.
    pub text: String,
    /// Where it is.
    pub state: State,
    /// Since when.
    pub state_at: Timestamp,
    /// Code and words of what went wrong.
    pub error: Option<(String, String)>,
    /// Which attempt to send it this is; a person's word begins the next.
    pub attempt: i64,
    /// Parts on the air.
    pub segments: i64,
    /// The carrier's name for it.
    pub provider_id: Option<String>,
    /// The writer's own key, so that a repeated request is one message.
    pub client_key: Option<String>,
    /// When it was written or came in.
    pub at: Timestamp,
}

/// A message to be added; its number is the conversation's to give.
pub struct Draft {
    /// Which.
    pub id: MessageId,
    /// Where it goes.
    pub direction: Direction,
    /// Who wrote it, if staff did.
    pub author: Option<StaffId>,
    /// What it says.
    pub text: String,
    /// Where it is.
    pub state: State,
    /// The carrier's name for it.
    pub provider_id: Option<String>,
    /// The writer's own key.
    pub client_key: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Conversation {
    /// A conversation without messages.
    pub fn begin(
        id: ConversationId,
        inbox_id: InboxId,
        point_id: PointId,
        at: Timestamp,
    ) -> Conversation {
        Conversation {
            id,
            inbox_id,
            point_id,
            contact_id: None,
            tie: Tie::Derived,
            open: true,
            our_turn: false,
            assigned_to: None,
            last_seq: 0,
            last_text: String::new(),
            last_direction: Direction::Note,
            last_author: None,
            last_state: State::Received,
            last_at: at,
            unread: 0,
            created_at: at,
            version: 0,
        }
    }

    /// Ties it to who answers to its point now, unless a person said who it is. A number that several
    /// people share says nothing about who writes.
    pub fn derive_tie(&mut self, holders: Option<&BTreeSet<ContactId>>) {
        if self.tie == Tie::Derived {
            let only = holders.filter(|all| all.len() == 1);
            self.contact_id = only.and_then(|all| all.first().copied());
        }
    }

    /// Ties it to whom a person says, or to nobody.
    pub fn decide_tie(&mut self, contact: Option<ContactId>) {
        self.contact_id = contact;
        self.tie = Tie::Decided;
    }

    /// Adds a message: numbers it, and moves the turn, the unread count and the list's line.
    pub fn add(&mut self, draft: Draft) -> Message {
        self.last_seq += 1;
        self.last_at = draft.at;
        self.last_text = draft.text.chars().take(PREVIEW_MAX).collect();
        self.last_direction = draft.direction;
        self.last_author = draft.author;
        self.last_state = draft.state;
        match draft.direction {
            Direction::In => {
                self.open = true;
                self.our_turn = true;
                self.unread += 1;
            }
            // What the hub says by itself answers nobody and was read by nobody.
            Direction::Out if draft.author.is_none() => self.open = true,
            Direction::Out => {
                self.open = true;
                self.our_turn = false;
                self.unread = 0;
            }
            Direction::Note => {}
        }
        let segments = if draft.direction == Direction::Note {
            0
        } else {
            crate::segments::segments(&draft.text)
        };
        Message {
            id: draft.id,
            conversation_id: self.id,
            seq: self.last_seq,
            direction: draft.direction,
            author: draft.author,
            text: draft.text,
            state: draft.state,
            state_at: draft.at,
            error: None,
            attempt: 1,
            segments,
            provider_id: draft.provider_id,
            client_key: draft.client_key,
            at: draft.at,
        }
    }
}

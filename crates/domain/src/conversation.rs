//! Conversations and their messages.

mod author;
mod merge;
mod place;
mod reading;
mod taking_part;

pub use author::{Audience, Author, AuthorKind, Direction, HubReason, Kind};
pub use merge::{Marks, Merged, merge};
pub use place::{InvalidPlace, ListPlace};
pub use reading::ReadMark;
pub use taking_part::{ParticipantKind, ParticipantRole, SeesFrom, TakingPart, merge_parts};

use crate::delivery::State;
use crate::failure::Failure;
use crate::id::{ContactId, ConversationId, InboxId, MessageId, PointId, SenderId, StaffId};
use crate::time::Timestamp;
use crate::words::words;
use std::collections::BTreeSet;

/// Characters of the last message that a list shows.
const PREVIEW_MAX: usize = 160;

/// The exchange between an inbox and a contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    /// Our end.
    pub inbox_id: InboxId,
    /// Their end.
    pub point_id: PointId,
    /// Which of our numbers they know: the one that they wrote to last.
    pub sender_id: Option<SenderId>,
    /// Who it is, once that is unambiguous.
    pub contact_id: Option<ContactId>,
    /// Who said so.
    pub tie: Tie,
    /// From which message on it is with whom it is tied to now.
    pub tie_from: i64,
    /// Whether it is open; closed ones are opened again by a message.
    pub open: bool,
    /// Whether we are to answer.
    pub our_turn: bool,
    /// Who looks after it.
    pub assigned_to: Option<StaffId>,
    /// Number of the last message.
    pub last_seq: i64,
    /// What it was.
    pub last: Option<Last>,
    /// When that was.
    pub last_at: Timestamp,
    /// How many messages of theirs it has; what a person has not read of them is in [`ReadMark`].
    pub received: i64,
    /// The conversation that this one became part of; it has no messages of its own any more.
    pub merged_into: Option<ConversationId>,
    /// When it began.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

/// The last message, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: Author,
    /// What it says, cut.
    pub text: String,
    /// Where it is.
    pub state: State,
}

words!(
    /// How a conversation came to its contact.
    Tie {
        /// The contact is the only one who answers to the point; found anew whenever contacts change.
        Derived = "derived",
        /// A person said so, and it stays until whom they named is deleted.
        Decided = "decided",
    }
);

words!(
    /// Whether a conversation waits for anybody; one that is closed is opened again by a message.
    ConversationStatus {
        Open = "open",
        Closed = "closed",
    }
);

words!(
    /// Whose answer is awaited.
    Turn {
        Ours = "ours",
        Theirs = "theirs",
    }
);

impl ConversationStatus {
    /// The word for what [`Conversation::open`] says.
    pub fn of(open: bool) -> ConversationStatus {
        match open {
            true => ConversationStatus::Open,
            false => ConversationStatus::Closed,
        }
    }
}

impl Turn {
    /// The word for what [`Conversation::our_turn`] says.
    pub fn of(ours: bool) -> Turn {
        match ours {
            true => Turn::Ours,
            false => Turn::Theirs,
        }
    }
}

/// One text, note or act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// Its number within the conversation.
    pub seq: i64,
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub text: String,
    /// Where it is.
    pub state: State,
    /// Since when.
    pub state_at: Timestamp,
    /// Why it did not go or did not arrive.
    pub failure: Option<Failure>,
    /// Parts on the air.
    pub segments: i64,
    /// Which of our numbers it went through.
    pub sender_id: Option<SenderId>,
    /// The writer's own key, so that a repeated request is one message.
    pub client_key: Option<String>,
    /// When it was written or came in.
    pub at: Timestamp,
}

/// A message to be added; its number is the conversation's to give.
pub struct Draft {
    pub id: MessageId,
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub text: String,
    /// Where it is.
    pub state: State,
    /// Which of our numbers it goes through.
    pub sender_id: Option<SenderId>,
    /// The writer's own key.
    pub client_key: Option<String>,
    pub at: Timestamp,
}

impl Message {
    /// Where it goes, if it is sent.
    pub fn direction(&self) -> Option<Direction> {
        self.kind.direction(self.author)
    }
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
            sender_id: None,
            contact_id: None,
            tie: Tie::Derived,
            tie_from: 0,
            open: true,
            our_turn: false,
            assigned_to: None,
            last_seq: 0,
            last: None,
            last_at: at,
            received: 0,
            merged_into: None,
            created_at: at,
            version: 0,
        }
    }

    /// Ties it to who answers to its point now, unless a person said who it is. A number that several
    /// people share says nothing about who writes.
    pub fn derive_tie(&mut self, holders: Option<&BTreeSet<ContactId>>) {
        if self.tie == Tie::Derived {
            let only = holders.filter(|all| all.len() == 1);
            self.tie_to(only.and_then(|all| all.first().copied()));
        }
    }

    /// Ties it to whom a person says, or to nobody.
    pub fn decide_tie(&mut self, contact: Option<ContactId>) {
        self.tie_to(contact);
        self.tie = Tie::Decided;
    }

    /// Forgets what a person said, since whom they named is deleted: the tie is derived again.
    pub fn forget_decision(&mut self) {
        self.tie = Tie::Derived;
    }

    /// What was said with somebody stays with them; what was said before anybody was known is of the
    /// first who is.
    fn tie_to(&mut self, contact: Option<ContactId>) {
        if self.contact_id.is_some() && self.contact_id != contact {
            self.tie_from = self.last_seq + 1;
        }
        self.contact_id = contact;
    }

    /// Whether it is the one before with more said in it, and is otherwise the same.
    pub fn goes_on_from(&self, before: &Conversation) -> bool {
        let went_on = Conversation {
            last_seq: self.last_seq,
            last_at: self.last_at,
            last: self.last.clone(),
            received: self.received,
            ..before.clone()
        };
        went_on == *self
    }

    /// Where its messages come in and go out.
    pub fn place(&self) -> (InboxId, PointId) {
        (self.inbox_id, self.point_id)
    }

    /// Adds a message: numbers it, and moves the turn, the count and the list's line.
    pub fn add(&mut self, draft: Draft) -> Message {
        self.last_seq += 1;
        self.last_at = draft.at;
        self.sender_id = draft.sender_id.or(self.sender_id);
        self.last = Some(Last {
            kind: draft.kind,
            author: draft.author,
            text: preview(&draft.text),
            state: draft.state,
        });
        let direction = draft.kind.direction(draft.author);
        self.open |= direction.is_some();
        match (direction, draft.author) {
            (Some(Direction::In), _) => {
                self.our_turn = true;
                self.received += 1;
            }
            // What the hub says by itself answers nobody.
            (Some(Direction::Out), Author::Hub(_)) | (None, _) => {}
            (Some(Direction::Out), _) => self.our_turn = false,
        }
        let segments = match direction {
            Some(_) => crate::segments::segments(&draft.text),
            None => 0,
        };
        Message {
            id: draft.id,
            conversation_id: self.id,
            seq: self.last_seq,
            kind: draft.kind,
            author: draft.author,
            text: draft.text,
            state: draft.state,
            state_at: draft.at,
            failure: None,
            segments,
            sender_id: draft.sender_id,
            client_key: draft.client_key,
            at: draft.at,
        }
    }
}

fn preview(text: &str) -> String {
    text.chars().take(PREVIEW_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ApiKeyId, Id as _, StaffId};

    #[test]
    fn what_is_said_moves_turn_and_count_by_who_says_it_and_what_it_is() {
        let us = [
            Author::Staff(StaffId::from_uuid(1)),
            Author::ApiKey(ApiKeyId::from_uuid(2)),
        ];
        let them = [Author::Contact, Author::Visitor];
        let hub = HubReason::ALL.iter().map(|reason| Author::Hub(*reason));
        let wanted = them
            .map(|author| (Kind::Message, author, Some(Direction::In), true, 2))
            .into_iter()
            .chain(us.map(|author| (Kind::Message, author, Some(Direction::Out), false, 1)))
            .chain(hub.map(|author| (Kind::Message, author, Some(Direction::Out), true, 1)))
            .chain(us.map(|author| (Kind::Note, author, None, true, 1)))
            .chain(us.map(|author| (Kind::Act, author, None, true, 1)));
        for (kind, author, direction, our_turn, received) in wanted {
            let mut it = awaited();
            it.open = false;
            let message = it.add(draft(kind, author));
            assert_eq!(message.direction(), direction, "{kind:?} by {author:?}");
            let now = (it.our_turn, it.received, it.open);
            let opened = direction.is_some();
            assert_eq!(now, (our_turn, received, opened), "{kind:?} by {author:?}");
            assert_eq!(message.segments > 0, opened, "only what is sent has parts");
            assert_eq!(it.last.map(|last| last.author), Some(author));
        }
    }

    #[test]
    fn a_list_shows_the_beginning_of_what_was_said_last_in_whole_characters() {
        let mut it = awaited();
        for (text, shown) in [
            ("ü".repeat(PREVIEW_MAX), PREVIEW_MAX),
            ("x".to_owned() + &"ü".repeat(PREVIEW_MAX), PREVIEW_MAX),
            ("kurz".to_owned(), 4),
        ] {
            let draft = Draft {
                text: text.clone(),
                ..draft(Kind::Message, Author::Contact)
            };
            assert_eq!(it.add(draft).text, text);
            let last = it.last.as_ref().unwrap();
            assert!(text.starts_with(&last.text));
            assert_eq!(last.text.chars().count(), shown);
        }
    }

    #[test]
    fn what_was_said_with_somebody_stays_with_them() {
        let people = |id| Some(ContactId::from_uuid(id));
        let mut it = awaited();
        for (contact, tie_from) in [
            (people(7), 0),
            (people(7), 0),
            (people(8), 2),
            (None, 2),
            (people(9), 2),
            (None, 2),
        ] {
            it.decide_tie(contact);
            assert_eq!(it.tie_from, tie_from, "{contact:?}");
        }
        it.add(draft(Kind::Message, Author::Contact));
        it.decide_tie(people(7));
        assert_eq!(it.tie_from, 2, "nobody was known");
        it.decide_tie(None);
        assert_eq!(it.tie_from, 3);
    }

    #[test]
    fn one_goes_on_where_more_is_said_and_no_turn_tie_or_state_changes() {
        let before = awaited();
        let staff = Author::Staff(StaffId::from_uuid(1));
        let said = |author| {
            let mut it = before.clone();
            it.add(draft(Kind::Message, author));
            it
        };
        let mut tied = said(Author::Contact);
        tied.decide_tie(None);
        let mut closed = before.clone();
        closed.open = false;
        let mut to_another_number = said(Author::Contact);
        to_another_number.sender_id = Some(SenderId::from_uuid(1));
        let mut given = said(Author::Contact);
        given.assigned_to = Some(StaffId::from_uuid(1));
        for (now, goes_on) in [
            (before.clone(), true),
            (said(Author::Contact), true),
            (said(staff), false),
            (tied, false),
            (closed, false),
            (to_another_number, false),
            (given, false),
        ] {
            assert_eq!(now.goes_on_from(&before), goes_on, "{now:?}");
        }
    }

    #[test]
    fn a_mark_is_set_back_before_the_last_message_that_came_in_and_only_when_all_was_read() {
        let mut it = awaited();
        it.add(draft(Kind::Message, Author::Contact));
        it.add(draft(Kind::Note, Author::Staff(StaffId::from_uuid(1))));
        let mark = |seq, received| ReadMark { seq, received };
        for (known, last, wanted) in [
            (ReadMark::at_end(&it), Some(2), mark(1, 1)),
            (mark(1, 1), Some(2), mark(1, 1)),
            (ReadMark::NONE, Some(2), ReadMark::NONE),
            (ReadMark::at_end(&it), None, ReadMark::at_end(&it)),
        ] {
            assert_eq!(known.set_back(&it, last), wanted, "{known:?}");
        }
        assert_eq!(ReadMark::NONE.unread(&it), 2);
    }

    /// A conversation in which they said something.
    fn awaited() -> Conversation {
        let mut it = Conversation::begin(
            ConversationId::from_uuid(1),
            InboxId::from_uuid(1),
            PointId::from_uuid(1),
            Timestamp(0),
        );
        it.add(draft(Kind::Message, Author::Contact));
        it
    }

    fn draft(kind: Kind, author: Author) -> Draft {
        Draft {
            id: MessageId::from_uuid(1),
            kind,
            author,
            text: "Hello".to_owned(),
            state: State::Received,
            sender_id: None,
            client_key: None,
            at: Timestamp(1),
        }
    }
}

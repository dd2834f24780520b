//! Who says something in a conversation, what it is, and who gets to see it.

use crate::id::{ApiKeyId, StaffId};
use crate::words::words;

/// Who wrote a message. On the other side stands one point, so its contact or visitor needs no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A user.
    Staff(StaffId),
    /// Whoever answers to the conversation's point.
    Contact,
    /// A visitor of a website.
    Visitor,
    /// A program, with its own key.
    ApiKey(ApiKeyId),
    /// The hub by itself.
    Hub(HubReason),
}

words!(
    /// The kinds of [`Author`].
    AuthorKind {
        /// A user.
        Staff = "staff",
        /// Whoever answers to the point.
        Contact = "contact",
        /// A visitor of a website.
        Visitor = "visitor",
        /// A program.
        ApiKey = "api_key",
        /// The hub by itself.
        Hub = "hub",
    }
);

words!(
    /// Why the hub says something by itself.
    HubReason {
        /// Somebody sent STOP, START or HELP.
        Keyword = "keyword",
        /// Two conversations became one.
        Merged = "merged",
    }
);

words!(
    /// What stands in a conversation.
    Kind {
        /// Words that one side sends to the other.
        Message = "message",
        /// Words of staff to staff.
        Note = "note",
        /// That something was done.
        Act = "act",
    }
);

words!(
    /// Who gets to see a message.
    Audience {
        /// Those who work here.
        Staff = "staff",
        /// They and the other side.
        All = "all",
    }
);

words!(
    /// Where a message goes.
    Direction {
        /// From them to us.
        In = "in",
        /// From us to them.
        Out = "out",
    }
);

impl Author {
    /// Which kind of author it is.
    pub fn kind(self) -> AuthorKind {
        match self {
            Author::Staff(_) => AuthorKind::Staff,
            Author::Contact => AuthorKind::Contact,
            Author::Visitor => AuthorKind::Visitor,
            Author::ApiKey(_) => AuthorKind::ApiKey,
            Author::Hub(_) => AuthorKind::Hub,
        }
    }

    /// The user, if it is one.
    pub fn staff(self) -> Option<StaffId> {
        match self {
            Author::Staff(id) => Some(id),
            _ => None,
        }
    }
}

impl Kind {
    /// Where it goes, when this author wrote it; only what is sent goes anywhere.
    pub fn direction(self, author: Author) -> Option<Direction> {
        match (self, author) {
            (Kind::Message, Author::Contact | Author::Visitor) => Some(Direction::In),
            (Kind::Message, _) => Some(Direction::Out),
            (Kind::Note | Kind::Act, _) => None,
        }
    }

    /// Who gets to see it.
    pub fn audience(self) -> Audience {
        match self {
            Kind::Message => Audience::All,
            Kind::Note | Kind::Act => Audience::Staff,
        }
    }
}

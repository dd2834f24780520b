//! How far a person has read: apart from everything else, so that looking changes nothing.

use super::Conversation;

/// How far somebody has read a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark {
    /// The last message that was read; 0 before the first.
    pub seq: i64,
    /// How many of their messages that is; what came in since is unread.
    pub received: i64,
}

impl ReadMark {
    /// Nothing was read.
    pub const NONE: ReadMark = ReadMark {
        seq: 0,
        received: 0,
    };

    /// Everything up to now was read.
    pub fn at_end(conversation: &Conversation) -> ReadMark {
        ReadMark {
            seq: conversation.last_seq,
            received: conversation.received,
        }
    }

    /// How many of their messages are unread.
    pub fn unread(self, conversation: &Conversation) -> i64 {
        (conversation.received - self.received).max(0)
    }

    /// Set back before their last message, which has this number; what was unread stays so.
    pub fn set_back(self, conversation: &Conversation, last_received: Option<i64>) -> ReadMark {
        match last_received {
            Some(seq) if self.unread(conversation) == 0 => ReadMark::before(conversation, seq, 1),
            _ => self,
        }
    }

    /// Before a message; `from_there` of theirs came in with it and since.
    pub fn before(conversation: &Conversation, seq: i64, from_there: i64) -> ReadMark {
        ReadMark {
            seq: seq - 1,
            received: conversation.received - from_there,
        }
    }
}

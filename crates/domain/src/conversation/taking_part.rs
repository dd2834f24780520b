//! Who takes part in a conversation: whoever wrote in it or was given it, and never who only looked.

use crate::access::Participant;
use crate::id::{ConversationId, Id as _};
use crate::time::Timestamp;
use crate::words::words;
use std::collections::BTreeMap;

words!(
    /// What makes somebody take part.
    ParticipantRole {
        /// They wrote.
        Wrote = "wrote",
        /// They look after it.
        Assigned = "assigned",
    }
);

words!(
    /// From where on a participant sees what was said.
    SeesFrom {
        /// From when they joined.
        Joined = "joined",
        /// From the first message.
        Start = "start",
    }
);

words!(
    /// The kinds of [`Participant`].
    ParticipantKind {
        /// A user.
        Staff = "staff",
        /// A contact.
        Contact = "contact",
        /// A visitor of a website.
        Visitor = "visitor",
    }
);

/// Somebody's part in a conversation; who wrote and was given it has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakingPart {
    /// In what.
    pub conversation_id: ConversationId,
    pub who: Participant,
    /// By what.
    pub role: ParticipantRole,
    /// From where on they see.
    pub sees_from: SeesFrom,
    /// When it began.
    pub since: Timestamp,
    /// When it ended.
    pub until: Option<Timestamp>,
}

impl TakingPart {
    /// A part that begins. Staff see the whole, as their inbox shows it; the other side sees what
    /// was said since they came, for a number may have been somebody else's before.
    pub fn begin(
        conversation_id: ConversationId,
        who: Participant,
        role: ParticipantRole,
        since: Timestamp,
    ) -> TakingPart {
        let sees_from = match who {
            Participant::Staff(_) => SeesFrom::Start,
            Participant::Contact(_) | Participant::Visitor(_) => SeesFrom::Joined,
        };
        TakingPart {
            conversation_id,
            who,
            role,
            sees_from,
            since,
            until: None,
        }
    }
}

impl Participant {
    /// Which kind of participant it is, and its id.
    pub fn key(self) -> (ParticipantKind, u128) {
        match self {
            Participant::Staff(id) => (ParticipantKind::Staff, id.uuid()),
            Participant::Contact(id) => (ParticipantKind::Contact, id.uuid()),
            Participant::Visitor(id) => (ParticipantKind::Visitor, id.uuid()),
        }
    }
}

/// The parts in two conversations that became `kept`. One that somebody has in both begins with the
/// later, so that nobody sees more of either than before, and stands if either does.
pub fn merge_parts(kept: ConversationId, parts: &[TakingPart]) -> Vec<TakingPart> {
    let mut all: BTreeMap<(Participant, ParticipantRole), TakingPart> = BTreeMap::new();
    for it in parts {
        let moved = TakingPart {
            conversation_id: kept,
            ..*it
        };
        all.entry((it.who, it.role))
            .and_modify(|known| {
                known.since = known.since.max(it.since);
                known.until = known.until.zip(it.until).map(|(a, b)| a.max(b));
            })
            .or_insert(moved);
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ContactId;

    #[test]
    fn a_part_in_both_begins_with_the_later_and_stands_if_either_does() {
        let at = |since, until: Option<i64>| TakingPart {
            since: Timestamp(since),
            until: until.map(Timestamp),
            ..TakingPart::begin(
                ConversationId::from_uuid(since as u128),
                Participant::Contact(ContactId::from_uuid(1)),
                ParticipantRole::Wrote,
                Timestamp(0),
            )
        };
        for (one, other, wanted) in [
            (at(1, None), at(2, None), at(2, None)),
            (at(1, Some(5)), at(2, None), at(2, None)),
            (at(2, Some(5)), at(1, Some(7)), at(2, Some(7))),
        ] {
            let merged = merge_parts(wanted.conversation_id, &[one, other]);
            assert_eq!(merged, [wanted]);
        }
    }
}

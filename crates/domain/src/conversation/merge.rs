//! Two conversations that became one, as when two addresses turn out to be the same.

use super::{Author, Conversation, Direction, Draft, HubReason, Kind, Message, ReadMark, Tie};
use crate::delivery::State;
use crate::id::{ConversationId, MessageId, StaffId};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// How far people have read, by conversation.
pub type Marks = BTreeMap<(ConversationId, StaffId), ReadMark>;

/// What becomes of the messages and marks of two conversations.
#[derive(Debug, PartialEq, Eq)]
pub struct Merged {
    /// All messages with their new numbers, in order.
    pub messages: Vec<Message>,
    /// That it was done, as the last of them.
    pub act: Message,
    /// How far people have read in what is kept.
    pub marks: BTreeMap<StaffId, ReadMark>,
}

/// Makes `other` part of `kept`. Messages stand in the order of their times; what somebody had not
/// read is unread, also where they had read later messages; an answer that either awaits is awaited.
pub fn merge(
    [kept, other]: [&mut Conversation; 2],
    mut messages: Vec<Message>,
    marks: &Marks,
    act: MessageId,
    now: Timestamp,
) -> Merged {
    messages.sort_by_key(|it| (it.at, it.conversation_id != kept.id, it.seq));
    let marks = merge_marks(&messages, marks);
    let began = |id| {
        if id == kept.id {
            kept.tie_from
        } else {
            other.tie_from
        }
    };
    let with_others = messages
        .iter()
        .rposition(|it| it.seq < began(it.conversation_id));
    kept.tie_from = with_others.map_or(0, |last| last as i64 + 2);
    for (seq, message) in (1..).zip(&mut messages) {
        message.seq = seq;
        message.conversation_id = kept.id;
    }
    kept.last_seq = messages.len() as i64;
    kept.received += other.received;
    kept.open |= other.open;
    kept.our_turn |= other.our_turn;
    kept.assigned_to = kept.assigned_to.or(other.assigned_to);
    kept.created_at = kept.created_at.min(other.created_at);
    if (kept.tie, other.tie) == (Tie::Derived, Tie::Decided) {
        kept.decide_tie(other.contact_id);
    }
    other.merged_into = Some(kept.id);
    (other.open, other.our_turn, other.assigned_to) = (false, false, None);
    (other.last_seq, other.received, other.last) = (0, 0, None);
    let act = kept.add(Draft {
        id: act,
        kind: Kind::Act,
        author: Author::Hub(HubReason::Merged),
        text: "Two conversations with the same person became this one.".to_owned(),
        state: State::Received,
        sender_id: None,
        client_key: None,
        at: now,
    });
    Merged {
        messages,
        act,
        marks,
    }
}

/// Each person's mark stands before their first unread message; the messages are in their new
/// order and have their old numbers.
fn merge_marks(messages: &[Message], marks: &Marks) -> BTreeMap<StaffId, ReadMark> {
    let readers = marks.keys().map(|(_, staff)| *staff);
    readers
        .map(|staff| {
            let mut mark = ReadMark::NONE;
            for message in messages {
                let read = marks.get(&(message.conversation_id, staff));
                let received = message.direction() == Some(Direction::In);
                if received && read.is_none_or(|read| read.seq < message.seq) {
                    break;
                }
                mark.seq += 1;
                mark.received += i64::from(received);
            }
            (staff, mark)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ContactId, Id as _, InboxId, PointId};

    const INBOX: u128 = 1;

    fn conversation(id: u128) -> Conversation {
        Conversation::begin(
            ConversationId::from_uuid(id),
            InboxId::from_uuid(INBOX),
            PointId::from_uuid(id),
            Timestamp(id as i64),
        )
    }

    fn said(it: &mut Conversation, at: i64, author: Author, text: &str) -> Message {
        it.add(Draft {
            id: MessageId::from_uuid(at as u128),
            kind: Kind::Message,
            author,
            text: text.to_owned(),
            state: State::Received,
            sender_id: None,
            client_key: None,
            at: Timestamp(at),
        })
    }

    fn merged(kept: &mut Conversation, other: &mut Conversation, marks: &Marks) -> Merged {
        let us = Author::Staff(StaffId::from_uuid(9));
        let messages = vec![
            said(kept, 10, Author::Contact, "a"),
            said(kept, 40, us, "d"),
            said(kept, 50, Author::Contact, "e"),
            said(other, 20, Author::Contact, "b"),
            said(other, 30, Author::Contact, "c"),
        ];
        let (act, now) = (MessageId::from_uuid(99), Timestamp(60));
        merge([kept, other], messages, marks, act, now)
    }

    #[test]
    fn messages_stand_by_time_and_the_other_points_to_what_is_kept() {
        let (mut kept, mut other) = (conversation(1), conversation(2));
        let merged = merged(&mut kept, &mut other, &Marks::new());
        let words: Vec<_> = merged
            .messages
            .iter()
            .map(|it| (it.seq, &*it.text))
            .collect();
        assert_eq!(words, [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]);
        assert!(
            merged
                .messages
                .iter()
                .all(|it| it.conversation_id == kept.id)
        );
        assert_eq!((merged.act.seq, merged.act.kind), (6, Kind::Act));
        assert_eq!((kept.last_seq, kept.received, kept.our_turn), (6, 4, true));
        assert_eq!((other.merged_into, other.open), (Some(kept.id), false));
        assert_eq!(merged.act.state, State::Received);
    }

    #[test]
    fn what_was_said_in_one_moment_stays_in_the_order_of_its_conversation() {
        let (mut kept, mut other) = (conversation(1), conversation(2));
        // Ids tell nothing of the order.
        let say = |it: &mut Conversation, author: Author, text: &str, id: u128| Message {
            id: MessageId::from_uuid(id),
            ..said(it, 10, author, text)
        };
        let hub = Author::Hub(HubReason::Keyword);
        let hello = say(&mut kept, Author::Contact, "Hello", 3);
        let there = say(&mut kept, Author::Contact, "Are you there?", 1);
        let stop = say(&mut other, Author::Contact, "STOP", 4);
        let answer = say(&mut other, hub, "No more", 2);
        let messages = vec![answer, stop, there, hello];
        let (act, now) = (MessageId::from_uuid(99), Timestamp(60));
        let both = [&mut kept, &mut other];
        let merged = merge(both, messages, &Marks::new(), act, now);
        let words: Vec<&str> = merged.messages.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(words, ["Hello", "Are you there?", "STOP", "No more"]);
    }

    #[test]
    fn what_is_kept_began_when_the_first_of_the_two_did() {
        for (kept, other) in [(1, 2), (2, 1)] {
            let (mut kept, mut other) = (conversation(kept), conversation(other));
            merged(&mut kept, &mut other, &Marks::new());
            assert_eq!(kept.created_at, Timestamp(1));
        }
    }

    #[test]
    fn what_is_kept_is_with_its_person_behind_the_last_message_with_somebody_else() {
        for (in_kept, in_other, wanted) in [(0, 0, 0), (2, 0, 2), (3, 0, 5), (0, 2, 3), (2, 3, 4)] {
            let (mut kept, mut other) = (conversation(1), conversation(2));
            (kept.tie_from, other.tie_from) = (in_kept, in_other);
            merged(&mut kept, &mut other, &Marks::new());
            assert_eq!(kept.tie_from, wanted, "{in_kept} {in_other}");
        }
    }

    #[test]
    fn what_a_person_had_not_read_is_unread_afterwards() {
        let reader = StaffId::from_uuid(7);
        let mark = |seq, received| ReadMark { seq, received };
        for (in_kept, in_other, wanted, unread) in [
            (Some(mark(3, 2)), Some(mark(2, 2)), mark(5, 4), 0),
            (Some(mark(1, 1)), Some(mark(2, 2)), mark(4, 3), 1),
            (Some(mark(3, 2)), None, mark(1, 1), 3),
            (None, Some(mark(2, 2)), mark(0, 0), 4),
            (Some(mark(3, 2)), Some(mark(1, 1)), mark(2, 2), 2),
        ] {
            let (mut kept, mut other) = (conversation(1), conversation(2));
            let mut marks = Marks::new();
            marks.extend(in_kept.map(|it| ((kept.id, reader), it)));
            marks.extend(in_other.map(|it| ((other.id, reader), it)));
            let merged = merged(&mut kept, &mut other, &marks);
            assert_eq!(merged.marks[&reader], wanted, "{in_kept:?} {in_other:?}");
            assert_eq!(merged.marks[&reader].unread(&kept), unread);
        }
    }

    #[test]
    fn what_is_open_on_either_side_stays_open_and_the_other_is_empty() {
        for [kept_open, other_open] in [[false, false], [true, false], [false, true]] {
            let (mut kept, mut other) = (conversation(1), conversation(2));
            let of_other = said(&mut other, 20, Author::Contact, "b");
            let of_kept = said(&mut kept, 20, Author::Contact, "a");
            (kept.open, other.open) = (kept_open, other_open);
            let (act, now) = (MessageId::from_uuid(99), Timestamp(60));
            let both = [&mut kept, &mut other];
            let merged = merge(both, vec![of_other, of_kept], &Marks::new(), act, now);
            assert_eq!(kept.open, kept_open || other_open);
            let words: Vec<&str> = merged.messages.iter().map(|it| &*it.text).collect();
            assert_eq!(words, ["a", "b"], "of one moment, the kept one's are first");
            let rest = (other.last_seq, other.received, other.last);
            assert_eq!(rest, (0, 0, None));
        }
    }

    #[test]
    fn an_answer_that_either_awaits_is_awaited() {
        for [kept_waits, other_waits] in [[false, false], [true, false], [false, true]] {
            let (mut kept, mut other) = (conversation(1), conversation(2));
            (kept.our_turn, other.our_turn) = (kept_waits, other_waits);
            let (act, now) = (MessageId::from_uuid(99), Timestamp(60));
            let both = [&mut kept, &mut other];
            merge(both, Vec::new(), &Marks::new(), act, now);
            assert_eq!(kept.our_turn, kept_waits || other_waits);
        }
    }

    #[test]
    fn a_persons_word_and_who_looks_after_it_survive_on_either_side() {
        let (one, two) = (ContactId::from_uuid(1), ContactId::from_uuid(2));
        for (kept_decided, other_decided, tied) in [
            (Some(one), Some(two), Some(one)),
            (None, Some(two), Some(two)),
            (Some(one), None, Some(one)),
            (None, None, None),
        ] {
            let (mut kept, mut other) = (conversation(1), conversation(2));
            for (it, contact) in [(&mut kept, kept_decided), (&mut other, other_decided)] {
                if contact.is_some() {
                    it.decide_tie(contact);
                }
            }
            other.assigned_to = Some(StaffId::from_uuid(3));
            merged(&mut kept, &mut other, &Marks::new());
            assert_eq!(kept.contact_id, tied);
            assert_eq!(kept.assigned_to, Some(StaffId::from_uuid(3)));
            assert_eq!((other.assigned_to, other.our_turn), (None, false));
        }
    }
}

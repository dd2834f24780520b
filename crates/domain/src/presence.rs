//! Who is at a conversation just now: the last value of each person there, for a short while.
//!
//! It is told and never stored. Whoever is there says so again before it is over; whoever does not
//! is gone. However fast it changes, one person's change at one conversation is told once a second.

use crate::id::{ConversationId, InboxId, StaffId};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who does not say it again for so long is gone.
pub const KEPT_MS: i64 = 15_000;
/// What was said so lately need not be passed on again.
const FRESH_MS: i64 = 5_000;
/// A change of one person at one conversation is told at most this often.
const TOLD_EVERY_MS: i64 = 1_000;
/// Conversations that one person is at; the one they were at least lately gives way.
const CONVERSATIONS_MAX: usize = 8;

words! {
    /// What somebody does at a conversation.
    Doing {
        /// Has it before them.
        Looking = "looking",
        /// Is writing.
        Typing = "typing",
    }
}

/// Somebody is at a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// Its inbox decides who may see it.
    pub inbox_id: InboxId,
    pub conversation_id: ConversationId,
    pub staff_id: StaffId,
    /// What they do there.
    pub doing: Doing,
}

/// What is to be told of a person at a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its inbox decides who may see it.
    pub inbox_id: InboxId,
    pub conversation_id: ConversationId,
    pub staff_id: StaffId,
    /// What they do there; none once they are gone.
    pub doing: Option<Doing>,
}

/// Who is where, as far as it is known.
#[derive(Debug, Default)]
pub struct Presence {
    last: BTreeMap<(StaffId, ConversationId), Last>,
}

#[derive(Debug)]
struct Last {
    inbox_id: InboxId,
    doing: Doing,
    said_at: Timestamp,
    told: Option<Doing>,
    told_at: Option<Timestamp>,
}

impl Last {
    fn until(&self) -> Timestamp {
        self.said_at + KEPT_MS
    }

    fn doing(&self, now: Timestamp) -> Option<Doing> {
        (now < self.until()).then_some(self.doing)
    }

    /// When there is something to tell.
    fn due_at(&self, now: Timestamp) -> Timestamp {
        let may_be_told = self.told_at.map(|at| at + TOLD_EVERY_MS);
        match self.doing(now) == self.told {
            true => self.until().max(may_be_told.unwrap_or(now)),
            false => may_be_told.unwrap_or(now),
        }
    }
}

impl Presence {
    /// Whether a sign says more than what is known.
    pub fn is_news(&self, sign: &Sign, now: Timestamp) -> bool {
        let known = self.last.get(&(sign.staff_id, sign.conversation_id));
        known.is_none_or(|last| last.doing != sign.doing || now.since(last.said_at) >= FRESH_MS)
    }

    /// Takes a sign in.
    pub fn take(&mut self, sign: &Sign, now: Timestamp) {
        let key = (sign.staff_id, sign.conversation_id);
        let last = self.last.entry(key).or_insert(Last {
            inbox_id: sign.inbox_id,
            doing: sign.doing,
            said_at: now,
            told: None,
            told_at: None,
        });
        (last.inbox_id, last.doing, last.said_at) = (sign.inbox_id, sign.doing, now);
        self.give_way(sign.staff_id, now);
    }

    fn give_way(&mut self, staff: StaffId, now: Timestamp) {
        let theirs = self.last.iter_mut();
        let theirs = theirs.filter(|((it, _), last)| *it == staff && now < last.until());
        let mut theirs: Vec<&mut Last> = theirs.map(|(_, last)| last).collect();
        theirs.sort_by_key(|last| last.said_at);
        let too_many = theirs.len().saturating_sub(CONVERSATIONS_MAX);
        for last in theirs.into_iter().take(too_many) {
            last.said_at = now + -KEPT_MS;
        }
    }

    /// What is to be told by now; it then counts as told.
    pub fn due(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        self.last.retain(|(staff_id, conversation_id), last| {
            let doing = last.doing(now);
            if doing != last.told && last.due_at(now) <= now {
                (last.told, last.told_at) = (doing, Some(now));
                changes.push(Change {
                    inbox_id: last.inbox_id,
                    conversation_id: *conversation_id,
                    staff_id: *staff_id,
                    doing,
                });
            }
            doing.is_some() || last.told.is_some()
        });
        changes
    }

    /// When something is to be told, if nothing is said until then.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.last.values().map(|last| last.due_at(now)).min()
    }

    /// What was told and still holds, for who begins to listen.
    pub fn told(&self) -> impl Iterator<Item = Change> {
        self.last
            .iter()
            .filter_map(|((staff_id, conversation_id), last)| {
                Some(Change {
                    inbox_id: last.inbox_id,
                    conversation_id: *conversation_id,
                    staff_id: *staff_id,
                    doing: Some(last.told?),
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    fn sign(staff: u128, conversation: u128, doing: Doing) -> Sign {
        Sign {
            inbox_id: InboxId::from_uuid(1),
            conversation_id: ConversationId::from_uuid(conversation),
            staff_id: StaffId::from_uuid(staff),
            doing,
        }
    }

    /// What is told at a moment, as who, where and what.
    fn told(presence: &mut Presence, ms: i64) -> Vec<(u128, u128, Option<Doing>)> {
        let changes = presence.due(Timestamp(ms)).into_iter();
        changes
            .map(|it| (it.staff_id.uuid(), it.conversation_id.uuid(), it.doing))
            .collect()
    }

    #[test]
    fn who_is_there_is_told_once_and_is_gone_unless_they_say_it_again() {
        let mut presence = Presence::default();
        let looking = sign(1, 1, Doing::Looking);
        for ms in [0, 8_000] {
            presence.take(&looking, Timestamp(ms));
        }
        assert_eq!(told(&mut presence, 8_000), [(1, 1, Some(Doing::Looking))]);
        assert_eq!(told(&mut presence, 8_000 + KEPT_MS - 1), []);
        let due = presence.next_due(Timestamp(9_000));
        assert_eq!(due, Some(Timestamp(8_000 + KEPT_MS)));
        assert_eq!(presence.told().count(), 1);
        assert_eq!(told(&mut presence, 8_000 + KEPT_MS), [(1, 1, None)]);
        assert_eq!((presence.told().count(), presence.last.len()), (0, 0));
        assert_eq!(presence.next_due(Timestamp(99_000)), None);
    }

    #[test]
    fn changes_of_one_second_are_told_as_the_last_of_them_and_others_do_not_wait_for_it() {
        use Doing::{Looking, Typing};
        let mut presence = Presence::default();
        for (ms, staff, doing, expected) in [
            (0, 1, Typing, vec![(1, 1, Some(Typing))]),
            (100, 1, Looking, vec![]),
            (200, 1, Typing, vec![]),
            (300, 2, Typing, vec![(2, 1, Some(Typing))]),
            (900, 1, Looking, vec![]),
        ] {
            presence.take(&sign(staff, 1, doing), Timestamp(ms));
            assert_eq!(told(&mut presence, ms), expected, "{ms}");
        }
        assert_eq!(presence.next_due(Timestamp(900)), Some(Timestamp(1_000)));
        assert_eq!(told(&mut presence, 1_000), [(1, 1, Some(Looking))]);
    }

    #[test]
    fn the_same_said_again_at_once_is_no_news() {
        let mut presence = Presence::default();
        let typing = sign(1, 1, Doing::Typing);
        assert!(presence.is_news(&typing, Timestamp(0)));
        presence.take(&typing, Timestamp(0));
        for (ms, other, is_news) in [
            (FRESH_MS - 1, typing, false),
            (FRESH_MS, typing, true),
            (1, sign(1, 1, Doing::Looking), true),
            (1, sign(1, 2, Doing::Typing), true),
            (1, sign(2, 1, Doing::Typing), true),
        ] {
            assert_eq!(
                presence.is_news(&other, Timestamp(ms)),
                is_news,
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_conversation_that_one_was_at_least_lately_gives_way_and_none_for_one_that_was_left() {
        let mut presence = Presence::default();
        let most = CONVERSATIONS_MAX as u128;
        // The last that is named is the first that was said.
        for number in (0..most).rev() {
            let now = Timestamp((most - number) as i64);
            presence.take(&sign(1, number, Doing::Looking), now);
        }
        presence.due(Timestamp(1_000));
        presence.take(&sign(1, 99, Doing::Looking), Timestamp(1_000));
        assert_eq!(told(&mut presence, 1_500), [(1, 99, Some(Doing::Looking))]);
        let gone = told(&mut presence, 2_001);
        assert_eq!(gone, [(1, most - 1, None)], "a second after the last of it");
        // What was left makes room by itself.
        let later = 1_000 + KEPT_MS - 10;
        for number in 0..most - 1 {
            presence.take(&sign(1, number, Doing::Looking), Timestamp(later));
        }
        presence.due(Timestamp(later));
        let left = 1_000 + KEPT_MS;
        presence.take(&sign(1, 200, Doing::Looking), Timestamp(left));
        presence.due(Timestamp(left));
        assert_eq!(presence.told().count(), CONVERSATIONS_MAX);
        assert!(presence.told().any(|it| it.conversation_id.uuid() == 0));
    }

    #[test]
    fn somebody_is_at_a_bounded_number_of_conversations() {
        let mut presence = Presence::default();
        let all = CONVERSATIONS_MAX as u128 * 3;
        for number in 0..all {
            let now = Timestamp(number as i64);
            presence.take(&sign(1, number, Doing::Looking), now);
            presence.due(now);
        }
        presence.take(&sign(2, 1, Doing::Looking), Timestamp(all as i64));
        presence.due(Timestamp(2_000));
        assert_eq!(presence.told().count(), CONVERSATIONS_MAX + 1);
        let latest = presence.told().filter(|it| it.staff_id.uuid() == 1);
        assert!(
            latest
                .map(|it| it.conversation_id.uuid())
                .all(|it| it >= all - 8)
        );
    }
}

//! Who listens, and what was told last: the memory of the teller.
//!
//! A stream has no queue of its own. It knows the first event that it has not taken yet, and takes
//! from there what it may see; one that falls behind what is kept starts afresh. So a slow stream
//! costs nobody anything, and an idle one costs next to nothing.

use super::told::Told;
use super::{Ground, Listener};
use crate::api::conversations::ConversationCounts;
use crate::api::live::LiveEvent;
use bytes::{Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tieline_domain::access::{Reach, Rights, Scope};
use tieline_domain::id::{ApiKeyId, ConversationId, InboxId, StaffId};
use tieline_domain::presence::Change;
use tieline_domain::time::Timestamp;

/// Events that are kept for streams that come back; who is further behind starts afresh.
pub(super) const KEPT_MAX: usize = 1_000;
/// Bytes that a stream takes at once; what remains is taken when these have left.
const TAKEN_BYTES_MAX: usize = 64 * 1_024;
/// No event waits for the stream.
const NOTHING: i64 = i64::MAX;

/// One open stream.
pub(super) struct Seat {
    pub scope: Scope,
    rights: Rights,
    /// Who listens, or on whose behalf a key does.
    pub staff: Option<StaffId>,
    /// What it stands on.
    pub ground: Ground,
    /// When that is over, unless it is used; the browser then opens the stream again.
    pub until: Option<Timestamp>,
    /// The event up to which it was known who may listen as it began.
    pub known: i64,
    /// The first event that it has not taken, or [`NOTHING`].
    waiting: AtomicI64,
    /// What has no number: only the last value counts.
    counts: Mutex<Counts>,
    /// Likewise of each person at each conversation.
    present: Mutex<BTreeMap<(ConversationId, StaffId), Bytes>>,
    ended: AtomicBool,
    pub waker: AtomicWaker,
}

/// How many conversations there are for the reader of a stream.
#[derive(Default)]
struct Counts {
    /// What the stream was told last, or is about to be.
    told: Option<ConversationCounts>,
    /// The last of it, until the stream takes it.
    waiting: Option<Bytes>,
}

/// What a stream gets when it asks.
pub(super) enum Taken {
    Frames(Bytes),
    /// It may ask again once it is woken.
    Nothing,
    Ended,
}

impl Seat {
    pub fn new(listener: Listener, known: i64) -> Seat {
        Seat {
            known,
            scope: listener.scope,
            rights: listener.rights,
            staff: listener.staff,
            ground: listener.ground,
            until: listener.until,
            waiting: AtomicI64::new(NOTHING),
            counts: Mutex::default(),
            present: Mutex::default(),
            ended: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    fn sees(&self, told: &Told) -> bool {
        self.rights.has(told.right)
            && told.reader.is_none_or(|reader| Some(reader) == self.staff)
            && told.inbox.is_none_or(|inbox| self.scope.sees_inbox(inbox))
    }

    /// Whose counts it is told: a key sees no more than the user it acts for, and perhaps less.
    pub fn reader(&self) -> (Option<StaffId>, Option<ApiKeyId>) {
        match self.ground {
            Ground::Key(key) => (self.staff, Some(key)),
            Ground::Session(_) | Ground::Socket => (self.staff, None),
        }
    }

    fn wake_for(&self, seq: i64) {
        self.waiting.fetch_min(seq, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Tells the stream how many conversations there are for its reader, unless it knows.
    pub fn show_counts(&self, counts: &ConversationCounts) {
        let mut known = lock(&self.counts);
        if known.told.as_ref() != Some(counts) {
            known.told = Some(counts.clone());
            let frame = LiveEvent::Counts(counts.clone()).frame(None);
            known.waiting = Some(Bytes::from(frame));
            self.waker.wake();
        }
    }

    /// Replaces what waits to be told of a person at a conversation, and wakes the stream; nobody is
    /// told of themselves.
    pub fn show_presence(&self, change: &Change, frame: &Bytes) {
        if self.staff != Some(change.staff_id) {
            let key = (change.conversation_id, change.staff_id);
            lock(&self.present).insert(key, frame.clone());
            self.waker.wake();
        }
    }

    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

/// What was told up to now, and the streams by what they see.
pub(super) struct Desk {
    /// Everything up to this event was told.
    pub seq: i64,
    /// The latest events; whatever came after `kept_after` and could be shown is among them.
    kept: VecDeque<Arc<Told>>,
    kept_after: i64,
    seats: HashMap<u64, Arc<Seat>>,
    of_inbox: HashMap<InboxId, HashSet<u64>>,
    of_all_inboxes: HashSet<u64>,
    next: u64,
}

/// Where a stream that comes back stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What it missed is kept.
    Known,
    /// What it missed may be read from the database.
    Older,
    /// It missed too much, or names an event that never was.
    Lost,
}

impl Desk {
    pub fn new() -> Desk {
        Desk {
            seq: 0,
            kept: VecDeque::new(),
            kept_after: 0,
            seats: HashMap::new(),
            of_inbox: HashMap::new(),
            of_all_inboxes: HashSet::new(),
            next: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub fn seats(&self) -> impl Iterator<Item = &Arc<Seat>> {
        self.seats.values()
    }

    /// Streams that may see what is in an inbox.
    pub fn seats_of(&self, inbox: InboxId) -> impl Iterator<Item = &Arc<Seat>> {
        let members = self.of_inbox.get(&inbox).into_iter().flatten();
        let numbers = members.chain(&self.of_all_inboxes);
        numbers.map(|number| &self.seats[number])
    }

    /// Streams that stand on the same.
    pub fn on(&self, ground: Ground) -> usize {
        self.seats().filter(|it| it.ground == ground).count()
    }

    /// Begins anew at an event; every stream is told so.
    pub fn start_afresh(&mut self, seq: i64) {
        (self.seq, self.kept_after) = (seq, seq);
        self.kept.clear();
        for seat in self.seats.values() {
            // Everything before `kept_after` is behind what is kept.
            seat.wake_for(0);
        }
    }

    pub fn place(&self, after: i64) -> Place {
        if (self.kept_after..=self.seq).contains(&after) {
            Place::Known
        } else if after < self.kept_after
            && after >= self.seq.saturating_sub(KEPT_MAX as i64).max(0)
        {
            Place::Older
        } else {
            Place::Lost
        }
    }

    /// Takes in events from before what is kept; they end where that begins.
    pub fn remember(&mut self, after: i64, until: i64, older: Vec<Told>) {
        if until == self.kept_after {
            older
                .into_iter()
                .rev()
                .for_each(|told| self.kept.push_front(Arc::new(told)));
            self.kept_after = after;
            self.forget();
        }
    }

    pub fn kept_after(&self) -> i64 {
        self.kept_after
    }

    /// Lets a stream listen from behind an event whose place is [`Place::Known`].
    pub fn join(&mut self, seat: Arc<Seat>, after: i64) -> u64 {
        let number = self.next;
        self.next += 1;
        match seat.scope.inboxes() {
            Reach::All => {
                self.of_all_inboxes.insert(number);
            }
            Reach::Only(list) => {
                for inbox in list {
                    self.of_inbox.entry(*inbox).or_default().insert(number);
                }
            }
        }
        if after < self.seq {
            seat.wake_for(after + 1);
        }
        self.seats.insert(number, seat);
        number
    }

    pub fn leave(&mut self, number: u64) {
        let Some(seat) = self.seats.remove(&number) else {
            return;
        };
        self.of_all_inboxes.remove(&number);
        if let Reach::Only(list) = seat.scope.inboxes() {
            for inbox in list {
                if let Some(numbers) = self.of_inbox.get_mut(inbox) {
                    numbers.remove(&number);
                    if numbers.is_empty() {
                        self.of_inbox.remove(inbox);
                    }
                }
            }
        }
    }

    /// Tells events in their order, up to and with `seq`; only those are woken who may see one.
    pub fn tell(&mut self, events: Vec<Told>, seq: i64) {
        for told in events {
            match told.inbox {
                None => self.seats.values().for_each(|seat| seat.wake_for(told.seq)),
                Some(inbox) => self
                    .seats_of(inbox)
                    .for_each(|seat| seat.wake_for(told.seq)),
            }
            self.kept.push_back(Arc::new(told));
        }
        self.seq = seq;
        self.forget();
    }

    /// Ends the streams that a test picks out.
    pub fn end(&self, whose: impl Fn(&Seat) -> bool) {
        self.seats()
            .filter(|seat| whose(seat))
            .for_each(|seat| seat.end());
    }

    /// What waits for a stream, as far as it is taken at once.
    pub fn take(&self, seat: &Seat) -> Taken {
        if seat.ended.load(Ordering::SeqCst) {
            return Taken::Ended;
        }
        let mut frames = BytesMut::new();
        let from = seat.waiting.swap(NOTHING, Ordering::SeqCst);
        if from <= self.kept_after {
            frames.extend_from_slice(reset(self.seq).as_bytes());
        } else if from != NOTHING {
            let first = self.kept.partition_point(|told| told.seq < from);
            for told in self.kept.range(first..).filter(|told| seat.sees(told)) {
                if frames.len() + told.frame.len() > TAKEN_BYTES_MAX && !frames.is_empty() {
                    seat.wake_for(told.seq);
                    break;
                }
                told.frame.write(seat.staff, &mut frames);
            }
        }
        let counts = lock(&seat.counts).waiting.take();
        frames.extend_from_slice(&counts.unwrap_or_default());
        for frame in std::mem::take(&mut *lock(&seat.present)).into_values() {
            frames.extend_from_slice(&frame);
        }
        match frames.is_empty() {
            true => Taken::Nothing,
            false => Taken::Frames(frames.freeze()),
        }
    }

    fn forget(&mut self) {
        while self.kept.len() > KEPT_MAX {
            if let Some(told) = self.kept.pop_front() {
                self.kept_after = told.seq;
            }
        }
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a browser to load everything again, and where it stands by then.
pub(super) fn reset(seq: i64) -> String {
    LiveEvent::Reset {}.frame(Some(seq))
}

#[cfg(test)]
mod tests {
    use super::super::told::{Frame, Unread};
    use super::*;
    use tieline_domain::access::{Principal, Right, Role, StaffMember};
    use tieline_domain::id::{Id as _, SessionId};

    fn inbox(number: u128) -> InboxId {
        InboxId::from_uuid(number)
    }

    fn told(seq: i64, inbox: Option<InboxId>) -> Told {
        Told {
            seq,
            right: Right::ReadConversations,
            inbox,
            reader: None,
            frame: Frame::Same(Bytes::from(format!("{seq} "))),
        }
    }

    fn member(of: &[u128]) -> Arc<Seat> {
        person(1, of)
    }

    fn person(id: u128, of: &[u128]) -> Arc<Seat> {
        let principal = Principal::Staff(StaffMember {
            id: StaffId::from_uuid(id),
            role: Role::Staff,
            reviewer: false,
            inboxes: of.iter().map(|number| inbox(*number)).collect(),
        });
        let listener = Listener {
            scope: principal.scope(),
            rights: principal.rights(),
            staff: Some(StaffId::from_uuid(id)),
            ground: Ground::Session(SessionId::from_uuid(1)),
            until: None,
        };
        Arc::new(Seat::new(listener, 0))
    }

    fn taken(desk: &Desk, seat: &Seat) -> String {
        match desk.take(seat) {
            Taken::Frames(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Taken::Nothing => String::new(),
            Taken::Ended => "ended".to_owned(),
        }
    }

    #[test]
    fn a_stream_gets_what_its_inboxes_and_all_may_see_in_order_and_once() {
        let mut desk = Desk::new();
        let (one, two) = (member(&[1]), member(&[2]));
        desk.join(one.clone(), 0);
        desk.join(two.clone(), 0);
        desk.tell(vec![told(1, Some(inbox(1))), told(2, None)], 3);
        desk.tell(vec![told(4, Some(inbox(2)))], 4);
        assert_eq!(taken(&desk, &one), "1 2 ");
        assert_eq!(taken(&desk, &two), "2 4 ");
        assert_eq!(taken(&desk, &one), "");
    }

    #[test]
    fn each_person_is_told_what_they_have_not_read_and_only_the_reader_of_reading() {
        let mut desk = Desk::new();
        let seats = [person(1, &[1]), person(2, &[1])];
        for seat in &seats {
            desk.join(seat.clone(), 0);
        }
        let unread = |reader| Told {
            reader,
            frame: Frame::PerPerson {
                head: Bytes::from_static(b"<"),
                unread: Unread {
                    to: HashMap::from([(StaffId::from_uuid(1), 0)]),
                    to_all_others: 12,
                },
                tail: Bytes::from_static(b">"),
            },
            ..told(1, Some(inbox(1)))
        };
        desk.tell(vec![unread(None), unread(Some(StaffId::from_uuid(1)))], 1);
        let got = seats.each_ref().map(|seat| taken(&desk, seat));
        assert_eq!(got, ["<0><0>", "<12>"]);
    }

    #[test]
    fn a_stream_that_comes_back_gets_what_it_missed() {
        let mut desk = Desk::new();
        desk.tell((1..=5).map(|seq| told(seq, None)).collect(), 5);
        assert_eq!(desk.place(3), Place::Known);
        let back = member(&[1]);
        desk.join(back.clone(), 3);
        assert_eq!(taken(&desk, &back), "4 5 ");
    }

    #[test]
    fn who_falls_behind_starts_afresh_and_a_quiet_inbox_is_not_behind() {
        let mut desk = Desk::new();
        let (slow, quiet) = (member(&[1]), member(&[2]));
        desk.join(slow.clone(), 0);
        desk.join(quiet.clone(), 0);
        let many = KEPT_MAX as i64 + 5;
        desk.tell(
            (1..=many).map(|seq| told(seq, Some(inbox(1)))).collect(),
            many,
        );
        assert_eq!(taken(&desk, &slow), reset(many));
        desk.tell(vec![told(many + 1, Some(inbox(2)))], many + 1);
        assert_eq!(taken(&desk, &quiet), format!("{} ", many + 1));
        assert_eq!(desk.place(4), Place::Lost);
        for never in [many + 2, -1, i64::MIN, i64::MAX] {
            assert_eq!(desk.place(never), Place::Lost, "{never}");
        }
    }

    #[test]
    fn what_was_told_before_a_restart_is_read_once_and_kept() {
        let mut desk = Desk::new();
        desk.start_afresh(10);
        assert_eq!(desk.place(8), Place::Older);
        desk.remember(8, 10, vec![told(9, None), told(10, None)]);
        assert_eq!(desk.place(8), Place::Known);
        // Somebody else may have read the same at once.
        desk.remember(8, 10, vec![told(9, None), told(10, None)]);
        let back = member(&[1]);
        desk.join(back.clone(), 8);
        assert_eq!(taken(&desk, &back), "9 10 ");
    }

    #[test]
    fn much_is_taken_in_parts_and_a_stream_that_is_ended_gets_no_more() {
        let mut desk = Desk::new();
        let seat = member(&[1]);
        desk.join(seat.clone(), 0);
        let large = |seq| Told {
            frame: Frame::Same(Bytes::from(vec![b'x'; TAKEN_BYTES_MAX / 2 + 1])),
            ..told(seq, None)
        };
        desk.tell(vec![large(1), large(2)], 2);
        let half = TAKEN_BYTES_MAX / 2 + 1;
        assert_eq!(taken(&desk, &seat).len(), half);
        assert_eq!(taken(&desk, &seat).len(), half);
        desk.tell(vec![told(3, None)], 3);
        desk.end(|seat| seat.ground == Ground::Session(SessionId::from_uuid(1)));
        assert_eq!(taken(&desk, &seat), "ended");
    }

    #[test]
    fn a_stream_that_left_is_found_under_no_tag() {
        let mut desk = Desk::new();
        let seat = member(&[1, 2]);
        let number = desk.join(seat, 0);
        desk.leave(number);
        assert!(desk.is_empty() && desk.of_inbox.is_empty() && desk.of_all_inboxes.is_empty());
        desk.tell(vec![told(1, Some(inbox(1)))], 1);
    }

    #[test]
    fn who_comes_back_finds_a_place_as_far_back_as_events_are_kept() {
        let kept = KEPT_MAX as i64;
        let mut desk = Desk::new();
        desk.start_afresh(kept + 10);
        for (after, place) in [
            (kept + 11, Place::Lost),
            (kept + 10, Place::Known),
            (kept + 9, Place::Older),
            (10, Place::Older),
            (9, Place::Lost),
        ] {
            assert_eq!(desk.place(after), place, "{after}");
        }
        desk.start_afresh(3);
        for (after, place) in [(0, Place::Older), (-1, Place::Lost)] {
            assert_eq!(desk.place(after), place, "{after}");
        }
    }

    #[test]
    fn a_stream_that_waited_longer_than_events_are_kept_begins_anew_and_not_a_moment_earlier() {
        let kept = KEPT_MAX as i64;
        for (more, anew) in [(0, false), (1, true)] {
            let mut desk = Desk::new();
            let seat = member(&[1]);
            desk.join(seat.clone(), 0);
            for seq in 1..=kept + more {
                desk.tell(vec![told(seq, None)], seq);
            }
            let first = taken(&desk, &seat);
            assert_eq!(first.contains("reset"), anew, "{more}");
            assert_eq!(first.starts_with("1 2 "), !anew, "{more}");
        }
    }
}

//! Every kind of background work and its rules: what may be repeated, who waits for whom, how long
//! a worker may be silent, and when work that failed is tried again.
//!
//! Work that waits for an outside party never takes the place of work for another: each lane has
//! slots of its own, and within a lane each party.

use crate::id::{CarrierAccountId, ConnectionId};
use crate::words::words;
use std::collections::BTreeMap;
use std::fmt;

/// Whether work may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Running it twice does no harm.
    Repeatable,
    /// Reaches outside at most once.
    Once,
}

/// Work that shares slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Texts on their way to carriers.
    Texts,
    /// Questions to carriers about texts; a carrier that hangs has none of its texts held up by them.
    Reports,
    /// Calls to orgs.
    Org,
    /// What the hub does by itself, in short transactions.
    Housekeeping,
}

impl Lane {
    /// All of them.
    pub const ALL: [Lane; 4] = [Lane::Texts, Lane::Reports, Lane::Org, Lane::Housekeeping];

    /// Jobs of this lane that one node does at once.
    pub fn slots(self) -> usize {
        match self {
            Lane::Texts => 64,
            Lane::Reports | Lane::Org => 32,
            Lane::Housekeeping => 4,
        }
    }

    /// Jobs of this lane for one outside party that one node does at once.
    pub fn slots_per_party(self) -> usize {
        match self {
            Lane::Texts => 8,
            Lane::Reports => 2,
            Lane::Org => 4,
            Lane::Housekeeping => self.slots(),
        }
    }
}

/// Whom a job waits for outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// An org.
    Org(ConnectionId),
    /// An account at a carrier.
    Carrier(CarrierAccountId),
}

impl Party {
    /// The party of that word.
    pub fn parse(word: &str) -> Option<Party> {
        let org = word.parse().map(Party::Org);
        org.or_else(|_| word.parse().map(Party::Carrier)).ok()
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Org(id) => write!(f, "{id}"),
            Party::Carrier(id) => write!(f, "{id}"),
        }
    }
}

/// What a node has in hand of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    lane: Lane,
    jobs: usize,
    parties: BTreeMap<Party, usize>,
}

impl InHand {
    /// Nothing of this lane.
    pub fn of(lane: Lane) -> InHand {
        InHand {
            lane,
            jobs: 0,
            parties: BTreeMap::new(),
        }
    }

    /// Whose slots these are.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Slots that are free.
    pub fn free(&self) -> usize {
        self.lane.slots() - self.jobs
    }

    /// Parties that have no slot left.
    pub fn full(&self) -> impl Iterator<Item = &Party> {
        let most = self.lane.slots_per_party();
        let full = move |(_, jobs): &(&Party, &usize)| **jobs >= most;
        self.parties.iter().filter(full).map(|(party, _)| party)
    }

    /// Takes a slot, if there is one for this party.
    pub fn take(&mut self, party: Option<&Party>) -> bool {
        let held = party.and_then(|party| self.parties.get(party).copied());
        if self.free() == 0 || held.unwrap_or_default() >= self.lane.slots_per_party() {
            return false;
        }
        self.jobs += 1;
        if let Some(party) = party {
            *self.parties.entry(party.clone()).or_default() += 1;
        }
        true
    }

    /// Gives a slot back.
    pub fn give_back(&mut self, party: Option<&Party>) {
        self.jobs = self.jobs.saturating_sub(1);
        if let Some(party) = party
            && let Some(jobs) = self.parties.get_mut(party)
        {
            *jobs -= 1;
            if *jobs == 0 {
                self.parties.remove(party);
            }
        }
    }
}

/// When work that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// After the first failure; doubled by each further one.
    pub first_ms: i64,
    /// Never longer than this, unless the other side asks for more.
    pub longest_ms: i64,
    /// After so many failures in a row it is dead, and a person decides.
    pub failures_max: i64,
}

/// Nobody makes us wait longer than this.
const ASKED_MAX_MS: i64 = 3_600_000;

impl Retry {
    /// The wait after so many failures in a row. `chance` spreads those that failed together over
    /// half of it; `asked_ms` is what the other side asked for, as by Retry-After.
    pub fn delay_ms(&self, failures: i64, chance: u64, asked_ms: Option<i64>) -> i64 {
        let doubled = self.first_ms << (failures - 1).clamp(0, 20);
        let longest = doubled.min(self.longest_ms);
        let spread = (chance % 1_024) as i64 * (longest / 2) / 1_024;
        let asked = asked_ms.unwrap_or_default().clamp(0, ASKED_MAX_MS);
        asked.max(longest - longest / 2) + spread
    }
}

words! {
    /// A kind of background work.
    JobKind {
        /// Hands a text to its carrier.
        #[serde(rename = "message.send")]
        MessageSend = "message.send",
        /// Finds out what became of a text whose sending was cut off.
        #[serde(rename = "message.confirm")]
        MessageConfirm = "message.confirm",
        /// Finds out which orgs lack news of conversations.
        #[serde(rename = "activity.log")]
        ActivityLog = "activity.log",
        /// Writes one org's days of conversations.
        #[serde(rename = "activity.flush")]
        ActivityFlush = "activity.flush",
        /// Carries a run out.
        #[serde(rename = "sync.run")]
        SyncRun = "sync.run",
        /// Starts a run because something waits for it.
        #[serde(rename = "sync.soon")]
        SyncSoon = "sync.soon",
        /// Reads the numbers of contacts by another rule, or in another country.
        #[serde(rename = "contacts.read_anew")]
        ContactsReadAnew = "contacts.read_anew",
    }
}

words! {
    /// Where a job stands; one that is done is gone.
    JobState {
        /// It waits until it is due.
        Ready = "ready",
        /// A worker has it.
        Leased = "leased",
        /// The one attempt of a `once` job began.
        AttemptStarted = "attempt_started",
        /// Nobody knows whether that attempt reached outside.
        Uncertain = "uncertain",
        /// It gave up, and a person decides.
        Dead = "dead",
    }
}

/// Longer than the longest call to a carrier.
const CARRIER_LEASE_MS: i64 = 60_000;
/// Longer than the longest call to an org, which takes two minutes.
const ORG_LEASE_MS: i64 = 150_000;
/// Failures that no handler foresaw: a panic, a database that refuses, a worker that did not come back.
const RETRY: Retry = Retry {
    first_ms: 2_000,
    longest_ms: 10 * 60_000,
    failures_max: 12,
};

impl JobKind {
    /// Whether it may be repeated.
    pub fn class(self) -> Class {
        match self {
            JobKind::MessageSend => Class::Once,
            _ => Class::Repeatable,
        }
    }

    /// Whose slots it takes.
    pub fn lane(self) -> Lane {
        match self {
            JobKind::MessageSend => Lane::Texts,
            JobKind::MessageConfirm => Lane::Reports,
            JobKind::ActivityLog | JobKind::ContactsReadAnew => Lane::Housekeeping,
            JobKind::ActivityFlush | JobKind::SyncRun | JobKind::SyncSoon => Lane::Org,
        }
    }

    /// How long a worker may be silent before another takes the job. A worker tells every third of
    /// it that it still works, also while a call is in flight.
    pub fn lease_ms(self) -> i64 {
        match self.lane() {
            Lane::Texts | Lane::Reports | Lane::Housekeeping => CARRIER_LEASE_MS,
            Lane::Org => ORG_LEASE_MS,
        }
    }

    /// When it is tried again after a failure that its handler did not foresee.
    pub fn retry(self) -> Retry {
        RETRY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    #[test]
    fn a_kind_has_the_same_word_in_the_api_as_in_the_database() {
        for kind in JobKind::ALL {
            let told = serde_json::to_value(kind).unwrap();
            assert_eq!(told, kind.as_str());
        }
    }

    #[test]
    fn no_party_may_take_all_slots_of_a_lane_that_reaches_outside() {
        for kind in JobKind::ALL
            .iter()
            .filter(|kind| kind.lane() != Lane::Housekeeping)
        {
            let lane = kind.lane();
            assert!(lane.slots_per_party() * 4 <= lane.slots(), "{lane:?}");
        }
    }

    #[test]
    fn nothing_but_texts_takes_the_slots_of_texts_and_nothing_that_waits_outside_those_of_the_hub()
    {
        for (lane, kinds) in [
            (Lane::Texts, vec![JobKind::MessageSend]),
            (Lane::Reports, vec![JobKind::MessageConfirm]),
            (
                Lane::Org,
                vec![JobKind::ActivityFlush, JobKind::SyncRun, JobKind::SyncSoon],
            ),
            (
                Lane::Housekeeping,
                vec![JobKind::ActivityLog, JobKind::ContactsReadAnew],
            ),
        ] {
            let in_lane = JobKind::ALL.iter().filter(|it| it.lane() == lane);
            assert_eq!(in_lane.copied().collect::<Vec<_>>(), kinds, "{lane:?}");
        }
    }

    #[test]
    fn a_party_that_hangs_leaves_the_lane_to_others_and_gets_its_slots_back() {
        let hanging = Party::Carrier(CarrierAccountId::from_uuid(1));
        let other = Party::Carrier(CarrierAccountId::from_uuid(2));
        assert_eq!(Party::parse(&hanging.to_string()), Some(hanging.clone()));
        let mut hand = InHand::of(Lane::Texts);
        let most = Lane::Texts.slots_per_party();
        for _ in 0..most {
            assert!(hand.take(Some(&hanging)));
        }
        assert!(!hand.take(Some(&hanging)));
        assert_eq!(hand.full().collect::<Vec<_>>(), [&hanging]);
        assert!(hand.take(Some(&other)) && hand.take(None));
        hand.give_back(Some(&hanging));
        assert!(hand.full().next().is_none() && hand.take(Some(&hanging)));
        while hand.take(None) {}
        assert_eq!(hand.free(), 0);
        assert!(!hand.take(Some(&other)), "the lane itself has an end");
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread_over_half() {
        let retry = Retry {
            first_ms: 2_000,
            longest_ms: 60_000,
            failures_max: 5,
        };
        let cases = [
            (1, None, 1_000, 2_000),
            (2, None, 2_000, 4_000),
            (5, None, 16_000, 32_000),
            (6, None, 30_000, 60_000),
            (4_000, None, 30_000, 60_000),
            (0, None, 1_000, 2_000),
            (1, Some(90_000), 90_000, 91_000),
            (1, Some(-5), 1_000, 2_000),
            (1, Some(i64::MAX), ASKED_MAX_MS, ASKED_MAX_MS + 1_000),
        ];
        for (failures, asked, least, most) in cases {
            let waits: Vec<i64> = (0..2_000)
                .map(|chance| retry.delay_ms(failures, chance, asked))
                .collect();
            assert_eq!(waits.iter().min(), Some(&least), "{failures} {asked:?}");
            let longest = waits.iter().max().copied().unwrap_or_default();
            assert!(
                (most - most / 500 - 2..most).contains(&longest),
                "{longest}, not {most}"
            );
        }
    }
}

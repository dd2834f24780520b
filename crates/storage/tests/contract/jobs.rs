//! Leases, fences, and what becomes of an attempt that nobody finished.

use super::carriers::add_account;
use super::harness::{CountingIds, Fixture, TestClock, on_both, on_postgres};
use super::people;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::conversation::Conversation;
use tieline_domain::event::Event;
use tieline_domain::id::{ConnectionId, Id as _};
use tieline_domain::job::JobState;
use tieline_domain::job::{InHand, JobKind, Lane, Party};
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery};
use tieline_storage::idempotency::{self, Known, Request};
use tieline_storage::job::{self, Beat, ClaimedJob, InLine, NewJob};
use tieline_storage::{Conn, StorageError, Store, StoreOptions, Tx, carrier_account};

const TEXT: JobKind = JobKind::MessageSend;
const SYNC: JobKind = JobKind::SyncRun;

async fn enqueue(tx: &mut Tx, kind: JobKind, key: Option<&str>, party: Option<Party>) {
    let job = NewJob {
        kind,
        party,
        key: key.map(str::to_owned),
        in_line: None,
        payload: 7,
        run_at: tx.now(),
    };
    job::enqueue(tx, job).await.unwrap();
}

async fn add(at: &Fixture, kind: JobKind, key: Option<&str>) {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    enqueue(&mut tx, kind, key, None).await;
    tx.commit().await.unwrap();
}

async fn take(tx: &mut Tx) -> Vec<ClaimedJob> {
    let mut jobs = Vec::new();
    for lane in Lane::ALL {
        jobs.extend(job::claim(tx, &mut InHand::of(lane)).await.unwrap());
    }
    jobs
}

async fn claim(at: &Fixture) -> Vec<ClaimedJob> {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let jobs = take(&mut tx).await;
    tx.commit().await.unwrap();
    jobs
}

/// One transaction for a worker's word.
async fn say<T>(at: &Fixture, word: impl AsyncFnOnce(&mut Tx) -> T) -> T {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let answer = word(&mut tx).await;
    tx.commit().await.unwrap();
    answer
}

async fn expire(at: &Fixture) -> job::Expired {
    say(at, async |tx| job::expire(tx).await.unwrap()).await
}

async fn listed(at: &Fixture, state: JobState) -> Vec<job::DeadJob> {
    let mut reader = at.store.reader().await.unwrap();
    job::list(&mut reader, state, None, 10).await.unwrap()
}

#[tokio::test]
async fn a_claimed_job_is_not_claimed_again_and_gone_when_finished() {
    on_both(|at| async move {
        add(&at, SYNC, None).await;
        let jobs = claim(&at).await;
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].payload::<i64>().unwrap(), 7);
        assert!(claim(&at).await.is_empty());
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::finish(&mut tx, &jobs[0]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            job::count_by_state(&mut at.store.reader().await.unwrap())
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn jobs_of_a_line_are_taken_one_after_the_other_and_hold_up_no_other_line() {
    on_both(|at| async move {
        let add = async |line: &str, number: i64, in_ms: i64| {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            let job = NewJob {
                kind: TEXT,
                party: None,
                key: None,
                in_line: Some(InLine {
                    line: line.to_owned(),
                    number,
                }),
                payload: (line.to_owned(), number),
                run_at: tx.now() + in_ms,
            };
            job::enqueue(&mut tx, job).await.unwrap();
            tx.commit().await.unwrap();
        };
        let taken = async || {
            let mut jobs = claim(&at).await;
            let place = |it: &ClaimedJob| it.payload::<(String, i64)>().unwrap();
            jobs.sort_by_key(place);
            let places: Vec<(String, i64)> = jobs.iter().map(place).collect();
            (jobs, places)
        };
        let places = |all: &[(&str, i64)]| -> Vec<(String, i64)> {
            all.iter().map(|(line, n)| (line.to_string(), *n)).collect()
        };
        // Whichever was added first, and whichever is due first.
        add("a", 9, 0).await;
        add("a", 3, 5_000).await;
        add("b", 4, 0).await;
        let (b, first) = taken().await;
        assert_eq!(first, places(&[("b", 4)]));
        at.clock.advance(5_000);
        let (a, second) = taken().await;
        assert_eq!(second, places(&[("a", 3)]));
        // In hand, put back, and with an attempt begun it is ahead still.
        assert!(claim(&at).await.is_empty());
        let later = at.store.now() + 1_000;
        say(&at, async |tx| job::retry(tx, &a[0], later, "busy").await)
            .await
            .unwrap();
        assert!(claim(&at).await.is_empty());
        at.clock.advance(1_000);
        let (a, again) = taken().await;
        assert_eq!(again, places(&[("a", 3)]));
        say(&at, async |tx| job::start_attempt(tx, &a[0]).await)
            .await
            .unwrap();
        assert!(claim(&at).await.is_empty());
        // Once nobody knows, it is not waited for; nor for one that gave up.
        at.clock.advance(TEXT.lease_ms());
        assert_eq!(expire(&at).await.uncertain.len(), 1);
        let (a, third) = taken().await;
        assert_eq!(third, places(&[("a", 9), ("b", 4)]), "b came back");
        say(&at, async |tx| job::bury(tx, &a[0], "over").await)
            .await
            .unwrap();
        add("a", 10, 0).await;
        assert_eq!(taken().await.1, places(&[("a", 10)]));
        drop(b);
    })
    .await;
}

#[tokio::test]
async fn a_stalled_worker_changes_nothing_after_its_lease() {
    on_both(|at| async move {
        add(&at, TEXT, None).await;
        let late = claim(&at).await.remove(0);
        at.clock.advance(TEXT.lease_ms());
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let begun = job::start_attempt(&mut tx, &late).await;
        assert!(begun.is_err(), "it may be another's by now");
        job::expire(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let again = claim(&at).await.remove(0);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::finish(&mut tx, &again).await.unwrap();
        tx.commit().await.unwrap();

        add(&at, SYNC, None).await;
        let stalled = claim(&at).await.remove(0);
        at.clock.advance(SYNC.lease_ms());
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert_eq!(job::expire(&mut tx).await.unwrap().ready, 1);
        tx.commit().await.unwrap();
        let second = claim(&at).await.remove(0);
        assert!(second.fence > stalled.fence);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let refused = job::finish(&mut tx, &stalled).await;
        assert!(
            matches!(refused, Err(StorageError::Conflict(_))),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_once_job_found_expired_in_its_attempt_is_uncertain_and_never_claimed_again() {
    on_both(|at| async move {
        add(&at, TEXT, None).await;
        let sending = claim(&at).await.remove(0);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::start_attempt(&mut tx, &sending).await.unwrap();
        tx.commit().await.unwrap();
        at.clock.advance(SYNC.lease_ms());
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let expired = job::expire(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((expired.ready, expired.uncertain.len()), (0, 1));
        assert!(claim(&at).await.is_empty());
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert!(
            job::finish(&mut tx, &sending).await.is_err(),
            "the stalled worker lost it"
        );
        job::finish_uncertain(&mut tx, &expired.uncertain[0])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_one_key_one_job_waits_and_one_is_in_hand() {
    on_both(|at| async move {
        add(&at, SYNC, Some("one")).await;
        add(&at, SYNC, Some("one")).await;
        let first = claim(&at).await.remove(0);
        // While the first runs, a new fact may ask again; it waits for the end of the first.
        add(&at, SYNC, Some("one")).await;
        assert!(claim(&at).await.is_empty());
        add(&at, SYNC, Some("two")).await;
        assert_eq!(claim(&at).await.len(), 1, "another key waits for nobody");
        say(&at, async |tx| job::finish(tx, &first).await.unwrap()).await;
        let second = claim(&at).await.remove(0);
        // A retry is not needed beside one that waits.
        add(&at, SYNC, Some("one")).await;
        let now = at.store.now();
        say(&at, async |tx| {
            job::retry(tx, &second, now, "no answer").await.unwrap();
        })
        .await;
        assert_eq!(claim(&at).await.len(), 1);
        assert!(claim(&at).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_waiting_job_that_is_asked_for_again_comes_at_the_earlier_moment() {
    on_both(|at| async move {
        let now = at.store.now();
        for later_ms in [9_000, 4_000, 7_000] {
            let job = NewJob {
                kind: SYNC,
                party: None,
                key: Some("one".to_owned()),
                in_line: None,
                payload: 7,
                run_at: now + later_ms,
            };
            say(&at, async |tx| job::enqueue(tx, job).await.unwrap()).await;
        }
        let mut reader = at.store.reader().await.unwrap();
        let due = job::next_due(&mut reader).await.unwrap();
        assert_eq!(due, Some(now + 4_000));
    })
    .await;
}

#[tokio::test]
async fn a_fact_that_meets_a_waiting_job_is_seen_by_it_or_by_the_next_one() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        add(&at, SYNC, Some("one")).await;
        let mut fact = at.store.begin(&Actor::system()).await.unwrap();
        enqueue(&mut fact, SYNC, Some("one"), None).await;
        // The job would not see the fact: it is left alone until the fact is committed.
        assert!(claim(&other).await.is_empty());
        fact.commit().await.unwrap();
        let job = claim(&other).await.remove(0);

        // The other way round: the job is taken first, so the fact gets one of its own.
        say(&other, async |tx| {
            job::wait(tx, &job, tx.now(), "again").await.unwrap();
        })
        .await;
        let mut taking = other.store.begin(&Actor::system()).await.unwrap();
        let taken = take(&mut taking).await.remove(0);
        let store = at.store.clone();
        let fact = tokio::spawn(async move {
            let mut fact = store.begin(&Actor::system()).await.unwrap();
            enqueue(&mut fact, SYNC, Some("one"), None).await;
            fact.commit().await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(
            !fact.is_finished(),
            "it waits to hear what becomes of the job"
        );
        taking.commit().await.unwrap();
        fact.await.unwrap();
        say(&other, async |tx| job::finish(tx, &taken).await.unwrap()).await;
        assert_eq!(claim(&other).await.len(), 1);
        other.store.close().await;
    })
    .await;
}

#[tokio::test]
async fn parties_whose_slots_are_taken_are_passed_over_for_another() {
    on_both(|at| async move {
        let party = |number| Some(Party::Org(ConnectionId::from_uuid(number)));
        say(&at, async |tx| {
            for number in [1, 2] {
                for _ in 0..100 {
                    enqueue(tx, SYNC, None, party(number)).await;
                }
            }
            enqueue(tx, SYNC, None, party(3)).await;
        })
        .await;
        let mut hand = InHand::of(Lane::Org);
        let mut claimed = Vec::new();
        for _ in 0..3 {
            claimed.extend(say(&at, async |tx| job::claim(tx, &mut hand).await.unwrap()).await);
        }
        let of = |number| {
            claimed
                .iter()
                .filter(|job| job.party == party(number))
                .count()
        };
        let most = Lane::Org.slots_per_party();
        assert_eq!([of(1), of(2), of(3)], [most, most, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_beat_keeps_a_lease_and_tells_who_lost_it() {
    on_both(|at| async move {
        add(&at, SYNC, None).await;
        let job = claim(&at).await.remove(0);
        let beat = async || say(&at, async |tx| job::beat(tx, &job).await.unwrap()).await;
        for _ in 0..4 {
            at.clock.advance(SYNC.lease_ms() - 1);
            assert_eq!(beat().await, Beat::Held);
            assert_eq!(expire(&at).await.ready, 0);
        }
        at.clock.advance(SYNC.lease_ms());
        assert_eq!(beat().await, Beat::Lost, "also while nobody has taken it");
        assert_eq!(expire(&at).await.ready, 1);
        assert_eq!(beat().await, Beat::Lost);
        let second = claim(&at).await.remove(0);
        assert_eq!((second.attempts, second.failures), (2, 1));
        assert_eq!(beat().await, Beat::Lost);
        say(&at, async |tx| {
            job::retry(tx, &second, tx.now(), "").await.unwrap();
        })
        .await;
        let third = claim(&at).await.remove(0);
        assert_eq!(third.failures, 0, "what a handler foresees is no failure");
        say(&at, async |tx| {
            job::finish(tx, &third).await.unwrap();
            assert_eq!(job::beat(tx, &third).await.unwrap(), Beat::LetGo);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_uncertain_attempt_is_handed_out_again_until_it_is_settled() {
    on_both(|at| async move {
        add(&at, TEXT, None).await;
        let sending = claim(&at).await.remove(0);
        say(&at, async |tx| {
            job::start_attempt(tx, &sending).await.unwrap();
        })
        .await;
        at.clock.advance(TEXT.lease_ms());
        for _ in 0..3 {
            // The hub is killed each time before the attempt is settled.
            assert_eq!(expire(&at).await.uncertain.len(), 1);
            assert_eq!(expire(&at).await.uncertain.len(), 0, "not twice at once");
            at.clock.advance(10_000);
            let mut reader = at.store.reader().await.unwrap();
            assert!(job::any_expired(&mut reader, at.store.now()).await.unwrap());
        }
        let last = expire(&at).await.uncertain.remove(0);
        say(&at, async |tx| {
            job::finish_uncertain(tx, &last).await.unwrap();
        })
        .await;
        at.clock.advance(1_000_000);
        assert_eq!(expire(&at).await.uncertain.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_failed_or_was_cut_off_is_reconciled_and_never_dead_or_ready() {
    on_both(|at| async move {
        for ending in 0..3 {
            add(&at, TEXT, None).await;
            let sending = claim(&at).await.remove(0);
            say(&at, async |tx| {
                job::start_attempt(tx, &sending).await.unwrap();
            })
            .await;
            say(&at, async |tx| match ending {
                0 => job::fail(tx, &sending, "panicked").await.unwrap(),
                1 => job::bury(tx, &sending, "refused").await.unwrap(),
                _ => job::leave(tx, &sending).await.unwrap(),
            })
            .await;
            assert!(claim(&at).await.is_empty(), "ending {ending}");
            let uncertain = expire(&at).await.uncertain.remove(0);
            say(&at, async |tx| {
                job::finish_uncertain(tx, &uncertain).await.unwrap();
            })
            .await;
        }
        add(&at, TEXT, None).await;
        let cut_off = claim(&at).await.remove(0);
        say(&at, async |tx| job::leave(tx, &cut_off).await.unwrap()).await;
        let again = claim(&at).await.remove(0);
        assert_eq!((again.attempts, again.failures), (1, 0), "it had not begun");
        // Nor does it forget how often it failed before.
        say(&at, async |tx| {
            job::fail(tx, &again, "first").await.unwrap();
        })
        .await;
        at.clock.advance(60_000);
        let cut_off = claim(&at).await.remove(0);
        say(&at, async |tx| job::leave(tx, &cut_off).await.unwrap()).await;
        let again = claim(&at).await.remove(0);
        assert_eq!((again.attempts, again.failures), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_dead_job_is_listed_retried_and_dropped() {
    on_both(|at| async move {
        let asked = at.store.now();
        for _ in 0..2 {
            add(&at, SYNC, None).await;
        }
        for job in claim(&at).await {
            say(&at, async |tx| job::fail(tx, &job, "first").await.unwrap()).await;
        }
        at.clock.advance(60_000);
        for job in claim(&at).await {
            assert_eq!(job.failures, 1);
            say(&at, async |tx| job::bury(tx, &job, "no way").await.unwrap()).await;
        }
        let dead = listed(&at, JobState::Dead).await;
        assert_eq!(dead.len(), 2);
        assert!(dead[0].id > dead[1].id, "the newest first");
        assert_eq!(dead[0].last_error.as_deref(), Some("no way"));
        let times = (dead[0].created_at, dead[0].run_at);
        assert_eq!(times, (asked, at.store.now()), "and when it gave up");
        let mut reader = at.store.reader().await.unwrap();
        let older = job::list(&mut reader, JobState::Dead, Some(dead[0].id), 10).await;
        assert_eq!(older.unwrap(), dead[1..]);
        drop(reader);
        say(&at, async |tx| job::revive(tx, dead[0].id).await.unwrap()).await;
        say(&at, async |tx| job::discard(tx, dead[1].id).await.unwrap()).await;
        assert!(listed(&at, JobState::Dead).await.is_empty());
        let again = claim(&at).await;
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].id, again[0].failures), (dead[0].id, 0));
        for id in [dead[0].id, dead[1].id] {
            let refused = say(&at, async |tx| job::discard(tx, id).await).await;
            assert!(
                matches!(refused, Err(StorageError::NotFound(_))),
                "{refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn two_hubs_that_claim_at_once_get_different_jobs_and_neither_waits() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        for _ in 0..Lane::Org.slots() + 2 {
            add(&at, SYNC, None).await;
        }
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let mine = take(&mut first).await;
        let mut second = other.store.begin(&Actor::system()).await.unwrap();
        let theirs = tokio::time::timeout(Duration::from_secs(5), take(&mut second))
            .await
            .expect("a claim does not wait for another's commit");
        first.commit().await.unwrap();
        second.commit().await.unwrap();
        assert_eq!((mine.len(), theirs.len()), (Lane::Org.slots(), 2));
        assert!(
            mine.iter()
                .all(|job| theirs.iter().all(|other| other.id != job.id))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hubs_that_race_claim_each_job_exactly_once() {
    on_postgres(|at| async move {
        let hubs = [at.second_hub().await, at.second_hub().await];
        for _ in 0..60 {
            add(&at, SYNC, None).await;
        }
        let workers: Vec<_> = (0..6)
            .map(|worker| {
                let store = hubs[worker % 2].store.clone();
                tokio::spawn(async move {
                    let mut claimed = Vec::new();
                    loop {
                        let mut tx = store.begin(&Actor::system()).await.unwrap();
                        let mut hand = InHand::of(Lane::Org);
                        while hand.free() > 3 {
                            hand.take(None);
                        }
                        let jobs = job::claim(&mut tx, &mut hand).await.unwrap();
                        tx.commit().await.unwrap();
                        if jobs.is_empty() {
                            return claimed;
                        }
                        claimed.extend(jobs.into_iter().map(|job| job.id));
                    }
                })
            })
            .collect();
        let mut claimed = Vec::new();
        for worker in workers {
            claimed.extend(worker.await.unwrap());
        }
        assert_eq!(claimed.len(), 60);
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), 60, "none was handed out twice");
    })
    .await;
}

#[tokio::test]
async fn an_uncertain_attempt_is_handed_to_one_hub_only() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        add(&at, TEXT, None).await;
        let sending = claim(&at).await.remove(0);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::start_attempt(&mut tx, &sending).await.unwrap();
        tx.commit().await.unwrap();
        at.clock.advance(SYNC.lease_ms());
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let taken = job::expire(&mut first).await.unwrap();
        assert_eq!(taken.uncertain.len(), 1);
        let late = tokio::spawn(async move {
            let mut second = other.store.begin(&Actor::system()).await.unwrap();
            let taken = job::expire(&mut second).await.unwrap();
            second.commit().await.unwrap();
            taken.uncertain.len()
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(
            !late.is_finished(),
            "the second hub met the first one's lock"
        );
        first.commit().await.unwrap();
        assert_eq!(late.await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_expires_beside_a_waiting_one_of_its_key_leaves_one() {
    on_both(|at| async move {
        add(&at, SYNC, Some("one")).await;
        assert_eq!(claim(&at).await.len(), 1);
        add(&at, SYNC, Some("one")).await;
        at.clock.advance(SYNC.lease_ms());
        assert_eq!(expire(&at).await.ready, 0);
        assert_eq!(claim(&at).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_clock_is_a_minute_ahead_takes_no_lease_of_another() {
    on_postgres(|at| async move {
        for ahead_ms in [1_000, 61_000, SYNC.lease_ms() + 1, -SYNC.lease_ms() - 1] {
            add(&at, SYNC, None).await;
            let held = claim(&at).await.remove(0);
            let other = at.second_hub_ahead(ahead_ms).await;
            assert_eq!(other.now(), at.store.now());
            let mut tx = other.begin(&Actor::system()).await.unwrap();
            assert_eq!(job::expire(&mut tx).await.unwrap().ready, 0);
            assert!(take(&mut tx).await.is_empty());
            tx.commit().await.unwrap();
            say(&at, async |tx| {
                job::finish(tx, &held).await.unwrap();
            })
            .await;
            other.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_work_goes_on_keeps_its_lease_until_its_hub_is_known_to_be_gone() {
    on_both(|at| async move {
        add(&at, SYNC, Some("run")).await;
        let job = claim(&at).await.remove(0);
        let lease_ms = SYNC.lease_ms();
        at.clock.advance(lease_ms - 1);
        say(&at, async |tx| job::extend(tx, &job).await.unwrap()).await;
        at.clock.advance(lease_ms - 1);
        assert_eq!(expire(&at).await.ready, 0, "it was extended");
        let ended = say(&at, async |tx| job::end_leases(tx).await.unwrap()).await;
        assert_eq!(ended, 1);
        assert_eq!(expire(&at).await.ready, 1);
        let late = say(&at, async |tx| job::extend(tx, &job).await).await;
        assert!(
            matches!(late, Err(StorageError::Conflict("job"))),
            "{late:?}"
        );
        assert_eq!(claim(&at).await[0].attempts, 2);
    })
    .await;
}

/// A clock that somebody sets, beside a count that nobody can.
#[derive(Default)]
struct SetClock {
    passed: AtomicI64,
    set: AtomicI64,
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.passed.load(Ordering::SeqCst) + self.set.load(Ordering::SeqCst))
    }

    fn steady_ms(&self) -> i64 {
        self.passed.load(Ordering::SeqCst)
    }
}

/// A database of one hub, whose clock a test sets.
async fn alone() -> (tempfile::TempDir, Arc<SetClock>, Store) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::default());
    clock.set.store(1_750_000_000_000, Ordering::SeqCst);
    let store = begun_in(&folder, &clock).await;
    (folder, clock, store)
}

async fn begun_in(folder: &tempfile::TempDir, clock: &Arc<SetClock>) -> Store {
    let options = StoreOptions {
        url: format!("sqlite:{}", folder.path().join("tieline.db").display()),
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
    };
    Store::open(options).await.unwrap()
}

#[tokio::test]
async fn what_waits_waits_no_longer_because_the_clock_was_set() {
    const HOUR_MS: i64 = 3_600_000;
    // Set back, what waits for a moment would wait an hour more; set forward, it waits less by itself.
    for (set, moved) in [(-HOUR_MS, -HOUR_MS), (HOUR_MS, 0)] {
        let (_folder, clock, store) = alone().await;
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let until = store.now() + 2 * HOUR_MS;
        let job = NewJob {
            kind: SYNC,
            party: None,
            key: None,
            in_line: None,
            payload: 7,
            run_at: until,
        };
        job::enqueue(&mut tx, job).await.unwrap();
        let account = add_account(&mut tx, "AC1").await;
        carrier_account::hold(&mut tx, account.id, until)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        clock.set.fetch_add(set, Ordering::SeqCst);
        store.learn_time().await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let waiting = job::list(&mut reader, JobState::Ready, None, 10)
            .await
            .unwrap();
        assert_eq!(waiting[0].run_at, until + moved, "{set}");
        let held = carrier_account::all(&mut reader).await.unwrap()[0].held_until;
        assert_eq!(held, Some(until + moved), "{set}");
    }
}

#[tokio::test]
async fn what_is_due_stays_due_though_the_clock_was_set_back() {
    let (_folder, clock, store) = alone().await;
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    enqueue(&mut tx, SYNC, None, None).await;
    let account = add_account(&mut tx, "AC1").await;
    let until = store.now();
    carrier_account::hold(&mut tx, account.id, until)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    clock.passed.fetch_add(1_000, Ordering::SeqCst);
    clock.set.fetch_sub(3_600_000, Ordering::SeqCst);
    store.learn_time().await.unwrap();
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    assert_eq!(take(&mut tx).await.len(), 1);
    let held = carrier_account::all(&mut tx).await.unwrap()[0].held_until;
    assert!(held < Some(store.now()), "{held:?}");
}

/// A day's Task whose create is on its way since now.
async fn begin_a_task(at: &Fixture) -> ConnectionId {
    let org = people::org(at, "One").await;
    let ann = people::contact(at, "Ann", "+447700900101").await;
    people::linked(at, &org, &ann, "003A").await;
    let desk = people::inbox(at, "Care").await.id;
    let (row, _) = people::talk(at, desk, "+447700900101", &[people::theirs("Hello")]).await;
    let with_ann = Conversation {
        contact_id: Some(ann.id),
        ..row
    };
    let mut tx = people::writing(at).await;
    activity::mark_waiting(&mut tx, [&with_ann], 7)
        .await
        .unwrap();
    let days = days_of(&mut tx, org.id, Stage::Missing).await;
    activity::begin(&mut tx, org.id, &days).await.unwrap();
    // So that the last word of this hub is of this moment.
    tx.emit(Event::Contacts {
        contact_ids: vec![ann.id],
    });
    tx.commit().await.unwrap();
    org.id
}

async fn days_of(conn: &mut Conn, org: ConnectionId, stage: Stage) -> Vec<WaitingDay> {
    let query = WaitingQuery {
        stage,
        since_day: 0,
        after: None,
        limit: 9,
    };
    activity::waiting(conn, org, &query).await.unwrap()
}

#[tokio::test]
async fn a_task_that_was_begun_by_a_fast_clock_began_as_long_ago_by_the_right_one() {
    for restarted in [false, true] {
        let (folder, clock, store) = alone().await;
        let mut at = Fixture {
            store,
            clock: Arc::default(),
            url: String::new(),
        };
        let org = begin_a_task(&at).await;
        clock.passed.fetch_add(5_000, Ordering::SeqCst);
        clock.set.fetch_sub(3_600_000, Ordering::SeqCst);
        match restarted {
            false => at.store.learn_time().await.unwrap(),
            true => {
                at.store.close().await;
                at.store = begun_in(&folder, &clock).await;
            }
        }
        let mut reader = at.store.reader().await.unwrap();
        let begun = days_of(&mut reader, org, Stage::Begun).await;
        let ago_ms = begun[0].begun_at.map(|it| at.store.now().since(it));
        assert!(ago_ms >= Some(5_000), "{restarted}: {ago_ms:?}");
        assert!(restarted || ago_ms == Some(5_000), "{ago_ms:?}");
    }
}

#[tokio::test]
async fn a_request_that_broke_off_may_come_again_a_minute_later_though_the_clock_was_set_back() {
    let request = Request {
        principal: "st_1".to_owned(),
        key: "once".to_owned(),
        hash: b"what is asked for".to_vec(),
        staff: None,
    };
    for restarted in [false, true] {
        let (folder, clock, mut store) = alone().await;
        let take = async |store: &Store| {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            let known = idempotency::take(&mut tx, &request).await.unwrap();
            let staff_id = tx.new_id();
            tx.emit(Event::Access { staff_id });
            tx.commit().await.unwrap();
            known
        };
        assert_eq!(take(&store).await, Known::New);
        assert_eq!(take(&store).await, Known::InFlight);
        clock.set.fetch_sub(3_600_000, Ordering::SeqCst);
        match restarted {
            false => store.learn_time().await.unwrap(),
            true => {
                store.close().await;
                store = begun_in(&folder, &clock).await;
            }
        }
        clock.passed.fetch_add(61_000, Ordering::SeqCst);
        assert_eq!(take(&store).await, Known::New, "{restarted}");
    }
}

#[tokio::test]
async fn what_was_begun_before_a_machine_slept_began_when_it_did() {
    let (_folder, clock, store) = alone().await;
    let at = Fixture {
        store,
        clock: Arc::default(),
        url: String::new(),
    };
    let org = begin_a_task(&at).await;
    let begun_at = async || {
        let mut reader = at.store.reader().await.unwrap();
        days_of(&mut reader, org, Stage::Begun).await[0].begun_at
    };
    let before = begun_at().await;
    // Its clock is right before and after, and the count of what passed stands still meanwhile.
    clock.set.fetch_add(3_600_000, Ordering::SeqCst);
    at.store.learn_time().await.unwrap();
    assert_eq!(at.store.now(), clock.now());
    assert_eq!(begun_at().await, before);
}

/// The clock of a node among several, and how far the server's is ahead of it.
struct ServersClock(Arc<TestClock>, AtomicI64);

impl Clock for ServersClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn database_now(&self) -> Option<Timestamp> {
        Some(self.0.now() + self.1.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn one_of_several_nodes_that_learns_the_time_leaves_the_leases_of_the_others_alone() {
    on_postgres(|at| async move {
        let clock = Arc::new(ServersClock(at.clock.clone(), AtomicI64::new(0)));
        let options = StoreOptions {
            url: at.url.clone(),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
        };
        let other = Store::open(options).await.unwrap();
        add(&at, SYNC, None).await;
        assert_eq!(claim(&at).await.len(), 1);
        for ahead_ms in [-3_600_000, 3_600_000] {
            clock.1.store(ahead_ms, Ordering::SeqCst);
            other.learn_time().await.unwrap();
            assert_eq!(other.now(), at.store.now() + ahead_ms);
        }
        at.clock.advance(SYNC.lease_ms() - 1);
        assert_eq!(expire(&at).await.ready, 0);
        at.clock.advance(1);
        assert_eq!(expire(&at).await.ready, 1);
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_lease_of_the_only_hub() {
    for set in [3_600_000, -3_600_000] {
        let (_folder, clock, store) = alone().await;
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        enqueue(&mut tx, SYNC, None, None).await;
        let job = take(&mut tx).await.remove(0);
        tx.commit().await.unwrap();
        clock.set.fetch_add(set, Ordering::SeqCst);
        store.learn_time().await.unwrap();
        assert_eq!(store.now(), clock.now(), "the hub's own time follows");
        for (passes, expired) in [(SYNC.lease_ms() - 1, 0), (1, 1)] {
            clock.passed.fetch_add(passes, Ordering::SeqCst);
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            job::expire(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            let mut reader = store.reader().await.unwrap();
            let ready = job::list(&mut reader, JobState::Ready, None, 10).await;
            let ready = ready.unwrap().len();
            assert_eq!(ready, expired, "{set}, job {}", job.id);
        }
    }
}

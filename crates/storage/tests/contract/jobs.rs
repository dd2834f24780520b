//! Which job is taken when, by whom, and what becomes of one that is given up.

use super::harness::{Fixture, on_both, on_postgres};
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_domain::id::{ConnectionId, Id as _};
use tieline_domain::job::{InHand, JobKind, JobState, Lane, Party};
use tieline_storage::job::{self, ClaimedJob, InLine, NewJob};
use tieline_storage::{StorageError, Tx};

pub(super) const TEXT: JobKind = JobKind::MessageSend;
pub(super) const SYNC: JobKind = JobKind::SyncRun;

pub(super) async fn enqueue(tx: &mut Tx, kind: JobKind, key: Option<&str>, party: Option<Party>) {
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

pub(super) async fn add(at: &Fixture, kind: JobKind, key: Option<&str>) {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    enqueue(&mut tx, kind, key, None).await;
    tx.commit().await.unwrap();
}

pub(super) async fn take(tx: &mut Tx) -> Vec<ClaimedJob> {
    let mut jobs = Vec::new();
    for lane in Lane::ALL {
        jobs.extend(job::claim(tx, &mut InHand::of(lane)).await.unwrap());
    }
    jobs
}

pub(super) async fn claim(at: &Fixture) -> Vec<ClaimedJob> {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let jobs = take(&mut tx).await;
    tx.commit().await.unwrap();
    jobs
}

/// One transaction for a worker's word.
pub(super) async fn say<T>(at: &Fixture, word: impl AsyncFnOnce(&mut Tx) -> T) -> T {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let answer = word(&mut tx).await;
    tx.commit().await.unwrap();
    answer
}

pub(super) async fn expire(at: &Fixture) -> job::Expired {
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

//! Leases, fences, and what becomes of an attempt that nobody finished.

use super::harness::{Fixture, on_both, on_postgres};
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_storage::StorageError;
use tieline_storage::job::{self, Class, NewJob};

const LEASE_MS: i64 = 30_000;

async fn add(at: &Fixture, kind: &str, class: Class, dedupe_key: Option<&str>) {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let job = NewJob {
        kind,
        class,
        dedupe_key: dedupe_key.map(str::to_owned),
        payload: 7,
        run_at: at.store.now(),
    };
    job::enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(at: &Fixture) -> Vec<job::ClaimedJob> {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let jobs = job::claim(&mut tx, &["text", "sync"], 10, LEASE_MS)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    jobs
}

#[tokio::test]
async fn a_claimed_job_is_not_claimed_again_and_gone_when_finished() {
    on_both(|at| async move {
        add(&at, "sync", Class::Repeatable, None).await;
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
async fn a_stalled_worker_changes_nothing_after_its_lease() {
    on_both(|at| async move {
        add(&at, "sync", Class::Repeatable, None).await;
        let stalled = claim(&at).await.remove(0);
        at.clock.advance(LEASE_MS);
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
        add(&at, "text", Class::Once, None).await;
        let sending = claim(&at).await.remove(0);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::start_attempt(&mut tx, &sending).await.unwrap();
        tx.commit().await.unwrap();
        at.clock.advance(LEASE_MS);
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
async fn a_waiting_job_of_the_same_key_is_not_doubled() {
    on_both(|at| async move {
        add(&at, "sync", Class::Repeatable, Some("one")).await;
        add(&at, "sync", Class::Repeatable, Some("one")).await;
        let jobs = claim(&at).await;
        assert_eq!(jobs.len(), 1);
        // While the first runs, a new fact may ask again; then a retry of the first is not needed.
        add(&at, "sync", Class::Repeatable, Some("one")).await;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let now = at.store.now();
        job::retry(&mut tx, &jobs[0], now, "the org did not answer")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claim(&at).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_hubs_that_claim_at_once_get_different_jobs_and_neither_waits() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        for _ in 0..6 {
            add(&at, "sync", Class::Repeatable, None).await;
        }
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let mine = job::claim(&mut first, &["sync"], 4, LEASE_MS)
            .await
            .unwrap();
        let mut second = other.store.begin(&Actor::system()).await.unwrap();
        let theirs = tokio::time::timeout(
            Duration::from_secs(5),
            job::claim(&mut second, &["sync"], 4, LEASE_MS),
        )
        .await
        .expect("a claim does not wait for another's commit")
        .unwrap();
        first.commit().await.unwrap();
        second.commit().await.unwrap();
        assert_eq!((mine.len(), theirs.len()), (4, 2));
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
            add(&at, "sync", Class::Repeatable, None).await;
        }
        let workers: Vec<_> = (0..6)
            .map(|worker| {
                let store = hubs[worker % 2].store.clone();
                tokio::spawn(async move {
                    let mut claimed = Vec::new();
                    loop {
                        let mut tx = store.begin(&Actor::system()).await.unwrap();
                        let jobs = job::claim(&mut tx, &["sync"], 3, LEASE_MS).await.unwrap();
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
        add(&at, "text", Class::Once, None).await;
        let sending = claim(&at).await.remove(0);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        job::start_attempt(&mut tx, &sending).await.unwrap();
        tx.commit().await.unwrap();
        at.clock.advance(LEASE_MS);
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
async fn two_expired_jobs_of_one_key_leave_one_waiting() {
    on_both(|at| async move {
        for _ in 0..2 {
            add(&at, "sync", Class::Repeatable, Some("one")).await;
            assert_eq!(claim(&at).await.len(), 1);
        }
        at.clock.advance(LEASE_MS);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let expired = job::expire(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(expired.ready, 1);
        assert_eq!(claim(&at).await.len(), 1);
    })
    .await;
}

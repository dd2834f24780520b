//! Leases, fences, and what becomes of an attempt that nobody finished.

use super::harness::{on_both, on_postgres};
use super::jobs::{SYNC, TEXT, add, claim, expire, say, take};
use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_storage::StorageError;
use tieline_storage::job::{self, Beat};

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

//! What is no longer a worker's in hand it changes nothing of, and each lane has work of its own.

use super::harness::on_both;
use super::people::writing;
use tieline_domain::id::{ConnectionId, Id as _, JobId};
use tieline_domain::job::{InHand, JobKind, JobState, Lane, Party};
use tieline_storage::job::{self, Beat, ClaimedJob, DeadJob, NewJob};
use tieline_storage::{StorageError, Tx};

const TEXT: JobKind = JobKind::MessageSend;

async fn ask(tx: &mut Tx, kind: JobKind, key: Option<&str>, party: Option<Party>) {
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

async fn take(tx: &mut Tx) -> Vec<ClaimedJob> {
    let hand = &mut InHand::of(Lane::Texts);
    job::claim(tx, hand).await.unwrap()
}

/// All jobs as they stand.
async fn all(tx: &mut Tx) -> Vec<DeadJob> {
    let mut found = Vec::new();
    for state in JobState::ALL {
        found.extend(job::list(tx, *state, None, 9).await.unwrap());
    }
    found
}

/// What became of a job behind its worker's back, or by its own word.
#[derive(Debug, Clone, Copy)]
enum Since {
    /// It was put back.
    PutBack,
    /// It was put back and somebody took it.
    Taken,
    /// The same, and what is to be done again waits beside it.
    TakenAndAsked,
    /// Its lease was over.
    Lost,
    /// Its lease was over and somebody else began its attempt.
    LostAndBegun,
    /// Nobody knows what came of its attempt.
    Uncertain,
    /// It gave up.
    Dead,
}

async fn happen(tx: &mut Tx, since: Since, mine: &ClaimedJob, pass: impl Fn(i64)) {
    let now = tx.now();
    match since {
        Since::PutBack => job::retry(tx, mine, now, "").await.unwrap(),
        Since::Taken | Since::TakenAndAsked => {
            job::retry(tx, mine, now, "").await.unwrap();
            assert_eq!(take(tx).await[0].id, mine.id);
            if matches!(since, Since::TakenAndAsked) {
                ask(tx, TEXT, Some("0"), None).await;
            }
        }
        Since::Lost | Since::LostAndBegun => {
            pass(TEXT.lease_ms());
            assert_eq!(job::expire(tx).await.unwrap().ready, 1);
            if matches!(since, Since::LostAndBegun) {
                let again = take(tx).await.remove(0);
                job::start_attempt(tx, &again).await.unwrap();
            }
        }
        Since::Uncertain => {
            job::start_attempt(tx, mine).await.unwrap();
            pass(TEXT.lease_ms());
            assert_eq!(job::expire(tx).await.unwrap().uncertain.len(), 1);
        }
        Since::Dead => job::bury(tx, mine, "").await.unwrap(),
    }
}

/// The words of a worker, by number; none when there is none of that number.
async fn say(tx: &mut Tx, word: usize, mine: &ClaimedJob) -> Option<Result<(), StorageError>> {
    let now = tx.now();
    Some(match word {
        0 => job::start_attempt(tx, mine).await,
        1 => job::extend(tx, mine).await,
        2 => job::finish(tx, mine).await,
        3 => job::retry(tx, mine, now, "late").await,
        4 => job::wait(tx, mine, now, "late").await,
        5 => job::fail(tx, mine, "late").await,
        6 => job::leave(tx, mine).await,
        7 => job::bury(tx, mine, "late").await,
        8 => job::finish_uncertain(tx, mine).await,
        9 => match job::beat(tx, mine).await.unwrap() {
            Beat::Held => Ok(()),
            Beat::LetGo | Beat::Lost => Err(StorageError::Conflict("job")),
        },
        _ => return None,
    })
}

#[tokio::test]
async fn who_let_a_job_go_or_lost_it_changes_nothing_of_it() {
    on_both(|at| async move {
        for since in [
            Since::PutBack,
            Since::Taken,
            Since::TakenAndAsked,
            Since::Lost,
            Since::LostAndBegun,
            Since::Uncertain,
            Since::Dead,
        ] {
            for word in 0.. {
                // Nothing of it is committed.
                let mut tx = writing(&at).await;
                ask(&mut tx, TEXT, Some("0"), None).await;
                let mine = take(&mut tx).await.remove(0);
                happen(&mut tx, since, &mine, |ms| at.clock.advance(ms)).await;
                let before = all(&mut tx).await;
                let Some(answer) = say(&mut tx, word, &mine).await else {
                    break;
                };
                let is_refused = matches!(answer, Err(StorageError::Conflict(_)));
                assert!(is_refused, "{since:?}, word {word}: {answer:?}");
                assert_eq!(all(&mut tx).await, before, "{since:?}, word {word}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_uncertain_attempt_is_settled_by_whom_it_was_handed_to_last() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        ask(&mut tx, TEXT, None, None).await;
        let mine = take(&mut tx).await.remove(0);
        job::start_attempt(&mut tx, &mine).await.unwrap();
        let twice = job::start_attempt(&mut tx, &mine).await;
        assert!(matches!(twice, Err(StorageError::Conflict(_))));
        let mut handed = Vec::new();
        for _ in 0..2 {
            at.clock.advance(TEXT.lease_ms());
            handed.push(job::expire(&mut tx).await.unwrap().uncertain.remove(0));
        }
        let late = job::finish_uncertain(&mut tx, &handed[0]).await;
        assert!(matches!(late, Err(StorageError::Conflict(_))));
        assert_eq!(all(&mut tx).await.len(), 1);
        job::finish_uncertain(&mut tx, &handed[1]).await.unwrap();
        assert_eq!(all(&mut tx).await, []);
    })
    .await;
}

#[tokio::test]
async fn of_what_is_in_hand_beside_work_that_waits_only_what_expired_is_given_up() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for key in ["expired", "begun"] {
            ask(&mut tx, TEXT, Some(key), None).await;
        }
        let early = take(&mut tx).await;
        job::start_attempt(&mut tx, &early[1]).await.unwrap();
        at.clock.advance(TEXT.lease_ms() - 1);
        ask(&mut tx, TEXT, Some("living"), None).await;
        let living = take(&mut tx).await.remove(0);
        for key in ["expired", "begun", "living"] {
            ask(&mut tx, TEXT, Some(key), None).await;
        }
        at.clock.advance(1);
        let expired = job::expire(&mut tx).await.unwrap();
        assert_eq!(expired.ready, 0, "its successor does its work");
        let uncertain: Vec<JobId> = expired.uncertain.iter().map(|it| it.id).collect();
        assert_eq!(uncertain, [early[1].id]);
        let left = all(&mut tx).await;
        let left: Vec<_> = left.iter().map(|it| (it.state, it.id)).collect();
        let waiting = left.iter().filter(|it| it.0 == JobState::Ready).count();
        assert_eq!((waiting, left.len()), (3, 5), "{left:?}");
        assert!(left.contains(&(JobState::Leased, living.id)));
        job::finish(&mut tx, &living).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn each_lane_takes_work_of_its_own_also_where_a_party_is_full() {
    on_both(|at| async move {
        for lane in Lane::ALL {
            // Nothing of it is committed.
            let mut tx = writing(&at).await;
            for kind in JobKind::ALL {
                ask(&mut tx, *kind, None, None).await;
            }
            let jobs = job::claim(&mut tx, &mut InHand::of(lane)).await.unwrap();
            let own = JobKind::ALL.iter().filter(|it| it.lane() == lane);
            assert!(jobs.iter().map(|it| &it.kind).eq(own), "{lane:?}");
            let counts = job::count_by_state(&mut tx).await.unwrap();
            assert_eq!(counts.len(), JobKind::ALL.len(), "each kind for itself");
        }
        let mut tx = writing(&at).await;
        let full = Party::Org(ConnectionId::from_uuid(1));
        let mut hand = InHand::of(Lane::Org);
        while hand.take(Some(&full)) {}
        ask(&mut tx, JobKind::SyncRun, None, Some(full)).await;
        let free = Some(Party::Org(ConnectionId::from_uuid(2)));
        for party in [None, free.clone()] {
            ask(&mut tx, JobKind::SyncRun, None, party).await;
        }
        let jobs = job::claim(&mut tx, &mut hand).await.unwrap();
        let parties: Vec<_> = jobs.into_iter().map(|it| it.party).collect();
        assert_eq!(parties, [None, free]);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_is_put_back_waits_until_its_moment_and_says_why() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        ask(&mut tx, TEXT, None, None).await;
        let now = at.store.now();
        // What only waits has not failed, and has not succeeded either.
        let later_ms = 10 * 60_000;
        for (word, at_ms, counted) in [
            (0, 50, (1, 0)),
            (1, 70, (1, 0)),
            (2, 0, (2, 1)),
            (1, later_ms, (2, 1)),
        ] {
            let mine = take(&mut tx).await.remove(0);
            match word {
                0 => job::retry(&mut tx, &mine, now + at_ms, "busy").await,
                1 => job::wait(&mut tx, &mine, now + at_ms, "closed").await,
                _ => job::fail(&mut tx, &mine, "broke").await,
            }
            .unwrap();
            let it = all(&mut tx).await.remove(0);
            let why = it.last_error.as_deref();
            assert_eq!(why, Some(["busy", "closed", "broke"][word]));
            assert_eq!(
                (it.state, (it.attempts, it.failures)),
                (JobState::Ready, counted)
            );
            let due = job::next_due(&mut tx).await.unwrap();
            assert_eq!(due, Some(it.run_at));
            assert!(word == 2 || it.run_at == now + at_ms);
            assert!(it.run_at > at.store.now());
            assert!(take(&mut tx).await.is_empty(), "it is not due");
            at.clock.advance(it.run_at.since(at.store.now()));
        }
        let mine = take(&mut tx).await.remove(0);
        at.clock.advance(TEXT.lease_ms());
        job::expire(&mut tx).await.unwrap();
        let it = all(&mut tx).await.remove(0);
        assert!(it.last_error.unwrap().contains("did not come back"));
        assert_eq!((it.id, it.failures), (mine.id, 2));
    })
    .await;
}

#[tokio::test]
async fn who_fails_again_waits_twice_as_long_and_those_who_fail_together_do_not_come_together() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for _ in 0..2 {
            ask(&mut tx, TEXT, None, None).await;
        }
        for failures in 0..5 {
            let jobs = take(&mut tx).await;
            assert_eq!(jobs.len(), 2);
            for mine in &jobs {
                job::fail(&mut tx, mine, "broke").await.unwrap();
            }
            let now = at.store.now();
            let waits: Vec<i64> = all(&mut tx)
                .await
                .iter()
                .map(|it| it.run_at.since(now))
                .collect();
            let (least, most) = (1_000_i64 << failures, 2_000_i64 << failures);
            let fits = waits.iter().all(|it| (least..most).contains(it));
            assert!(fits, "{failures}: {waits:?}");
            assert!(failures < 2 || waits[0] != waits[1], "{waits:?}");
            at.clock.advance(most);
        }
    })
    .await;
}

#[tokio::test]
async fn however_many_parties_are_full_another_is_served_past_all_that_waits_for_them() {
    on_both(|at| async move {
        let org = |number: u128| Some(Party::Org(ConnectionId::from_uuid(number)));
        let mut hand = InHand::of(Lane::Org);
        let mut tx = writing(&at).await;
        for full in 1..4 {
            while hand.take(org(full).as_ref()) {}
            for _ in 0..Lane::Org.slots() {
                ask(&mut tx, JobKind::SyncRun, None, org(full)).await;
            }
        }
        ask(&mut tx, JobKind::SyncRun, None, org(4)).await;
        let jobs = job::claim(&mut tx, &mut hand).await.unwrap();
        let parties: Vec<_> = jobs.into_iter().map(|it| it.party).collect();
        assert_eq!(parties, [org(4)]);
    })
    .await;
}

#[tokio::test]
async fn whose_leases_end_with_their_hub_are_settled_at_once_and_those_that_wait_go_on_waiting() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for _ in 0..3 {
            ask(&mut tx, TEXT, None, None).await;
        }
        let jobs = take(&mut tx).await;
        job::start_attempt(&mut tx, &jobs[0]).await.unwrap();
        job::fail(&mut tx, &jobs[0], "lost").await.unwrap();
        let it = job::list(&mut tx, JobState::AttemptStarted, None, 9).await;
        assert_eq!(it.unwrap()[0].last_error.as_deref(), Some("lost"));
        assert_eq!(job::expire(&mut tx).await.unwrap().uncertain.len(), 1);
        job::start_attempt(&mut tx, &jobs[1]).await.unwrap();
        let now = at.store.now();
        assert!(!job::any_expired(&mut tx, now).await.unwrap());
        job::end_leases(&mut tx).await.unwrap();
        assert!(job::any_expired(&mut tx, now).await.unwrap());
        let expired = job::expire(&mut tx).await.unwrap();
        let uncertain: Vec<JobId> = expired.uncertain.iter().map(|it| it.id).collect();
        assert_eq!((expired.ready, uncertain.len()), (1, 2));
        assert!(uncertain.contains(&jobs[0].id) && uncertain.contains(&jobs[1].id));
    })
    .await;
}

#[tokio::test]
async fn who_says_that_they_still_work_hears_of_their_own_job() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for _ in 0..2 {
            ask(&mut tx, TEXT, None, None).await;
        }
        let jobs = take(&mut tx).await;
        let later = tx.now() + 2 * TEXT.lease_ms();
        job::wait(&mut tx, &jobs[0], later, "").await.unwrap();
        at.clock.advance(TEXT.lease_ms());
        job::expire(&mut tx).await.unwrap();
        assert_eq!(take(&mut tx).await[0].id, jobs[1].id);
        for (job, heard) in [(&jobs[0], Beat::LetGo), (&jobs[1], Beat::Lost)] {
            assert_eq!(job::beat(&mut tx, job).await.unwrap(), heard);
        }
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_nobody_came_back_from_is_looked_for_like_any_job() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        ask(&mut tx, TEXT, None, None).await;
        let mine = take(&mut tx).await.remove(0);
        job::start_attempt(&mut tx, &mine).await.unwrap();
        for _ in 0..2 {
            let now = at.store.now();
            assert!(!job::any_expired(&mut tx, now).await.unwrap());
            at.clock.advance(TEXT.lease_ms());
            let now = at.store.now();
            assert!(job::any_expired(&mut tx, now).await.unwrap());
            assert_eq!(job::expire(&mut tx).await.unwrap().uncertain.len(), 1);
        }
    })
    .await;
}

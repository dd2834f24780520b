//! Keys of requests.

use super::harness::{Fixture, on_both};
use tieline_domain::access::Actor;
use tieline_domain::id::{Id as _, StaffId};
use tieline_storage::StorageError;
use tieline_storage::idempotency::{
    ANSWERED_MS, Kept, Known, Request, during, forget_answers, give_back, settle, take,
};

const DAY_MS: i64 = 86_400_000;

fn request(principal: &str, hash: &[u8]) -> Request {
    Request {
        principal: principal.to_owned(),
        staff: None,
        key: "k".to_owned(),
        hash: hash.to_vec(),
    }
}

async fn taken(at: &Fixture, request: &Request) -> Known {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    let known = take(&mut tx, request).await.unwrap();
    tx.commit().await.unwrap();
    known
}

async fn settled(at: &Fixture, request: &Request, answer: Option<&Kept>) {
    let mut tx = at.store.begin(&Actor::system()).await.unwrap();
    settle(&mut tx, request, answer).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_key_is_taken_once_and_keeps_its_answer_for_a_day() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        assert_eq!(taken(&at, &one).await, Known::InFlight);
        let answer = Kept {
            status: 201,
            body: "{}".to_owned(),
        };
        settled(&at, &one, Some(&answer)).await;
        assert_eq!(taken(&at, &one).await, Known::Answered(answer));
        assert_eq!(
            taken(&at, &request("ann", b"two")).await,
            Known::OtherRequest
        );
        assert_eq!(taken(&at, &request("bob", b"two")).await, Known::New);
        at.clock.advance(DAY_MS - 1);
        assert_eq!(
            taken(&at, &request("ann", b"two")).await,
            Known::OtherRequest
        );
        at.clock.advance(2);
        assert_eq!(taken(&at, &request("ann", b"two")).await, Known::New);
    })
    .await;
}

#[tokio::test]
async fn an_answer_with_a_secret_is_not_kept_but_its_key_is() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        settled(&at, &one, None).await;
        assert_eq!(taken(&at, &one).await, Known::Done);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_given_back_may_come_with_another_request() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        give_back(&mut tx, &one).await.unwrap();
        tx.commit().await.unwrap();
        let two = request("ann", b"two");
        assert_eq!(taken(&at, &two).await, Known::New);
        settled(&at, &two, None).await;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        give_back(&mut tx, &two).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            taken(&at, &two).await,
            Known::Done,
            "what was done stays done"
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_committed_is_done_even_if_its_answer_never_left() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        during(one.clone(), commit(&at)).await.unwrap();
        assert_eq!(taken(&at, &one).await, Known::InFlight, "its answer comes");
        at.clock.advance(ANSWERED_MS - 1);
        assert_eq!(taken(&at, &one).await, Known::InFlight);
        at.clock.advance(ANSWERED_MS + 1);
        assert_eq!(taken(&at, &one).await, Known::Done);
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_request_broke_off_before_its_commit_may_be_taken_again_but_commits_once() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        at.clock.advance(ANSWERED_MS + 1);
        assert_eq!(
            taken(&at, &request("ann", b"two")).await,
            Known::OtherRequest
        );
        assert_eq!(taken(&at, &one).await, Known::New);
        assert_eq!(taken(&at, &one).await, Known::InFlight);
        during(one.clone(), async {
            commit(&at).await.unwrap();
            commit(&at).await.unwrap();
        })
        .await;
        // Whoever was thought to be gone comes too late.
        let late = during(one, commit(&at)).await;
        assert!(matches!(late, Err(StorageError::Conflict(_))), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_written_down_beside_a_request_does_not_say_that_it_is_done() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        during(one.clone(), aside(&at)).await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        give_back(&mut tx, &one).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(taken(&at, &one).await, Known::New, "nothing was done");
        during(one.clone(), async {
            aside(&at).await.unwrap();
            commit(&at).await.unwrap();
        })
        .await;
        at.clock.advance(ANSWERED_MS + 1);
        assert_eq!(taken(&at, &one).await, Known::Done);
    })
    .await;
}

#[tokio::test]
async fn what_is_done_after_a_commit_that_failed_is_known_to_be_done() {
    on_both(|at| async move {
        let one = request("ann", b"one");
        assert_eq!(taken(&at, &one).await, Known::New);
        during(one.clone(), async {
            // The mark is the first statement of a transaction with no other, its commit the second.
            at.store.faults().fail_at(2);
            let failed = commit(&at).await;
            assert!(matches!(failed, Err(StorageError::Unavailable(_))));
            commit(&at).await.unwrap();
        })
        .await;
        at.clock.advance(ANSWERED_MS + 1);
        assert_eq!(taken(&at, &one).await, Known::Done);
    })
    .await;
}

async fn aside(at: &Fixture) -> tieline_storage::Result<()> {
    let tx = at.store.begin_aside(&Actor::system()).await?;
    tx.commit().await
}

async fn commit(at: &Fixture) -> tieline_storage::Result<()> {
    at.store.begin(&Actor::system()).await?.commit().await
}

#[tokio::test]
async fn answers_of_a_user_who_sees_less_are_forgotten_and_not_that_they_were_done() {
    on_both(|at| async move {
        let (ann, bob) = (StaffId::from_uuid(1), StaffId::from_uuid(2));
        let names = [
            ann.to_string(),
            format!("key_1 {ann}"),
            bob.to_string(),
            format!("key_1 {bob}"),
            "key_1".to_owned(),
        ];
        let answer = Kept {
            status: 201,
            body: "{}".to_owned(),
        };
        let whose = [Some(ann), Some(ann), Some(bob), Some(bob), None];
        let requests = names.iter().zip(whose).map(|(name, staff)| Request {
            staff,
            ..request(name, b"one")
        });
        let requests: Vec<Request> = requests.collect();
        for answered_before in [true, false] {
            for one in &requests {
                assert_eq!(taken(&at, one).await, Known::New, "{one:?}");
                if answered_before {
                    settled(&at, one, Some(&answer)).await;
                }
            }
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            forget_answers(&mut tx, ann).await.unwrap();
            tx.commit().await.unwrap();
            for one in &requests {
                if !answered_before {
                    settled(&at, one, Some(&answer)).await;
                }
                let known = match one.staff == Some(ann) {
                    false => Known::Answered(answer.clone()),
                    true => Known::Done,
                };
                assert_eq!(taken(&at, one).await, known, "{one:?}, {answered_before}");
            }
            at.clock.advance(2 * DAY_MS);
        }
    })
    .await;
}

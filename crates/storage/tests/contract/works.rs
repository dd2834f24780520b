//! Jobs, attempts and holders of numbers beside each other: each is found, taken and ended by itself.

use super::carriers::{add_account, add_sender};
use super::harness::{Fixture, on_both};
use super::people::{contact, inbox, linked, org, ours, talk, writing};
use tieline_domain::access::Scope;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::channel::Channel;
use tieline_domain::delivery::State;
use tieline_domain::id::{ContactId, JobId};
use tieline_domain::job::{InHand, JobKind, JobState, Lane};
use tieline_domain::sync::link::LinkState;
use tieline_storage::contact::{self as contacts, ContactQuery};
use tieline_storage::job::{self, Beat, ClaimedJob, NewJob};
use tieline_storage::link::{self, Link, LinkCounts};
use tieline_storage::{Tx, attempt, carrier_account};

const TEXT: JobKind = JobKind::MessageSend;

async fn ask(tx: &mut Tx, key: Option<&str>, in_ms: i64) {
    let job = NewJob {
        kind: TEXT,
        party: None,
        key: key.map(str::to_owned),
        in_line: None,
        payload: 7,
        run_at: tx.now() + in_ms,
    };
    job::enqueue(tx, job).await.unwrap();
}

async fn take(tx: &mut Tx) -> Vec<ClaimedJob> {
    let mut jobs = Vec::new();
    for lane in Lane::ALL {
        jobs.extend(job::claim(tx, &mut InHand::of(lane)).await.unwrap());
    }
    jobs
}

async fn states(tx: &mut Tx) -> Vec<(JobState, i64)> {
    let counts = job::count_by_state(tx).await.unwrap();
    counts.into_iter().map(|(_, state, n)| (state, n)).collect()
}

#[derive(Debug, Clone, Copy)]
enum Word {
    Start,
    Finish,
    Retry,
    Supersede,
    Bury,
    Fail,
    Settle,
}

/// What a worker says of its job.
async fn say(tx: &mut Tx, word: Word, mine: &ClaimedJob) {
    let now = tx.now();
    match word {
        Word::Start => job::start_attempt(tx, mine).await.unwrap(),
        Word::Finish => job::finish(tx, mine).await.unwrap(),
        Word::Retry => job::retry(tx, mine, now, "").await.unwrap(),
        Word::Supersede => {
            ask(tx, Some("0"), 0).await;
            ask(tx, Some("1"), 0).await;
            job::retry(tx, mine, now, "").await.unwrap();
        }
        Word::Bury => job::bury(tx, mine, "").await.unwrap(),
        Word::Fail | Word::Settle => job::fail(tx, mine, "").await.unwrap(),
    }
}

#[tokio::test]
async fn what_a_worker_says_of_its_job_is_said_of_no_other() {
    use JobState::{AttemptStarted, Dead, Leased, Ready, Uncertain};
    on_both(|at| async move {
        for (word, begun, after) in [
            (Word::Start, false, vec![(AttemptStarted, 1), (Leased, 1)]),
            (Word::Finish, false, vec![(Leased, 1)]),
            (Word::Finish, true, vec![(AttemptStarted, 1)]),
            (Word::Retry, false, vec![(Leased, 1), (Ready, 1)]),
            (Word::Retry, true, vec![(AttemptStarted, 1), (Ready, 1)]),
            (Word::Supersede, false, vec![(Leased, 1), (Ready, 2)]),
            (Word::Supersede, true, vec![(AttemptStarted, 1), (Ready, 2)]),
            (Word::Bury, false, vec![(Dead, 1), (Leased, 1)]),
            (Word::Fail, true, vec![(AttemptStarted, 1), (Uncertain, 1)]),
            (Word::Settle, true, vec![(Uncertain, 1)]),
        ] {
            // Nothing of it is committed.
            let mut tx = writing(&at).await;
            for key in ["0", "1"] {
                ask(&mut tx, Some(key), 0).await;
            }
            let jobs = take(&mut tx).await;
            for job in jobs.iter().filter(|_| begun) {
                job::start_attempt(&mut tx, job).await.unwrap();
            }
            say(&mut tx, word, &jobs[0]).await;
            if matches!(word, Word::Fail) {
                let expired = job::expire(&mut tx).await.unwrap();
                assert_eq!(expired.uncertain[0].id, jobs[0].id);
            }
            if matches!(word, Word::Settle) {
                say(&mut tx, word, &jobs[1]).await;
                let expired = job::expire(&mut tx).await.unwrap();
                let settled = job::finish_uncertain(&mut tx, &expired.uncertain[0]).await;
                settled.unwrap();
            }
            assert_eq!(states(&mut tx).await, after, "{word:?}, begun: {begun}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_lengthened_for_one_job_alone() {
    on_both(|at| async move {
        for beats in [true, false] {
            let mut tx = writing(&at).await;
            for _ in 0..3 {
                ask(&mut tx, None, 0).await;
            }
            let jobs = take(&mut tx).await;
            job::start_attempt(&mut tx, &jobs[1]).await.unwrap();
            at.clock.advance(TEXT.lease_ms() - 1);
            for job in &jobs[..2] {
                match beats {
                    true => assert_eq!(job::beat(&mut tx, job).await.unwrap(), Beat::Held),
                    false => job::extend(&mut tx, job).await.unwrap(),
                }
            }
            let now = at.store.now();
            assert!(!job::any_expired(&mut tx, now).await.unwrap());
            at.clock.advance(1);
            let now = at.store.now();
            assert!(job::any_expired(&mut tx, now).await.unwrap());
            let expired = job::expire(&mut tx).await.unwrap();
            assert_eq!((expired.ready, expired.uncertain.len()), (1, 0));
            assert!(!job::any_expired(&mut tx, now).await.unwrap());
            at.clock.advance(TEXT.lease_ms() - 1);
            let now = at.store.now();
            assert!(job::any_expired(&mut tx, now).await.unwrap());
            let expired = job::expire(&mut tx).await.unwrap();
            assert_eq!((expired.ready, expired.uncertain.len()), (1, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn work_that_went_on_forgets_earlier_failures() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        ask(&mut tx, None, 0).await;
        for (goes_on, failures) in [(false, 0), (true, 1), (false, 1), (false, 2)] {
            let job = take(&mut tx).await.remove(0);
            assert_eq!(job.failures, failures);
            if goes_on {
                job::extend(&mut tx, &job).await.unwrap();
            }
            at.clock.advance(TEXT.lease_ms());
            assert_eq!(job::expire(&mut tx).await.unwrap().ready, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn jobs_are_taken_as_they_are_due_and_none_before() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for (key, in_ms) in [("c", 0), ("a", -20), ("b", -10), ("d", 1), ("e", 0)] {
            ask(&mut tx, Some(key), in_ms).await;
        }
        assert_eq!(
            job::next_due(&mut tx).await.unwrap(),
            Some(at.store.now() - 20)
        );
        let ids: Vec<JobId> = take(&mut tx).await.iter().map(|it| it.id).collect();
        // They are numbered as they were asked for.
        let mut asked = ids.clone();
        asked.sort();
        assert_eq!(ids, [asked[1], asked[2], asked[0], asked[3]]);
        let due = job::next_due(&mut tx).await.unwrap();
        assert_eq!(due, Some(at.store.now() + 1), "what is in hand is not due");
    })
    .await;
}

#[tokio::test]
async fn dead_jobs_are_revived_and_dropped_one_by_one() {
    on_both(|at| async move {
        let mut tx = writing(&at).await;
        for key in ["0", "1", "2", "3", "4"] {
            ask(&mut tx, Some(key), 0).await;
        }
        let jobs = take(&mut tx).await;
        for n in [0, 1, 2, 4] {
            job::bury(&mut tx, &jobs[n], "").await.unwrap();
        }
        at.clock.advance(10);
        // Of the first's key another waits already, and of the last's.
        ask(&mut tx, Some("0"), 5).await;
        ask(&mut tx, Some("4"), 5).await;
        job::revive(&mut tx, jobs[0].id).await.unwrap();
        let dead = job::list(&mut tx, JobState::Dead, None, 2).await.unwrap();
        let dead: Vec<_> = dead.iter().map(|it| it.id).collect();
        assert_eq!(
            dead,
            [jobs[4].id, jobs[2].id],
            "the newest, as many as asked"
        );
        job::revive(&mut tx, jobs[1].id).await.unwrap();
        let ready = job::list(&mut tx, JobState::Ready, None, 9).await.unwrap();
        let ready: Vec<_> = ready.iter().map(|it| (it.run_at, it.attempts)).collect();
        let now = at.store.now();
        assert_eq!(ready, [(now + 5, 0), (now + 5, 0), (now, 0)]);
        job::discard(&mut tx, jobs[2].id).await.unwrap();
        let left = [
            (JobState::Dead, 1),
            (JobState::Leased, 1),
            (JobState::Ready, 3),
        ];
        assert_eq!(states(&mut tx).await, left);
        for id in [jobs[3].id, jobs[1].id] {
            assert!(job::revive(&mut tx, id).await.is_err(), "it is not dead");
            assert!(job::discard(&mut tx, id).await.is_err(), "it is not dead");
        }
    })
    .await;
}

#[tokio::test]
async fn attempts_at_two_texts_are_counted_and_heard_of_apart() {
    on_both(|at| async move {
        let desk = inbox(&at, "Care").await.id;
        let (_, said) = talk(&at, desk, "+447700900101", &[ours("One"), ours("Two")]).await;
        let mut tx = writing(&at).await;
        let first = add_account(&mut tx, "AC1").await;
        let mut begun = Vec::new();
        for text in [&said[0], &said[0], &said[0], &said[1]] {
            begun.push(attempt::begin(&mut tx, text.id, first.id).await.unwrap());
        }
        let numbers: Vec<i64> = begun.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [1, 2, 3, 1]);
        begun[0].hear("SM1", State::Sent);
        attempt::save(&mut tx, &begun[0], State::Sending)
            .await
            .unwrap();
        let ids = [said[0].id, said[1].id];
        let kept = attempt::load(&mut tx, &ids).await.unwrap();
        assert_eq!(kept[&ids[0]], begun[..3]);
        assert_eq!(kept[&ids[1]], begun[3..]);
    })
    .await;
}

#[tokio::test]
async fn numbers_are_told_by_their_own_account_and_inbox() {
    on_both(|at| async move {
        let (desk, other) = (inbox(&at, "Care").await.id, inbox(&at, "Sales").await.id);
        let mut tx = writing(&at).await;
        let first = add_account(&mut tx, "AC1").await;
        let last = add_account(&mut tx, "AC2").await;
        let mine = add_sender(&mut tx, &first, Some(desk), "+447700900010").await;
        let more = add_sender(&mut tx, &first, None, "+447700900011").await;
        let theirs = add_sender(&mut tx, &last, Some(other), "+447700900012").await;
        carrier_account::assign_sender(&mut tx, more.id, Some(other))
            .await
            .unwrap();
        let of = carrier_account::senders_of(&mut tx, last.id).await;
        assert_eq!(of.unwrap(), [theirs]);
        let of = carrier_account::of_inbox(&mut tx, desk).await;
        assert_eq!(of.unwrap(), std::slice::from_ref(&first));
        let of = carrier_account::of_inbox(&mut tx, other).await;
        assert_eq!(of.unwrap(), [first, last], "the oldest first");
        let sends = carrier_account::sender_for(&mut tx, desk, None).await;
        assert_eq!(sends.unwrap(), Some(mine));
    })
    .await;
}

const NUMBER: &str = "+447700900101";

async fn link_to(at: &Fixture, link: Link) {
    let mut tx = writing(at).await;
    link::create_many(&mut tx, &[link]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_is_free_for_a_record_is_asked_by_org_by_object_and_among_the_living() {
    on_both(|at| async move {
        let (one, two) = (org(&at, "One").await, org(&at, "Two").await);
        let mut ids: Vec<ContactId> = Vec::new();
        let mut all = Vec::new();
        for name in ["Ann", "Bob", "Cleo", "Dora", "Eve"] {
            all.push(contact(&at, name, NUMBER).await);
            ids.push(all.last().unwrap().id);
        }
        let anns = linked(&at, &one, &all[0], "003A").await;
        let bobs = linked(&at, &two, &all[1], "003A").await;
        let of = |n: usize, object: &str, state| Link {
            id: at.store.new_id(),
            object: object.to_owned(),
            record_id: format!("00{n}"),
            contact_id: ids[n],
            state,
            ..anns.clone()
        };
        link_to(&at, of(2, "Lead", LinkState::Conflict)).await;
        link_to(&at, of(4, "Contact", LinkState::Gone)).await;
        let mut tx = writing(&at).await;
        let mut dora = contacts::load_by_ids(&mut tx, &[ids[3]]).await.unwrap();
        let mut dora = dora.remove(&ids[3]).unwrap();
        dora.deleted_at = Some(tx.now());
        contacts::save_many(&mut tx, &[dora], &Catalogue::first("GB"))
            .await
            .unwrap();
        let numbers = [NUMBER.to_owned()];
        let free = contacts::load_unlinked_holders(&mut tx, &numbers, one.id, "Contact").await;
        let free: Vec<_> = free.unwrap().remove(NUMBER).unwrap().into_iter().collect();
        assert_eq!(free, [ids[1], ids[2], ids[4]]);
        let held = contacts::load_holders(&mut tx, Channel::Sms, &numbers).await;
        assert_eq!(held.unwrap()[NUMBER].len(), 4);
        let listed = contacts::list_holders(&mut tx, &Scope::system(), NUMBER).await;
        let listed: Vec<_> = listed.unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(listed, ["Ann", "Bob", "Cleo", "Eve"]);
        let bare = contacts::load_unlinked(&mut tx, one.id, None, 9).await;
        let bare: Vec<_> = bare.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(bare, [ids[1]]);
        let bare = contacts::count_unlinked(&mut tx, &Scope::system(), one.id).await;
        assert_eq!(bare.unwrap(), 1);
        let first = contacts::load_unlinked(&mut tx, two.id, None, 2).await;
        let first: Vec<_> = first.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(first, [ids[0], ids[2]], "page by page in one order");
        let records = ["003A".to_owned()];
        let found = link::load_by_records(&mut tx, two.id, "Contact", &records).await;
        assert_eq!(found.unwrap()["003A"], bobs);
        let counts = link::counts(&mut tx, one.id).await.unwrap();
        let (records, waiting_to_org) = (1, 0);
        let of = |conflicts| LinkCounts {
            records,
            waiting_to_org,
            conflicts,
        };
        assert_eq!((counts["Contact"], counts["Lead"]), (of(0), of(1)));
    })
    .await;
}

#[tokio::test]
async fn a_list_of_contacts_by_record_looks_at_their_own_records() {
    on_both(|at| async move {
        let one = org(&at, "One").await;
        let mut all = Vec::new();
        for name in ["Ann", "Bob", "Cleo"] {
            all.push(contact(&at, name, "").await);
        }
        let anns = linked(&at, &one, &all[0], "003A").await;
        let gone = Link {
            id: at.store.new_id(),
            object: "Lead".to_owned(),
            record_id: "00QB".to_owned(),
            contact_id: all[1].id,
            state: LinkState::Gone,
            ..anns
        };
        link_to(&at, gone).await;
        let mut conn = at.store.reader().await.unwrap();
        for (linked, object, names) in [
            (Some(true), None, &["Ann"][..]),
            (Some(false), None, &["Bob", "Cleo"]),
            (None, Some("Lead".to_owned()), &[]),
            (None, Some("Contact".to_owned()), &["Ann"]),
        ] {
            let query = ContactQuery {
                linked,
                object,
                limit: 9,
                ..ContactQuery::default()
            };
            let found = contacts::list(&mut conn, &Scope::system(), &query).await;
            let found: Vec<_> = found.unwrap().into_iter().map(|it| it.name).collect();
            assert_eq!(found, names, "{query:?}");
        }
    })
    .await;
}

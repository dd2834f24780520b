//! Events: numbered by commit, without gaps, read within a scope.

use super::harness::{CountingIds, Fixture, on_both, on_postgres};
use futures_util::FutureExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tieline_domain::access::{Actor, Principal, Role, Scope, StaffMember};
use tieline_domain::event::{Event, Whisper};
use tieline_domain::id::{ContactId, ConversationId, Id, InboxId, StaffId, SyncRunId};
use tieline_domain::presence::{Doing, Sign};
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::{StorageError, Store, StoreOptions, Value, args, event, setting};

#[tokio::test]
async fn events_are_committed_with_the_change_or_not_at_all() {
    on_both(|at| async move {
        let run = Event::SyncRun {
            run_id: SyncRunId::from_uuid(1),
        };
        let mut lost = at.store.begin(&Actor::system()).await.unwrap();
        lost.emit(run.clone());
        drop(lost);
        let mut kept = at.store.begin(&Actor::system()).await.unwrap();
        kept.emit(run.clone());
        kept.emit(run.clone());
        kept.commit().await.unwrap();
        assert_eq!(
            *at.store.head().borrow(),
            1,
            "the same fact is told once a commit"
        );
        let mut reader = at.store.reader().await.unwrap();
        let (events, looked) = event::list_after(&mut reader, &Scope::system(), 0, 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((events.len(), looked), (1, 1));
        assert_eq!(events[0].event, run);
    })
    .await;
}

#[tokio::test]
async fn whoever_has_little_patience_is_told_soon() {
    on_both(|at| async move {
        let patience = Duration::from_millis(100);
        let hasty = at.store.patient(patience);
        // All connections, or the one that writes.
        let mut held = Vec::new();
        let began = loop {
            let began = Instant::now();
            match hasty.begin(&Actor::system()).await {
                Ok(tx) => held.push(tx),
                Err(error) => {
                    assert!(matches!(error, StorageError::Unavailable(_)), "{error}");
                    break began;
                }
            }
        };
        let waited = began.elapsed();
        assert!(waited >= patience && waited < patience * 10, "{waited:?}");
        drop(held);
        hasty.begin(&Actor::system()).await.unwrap();
        hasty.reader().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_event_of_a_foreign_inbox_is_passed_over() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let conversation_id = ConversationId::from_uuid(9);
        for inbox in 1..=2 {
            tx.emit(Event::Conversation {
                inbox_id: InboxId::from_uuid(inbox),
                conversation_id,
            });
        }
        tx.commit().await.unwrap();
        let staff = Principal::Staff(StaffMember {
            id: StaffId::from_uuid(1),
            role: Role::SystemAdministrator,
            reviewer: false,
            inboxes: vec![InboxId::from_uuid(2)],
        });
        let scope = staff.scope();
        let mut reader = at.store.reader().await.unwrap();
        let (events, looked) = event::list_after(&mut reader, &scope, 0, 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(looked, 2);
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [2]);
        let client = Principal::Client(ContactId::from_uuid(1)).scope();
        let heard = event::list_after(&mut reader, &client, 0, 10).await;
        let heard = heard.unwrap();
        assert_eq!(heard, Some((Vec::new(), 2)), "nothing says whose it is");
    })
    .await;
}

#[tokio::test]
async fn a_hub_that_starts_knows_how_far_events_have_come() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        for id in 1..=2 {
            tx.emit(Event::SyncRun {
                run_id: SyncRunId::from_uuid(id),
            });
        }
        tx.commit().await.unwrap();
        at.store.close().await;
        let again = at.second_hub().await;
        assert_eq!(*again.store.head().borrow(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_reader_from_before_the_window_or_from_the_future_starts_afresh() {
    on_both(|at| async move {
        for id in 1..=3 {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            tx.emit(Event::SyncRun {
                run_id: SyncRunId::from_uuid(id),
            });
            tx.commit().await.unwrap();
            at.clock.advance(1000);
        }
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let window = tx.now() - 1500;
        assert_eq!(event::forget_before(&mut tx, window).await.unwrap(), 2);
        tx.commit().await.unwrap();
        let mut reader = at.store.reader().await.unwrap();
        for (seq, known) in [(0, false), (1, false), (2, true), (3, true), (4, false)] {
            let answer = event::list_after(&mut reader, &Scope::system(), seq, 10)
                .await
                .unwrap();
            assert_eq!(answer.is_some(), known, "after {seq}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_hole_in_the_middle_makes_the_reader_start_afresh_instead_of_skipping_it() {
    on_both(|at| async move {
        // A hub whose clock runs behind commits later with an earlier time, and is forgotten first.
        for (id, ms) in [(1, 2000), (2, -1500), (3, 1500)] {
            at.clock.advance(ms);
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            tx.emit(Event::SyncRun {
                run_id: SyncRunId::from_uuid(id),
            });
            tx.commit().await.unwrap();
        }
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let window = tx.now() - 1000;
        assert_eq!(event::forget_before(&mut tx, window).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let mut reader = at.store.reader().await.unwrap();
        for (seq, known) in [(0, false), (1, false), (2, true), (3, true)] {
            let answer = event::list_after(&mut reader, &Scope::system(), seq, 10)
                .await
                .unwrap();
            assert_eq!(answer.is_some(), known, "after {seq}");
        }
    })
    .await;
}

const COMMITTERS: u128 = 8;
const COMMITS: u128 = 25;

/// Tells who committed what as its how-manieth: committer, commit, event of the commit.
fn told(committer: u128, commit: u128, part: u128) -> Event {
    Event::SyncRun {
        run_id: SyncRunId::from_uuid(committer << 64 | commit << 8 | part),
    }
}

async fn commit_in_turns(store: Store, committer: u128) {
    for commit in 0..COMMITS {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        // Some take longer between their first statement and their commit than others.
        let at = args![committer.to_string(), commit.to_string(), store.now()];
        let sql = "insert into setting (key, value, updated_at) values ($1, $2, $3) \
                   on conflict (key) do update set value = excluded.value";
        tx.run(sql, at).await.unwrap();
        tokio::time::sleep(Duration::from_millis(
            (committer * 7 + commit * 3) as u64 % 5,
        ))
        .await;
        for part in 0..=commit % 3 {
            tx.emit(told(committer, commit, part));
        }
        tx.commit().await.unwrap();
    }
}

/// Reads as a screen does, until `total` events were seen; how often it found news.
async fn follow(store: Store, total: i64) -> (Vec<Event>, usize) {
    let (mut seen, mut looks, mut seq) = (Vec::new(), 0, 0);
    while seq < total {
        let mut reader = store.reader().await.unwrap();
        let (events, looked) = event::list_after(&mut reader, &Scope::system(), seq, 1000)
            .await
            .unwrap()
            .expect("nothing was forgotten");
        drop(reader);
        for stored in &events {
            assert_eq!(stored.seq, seq + 1, "a number was missing when it was read");
            seq = stored.seq;
        }
        assert_eq!(looked, seq);
        looks += usize::from(!events.is_empty());
        seen.extend(events.into_iter().map(|stored| stored.event));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (seen, looks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_committers_on_two_hubs_leave_a_reader_no_gap() {
    on_postgres(|at| async move {
        let other = at.second_hub().await;
        let per_committer: u128 = (0..COMMITS).map(|commit| commit % 3 + 1).sum();
        let total = (COMMITTERS * per_committer) as i64;
        let reading = tokio::spawn(follow(at.store.clone(), total));
        let committers: Vec<_> = (0..COMMITTERS)
            .map(|committer| {
                let hub = if committer % 2 == 0 { &at } else { &other };
                tokio::spawn(commit_in_turns(hub.store.clone(), committer))
            })
            .collect();
        for committer in committers {
            committer.await.unwrap();
        }
        let (seen, looks) = tokio::time::timeout(Duration::from_secs(30), reading)
            .await
            .expect("the reader sees all of it")
            .unwrap();
        assert!(looks > 10, "the reader read while others wrote, not after");
        for committer in 0..COMMITTERS {
            let expected: Vec<Event> = (0..COMMITS)
                .flat_map(|commit| (0..=commit % 3).map(move |part| told(committer, commit, part)))
                .collect();
            let mine: Vec<&Event> = seen.iter().filter(|e| expected.contains(e)).collect();
            assert_eq!(
                mine,
                expected.iter().collect::<Vec<_>>(),
                "order of commits"
            );
        }
        for hub in [&at, &other] {
            let mut head = hub.store.head();
            tokio::time::timeout(Duration::from_secs(5), head.wait_for(|seq| *seq == total))
                .await
                .expect("each hub hears of the other's commits")
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn long_lists_of_keys_are_cut_and_lose_none() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let keys: Vec<String> = (0..1_203)
            .map(|number| format!("key {number:04}"))
            .collect();
        for key in &keys {
            setting::set(&mut tx, key, &1).await.unwrap();
        }
        let list = || keys.iter().map(Value::from).collect::<Vec<_>>();
        let sql = "select key from setting where value = $1 and key in ({in})";
        let found = tx.all_in(sql, args!["1"], list()).await.unwrap();
        let mut found: Vec<String> = found.iter().map(|row| row.text("key").unwrap()).collect();
        found.sort();
        assert_eq!(found, keys);
        let sql = "delete from setting where value = $1 and key in ({in})";
        assert_eq!(tx.run_in(sql, args!["1"], list()).await.unwrap(), 1_203);
        assert_eq!(tx.run_in(sql, args!["1"], Vec::new()).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_clock_goes_ahead_counts_by_the_databases() {
    on_postgres(|at| async move {
        let ahead = at.second_hub_ahead(61_000).await;
        at.clock.advance(5_000);
        ahead.learn_time().await.unwrap();
        assert_eq!(ahead.now(), at.clock.now());
        ahead.close().await;
    })
    .await;
}

/// The clock of a computer that knows nothing of the database's.
struct WrongClock;

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn database_now(&self) -> Option<Timestamp> {
        None
    }
}

#[tokio::test]
async fn a_node_asks_its_server_for_the_time() {
    on_postgres(|at| async move {
        let options = StoreOptions {
            url: at.url.clone(),
            clock: Arc::new(WrongClock),
            ids: Arc::new(CountingIds::default()),
        };
        let asks = Store::open(options).await.unwrap();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let off_ms = asks.now().0 - since.as_millis() as i64;
        assert!(off_ms.abs() < 60_000, "{off_ms}");
        asks.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_whose_caller_hangs_up_is_told_of_all_the_same() {
    on_both(|at| async move {
        let mut given_up = 0;
        for round in 0..100 {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            tx.emit(Event::SyncRun {
                run_id: at.store.new_id(),
            });
            let mut commit = Box::pin(tx.commit());
            let mut is_through = false;
            for _ in 0..=round % 10 {
                is_through = is_through || (&mut commit).now_or_never().is_some();
                std::thread::sleep(Duration::from_micros(50));
            }
            given_up += u32::from(!is_through);
            drop(commit);
            // Whatever was under way is over once somebody else may write.
            drop(at.store.begin(&Actor::system()).await.unwrap());
            let mut reader = at.store.reader().await.unwrap();
            let committed = event::head(&mut reader).await.unwrap();
            let mut head = at.store.head();
            let told = head.wait_for(|seq| *seq >= committed);
            let told = tokio::time::timeout(Duration::from_secs(10), told).await;
            assert!(told.is_ok(), "{committed} is not told of");
        }
        assert!(given_up > 10, "{given_up} gave up");
    })
    .await;
}

#[tokio::test]
async fn a_whisper_is_heard_by_who_listens_also_on_another_hub_and_is_kept_nowhere() {
    let sign = |number: u128| {
        Whisper::Presence(Sign {
            inbox_id: InboxId::from_uuid(1),
            conversation_id: ConversationId::from_uuid(number),
            staff_id: StaffId::from_uuid(1),
            doing: Doing::Typing,
        })
    };
    let check = async |at: &Fixture, listens: &Store| {
        at.store.whisper(sign(0)).await.unwrap();
        let mut heard = listens.whispers();
        at.store.whisper(sign(1)).await.unwrap();
        at.store.whisper(sign(2)).await.unwrap();
        let mut seen = Vec::new();
        // On a server the one from before may still be on its way.
        while seen.last() != Some(&sign(2)) {
            let next = tokio::time::timeout(Duration::from_secs(10), heard.recv());
            seen.push(next.await.expect("it is told").unwrap());
        }
        seen.retain(|it| *it != sign(0));
        assert_eq!(seen, [sign(1), sign(2)]);
    };
    on_both(|at| async move { check(&at, &at.store.patient(Duration::from_secs(1))).await }).await;
    on_postgres(|at| async move { check(&at, &at.second_hub().await.store).await }).await;
}

//! What becomes of leases, waits and beginnings when somebody sets the clock.

use super::carriers::{add_account, add_inbox, add_sender, add_text};
use super::harness::{CountingIds, Fixture, TestClock, on_postgres};
use super::jobs::{SYNC, add, claim, enqueue, expire, take};
use super::people;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tieline_domain::access::Actor;
use tieline_domain::conversation::Conversation;
use tieline_domain::event::Event;
use tieline_domain::id::{ConnectionId, MessageId};
use tieline_domain::job::JobState;
use tieline_domain::sync::link::IntentState;
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery};
use tieline_storage::create_intent::CreateIntent;
use tieline_storage::idempotency::{self, Known, Request};
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Conn, Store, StoreOptions, attempt, carrier_account, create_intent};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

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
        // Whoever starts knows only that its call may go on until now.
        let expected = if restarted { 0 } else { 5_000 };
        assert_eq!(ago_ms, Some(expected), "{restarted}");
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

/// A text and a create whose answers are to come.
async fn begin_both(at: &Fixture) -> (MessageId, ConnectionId) {
    let org = people::org(at, "One").await.id;
    let mut tx = people::writing(at).await;
    let inbox = add_inbox(&mut tx).await;
    let account = add_account(&mut tx, "AC1").await;
    let sender = add_sender(&mut tx, &account, Some(inbox), "+447700900010").await;
    let text = add_text(&mut tx, inbox, &sender).await;
    attempt::begin(&mut tx, text.id, account.id).await.unwrap();
    let intent = CreateIntent {
        id: tx.new_id(),
        connection_id: org,
        object: "Contact".to_owned(),
        contact_id: None,
        body: Default::default(),
        state: IntentState::Open,
        begun_at: tx.now(),
        not_before: tx.now(),
    };
    create_intent::create_many(&mut tx, &[intent])
        .await
        .unwrap();
    // So that the last word is of this moment.
    let staff_id = tx.new_id();
    tx.emit(Event::Access { staff_id });
    tx.commit().await.unwrap();
    (text.id, org)
}

/// When each began, at the earliest and at the latest.
async fn both_began(
    store: &Store,
    (text, org): (MessageId, ConnectionId),
) -> [(Timestamp, Timestamp); 2] {
    let mut reader = store.reader().await.unwrap();
    let attempts = attempt::load(&mut reader, &[text]).await.unwrap();
    let attempt = &attempts[&text][0];
    let intents = create_intent::open(&mut reader, org, "Contact").await;
    let intent = &intents.unwrap()[0];
    [
        (attempt.not_before, attempt.begun_at),
        (intent.not_before, intent.begun_at),
    ]
}

#[tokio::test]
async fn what_an_earlier_life_of_the_only_hub_left_open_is_looked_for_from_a_day_before() {
    let weeks_ms = 21 * DAY_MS;
    for (fast_ms, away_ms) in [
        (0, 0),
        (HOUR_MS, 0),
        (HOUR_MS, 2 * HOUR_MS),
        (HOUR_MS, weeks_ms),
        (-HOUR_MS, 0),
    ] {
        let (folder, clock, store) = alone().await;
        clock.set.fetch_add(fast_ms, Ordering::SeqCst);
        store.learn_time().await.unwrap();
        let mut at = Fixture {
            store,
            clock: Arc::default(),
            url: String::new(),
        };
        let open = begin_both(&at).await;
        let begun = at.store.now();
        assert_eq!(both_began(&at.store, open).await, [(begun, begun); 2]);
        clock.set.fetch_sub(fast_ms, Ordering::SeqCst);
        clock.passed.fetch_add(away_ms, Ordering::SeqCst);
        let earliest = begun.min(clock.now()) - DAY_MS;
        // Also where it is started again and again.
        for life in 0..3 {
            at.store.close().await;
            at.store = begun_in(&folder, &clock).await;
            let known = [(earliest, clock.now()); 2];
            let told = format!("{fast_ms} {away_ms} {life}");
            assert_eq!(both_began(&at.store, open).await, known, "{told}");
            clock.passed.fetch_add(5_000, Ordering::SeqCst);
        }
    }
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
async fn a_node_that_learns_that_the_servers_clock_was_set_back_has_all_looked_for_from_a_day_before()
 {
    on_postgres(|at| async move {
        let clock = Arc::new(ServersClock(at.clock.clone(), AtomicI64::new(0)));
        let options = StoreOptions {
            url: at.url.clone(),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
        };
        let node = Store::open(options).await.unwrap();
        let open = begin_both(&at).await;
        let begun = at.store.now();
        let known = [(begun, begun); 2];
        let earliest = begun - HOUR_MS - DAY_MS;
        // By a second nodes differ; what is moved is moved once.
        for (ahead_ms, known) in [
            (-1_000, known),
            (HOUR_MS, known),
            (-HOUR_MS, [(earliest, begun - HOUR_MS); 2]),
            (HOUR_MS, [(earliest, begun - HOUR_MS); 2]),
            (-2 * HOUR_MS, [(earliest, begun - 2 * HOUR_MS); 2]),
        ] {
            clock.1.store(ahead_ms, Ordering::SeqCst);
            node.learn_time().await.unwrap();
            assert_eq!(both_began(&node, open).await, known, "{ahead_ms}");
        }
        node.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_node_that_starts_beside_others_moves_nothing_unless_the_servers_clock_was_set_back() {
    on_postgres(|at| async move {
        let open = begin_both(&at).await;
        let begun = at.store.now();
        let earliest = begun - HOUR_MS - DAY_MS;
        for (ahead_ms, known) in [
            (0, (begun, begun)),
            (-1_000, (begun, begun)),
            (-HOUR_MS, (earliest, begun - HOUR_MS)),
        ] {
            let clock = ServersClock(at.clock.clone(), AtomicI64::new(ahead_ms));
            let options = StoreOptions {
                url: at.url.clone(),
                clock: Arc::new(clock),
                ids: Arc::new(CountingIds::default()),
            };
            let node = Store::open(options).await.unwrap();
            assert_eq!(both_began(&node, open).await, [known; 2], "{ahead_ms}");
            node.close().await;
        }
    })
    .await;
}

/// A node beside others, which looks at this clock.
async fn beside_others(url: &str, clock: &Arc<ServersClock>) -> Store {
    let options = StoreOptions {
        url: url.to_owned(),
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
    };
    Store::open(options).await.unwrap()
}

/// A job and an account that wait until then.
async fn let_wait(at: &Fixture, until: Timestamp) {
    let mut tx = people::writing(at).await;
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
    let held = carrier_account::hold(&mut tx, account.id, until);
    held.await.unwrap();
    // So that the last word is of this moment.
    let staff_id = tx.new_id();
    tx.emit(Event::Access { staff_id });
    tx.commit().await.unwrap();
}

/// Until when both wait.
async fn both_wait_until(store: &Store) -> (Timestamp, Option<Timestamp>) {
    let mut reader = store.reader().await.unwrap();
    let jobs = job::list(&mut reader, JobState::Ready, None, 10).await;
    let accounts = carrier_account::all(&mut reader).await;
    (jobs.unwrap()[0].run_at, accounts.unwrap()[0].held_until)
}

#[tokio::test]
async fn what_waits_waits_no_longer_because_the_servers_clock_was_set_back_however_many_notice() {
    on_postgres(|at| async move {
        let clock = Arc::new(ServersClock(at.clock.clone(), AtomicI64::new(0)));
        let first = beside_others(&at.url, &clock).await;
        let second = beside_others(&at.url, &clock).await;
        let until = at.store.now() + 60_000;
        let_wait(&at, until).await;
        clock.1.store(-1_000, Ordering::SeqCst);
        first.learn_time().await.unwrap();
        assert_eq!(both_wait_until(&first).await, (until, Some(until)));
        clock.1.store(-HOUR_MS, Ordering::SeqCst);
        first.learn_time().await.unwrap();
        let moved = until - HOUR_MS;
        let slack = 1_000;
        let (run_at, held_until) = both_wait_until(&first).await;
        assert!((moved..=moved + slack).contains(&run_at), "{run_at:?}");
        assert_eq!(held_until, Some(run_at));
        // Whoever notices as well makes nobody wait longer.
        second.learn_time().await.unwrap();
        let (again, held_until) = both_wait_until(&second).await;
        assert!(again <= run_at && held_until <= Some(run_at), "{again:?}");
        first.close().await;
        second.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_node_that_starts_after_the_servers_clock_was_set_back_has_nothing_wait_for_that() {
    on_postgres(|at| async move {
        let until = at.store.now() + 60_000;
        let_wait(&at, until).await;
        let clock = ServersClock(at.clock.clone(), AtomicI64::new(-HOUR_MS));
        let node = beside_others(&at.url, &Arc::new(clock)).await;
        let moved = until - HOUR_MS;
        assert_eq!(both_wait_until(&node).await, (moved, Some(moved)));
        node.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_key_of_a_request_that_broke_off_is_free_a_minute_after_a_servers_clock_was_set_back() {
    let request = Request {
        principal: "st_1".to_owned(),
        key: "once".to_owned(),
        hash: b"what is asked for".to_vec(),
        staff: None,
    };
    let request = &request;
    on_postgres(|at| async move {
        let clock = Arc::new(ServersClock(at.clock.clone(), AtomicI64::new(0)));
        let node = beside_others(&at.url, &clock).await;
        let take = async |store: &Store| {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            let known = idempotency::take(&mut tx, request).await.unwrap();
            tx.commit().await.unwrap();
            known
        };
        assert_eq!(take(&at.store).await, Known::New);
        clock.1.store(-HOUR_MS, Ordering::SeqCst);
        node.learn_time().await.unwrap();
        at.clock.advance(59_000);
        assert_eq!(take(&node).await, Known::InFlight, "it may be answered");
        at.clock.advance(2_000);
        assert_eq!(take(&node).await, Known::New);
        node.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_lease_of_a_node_that_died_before_a_servers_clock_was_set_back_ends_once_all_know() {
    on_postgres(|at| async move {
        let clock = Arc::new(ServersClock(at.clock.clone(), AtomicI64::new(0)));
        let node = Fixture {
            store: beside_others(&at.url, &clock).await,
            clock: at.clock.clone(),
            url: at.url.clone(),
        };
        add(&at, SYNC, None).await;
        assert_eq!(claim(&at).await.len(), 1);
        clock.1.store(-HOUR_MS, Ordering::SeqCst);
        // The first look shows it; by the third every node has had its own.
        for _ in 0..2 {
            node.store.learn_time().await.unwrap();
            at.clock.advance(30_000);
            assert_eq!(expire(&node).await.ready, 0);
        }
        node.store.learn_time().await.unwrap();
        at.clock.advance(SYNC.lease_ms() - 1);
        assert_eq!(expire(&node).await.ready, 0);
        at.clock.advance(1);
        assert_eq!(expire(&node).await.ready, 1);
        node.store.close().await;
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

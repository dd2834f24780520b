//! What goes wrong outside, and what must still hold: nothing lost, nothing doubled. Each fault is
//! seen to fire, and each outcome is judged by the org's and the carrier's own records.

#[path = "lab/desk.rs"]
mod desk;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::demo::{Demo, DemoOptions, OUR_NUMBER};
use tieline_domain::access::Actor;
use tieline_domain::delivery::State;
use tieline_domain::sync::run::RunState;
use tieline_simulator::org::Call;
use tieline_simulator::{Fault, Mishap};
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{Store, connection, message};
use tieline_sync::{StartedBy, create_contact};

const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    demo: Demo,
    _folder: TempDir,
}

impl World {
    async fn new() -> World {
        World::with(20).await
    }

    async fn with(contacts: usize) -> World {
        let folder = tempfile::tempdir().unwrap();
        let data = Some(folder.path().to_path_buf());
        let options = DemoOptions {
            data,
            database: None,
            contacts,
            leads: 5,
            port: 0,
            seed: 7,
        };
        World {
            demo: Demo::start(options).await.unwrap(),
            _folder: folder,
        }
    }

    /// A world whose first sync is done.
    async fn in_step() -> World {
        let world = World::new().await;
        assert_eq!(world.run().await.state, RunState::Done);
        world
    }

    fn plan(&self, method: &str, path: &str, times: u32, mishap: Mishap) -> usize {
        let fault = Fault {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times,
            percent: 0,
            mishap,
        };
        self.demo.running.simulator.plan(fault)
    }

    fn fired(&self, fault: usize) -> u32 {
        self.demo.running.simulator.fired(fault)
    }

    /// A run from its start to its end, after one that an edit asked for.
    async fn run(&self) -> SyncRun {
        let began = Instant::now();
        loop {
            match self
                .demo
                .hub
                .sync
                .start(self.demo.connection, StartedBy::Schedule)
                .await
            {
                Ok(run) => return self.end_of(run).await,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end_of(&self, run: SyncRun) -> SyncRun {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let row = sync_run::by_id(&mut self.demo.hub.store.reader().await.unwrap(), run.id)
                .await
                .unwrap();
            if row.finished_at.is_some() {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the run did not end");
    }

    fn store(&self) -> &Store {
        &self.demo.hub.store
    }

    /// How many live records of the org match.
    fn count(&self, soql: &str) -> usize {
        let org = self.demo.running.simulator.org();
        let call = Call::of(org.users()[0].id);
        org.query(&call, soql, false)
            .unwrap_or_else(|error| panic!("{}", error.message))
            .total_size()
    }

    async fn until_state(&self, id: tieline_domain::id::MessageId, state: State) {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            let mut reader = self.demo.hub.store.reader().await.unwrap();
            last = message::load_by_ids(&mut reader, &[id])
                .await
                .unwrap()
                .remove(&id)
                .map(|it| it.state);
            if last == Some(state) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the message is {last:?} instead of {state:?}");
    }
}

fn refused(status: u16, code: &str) -> Mishap {
    Mishap::Error {
        status,
        code: code.to_owned(),
        message: "planned".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_locked_record_of_many_is_sent_again_alone() {
    let world = World::in_step().await;
    for contact in desk::contacts(world.store(), 3).await {
        desk::edit(world.store(), &contact, "description", "locked once").await;
    }
    let fault = world.plan(
        "PATCH",
        "/composite/sobjects",
        1,
        Mishap::LockedRow { position: 1 },
    );
    assert_eq!(world.run().await.state, RunState::Done);
    assert_eq!(world.fired(fault), 1);
    let org = world.demo.running.simulator.org();
    let ours: Vec<_> = org
        .changes()
        .into_iter()
        .filter(|it| it.client.as_deref() == Some("tieline"))
        .collect();
    assert_eq!(ours.len(), 3, "each record was written once: {ours:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_answer_is_lost_makes_one_record() {
    let world = World::in_step().await;
    let fault = world.plan("POST", "/composite/sobjects", 1, Mishap::CutAfterCommit);
    let fields = BTreeMap::from([("last_name".to_owned(), "Onceonly".to_owned())]);
    create_contact(world.store(), &Actor::system(), &fields)
        .await
        .unwrap();
    let first = world.run().await;
    assert_eq!(world.fired(fault), 1);
    assert_eq!(
        first.state,
        RunState::Failed,
        "nobody knows what became of the create, and the run says so"
    );
    assert_eq!(world.run().await.state, RunState::Done);
    assert_eq!(world.run().await.state, RunState::Done);
    assert_eq!(
        world.count("SELECT count() FROM Contact WHERE LastName = 'Onceonly'"),
        1
    );
    assert_eq!(
        desk::contacts(world.store(), 500)
            .await
            .iter()
            .filter(|it| it.name == "Onceonly")
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_is_lost_is_repeated_to_the_same_end() {
    let world = World::in_step().await;
    let contact = desk::contacts(world.store(), 1).await.remove(0);
    let fault = world.plan("PATCH", "/composite/sobjects", 1, Mishap::CutAfterCommit);
    desk::edit(world.store(), &contact, "description", "cut off").await;
    assert_eq!(world.run().await.state, RunState::Done);
    assert_eq!(world.fired(fault), 1);
    let org = world.demo.running.simulator.org();
    let written = org.changes().into_iter().any(|change| {
        change
            .fields
            .iter()
            .any(|field| field.field == "Description" && field.new == "cut off")
    });
    assert!(written, "the org has the change");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_and_pages_of_an_edge_do_not_end_a_run() {
    let world = World::new().await;
    let over = world.plan("GET", "/query", 1, Mishap::SessionOver);
    let edge = world.plan("GET", "/query", 2, Mishap::Html { status: 503 });
    let run = world.run().await;
    assert_eq!(
        (run.state, world.fired(over), world.fired(edge)),
        (RunState::Done, 1, 2),
        "{:?}",
        run.error
    );
    let people = world.count("SELECT count() FROM Contact") as i64;
    assert_eq!(run.counts.0["Contact"].to_hub.created, people);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_ends_after_its_page_and_the_next_goes_on_behind_it() {
    let world = World::with(2_600).await;
    let slow = world.plan("GET", "/query/", 1, Mishap::Slow { delay_ms: 4_000 });
    let hub = &world.demo.hub;
    let started = hub.sync.start(world.demo.connection, StartedBy::Schedule);
    let run = started.await.unwrap();
    let began = Instant::now();
    while world.fired(slow) == 0 {
        assert!(began.elapsed() < PATIENCE, "no second page was asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hub.sync.cancel(&Actor::system(), run.id).await.unwrap();
    let run = world.end_of(run).await;
    assert_eq!((run.state, run.progress_done), (RunState::Cancelled, 2_000));
    let next = world.run().await;
    assert_eq!(next.state, RunState::Done);
    let (before, after) = (
        run.counts.0["Contact"].to_hub.created,
        next.counts.0["Contact"].to_hub.created,
    );
    let people = world.count("SELECT count() FROM Contact") as i64;
    let leads = world.count("SELECT count() FROM Lead") as i64;
    assert_eq!(before + after, people);
    assert_eq!(
        next.progress_done,
        people - 2_000 + leads,
        "what was read is not read again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_down_fails_the_run_with_a_way_out_and_nothing_is_lost() {
    let world = World::in_step().await;
    let contact = desk::contacts(world.store(), 1).await.remove(0);
    let down = world.plan("", "/services/", u32::MAX, Mishap::Html { status: 503 });
    desk::edit(world.store(), &contact, "description", "while it was down").await;
    let run = world.run().await;
    assert_eq!(run.state, RunState::Failed);
    assert!(world.fired(down) > 1, "it was tried more than once");
    assert!(!run.error.unwrap().fix.is_empty());
    world.demo.running.simulator.clear_faults();
    assert_eq!(world.run().await.state, RunState::Done);
    let org = world.demo.running.simulator.org();
    let written = org.changes().into_iter().filter(|change| {
        let fields = &change.fields;
        fields.iter().any(|field| field.new == "while it was down")
    });
    assert_eq!(written.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_between_pages_does_not_end_the_run() {
    let world = World::with(4_600).await;
    let faults = [0, 1].map(|skip| {
        world.demo.running.simulator.plan(Fault {
            method: "GET".to_owned(),
            path: "/query/".to_owned(),
            skip,
            times: 1,
            percent: 0,
            mishap: Mishap::SessionOver,
        })
    });
    let run = world.run().await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    assert_eq!(faults.map(|fault| world.fired(fault)), [1, 1]);
    let people = world.count("SELECT count() FROM Contact") as i64;
    assert_eq!(run.counts.0["Contact"].to_hub.created, people);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_moved_is_followed_and_the_run_goes_on() {
    let world = World::in_step().await;
    let base = &world.demo.running.info.base_url;
    // The same org by another name, as it is after a change of its domain.
    let to = base.replace("127.0.0.1", "localhost");
    // Where there is no other place, a new sign-in says where the org is.
    for (status, place) in [(302, &to), (421, base), (302, base)] {
        let mishap = Mishap::InstanceMoved {
            to: place.clone(),
            status,
        };
        let moved = world.plan("GET", "/query", 1, mishap);
        let run = world.run().await;
        assert_eq!(
            run.state,
            RunState::Done,
            "{status} {place}: {:?}",
            run.error
        );
        assert_eq!(world.fired(moved), 1, "{status} {place}");
        let mut reader = world.store().reader().await.unwrap();
        let kept = connection::by_id(&mut reader, world.demo.connection);
        assert_eq!(&kept.await.unwrap().instance_url, place, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_limit_ends_the_run_with_the_way_out_and_the_next_goes_on() {
    let world = World::new().await;
    let fault = world.plan("GET", "/query", 1, refused(403, "REQUEST_LIMIT_EXCEEDED"));
    let run = world.run().await;
    assert_eq!((run.state, world.fired(fault)), (RunState::Failed, 1));
    assert!(run.error.unwrap().fix.contains("24 hours"));
    let run = world.run().await;
    assert_eq!(run.state, RunState::Done);
    assert_eq!(
        run.counts.0["Contact"].to_hub.created,
        world.count("SELECT count() FROM Contact") as i64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_whose_sending_is_cut_off_reaches_the_carrier_once() {
    let world = World::new().await;
    let fault = world.plan("POST", "/Messages.json", 1, Mishap::CutAfterCommit);
    let message = desk::text(world.store(), "+441134960501", "Only once").await;
    world.until_state(message.id, State::Delivered).await;
    assert_eq!(world.fired(fault), 1);
    let sent = world
        .demo
        .running
        .simulator
        .texts()
        .into_iter()
        .filter(|text| text.body == "Only once")
        .count();
    assert_eq!(sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_text_says_why_and_is_not_sent_again_by_itself() {
    let world = World::new().await;
    let fault = world.plan("POST", "/Messages.json", 1, refused(400, "planned"));
    let message = desk::text(world.store(), "+441134960502", "Refused").await;
    world.until_state(message.id, State::Failed).await;
    assert_eq!(world.fired(fault), 1);
    assert!(
        world
            .demo
            .running
            .simulator
            .texts()
            .iter()
            .all(|text| text.body != "Refused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_texts_is_stored_once_each_and_in_order() {
    let world = World::new().await;
    for number in 0..50 {
        world.demo.running.simulator.text_from_phone(
            "+441134960503",
            OUR_NUMBER,
            &format!("Text {number}"),
        );
    }
    let began = Instant::now();
    loop {
        let all = desk::messages(world.store()).await;
        if all.len() >= 50 {
            let texts: Vec<String> = all.into_iter().map(|it| it.text).collect();
            let said: Vec<String> = (0..50).map(|number| format!("Text {number}")).collect();
            assert_eq!(texts, said);
            return;
        }
        assert!(began.elapsed() < PATIENCE, "not all texts came in");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

//! Work side by side, as a hub really does it: an org that hangs beside texts, one that is slower
//! than a lease, handlers that panic.

use super::desk;
use super::waits::{count, plan};
use super::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tieline::hub::Hub;
use tieline::transport::{Transport, in_process};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::event::Event;
use tieline_domain::job::{InHand, JobKind, JobState, Lane};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_simulator::Mishap;
use tieline_storage::contact::Contact;
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{event, job, link};
use tieline_sync::StartedBy;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

/// A worker looks so often when nobody wakes it.
const LOOK: Duration = Duration::from_millis(250);

/// A hub's worker that starts by itself what is due, many jobs at once.
pub struct Working {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Working {
    pub fn of(hub: &Hub) -> Working {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(hub.worker().run(stopped));
        Working { stop, task }
    }

    pub async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Requests to the org whose path holds a part.
fn to_org(
    part: &'static str,
) -> impl Fn(&http::Request<bytes::Bytes>) -> bool + Copy + Send + Sync {
    move |request| {
        let path = request.uri().path();
        path.starts_with("/services/") && path.contains(part)
    }
}

/// Before such requests are passed on, `first` happens, counted.
fn beforehand<F>(
    world: &World,
    such: impl Fn(&http::Request<bytes::Bytes>) -> bool + Copy + Send + Sync + 'static,
    count: &Arc<AtomicUsize>,
    first: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> Transport
where
    F: Future<Output = ()> + Send + 'static,
{
    let (inner, count) = (in_process(world.simulator.router()), count.clone());
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let (inner, count, first) = (inner.clone(), count.clone(), first.clone());
        async move {
            if such(&request) {
                count.fetch_add(1, Ordering::SeqCst);
                first().await;
            }
            inner.oneshot(request).await
        }
    }))
}

/// Forty texts, and a run that has just been started: how long until all have left.
async fn texts_leave(world: &World, hub: &Hub) -> (Duration, SyncRun) {
    const TEXTS: usize = 40;
    let sync = &world.hub.sync;
    let run = sync.start(world.connection, StartedBy::Schedule).await;
    for number in 0..TEXTS {
        let phone = format!("+4411349606{:02}", number % 9);
        desk::text(&world.hub.store, &phone, &format!("Out {number}")).await;
    }
    let began = Instant::now();
    let working = Working::of(hub);
    let all_have_left = async || world.simulator.texts().len() >= TEXTS;
    until("all texts have left", all_have_left).await;
    let took = began.elapsed();
    working.end().await;
    (took, run.unwrap())
}

#[tokio::test]
async fn texts_leave_as_fast_while_the_org_hangs_and_the_run_is_put_back_when_the_hub_ends() {
    let alone = World::new(31).await;
    let (usual, _) = texts_leave(&alone, &alone.hub).await;
    let world = World::new(31).await;
    let hangs = Arc::new(AtomicUsize::new(0));
    let hub = world
        .second_hub(beforehand(&world, to_org(""), &hangs, std::future::pending))
        .await;
    let (took, run) = texts_leave(&world, &hub).await;
    assert!(hangs.load(Ordering::SeqCst) > 0, "the org was asked");
    assert!(took <= usual * 2 + LOOK * 2, "{took:?}, else {usual:?}");
    let mut reader = world.hub.store.reader().await.unwrap();
    let row = sync_run::by_id(&mut reader, run.id).await.unwrap();
    assert_eq!((row.finished_at, row.error), (None, None));
    let waiting = job::list(&mut reader, JobState::Ready, None, 100)
        .await
        .unwrap();
    let it = waiting
        .iter()
        .find(|job| job.kind == JobKind::SyncRun)
        .unwrap();
    assert_eq!((it.attempts, it.failures), (0, 0), "as if never begun");
}

#[tokio::test]
async fn texts_leave_while_the_carrier_does_not_say_what_became_of_many_others() {
    let most = Lane::Texts.slots_per_party() as u32 + 1;
    let world = World::new(34).await;
    let cut = plan(
        &world,
        "POST",
        "/Messages",
        most,
        Mishap::CutBeforeCommit {},
    );
    for number in 0..most {
        let phone = format!("+4411349605{number:02}");
        desk::text(&world.hub.store, &phone, "Cut off").await;
    }
    world.hub.worker().work_off().await;
    assert_eq!(world.simulator.fired(cut), most);
    world.wait(10_000);
    let (asked, hangs) = (Arc::default(), Arc::new(Semaphore::new(0)));
    let answers = hangs.clone();
    let after_all = move || {
        let answers = answers.clone();
        async move { _ = answers.acquire().await }
    };
    let for_its_list = |request: &http::Request<bytes::Bytes>| {
        request.method() == http::Method::GET && request.uri().path().ends_with("/Messages.json")
    };
    let hub = world
        .second_hub(beforehand(&world, for_its_list, &asked, after_all))
        .await;
    desk::text(&world.hub.store, "+441134960549", "Not held up").await;
    let working = Working::of(&hub);
    let has_left = async || {
        let texts = world.simulator.texts();
        texts.iter().any(|text| text.body == "Not held up")
    };
    until("the text has left", has_left).await;
    let is_asked = async || asked.load(Ordering::SeqCst) > 0;
    until("the carrier is asked", is_asked).await;
    hangs.close();
    working.end().await;
}

/// Two batches of changes at an org that takes so long for each, in which every worker could begin
/// anew.
async fn each_batch_once(seed: u64, takes_ms: i64) {
    const MORE_THAN_A_BATCH: usize = 201;
    let world = World::of(seed, 220).await;
    world.sync().await;
    let batches = Arc::new(AtomicUsize::new(0));
    let clock = world.nature.clock.clone();
    let slowly = move || {
        let clock = clock.clone();
        async move {
            for _ in 0..10 {
                clock.advance(takes_ms / 10);
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    };
    let hub = world
        .second_hub(beforehand(
            &world,
            to_org("/composite/sobjects"),
            &batches,
            slowly,
        ))
        .await;
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let ids: Vec<_> = contacts.iter().map(|it| it.id).collect();
    let mut reader = world.hub.store.reader().await.unwrap();
    let links = link::load_by_contacts(&mut reader, &ids).await.unwrap();
    drop(reader);
    let in_org = |it: &&Contact| links[&it.id][0].object == "Contact";
    for contact in contacts.iter().filter(in_org).take(MORE_THAN_A_BATCH) {
        desk::edit(&world.hub.store, contact, "title", "Once only").await;
    }
    world.wait(2_000);
    let working = Working::of(&hub);
    let ended = async || {
        let mut reader = world.hub.store.reader().await.unwrap();
        let runs = sync_run::history(&mut reader, world.connection, None, 1);
        let newest = runs.await.unwrap().remove(0);
        newest.trigger == RunTrigger::Change && newest.finished_at.is_some()
    };
    until("the changes are written", ended).await;
    working.end().await;
    assert_eq!(batches.load(Ordering::SeqCst), 2);
    assert_eq!(count(&world, "Title = 'Once only'"), MORE_THAN_A_BATCH);
    let mut reader = world.hub.store.reader().await.unwrap();
    let runs = sync_run::history(&mut reader, world.connection, None, 10)
        .await
        .unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.state == RunState::Done));
}

#[tokio::test]
async fn an_org_that_takes_seventy_seconds_a_batch_gets_each_batch_once() {
    each_batch_once(34, 70_000).await;
}

#[tokio::test]
async fn an_org_that_is_slower_than_a_lease_gets_each_batch_once() {
    each_batch_once(32, 200_000).await;
}

#[tokio::test]
async fn a_run_that_panics_again_and_again_is_dead_after_a_while_and_blocks_no_other() {
    let world = World::new(33).await;
    let panics = Arc::new(AtomicUsize::new(0));
    let hub = world
        .second_hub(beforehand(&world, to_org(""), &panics, || async {
            panic!("a handler's bug")
        }))
        .await;
    let run = world
        .hub
        .sync
        .start(world.connection, StartedBy::Schedule)
        .await
        .unwrap();
    let mut reader = world.hub.store.reader().await.unwrap();
    let head = event::head(&mut reader).await.unwrap();
    for _ in 0..30 {
        hub.worker().work_off().await;
        world.wait(11 * 60_000);
    }
    let row = sync_run::by_id(&mut reader, run.id).await.unwrap();
    assert_eq!(
        (row.state, row.phase.as_str()),
        (RunState::Failed, "Failed")
    );
    assert!(row.finished_at > Some(run.started_at));
    let error = row.error.expect("it is told why");
    assert_eq!(error.text, "its handler panicked");
    assert!(error.fix.starts_with("Start again"), "{}", error.fix);
    let heard = event::list_after(&mut reader, &Scope::system(), head, 100).await;
    let (heard, _) = heard.unwrap().unwrap();
    let told = heard.iter().map(|it| &it.event);
    let told = told.filter(|it| **it == Event::SyncRun { run_id: run.id });
    assert_eq!(told.count(), 1, "screens hear that it ended");
    let dead = job::list(&mut reader, JobState::Dead, None, 10)
        .await
        .unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("its handler panicked"));
    drop(reader);
    assert_eq!(panics.load(Ordering::SeqCst), 12);

    let run = world
        .hub
        .sync
        .start(world.connection, StartedBy::Schedule)
        .await
        .unwrap();
    assert_eq!(world.end_of(run).await.state, RunState::Done);
}

#[tokio::test]
async fn a_run_whose_workers_never_come_back_ends_after_a_while_and_is_not_begun_again() {
    let world = World::new(34).await;
    let run = world.start().await;
    let calls = world.simulator.calls().len();
    let failures_max = JobKind::SyncRun.retry().failures_max;
    for _ in 0..failures_max {
        let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
        job::expire(&mut tx).await.unwrap();
        let mut hand = InHand::of(JobKind::SyncRun.lane());
        assert_eq!(job::claim(&mut tx, &mut hand).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
        world.wait(11 * 60_000);
    }
    world.pump().await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let row = sync_run::by_id(&mut reader, run.id).await.unwrap();
    assert_eq!(row.state, RunState::Failed);
    let dead = job::list(&mut reader, JobState::Dead, None, 10).await;
    let dead = dead.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("it failed too often"));
    assert_eq!(world.simulator.calls().len(), calls, "it was tried no more");
    drop(reader);
    assert_eq!(world.sync().await.state, RunState::Done);
}

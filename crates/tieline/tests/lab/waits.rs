//! Whatever waits ends by itself: after the fault only time passes, and no run is started by hand.

use super::world::{World, to_orgs};
use crate::desk;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tieline::transport::Transport;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::sync::change::{ChangeAct, ChangeState};
use tieline_domain::sync::run::RunState;
use tieline_simulator::org::Call;
use tieline_simulator::{Fault, Mishap};
use tieline_storage::sync_run::{self, ChangeQuery, SyncRun};
use tieline_storage::{connection, link};
use tieline_sync::create_contact;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

pub const CREATES: &str = "/composite/sobjects";

pub fn plan(world: &World, method: &str, path: &str, times: u32, mishap: Mishap) -> usize {
    world.simulator.plan(Fault {
        method: method.to_owned(),
        path: path.to_owned(),
        skip: 0,
        times,
        percent: 0,
        mishap,
    })
}

pub async fn add(world: &World, first: &str, last: &str) {
    let mut fields = BTreeMap::from([("last_name".to_owned(), last.to_owned())]);
    if !first.is_empty() {
        fields.insert("first_name".to_owned(), first.to_owned());
    }
    create_contact(&world.hub.store, &Actor::system(), &fields)
        .await
        .unwrap();
}

/// How many records of the org match.
pub fn count(world: &World, condition: &str) -> usize {
    let soql = format!("SELECT Id FROM Contact WHERE {condition}");
    let answer = world.simulator.org().query(&world.somebody(), &soql, false);
    answer.ok().unwrap().len()
}

/// Contacts of that last name and how many links each has.
async fn links_of(world: &World, last: &str) -> Vec<usize> {
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let ids: Vec<_> = contacts
        .iter()
        .filter(|contact| {
            contact
                .fields
                .get("last_name")
                .is_some_and(|name| name == last)
        })
        .map(|contact| contact.id)
        .collect();
    let mut reader = world.hub.store.reader().await.unwrap();
    let links = link::load_by_contacts(&mut reader, &ids).await.unwrap();
    ids.iter()
        .map(|id| links.get(id).map_or(0, Vec::len))
        .collect()
}

pub async fn runs(world: &World) -> Vec<SyncRun> {
    let mut reader = world.hub.store.reader().await.unwrap();
    sync_run::history(&mut reader, world.connection, None, 100)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_namesakes_whose_creates_lose_their_answer_are_two_records_and_the_sync_goes_on() {
    let world = World::new(31).await;
    world.sync().await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
    add(&world, "Sam", "Twin").await;
    add(&world, "Sam", "Twin").await;
    world.live(60).await;
    assert_eq!(world.simulator.fired(cut), 1);
    assert_eq!(
        runs(&world).await[0].state,
        RunState::Done,
        "{:?}",
        runs(&world).await[0].error
    );
    assert_eq!(count(&world, "LastName = 'Twin'"), 2);
    assert_eq!(links_of(&world, "Twin").await, [1, 1]);
}

#[tokio::test]
async fn a_namesake_that_is_linked_already_is_not_taken_for_the_lost_create() {
    let world = World::new(32).await;
    world.sync().await;
    add(&world, "", "Namesake").await;
    world.live(10).await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
    add(&world, "", "Namesake").await;
    world.live(60).await;
    assert_eq!(world.simulator.fired(cut), 1);
    assert_eq!(count(&world, "LastName = 'Namesake'"), 2);
    assert_eq!(links_of(&world, "Namesake").await, [1, 1]);
}

#[tokio::test]
async fn a_create_that_was_lost_before_the_org_saw_it_is_sent_again_when_it_can_be_on_its_way_no_more()
 {
    let world = World::new(33).await;
    world.sync().await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutBeforeCommit {});
    add(&world, "", "Onceonly").await;
    world.live(30).await;
    assert_eq!(world.simulator.fired(cut), 1);
    assert_eq!(count(&world, "LastName = 'Onceonly'"), 0);
    world.live(11 * 60).await;
    assert_eq!(count(&world, "LastName = 'Onceonly'"), 1);
    assert_eq!(links_of(&world, "Onceonly").await, [1]);
}

#[tokio::test]
async fn more_records_than_creates_are_left_open_and_said_once() {
    let world = World::new(34).await;
    world.sync().await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
    // Meanwhile a second record of that name by the same user, as another integration makes it.
    let simulator = world.simulator.clone();
    let mut reader = world.hub.store.reader().await.unwrap();
    let row = connection::by_id(&mut reader, world.connection)
        .await
        .unwrap();
    drop(reader);
    let users = simulator.org().users();
    let ours = users.iter().find(|user| user.id.to_string() == row.user_id);
    let call = Call::of(ours.unwrap().id);
    let (hub, _) = mid_create(&world, move || {
        let body = [("LastName".to_owned(), "Several".into())];
        let body = body.into_iter().collect();
        simulator.org().create(&call, "Contact", &body).unwrap();
        async {}
    })
    .await;
    add(&world, "", "Several").await;
    live_on(&world, &hub, 120).await;
    assert_eq!(world.simulator.fired(cut), 1);
    // The clock has runs look again, which find what was said.
    live_on(&world, &hub, 32 * 60).await;
    assert!(runs(&world).await.len() > 4);
    let mut said = 0;
    let mut reader = world.hub.store.reader().await.unwrap();
    for run in runs(&world).await {
        let query = ChangeQuery {
            state: Some(ChangeState::Skipped),
            limit: 100,
            ..ChangeQuery::default()
        };
        let rows = sync_run::changes(&mut reader, &Scope::system(), run.id, &query)
            .await
            .unwrap();
        said += rows
            .iter()
            .filter(|row| row.act == ChangeAct::Create)
            .count();
    }
    assert_eq!(said, 1);
    assert_eq!(runs(&world).await[0].state, RunState::Done);
    assert_eq!(
        count(&world, "LastName = 'Several'"),
        2,
        "none was made anew"
    );
}

#[tokio::test]
async fn what_staff_did_while_the_org_was_down_arrives_within_thirty_seconds_of_its_return() {
    let world = World::new(35).await;
    world.sync().await;
    let down = plan(
        &world,
        "",
        "/services/",
        u32::MAX,
        Mishap::Html { status: 503 },
    );
    let contact = desk::contacts(&world.hub.store, 1).await.remove(0);
    desk::edit(
        &world.hub.store,
        &contact,
        "description",
        "while it was down",
    )
    .await;
    add(&world, "", "Downtime").await;
    world.live(600).await;
    assert!(world.simulator.fired(down) > 1);
    assert_eq!(count(&world, "LastName = 'Downtime'"), 0);
    let failed = runs(&world)
        .await
        .iter()
        .filter(|run| run.state == RunState::Failed)
        .count();
    assert!(
        failed <= 2,
        "an outage of ten minutes is one failed run, not {failed}"
    );
    world.simulator.clear_faults();
    world.live(30).await;
    assert_eq!(count(&world, "LastName = 'Downtime'"), 1);
    let answer = runs(&world).await;
    assert_eq!(answer[0].state, RunState::Done);
    assert_eq!(links_of(&world, "Downtime").await, [1]);
    let written = world
        .simulator
        .org()
        .changes()
        .into_iter()
        .filter(|change| {
            let fields = &change.fields;
            fields.iter().any(|field| field.new == "while it was down")
        });
    assert_eq!(written.count(), 1);
}

#[tokio::test]
async fn an_org_that_says_when_to_come_again_is_not_asked_before() {
    for (status, path) in [(503, "/query"), (429, "/oauth2/token")] {
        let world = World::new(39).await;
        world.sync().await;
        world.simulator.end_sessions();
        let busy = Mishap::Busy {
            status,
            retry_after_seconds: 90,
        };
        let busy = plan(&world, "", path, 1, busy);
        add(&world, "", "Patient").await;
        world.live(5).await;
        assert_eq!(world.simulator.fired(busy), 1, "{path}");
        let before = world.simulator.calls().len();
        world.live(80).await;
        assert_eq!(world.simulator.calls().len(), before, "{path}: it waits");
        world.live(15).await;
        assert_eq!(count(&world, "LastName = 'Patient'"), 1, "{path}");
    }
}

/// Another hub, which passes requests on; before the first answer to a create is heard, something
/// happens. Says how often there was one.
pub async fn mid_create<F, Fut>(world: &World, happens: F) -> (tieline::hub::Hub, Arc<AtomicU32>)
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    mid_write(world, "POST", happens).await
}

/// The same before the first answer to a write by this method.
async fn mid_write<F, Fut>(
    world: &World,
    method: &'static str,
    happens: F,
) -> (tieline::hub::Hub, Arc<AtomicU32>)
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let inner = to_orgs(&world.simulator);
    let times = Arc::new(AtomicU32::new(0));
    let counted = times.clone();
    let transport: Transport =
        BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
            let (inner, happens, times) = (inner.clone(), happens.clone(), counted.clone());
            async move {
                let is_write =
                    request.method() == method && request.uri().path().ends_with(CREATES);
                let answer = inner.oneshot(request).await;
                if is_write && times.fetch_add(1, Ordering::SeqCst) == 0 {
                    happens().await;
                }
                answer
            }
        }));
    (world.second_hub(transport).await, times)
}

pub async fn live_on(world: &World, hub: &tieline::hub::Hub, seconds: usize) {
    for _ in 0..seconds {
        world.wait(1_000);
        hub.worker().work_off().await;
    }
}

/// Nothing is read of such records, so that no reading finds what a write left out.
async fn write_only(world: &World) {
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let sql = "update object_mapping set direction = 'to_org'";
    tx.run(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_edit_made_while_the_create_is_on_its_way_goes_out_by_itself() {
    let world = World::new(36).await;
    world.sync().await;
    write_only(&world).await;
    let store = world.hub.store.clone();
    let (hub, times) = mid_create(&world, move || {
        let store = store.clone();
        async move {
            let contacts = desk::contacts(&store, 1_000).await;
            let found = contacts.iter().find(|it| it.name == "Inflight").unwrap();
            desk::edit(&store, found, "title", "In flight").await;
        }
    })
    .await;
    add(&world, "", "Inflight").await;
    live_on(&world, &hub, 30).await;
    assert_eq!(
        times.load(Ordering::SeqCst),
        1,
        "the edit came in mid-create"
    );
    assert_eq!(
        count(&world, "LastName = 'Inflight' AND Title = 'In flight'"),
        1
    );
}

#[tokio::test]
async fn an_edit_made_while_nobody_knows_of_the_record_goes_out_once_it_is_found() {
    let world = World::new(40).await;
    world.sync().await;
    write_only(&world).await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
    add(&world, "", "Foundlater").await;
    world.live(3).await;
    assert_eq!(world.simulator.fired(cut), 1);
    assert_eq!(links_of(&world, "Foundlater").await, [0]);
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let found = contacts.iter().find(|it| it.name == "Foundlater").unwrap();
    desk::edit(&world.hub.store, found, "title", "Meanwhile").await;
    world.live(60).await;
    assert_eq!(links_of(&world, "Foundlater").await, [1]);
    assert_eq!(
        count(&world, "LastName = 'Foundlater' AND Title = 'Meanwhile'"),
        1
    );
}

#[tokio::test]
async fn more_creates_of_one_name_than_are_looked_for_at_once_are_each_found() {
    const FAMILY: usize = 120;
    let world = World::new(41).await;
    world.sync().await;
    let cut = plan(&world, "POST", CREATES, 1, Mishap::CutAfterCommit);
    for number in 0..FAMILY {
        add(&world, &format!("Child {number}"), "Numerous").await;
    }
    world.live(60).await;
    assert_eq!(world.simulator.fired(cut), 1);
    assert_eq!(count(&world, "LastName = 'Numerous'"), FAMILY);
    assert_eq!(links_of(&world, "Numerous").await, [1; FAMILY]);
}

#[tokio::test]
async fn an_edit_made_while_the_write_is_on_its_way_goes_out_by_itself() {
    an_edit_goes_out(false).await;
}

#[tokio::test]
async fn a_change_that_becomes_due_while_a_run_goes_on_gets_a_run_behind_it() {
    an_edit_goes_out(true).await;
}

/// An edit that is made while an earlier one is written; its run is due then, or later.
async fn an_edit_goes_out(is_due_at_once: bool) {
    let world = World::new(38).await;
    world.sync().await;
    add(&world, "", "Inwrite").await;
    world.live(30).await;
    let store = world.hub.store.clone();
    write_only(&world).await;
    let edit = move |title: &'static str| {
        let store = store.clone();
        async move {
            let contacts = desk::contacts(&store, 1_000).await;
            let found = contacts.iter().find(|it| it.name == "Inwrite").unwrap();
            desk::edit(&store, found, "title", title).await;
        }
    };
    let second = edit.clone();
    let (clock, other) = (world.nature.clock.clone(), world.hub.worker());
    let happens = move || {
        let (second, clock, other) = (second("Second"), clock.clone(), other.clone());
        async move {
            second.await;
            if is_due_at_once {
                clock.advance(3_000);
                assert!(other.work_off().await > 0, "it asks for a run");
            }
        }
    };
    let (hub, times) = mid_write(&world, "PATCH", happens).await;
    edit("First").await;
    live_on(&world, &hub, 30).await;
    assert_eq!(times.load(Ordering::SeqCst), 2, "one for each edit");
    assert_eq!(
        count(&world, "LastName = 'Inwrite' AND Title = 'Second'"),
        1
    );
}

#[tokio::test]
async fn what_changed_in_the_org_comes_in_by_itself() {
    let world = World::new(37).await;
    world.sync().await;
    let org = world.simulator.org();
    let body = [("LastName".to_owned(), "Quiet".into())]
        .into_iter()
        .collect();
    org.create(&world.somebody(), "Contact", &body).unwrap();
    world.live(16 * 60).await;
    assert_eq!(links_of(&world, "Quiet").await, [1]);
}

#[tokio::test]
async fn a_run_after_one_that_failed_reads_on_behind_its_last_page() {
    let world = World::of(38, 2_600).await;
    let away = plan(&world, "GET", "/query/", 4, Mishap::Html { status: 503 });
    world.start().await;
    world.live(60).await;
    assert_eq!(world.simulator.fired(away), 4);
    let runs = runs(&world).await;
    let states: Vec<RunState> = runs.iter().rev().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Failed, RunState::Done]);
    let seen = |run: &SyncRun| {
        run.counts.0["Contact"].to_hub.created + run.counts.0["Contact"].to_hub.unchanged
    };
    assert_eq!(seen(&runs[1]), 2_000);
    assert_eq!(seen(&runs[0]) as usize, count(&world, "Id != null") - 2_000);
}

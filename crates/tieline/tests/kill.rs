//! The hub's process is killed with SIGKILL in the middle of its work and started again. The org
//! and the carrier live on in this process, and their own records judge the end.

#[path = "lab/desk.rs"]
mod desk;
#[path = "lab/served.rs"]
mod served;

use served::{World, until};
use std::collections::BTreeSet;
use tieline::demo::OUR_NUMBER;
use tieline::hub::Hub;
use tieline_domain::job::JobState;
use tieline_simulator::org::Call;
use tieline_simulator::{Fault, Mishap};
use tieline_storage::job;

/// More than one page of a query.
const CONTACTS: usize = 2_600;

fn plan(world: &World, method: &str, path: &str, skip: u32, mishap: Mishap) -> usize {
    world.running.simulator.plan(Fault {
        method: method.to_owned(),
        path: path.to_owned(),
        skip,
        times: 1,
        percent: 0,
        mishap,
    })
}

/// Names of the org's contacts that the hub lacks, and how many contacts the hub has.
async fn compare(world: &World) -> (Vec<String>, usize) {
    let contacts = world
        .at_rest(async |hub: &Hub| desk::contacts(&hub.store, 10_000).await)
        .await;
    let here: BTreeSet<&str> = contacts.iter().map(|it| it.name.as_str()).collect();
    let org = world.running.simulator.org();
    let call = Call::of(org.users()[0].id);
    let answer = org.query(&call, "SELECT Name FROM Contact", false);
    let answer = answer.unwrap_or_else(|error| panic!("{}", error.message));
    let rows = org.rows(&call, &answer, 0..answer.len());
    let names = rows.iter().filter_map(|row| row["Name"].as_str());
    let lacking = names.filter(|name| !here.contains(name));
    (lacking.map(str::to_owned).collect(), contacts.len())
}

/// Leaves texts to seven phones for the hub to send as it starts.
async fn write_texts(world: &World, number: usize) {
    let written = world.at_rest(async |hub: &Hub| {
        for number in 0..number {
            let phone = format!("+4411349605{:02}", number % 7);
            desk::text(&hub.store, &phone, &format!("Out {number}")).await;
        }
    });
    written.await;
}

/// How many texts of others the running hub has.
async fn received(world: &World) -> usize {
    let listed = world.conversations().await;
    let of_each = listed.iter().map(|it| it["unread"].as_u64().unwrap());
    of_each.sum::<u64>() as usize
}

fn slow() -> Mishap {
    Mishap::Slow { delay_ms: 30_000 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_hub_is_killed_between_pages_goes_on_with_the_next_page() {
    let mut world = World::new(CONTACTS).await;
    // The first page of contacts is taken in, and the second is asked for.
    let fault = plan(&world, "GET", "/query/", 0, slow());
    let run = world.leave_run().await;
    world.start().await;
    let fired = async || world.running.simulator.fired(fault) == 1;
    until("the second page is asked for", fired).await;
    let one_page = async || world.run(run).await["progress"]["done"] == 2_000;
    until("the first page is committed", one_page).await;
    world.kill();
    assert_eq!(world.row(run).await.finished_at, None);

    world.start().await;
    let whole = world.end_of(run).await;
    assert_eq!(whole["state"], "done", "{whole}");
    let people = world.count("SELECT count() FROM Contact");
    let leads = world.count("SELECT count() FROM Lead");
    let created = |object: &str| {
        let mut objects = whole["by_object"].as_array().unwrap().iter();
        let counts = objects.find(|it| it["object"] == object).unwrap();
        counts["to_hub"]["created"].as_u64().unwrap() as usize
    };
    assert_eq!(created("Contact"), people);
    // What was committed before the kill was not read again.
    assert_eq!(whole["progress"]["done"], people + leads);
    world.kill();
    let (lacking, contacts) = compare(&world).await;
    assert_eq!(lacking, Vec::<String>::new());
    assert_eq!(contacts, people + created("Lead"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_hub_is_killed_before_it_hears_of_it_is_there_once() {
    let mut world = World::new(5).await;
    let run = world.leave_run().await;
    world.start().await;
    world.end_of(run).await;
    let fault = plan(&world, "POST", "/composite/sobjects", 0, slow());
    let fields = r#"{"fields": {"last_name": "Onceonly"}}"#.to_owned();
    let (status, told) = world.post("/contacts", fields).await;
    assert!(status.is_success(), "{told}");
    let made = "SELECT count() FROM Contact WHERE LastName = 'Onceonly'";
    until("the org has made the record", async || {
        world.count(made) == 1
    })
    .await;
    assert_eq!(world.running.simulator.fired(fault), 1);
    world.kill();

    world.start().await;
    until("the runs are over", async || match world.ask_run().await {
        Some(run) => world.end_of(run).await["state"] == "done",
        None => false,
    })
    .await;
    assert_eq!(world.count(made), 1);
    world.kill();
    let contacts = world.at_rest(async |hub: &Hub| desk::contacts(&hub.store, 100).await);
    let contacts = contacts.await;
    let here = contacts.iter().filter(|it| it.name == "Onceonly");
    assert_eq!(here.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_come_in_while_the_hub_is_killed_again_and_again_are_all_here_once() {
    const TEXTS: usize = 300;
    let mut world = World::new(5).await;
    world.start().await;
    let said: BTreeSet<String> = (0..TEXTS).map(|number| format!("Text {number}")).collect();
    for (number, words) in said.iter().enumerate() {
        let phone = format!("+4411349605{:02}", number % 7);
        world
            .running
            .simulator
            .text_from_phone(&phone, OUR_NUMBER, words);
    }
    for part in [TEXTS / 10, TEXTS / 3, TEXTS / 2] {
        let here = async || received(&world).await >= part;
        until("a part of the texts is here", here).await;
        world.kill();
        let here = world.at_rest(async |hub: &Hub| desk::messages(&hub.store).await.len());
        let here = here.await;
        assert!(here < TEXTS, "it was killed in the middle, at {here}");
        world.start().await;
    }
    let here = async || received(&world).await >= TEXTS;
    until("all texts are here", here).await;
    world.kill();
    let came = world.at_rest(async |hub: &Hub| desk::messages(&hub.store).await);
    let came = came.await;
    assert_eq!(came.len(), TEXTS);
    assert_eq!(
        came.into_iter().map(|it| it.text).collect::<BTreeSet<_>>(),
        said
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_on_their_way_when_the_hub_is_killed_leave_once() {
    const TEXTS: usize = 60;
    let mut world = World::new(5).await;
    write_texts(&world, TEXTS).await;
    // This one is at the carrier, and the hub does not hear of it.
    let fault = plan(&world, "POST", "/Messages.json", 20, slow());
    world.start().await;
    let fired = async || world.running.simulator.fired(fault) == 1;
    until("a third of the texts has left", fired).await;
    world.kill();

    world.start().await;
    // One whose request broke off before the carrier had it is never sent again by itself.
    let settled = async || {
        let sent = world.sent();
        let messages = world.messages().await;
        messages.iter().all(|it| {
            let left = sent.iter().any(|text| it["text"] == text.as_str());
            it["state"] == if left { "delivered" } else { "uncertain" }
        })
    };
    until("what is at the carrier is delivered", settled).await;
    let sent = world.sent();
    let different: BTreeSet<&String> = sent.iter().collect();
    assert_eq!(sent.len(), different.len(), "no text left twice: {sent:?}");
    assert!(
        sent.len() > TEXTS * 2 / 3,
        "those that were only queued left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_asked_to_end_under_load_ends_its_batch_writes_its_log_back_and_goes_on_later()
 {
    const TEXTS: usize = 60;
    let mut world = World::new(CONTACTS).await;
    // The second page takes so long that the run is in the middle of it.
    let fault = plan(
        &world,
        "GET",
        "/query/",
        0,
        Mishap::Slow { delay_ms: 3_000 },
    );
    write_texts(&world, TEXTS).await;
    let run = world.leave_run().await;
    world.start().await;
    let fired = async || world.running.simulator.fired(fault) == 1;
    until("the second page is asked for", fired).await;
    let status = world.terminate().await;
    assert!(status.success(), "{status}");
    assert_eq!(world.log_bytes(), 0);
    let stopped = world.row(run).await;
    assert_eq!((stopped.finished_at, stopped.error), (None, None));
    let in_hand = world.at_rest(async |hub: &Hub| {
        let mut reader = hub.store.reader().await.unwrap();
        let jobs = job::count_by_state(&mut reader).await.unwrap();
        let is_held = |state| matches!(state, JobState::Leased | JobState::AttemptStarted);
        jobs.into_iter().any(|(_, state, _)| is_held(state))
    });
    assert!(!in_hand.await, "all was ended or put back");

    world.start().await;
    let whole = world.end_of(run).await;
    assert_eq!(whole["state"], "done", "{whole}");
    let delivered = async || {
        let messages = world.messages().await;
        messages.iter().all(|it| it["state"] == "delivered")
    };
    until("all texts are delivered", delivered).await;
    assert_eq!(world.sent().len(), TEXTS, "each left once");
}

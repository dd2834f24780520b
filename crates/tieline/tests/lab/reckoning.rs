//! What a run does and says that it did: each record counted once, the way that it went, with the calls
//! that it took.

use super::waits::{CREATES, add, count, plan, runs};
use super::world::World;
use crate::desk;
use serde_json::{Map, Value};
use tieline::transport::{Transport, in_process};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::contact::Fields;
use tieline_domain::event::Event;
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::{BothWays, Counts, RunCounts};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_simulator::{CallRecord, Mishap};
use tieline_storage::contact::Contact;
use tieline_storage::event;
use tieline_storage::link::{self, Link};
use tieline_storage::sync_run::{self, Change, ChangeQuery, SyncRun};
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

const QUARTER_MS: i64 = 15 * 60_000;

fn body(fields: &[(&str, &str)]) -> Map<String, Value> {
    let fields = fields.iter();
    let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).into()));
    fields.collect()
}

/// Somebody in the org adds a record; its id.
pub fn create(world: &World, object: &str, fields: &[(&str, &str)]) -> String {
    let org = world.simulator.org();
    let made = org.create(&world.somebody(), object, &body(fields));
    made.unwrap().to_string()
}

pub fn update(world: &World, object: &str, id: &str, fields: &[(&str, &str)]) {
    let org = world.simulator.org();
    org.update(&world.somebody(), object, id, &body(fields))
        .unwrap();
}

fn delete(world: &World, object: &str, id: &str) {
    let org = world.simulator.org();
    org.delete(&world.somebody(), object, id).unwrap();
}

pub async fn named(world: &World, name: &str) -> Option<Contact> {
    let all = desk::contacts(&world.hub.store, 1_000).await;
    all.into_iter().find(|it| it.name == name)
}

pub async fn edit(world: &World, name: &str, title: &str) {
    let contact = named(world, name).await.unwrap();
    desk::edit(&world.hub.store, &contact, "title", title).await;
}

/// Calls that the org counted.
fn counted(world: &World) -> i64 {
    let calls = world.simulator.calls().into_iter();
    calls.filter(|call| call.counted).count() as i64
}

/// Records of an object in the org.
fn records(world: &World, object: &str) -> i64 {
    let soql = format!("SELECT Id FROM {object}");
    let org = world.simulator.org();
    let answer = org.query(&world.somebody(), &soql, false).ok().unwrap();
    answer.len() as i64
}

/// The journal of a run.
pub async fn journal(world: &World, run: &SyncRun) -> Vec<Change> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let query = ChangeQuery {
        limit: 1_000,
        ..ChangeQuery::default()
    };
    let scope = Scope::system();
    let rows = sync_run::changes(&mut reader, &scope, run.id, &query);
    rows.await.unwrap()
}

fn title(value: &str) -> Option<Fields> {
    let fields = [("title".to_owned(), value.to_owned())];
    Some(fields.into_iter().collect())
}

#[tokio::test]
async fn a_run_counts_each_record_once_and_its_journal_names_each_change() {
    let world = World::new(121).await;
    create(&world, "Contact", &[("LastName", "Leaver")]);
    let mover = create(
        &world,
        "Contact",
        &[("LastName", "Mover"), ("Title", "Was")],
    );
    create(&world, "Contact", &[("LastName", "Edited")]);
    let before = counted(&world);
    let first = world.sync().await;
    let (people, leads) = (records(&world, "Contact"), records(&world, "Lead"));
    let told = (first.state, first.phase.as_str(), first.trigger);
    assert_eq!(told, (RunState::Done, "Done", RunTrigger::First));
    let mut expected = RunCounts::default();
    let created = |created| BothWays {
        to_hub: Counts {
            created,
            ..Counts::default()
        },
        ..BothWays::default()
    };
    expected.add("Contact", created(people));
    expected.add("Lead", created(leads));
    assert_eq!(first.counts, expected);
    let all = people + leads;
    assert_eq!(
        (first.progress_done, first.progress_total),
        (all, Some(all))
    );
    assert_eq!(first.api_calls, counted(&world) - before);
    assert_eq!(first.api_calls_minimum, 2, "a page of each object");

    update(&world, "Contact", &mover, &[("Title", "Moved")]);
    let leaver = named(&world, "Leaver").await.unwrap();
    let theirs = links(&world, &leaver).await.remove(0);
    delete(&world, "Contact", &theirs.record_id);
    create(&world, "Contact", &[("LastName", "Newcomer")]);
    // Who came and went between two runs was never here.
    let ghost = create(&world, "Contact", &[("LastName", "Ghost")]);
    delete(&world, "Contact", &ghost);
    edit(&world, "Edited", "Chef").await;
    add(&world, "", "Ours").await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let head = event::head(&mut reader).await.unwrap();
    let before = counted(&world);
    let second = world.sync().await;
    let mut expected = BothWays::default();
    expected.to_hub.created = 1;
    expected.to_hub.updated = 1;
    expected.to_hub.deleted = 1;
    expected.to_org.updated = 1;
    expected.to_org.created = 1;
    assert_eq!(second.counts.0["Contact"], expected);
    assert_eq!(second.counts.total(), expected, "no lead changed");
    assert_eq!(second.progress_total, Some(second.progress_done));
    assert_eq!(second.api_calls, counted(&world) - before);
    assert_eq!(second.api_calls_minimum, 4, "two pages, two writes");
    let rows = journal(&world, &second).await;
    let numbers: Vec<i64> = rows.iter().map(|it| it.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let row = |direction, act| {
        let rows = rows.iter();
        let mut of_it = rows.filter(|it| (it.direction, it.act) == (direction, act));
        let row = of_it.next().unwrap();
        assert!(of_it.next().is_none());
        assert_eq!((row.state, &row.error), (ChangeState::Applied, &None));
        assert!(row.record_id.is_some() && row.contact_id.is_some());
        row
    };
    let (to_hub, to_org) = (ChangeDirection::ToHub, ChangeDirection::ToOrg);
    let moved = row(to_hub, ChangeAct::Update);
    assert_eq!(
        (&moved.before, &moved.after),
        (&title("Was"), &title("Moved"))
    );
    let gone = row(to_hub, ChangeAct::Delete);
    assert_eq!((gone.contact_id, &gone.after), (Some(leaver.id), &None));
    assert_eq!(gone.before.as_ref(), Some(&leaver.fields));
    let came = row(to_hub, ChangeAct::Create);
    assert_eq!(came.after.as_ref().unwrap()["last_name"], "Newcomer");
    let edited = row(to_org, ChangeAct::Update);
    assert_eq!(edited.before, Some(Fields::new()), "it was blank");
    assert_eq!(edited.after, title("Chef"));
    let made = row(to_org, ChangeAct::Create);
    assert_eq!(made.after.as_ref().unwrap()["last_name"], "Ours");

    let heard = event::list_after(&mut reader, &Scope::system(), head, 1_000).await;
    drop(reader);
    let (heard, _) = heard.unwrap().unwrap();
    for row in [moved, gone, came, edited, made] {
        let id = row.contact_id.unwrap();
        let told = heard.iter().any(|it| match &it.event {
            Event::Contacts { contact_ids } => contact_ids.contains(&id),
            _ => false,
        });
        assert!(told, "screens hear of {row:?}");
    }
    let last_changed_at = async || {
        let status = world.hub.sync.status(world.connection).await.unwrap();
        let at = status.mappings.into_iter().map(|it| it.last_changed_at);
        at.collect::<Vec<_>>()
    };
    let changed = last_changed_at().await;
    assert!(
        changed[0] > changed[1] && changed[1].is_some(),
        "{changed:?}"
    );

    // What was written comes back once, changes nothing, and makes no row.
    world.live(30).await;
    world.sync().await;
    let later: Vec<SyncRun> = runs(&world).await;
    let later = later.iter().filter(|it| it.started_at > second.started_at);
    let mut unchanged = 0;
    for run in later {
        assert!(run.counts.is_nothing(), "{:?}", run.counts);
        assert_eq!(journal(&world, run).await, []);
        unchanged += run.counts.total().to_hub.unchanged;
    }
    assert_eq!(unchanged, 2, "what the hub wrote");
    assert_eq!(last_changed_at().await, changed, "nothing came in");
}

async fn links(world: &World, contact: &Contact) -> Vec<Link> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let links = link::load_by_contacts(&mut reader, &[contact.id]).await;
    links.unwrap().remove(&contact.id).unwrap_or_default()
}

#[tokio::test]
async fn what_another_transaction_holds_is_told_as_failed_and_sent_again_ten_seconds_later() {
    let world = World::new(122).await;
    create(&world, "Contact", &[("LastName", "Held")]);
    world.sync().await;
    // A change is sent three times at once; a create is not, as it may not be made twice.
    for (method, sent) in [("PATCH", 3), ("POST", 1)] {
        let held = plan(
            &world,
            method,
            CREATES,
            sent,
            Mishap::LockedRow { position: 0 },
        );
        match method {
            "PATCH" => edit(&world, "Held", "Written").await,
            _ => add(&world, "", "Made").await,
        }
        let before = world.simulator.calls().len();
        let writes = || {
            let calls = world.simulator.calls();
            let ours = calls[before..].iter();
            ours.filter(|it| it.method == method && it.path.contains(CREATES))
                .count() as u32
        };
        world.live(9).await;
        assert_eq!((world.simulator.fired(held), writes()), (sent, sent));
        let run = runs(&world).await.remove(0);
        assert_eq!(
            (run.state, run.trigger),
            (RunState::Done, RunTrigger::Change)
        );
        let mut expected = BothWays::default();
        expected.to_org.failed = 1;
        expected.to_hub.unchanged = run.counts.total().to_hub.unchanged;
        assert_eq!(run.counts.total(), expected, "{method}");
        assert_eq!(run.api_calls_minimum, 3, "two pages and one write");
        let row = journal(&world, &run).await.remove(0);
        assert_eq!(row.state, ChangeState::Failed);
        assert_eq!(row.error.unwrap().0, "UNABLE_TO_LOCK_ROW");
        world.live(6).await;
        assert_eq!(writes(), sent + 1, "{method}");
        let again = runs(&world).await.remove(0);
        let total = again.counts.total().to_org;
        assert_eq!((total.updated + total.created, total.failed), (1, 0));
    }
    let written = "LastName = 'Held' AND Title = 'Written'";
    let made = [count(&world, written), count(&world, "LastName = 'Made'")];
    assert_eq!(made, [1, 1]);
}

/// A world whose contacts go one way alone, and in which both sides changed and added somebody.
async fn one_way(direction: &str) -> (World, SyncRun) {
    let world = World::new(123).await;
    let theirs = create(&world, "Contact", &[("LastName", "Theirs")]);
    create(&world, "Contact", &[("LastName", "Ours")]);
    world.sync().await;
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let sql = format!("update object_mapping set direction = '{direction}'");
    tx.run(&sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    update(&world, "Contact", &theirs, &[("Title", "Changed")]);
    create(&world, "Contact", &[("LastName", "Foreign")]);
    edit(&world, "Ours", "Changed").await;
    add(&world, "", "Local").await;
    let run = world.sync().await;
    world.live(30).await;
    (world, run)
}

#[tokio::test]
async fn an_object_that_goes_one_way_alone_is_not_read_or_not_written() {
    for (direction, reads) in [("to_org", false), ("to_hub", true)] {
        let (world, run) = one_way(direction).await;
        let total = run.counts.total();
        let came = [total.to_hub.updated, total.to_hub.created];
        assert_eq!(came, [i64::from(reads); 2], "{direction}");
        let went = [total.to_org.updated, total.to_org.created];
        assert_eq!(went, [i64::from(!reads); 2], "{direction}");
        assert_eq!(named(&world, "Foreign").await.is_some(), reads);
        let theirs = named(&world, "Theirs").await.unwrap();
        let changed = theirs.fields.get("title").is_some();
        assert_eq!(changed, reads, "{direction}");
        let ours = count(&world, "LastName = 'Ours' AND Title = 'Changed'");
        let local = count(&world, "LastName = 'Local'");
        assert_eq!([ours, local], [usize::from(!reads); 2], "{direction}");
        let status = world.hub.sync.status(world.connection).await.unwrap();
        assert_eq!(
            status.to_create, 0,
            "{direction}: nobody waits for a record"
        );
    }
}

/// Requests that hold `part` get no answer.
fn without(world: &World, part: &'static str) -> Transport {
    let inner = in_process(world.simulator.router());
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let inner = inner.clone();
        async move {
            let asked = request.uri().to_string().replace("%20", "+");
            if asked.contains(part) {
                std::future::pending::<()>().await;
            }
            inner.oneshot(request).await
        }
    }))
}

#[tokio::test]
async fn a_run_whose_workers_are_gone_is_gone_on_with_where_it_stood_and_its_calls_add_up() {
    let world = World::new(124).await;
    let before = counted(&world);
    let run = world.start().await;
    let now = async || {
        let mut reader = world.hub.store.reader().await.unwrap();
        sync_run::by_id(&mut reader, run.id).await.unwrap()
    };
    for (part, read) in [("FROM+Lead+", "Contact"), ("/composite", "Lead")] {
        let dying = world.second_hub(without(&world, part)).await.worker();
        let gone = tokio::spawn(async move { dying.work_off().await });
        while now()
            .await
            .checkpoint
            .pulled
            .last()
            .is_none_or(|it| it != read)
        {
            tokio::task::yield_now().await;
        }
        assert_eq!(now().await.api_calls, counted(&world) - before);
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        world.wait(11 * 60_000);
    }
    world.pump().await;
    let run = now().await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let reads = |object: &str| {
        let from = format!("FROM+{object}+");
        let of_it = |it: &CallRecord| it.path.replace("%20", "+").contains(&from);
        let calls = world.simulator.calls();
        calls.iter().filter(|it| of_it(it)).count()
    };
    assert_eq!((reads("Contact"), reads("Lead")), (1, 1));
    let (people, leads) = (records(&world, "Contact"), records(&world, "Lead"));
    assert_eq!(run.counts.0["Contact"].to_hub.created, people);
    assert_eq!(run.progress_done, people + leads);
    assert_eq!(run.api_calls, counted(&world) - before);
}

#[tokio::test]
async fn when_the_clock_asks_for_a_run_while_one_goes_on_that_one_will_do() {
    let world = World::new(125).await;
    world.sync().await;
    world.wait(QUARTER_MS);
    let going_on = world.start().await;
    world.live(60).await;
    let all = runs(&world).await;
    assert_eq!((all.len(), all[0].id), (2, going_on.id));
    // And it asks again.
    world.wait(QUARTER_MS);
    world.live(60).await;
    let all = runs(&world).await;
    assert_eq!((all.len(), all[0].trigger), (3, RunTrigger::Schedule));
}

/// Ida, as a lead and as a contact of the org.
const IDA: [(&str, &str); 3] = [
    ("FirstName", "Ida"),
    ("LastName", "Twice"),
    ("MobilePhone", "+447700900812"),
];

fn ida(world: &World, object: &str, title: &str) -> String {
    let mut fields = IDA.to_vec();
    fields.push(("Title", title));
    if object == "Lead" {
        fields.push(("Company", "Twice & Sons"));
    }
    create(world, object, &fields)
}

#[tokio::test]
async fn of_two_records_of_one_person_the_contact_speaks_whichever_came_first() {
    for first in ["Lead", "Contact"] {
        let world = World::new(126).await;
        let (lead, contact) = match first {
            "Lead" => {
                let lead = ida(&world, "Lead", "As lead");
                world.sync().await;
                (lead, ida(&world, "Contact", "As contact"))
            }
            _ => {
                let contact = ida(&world, "Contact", "As contact");
                world.sync().await;
                (ida(&world, "Lead", "As lead"), contact)
            }
        };
        let run = world.sync().await;
        let joined = journal(&world, &run).await;
        assert_eq!(joined.len(), 1, "{first}");
        assert_eq!(joined[0].act, ChangeAct::Link);
        let total = run.counts.total().to_hub;
        let counts = (total.created, total.updated, total.unchanged);
        let takes_over = i64::from(first == "Lead");
        assert_eq!(counts, (0, takes_over, 1 - takes_over), "{first}");
        let title = async || {
            let ida = named(&world, "Ida Twice").await.unwrap();
            ida.fields.get("title").cloned().unwrap_or_default()
        };
        let primary = async || {
            let ida = named(&world, "Ida Twice").await.unwrap();
            let all = links(&world, &ida).await;
            assert_eq!(all.len(), 2, "{first}");
            let primary = all.into_iter().filter(|it| it.is_primary);
            primary.map(|it| it.record_id).collect::<Vec<_>>()
        };
        assert_eq!(primary().await, std::slice::from_ref(&contact), "{first}");
        assert_eq!(title().await, "As contact", "{first}");
        // The lead is heard and written no more.
        update(&world, "Lead", &lead, &[("Title", "Still lead")]);
        edit(&world, "Ida Twice", "Chef").await;
        world.live(30).await;
        assert_eq!(title().await, "Chef", "{first}");
        assert_eq!(count(&world, "LastName = 'Twice' AND Title = 'Chef'"), 1);
        let later = runs(&world).await;
        let later = later.iter().filter(|it| it.started_at > run.started_at);
        let of_leads = later.filter_map(|it| it.counts.0.get("Lead"));
        let unchanged: i64 = of_leads.map(|it| it.to_hub.unchanged).sum();
        assert_eq!(unchanged, 1, "{first}: it was read, and changed nobody");
        // Until the contact is gone.
        delete(&world, "Contact", &contact);
        let run = world.sync().await;
        let total = run.counts.total().to_hub;
        assert_eq!((total.updated, total.deleted), (1, 0), "{first}");
        assert_eq!(journal(&world, &run).await[0].act, ChangeAct::Link);
        assert_eq!(primary().await, std::slice::from_ref(&lead), "{first}");
        assert_eq!(title().await, "Still lead", "{first}");
    }
}

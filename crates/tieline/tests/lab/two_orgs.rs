//! One hub and two orgs: what one of them says never speaks for the other.

use super::waits::{CREATES, live_on, mid_create};
use super::world::World;
use crate::desk;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tieline_access::NewKey;
use tieline_domain::access::{Caller, Reach, Right, Rights, Scope};
use tieline_domain::id::{ConnectionId, ContactId};
use tieline_domain::sync::change::{ChangeAct, ChangeState};
use tieline_domain::sync::counts::Counts;
use tieline_domain::sync::run::RunState;
use tieline_org::NewConnection;
use tieline_simulator::Simulator;
use tieline_simulator::org::Call;
use tieline_storage::link::{self, Link};
use tieline_storage::sync_run::{self, Change, ChangeQuery, SyncRun};
use tieline_storage::{connection, contact};
use tieline_sync::StartedBy;
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;

const PHONE: &str = "+447700900811";

/// A world whose hub knows both orgs.
struct Both {
    world: World,
    orgs: [Simulator; 2],
    connections: [ConnectionId; 2],
    /// Calls before there was a connection to count for.
    connecting: [i64; 2],
}

fn counted(org: &Simulator) -> i64 {
    let calls = org.calls().into_iter();
    calls.filter(|call| call.counted).count() as i64
}

impl Both {
    async fn new(seed: u64) -> Both {
        Both::of(World::of_two_orgs(seed, None).await).await
    }

    async fn of(world: World) -> Both {
        let orgs: [Simulator; 2] = world.simulator.orgs().try_into().ok().unwrap();
        let access = orgs[1].org_access();
        let new = NewConnection {
            name: "The other".to_owned(),
            kind: tieline_domain::connection::ConnectionKind::Simulated,
            login_url: access.instance_url,
            consumer_key: access.consumer_key,
            consumer_secret: SecretString::from(access.consumer_secret),
        };
        let second = world.hub.connections.connect(new).await.unwrap();
        world.hub.sync.set_up(second).await.unwrap();
        let connections = [world.connection, second];
        let connecting = [counted(&orgs[0]), counted(&orgs[1])];
        Both {
            world,
            orgs,
            connections,
            connecting,
        }
    }

    /// A run with one of the orgs, to its end.
    async fn sync(&self, org: usize) -> SyncRun {
        let sync = &self.world.hub.sync;
        self.world.live(5).await;
        let run = sync
            .start(self.connections[org], StartedBy::Schedule)
            .await
            .unwrap();
        let run = self.world.end_of(run).await;
        assert_eq!(run.state, RunState::Done, "{:?}", run.error);
        self.world.live(30).await;
        run
    }

    /// All that either has is in the other.
    async fn in_step(&self) {
        for org in [0, 1, 0, 1] {
            self.sync(org).await;
        }
    }

    /// What a run counted as come in, and its journal of one contact.
    async fn told(&self, run: &SyncRun, of: ContactId) -> (Counts, Vec<Change>) {
        let mut reader = self.world.hub.store.reader().await.unwrap();
        let query = ChangeQuery {
            limit: 1_000,
            ..ChangeQuery::default()
        };
        let scope = Scope::system();
        let rows = sync_run::changes(&mut reader, &scope, run.id, &query);
        let mut rows = rows.await.unwrap();
        rows.retain(|it| it.contact_id == Some(of));
        (run.counts.total().to_hub, rows)
    }

    /// Somebody in an org adds a person.
    fn add(&self, org: usize, title: &str) -> String {
        let fields = [
            ("FirstName", "Ida"),
            ("LastName", "Both"),
            ("MobilePhone", PHONE),
            ("Title", title),
        ];
        let body = fields.map(|(name, value)| (name.to_owned(), value.into()));
        let (org, call) = (self.orgs[org].org(), self.somebody(org));
        let made = org.create(&call, "Contact", &body.into_iter().collect());
        made.unwrap().to_string()
    }

    fn somebody(&self, org: usize) -> Call {
        Call::of(self.orgs[org].org().users()[0].id)
    }

    fn title(&self, org: usize, id: &str) -> String {
        let (at, call) = (self.orgs[org].org(), self.somebody(org));
        let soql = format!("SELECT Title FROM Contact WHERE Id = '{id}'");
        let answer = at.query(&call, &soql, false).ok().unwrap();
        let rows = at.rows(&call, &answer, 0..answer.len());
        rows[0]["Title"].as_str().unwrap_or_default().to_owned()
    }

    /// The Tasks of an org's transcripts: whose, and the words.
    fn tasks(&self, org: usize) -> Vec<(String, String)> {
        let (at, call) = (self.orgs[org].org(), self.somebody(org));
        let soql = "SELECT WhoId, Description FROM Task WHERE Subject LIKE 'Text messages%' ORDER BY ActivityDate";
        let answer = at.query(&call, soql, false).ok().unwrap();
        let rows = at.rows(&call, &answer, 0..answer.len());
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        let task = |row| (text(row, "WhoId"), text(row, "Description"));
        rows.iter().map(task).collect()
    }

    /// Ida texts, and some time passes.
    async fn hear(&self, words: &str) {
        let phones = &self.world.simulator;
        phones.text_from_phone(PHONE, tieline::demo::OUR_NUMBER, words);
        self.world.live(60).await;
    }

    fn set_title(&self, org: usize, id: &str, title: &str) {
        let body = [("Title".to_owned(), title.into())].into_iter().collect();
        let call = self.somebody(org);
        self.orgs[org]
            .org()
            .update(&call, "Contact", id, &body)
            .unwrap();
    }

    /// The one contact of that person, and its links by org.
    async fn person(&self) -> (contact::Contact, [Vec<Link>; 2]) {
        let all = desk::contacts(&self.world.hub.store, 1_000).await;
        let mut found: Vec<_> = all.into_iter().filter(|it| it.name == "Ida Both").collect();
        assert_eq!(found.len(), 1, "one person is one contact");
        let contact = found.remove(0);
        let mut reader = self.world.hub.store.reader().await.unwrap();
        let links = link::load_by_contacts(&mut reader, &[contact.id])
            .await
            .unwrap();
        let links = links.get(&contact.id).cloned().unwrap_or_default();
        let of = |id: ConnectionId| {
            let here = links.iter().filter(|link| link.connection_id == id);
            here.cloned().collect()
        };
        (contact, self.connections.map(of))
    }
}

#[tokio::test]
async fn who_is_in_two_orgs_has_a_primary_record_in_each() {
    primary_in_each(Both::new(95).await).await;
}

#[tokio::test]
async fn and_so_it_is_on_postgresql() {
    let database = Database::create().await;
    let world = World::of_two_orgs(95, Some(&database)).await;
    primary_in_each(Both::of(world).await).await;
    database.remove().await;
}

async fn primary_in_each(both: Both) {
    let records = [both.add(0, "Cook"), both.add(1, "Cook")];
    both.sync(0).await;
    both.sync(1).await;
    let (_, links) = both.person().await;
    for (links, record) in links.iter().zip(&records) {
        let primary: Vec<&Link> = links.iter().filter(|link| link.is_primary).collect();
        assert_eq!(primary.len(), 1, "{links:?}");
        assert_eq!(primary[0].record_id, *record);
    }
    // Staff and either org are heard in both.
    let contact = both.person().await.0;
    desk::edit(&both.world.hub.store, &contact, "title", "Chef").await;
    both.world.live(60).await;
    assert_eq!(
        [0, 1].map(|org| both.title(org, &records[org])),
        ["Chef"; 2]
    );
    for (org, title) in [(0, "Baker"), (1, "Butcher")] {
        both.set_title(org, &records[org], title);
        both.sync(org).await;
        both.world.live(60).await;
        assert_eq!([0, 1].map(|org| both.title(org, &records[org])), [title; 2]);
    }
}

#[tokio::test]
async fn a_delete_in_one_org_touches_no_record_of_the_other_and_hides_nobody_there() {
    for gone in [0, 1] {
        let both = Both::new(96).await;
        let records = [both.add(0, "Cook"), both.add(1, "Cook")];
        both.in_step().await;
        let ida = both.person().await.0.id;
        let org = both.orgs[gone].org();
        org.delete(&both.somebody(gone), "Contact", &records[gone])
            .unwrap();
        let run = both.sync(gone).await;
        let (counts, rows) = both.told(&run, ida).await;
        assert_eq!((counts.unchanged, counts.deleted), (1, 0));
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].act, rows[0].state),
            (ChangeAct::Link, ChangeState::Applied)
        );
        let (contact, links) = both.person().await;
        assert_eq!(contact.deleted_at, None);
        let left = &links[1 - gone];
        assert!(left.len() == 1 && left[0].is_primary, "{left:?}");
        assert_eq!(left[0].record_id, records[1 - gone]);
        // When the last one goes as well, so does the contact.
        let org = both.orgs[1 - gone].org();
        org.delete(&both.somebody(1 - gone), "Contact", &records[1 - gone])
            .unwrap();
        let run = both.sync(1 - gone).await;
        let (counts, rows) = both.told(&run, ida).await;
        assert_eq!((counts.unchanged, counts.deleted), (0, 1));
        assert_eq!((rows.len(), rows[0].act), (1, ChangeAct::Delete));
        let all = desk::contacts(&both.world.hub.store, 1_000).await;
        assert!(all.iter().all(|it| it.name != "Ida Both"));
    }
}

#[tokio::test]
async fn an_org_that_is_away_holds_up_no_other_and_spends_none_of_its_calls() {
    let both = Both::new(97).await;
    both.sync(0).await;
    both.sync(1).await;
    let used = async |org: usize| {
        let now = both.world.hub.store.now();
        let mut reader = both.world.hub.store.reader().await.unwrap();
        let usage = connection::usage(&mut reader, both.connections[org], now).await;
        usage.unwrap().iter().map(|(_, calls)| calls).sum::<i64>()
    };
    let before = used(0).await;
    both.orgs[0].plan(tieline_simulator::Fault {
        method: String::new(),
        path: "/services/".to_owned(),
        skip: 0,
        times: u32::MAX,
        percent: 0,
        mishap: tieline_simulator::Mishap::Maintenance {},
    });
    let record = both.add(1, "Cook");
    both.sync(1).await;
    assert_eq!(both.person().await.1[1][0].record_id, record);
    // Whoever is new in the second org is made in the first, once that answers again.
    assert!(both.person().await.1[0].is_empty());
    assert_eq!(used(0).await, before, "a call that nobody answered is free");
    both.orgs[0].clear_faults();
    both.world.live(16 * 60).await;
    assert_eq!(both.person().await.1[0].len(), 1);
    for org in [0, 1] {
        let since = counted(&both.orgs[org]) - both.connecting[org];
        assert_eq!(used(org).await, since, "org {org}");
    }
}

#[tokio::test]
async fn what_one_org_changes_while_the_other_makes_the_record_goes_out_by_itself() {
    let both = Arc::new(Both::new(94).await);
    both.in_step().await;
    let record = both.add(1, "Cook");
    both.sync(1).await;
    let inner = Arc::clone(&both);
    let theirs = record.clone();
    let (hub, times) = mid_create(&both.world, move || {
        let (both, theirs) = (Arc::clone(&inner), theirs.clone());
        async move {
            both.set_title(1, &theirs, "Chef");
            let sync = &both.world.hub.sync;
            let run = sync.start(both.connections[1], StartedBy::Schedule).await;
            both.world.hub.worker().work_off().await;
            let mut reader = both.world.hub.store.reader().await.unwrap();
            let run = sync_run::by_id(&mut reader, run.unwrap().id).await;
            assert_eq!(run.unwrap().counts.total().to_hub.updated, 1);
        }
    })
    .await;
    let sync = &both.world.hub.sync;
    let run = sync.start(both.connections[0], StartedBy::Schedule).await;
    live_on(&both.world, &hub, 30).await;
    assert_eq!(times.load(Ordering::SeqCst), 1, "one create");
    let (ida, links) = both.person().await;
    assert_eq!(links[0].len(), 1);
    assert_eq!(both.title(0, &links[0][0].record_id), "Chef");
    // The run that made it linked it, and no other had to find it.
    let (counts, rows) = both.told(&run.unwrap(), ida.id).await;
    assert_eq!((counts.created, counts.updated), (0, 0));
    assert_eq!((rows.len(), rows[0].act), (1, ChangeAct::Create));
    assert_eq!(links[0][0].record_id, *rows[0].record_id.as_ref().unwrap());
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_also_for_who_has_one_in_the_other_org() {
    let both = Both::new(100).await;
    both.in_step().await;
    let lost = both.orgs[0].plan(tieline_simulator::Fault {
        method: "POST".to_owned(),
        path: CREATES.to_owned(),
        skip: 0,
        times: 1,
        percent: 0,
        mishap: tieline_simulator::Mishap::CutAfterCommit,
    });
    both.add(1, "Cook");
    both.sync(1).await;
    // The other org has it with its next run.
    both.world.live(16 * 60).await;
    assert_eq!(both.orgs[0].fired(lost), 1);
    let (ida, links) = both.person().await;
    assert_eq!(links.map(|it| it.len()), [1, 1]);
    let mut reader = both.world.hub.store.reader().await.unwrap();
    let runs = sync_run::history(&mut reader, both.connections[0], None, 10).await;
    drop(reader);
    let mut acts = Vec::new();
    for run in runs.unwrap() {
        let (_, rows) = both.told(&run, ida.id).await;
        acts.extend(rows.into_iter().map(|it| it.act));
    }
    let found = (ChangeAct::Create, ChangeAct::Link);
    let found = (acts.contains(&found.0), acts.contains(&found.1));
    assert_eq!(found, (true, false), "by its create alone: {acts:?}");
}

#[tokio::test]
async fn what_is_said_with_somebody_in_two_orgs_is_told_to_each_as_long_as_it_has_them() {
    let both = Both::new(99).await;
    let records = [both.add(0, "Cook"), both.add(1, "Cook")];
    both.sync(0).await;
    both.sync(1).await;
    both.hear("Table for two").await;
    both.hear("At eight").await;
    for org in [0, 1] {
        let tasks = both.tasks(org);
        assert_eq!(tasks.len(), 1, "org {org}: {tasks:?}");
        let (who, words) = &tasks[0];
        assert_eq!(*who, records[org], "org {org}");
        assert!(words.contains("Table for two") && words.contains("At eight"));
    }
    let org = both.orgs[1].org();
    org.delete(&both.somebody(1), "Contact", &records[1])
        .unwrap();
    both.sync(1).await;
    let left = both.tasks(1);
    both.world.wait(24 * 3_600_000);
    both.hear("Tomorrow again").await;
    let tasks = both.tasks(0);
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    let (who, words) = &tasks[1];
    assert_eq!(*who, records[0]);
    assert!(words.contains("Tomorrow again") && !words.contains("At eight"));
    assert_eq!(both.tasks(1), left, "who is not there is not written of");
}

#[tokio::test]
async fn each_record_of_a_contact_is_opened_in_its_own_org() {
    let both = Both::new(98).await;
    let records = [both.add(0, "Cook"), both.add(1, "Cook")];
    both.sync(0).await;
    both.sync(1).await;
    let (contact, _) = both.person().await;
    let new = NewKey {
        name: "Contacts".to_owned(),
        rights: Rights::of(&[Right::ReadContacts]),
        inboxes: Reach::only([]),
        expires_at: None,
    };
    let operator = Caller::operator();
    let made = both.world.hub.access.add_key(&operator, new);
    let bearer = format!("Bearer {}", made.await.unwrap().1);
    let path = format!("/api/v1/contacts/{}", contact.id);
    let request = Request::get(path).header("authorization", bearer);
    let request = request.body(Body::empty()).unwrap();
    let answer = both.world.hub.router().oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let shown: Value = serde_json::from_slice(&body).unwrap();
    let links = shown["links"].as_array().unwrap();
    assert_eq!(links.len(), 2, "{shown}");
    for (org, record) in both.orgs.iter().zip(&records) {
        let link = links.iter().find(|it| it["record_id"] == record.as_str());
        let url = link.unwrap()["url"].as_str().unwrap();
        let own = org.org_access().instance_url;
        assert!(url.starts_with(&format!("{own}/")), "{url} is not at {own}");
    }
}

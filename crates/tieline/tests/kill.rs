//! The hub's process is killed with SIGKILL in the middle of its work and started again. The org
//! and the carrier live on in this process, and their own records judge the end.

#[path = "lab/desk.rs"]
mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::demo::{OUR_NUMBER, furnish};
use tieline::hub::{Hub, HubOptions};
use tieline::real::RealWorld;
use tieline::{keys, transport};
use tieline_domain::delivery::State;
use tieline_domain::id::ConnectionId;
use tieline_simulator::org::Call;
use tieline_simulator::serve::{Running, ServeOptions, serve};
use tieline_simulator::{Fault, Mishap};
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{Store, StoreOptions};
use tieline_sync::{StartedBy, create_contact};

const PATIENCE: Duration = Duration::from_secs(60);
/// More than one page of a query.
const CONTACTS: usize = 2_600;

/// A hub that can be killed, and the world around it.
struct World {
    running: Running,
    hub: Hub,
    connection: ConnectionId,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl World {
    /// Furnished, and nothing done yet: no process runs.
    async fn new(contacts: usize) -> World {
        let folder = tempfile::tempdir().unwrap();
        let running = serve(ServeOptions {
            port: 0,
            seed: 11,
            contacts,
            leads: 0,
            outgoing: transport::http().unwrap(),
            key_folder: folder.path().to_path_buf(),
        })
        .await
        .unwrap();
        let world = Arc::new(RealWorld);
        let store = Store::open(StoreOptions {
            url: database(&folder),
            clock: world.clone(),
            ids: world.clone(),
        })
        .await
        .unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let hub = Hub::new(HubOptions {
            store,
            vault: keys::open(&key_file(&folder)).unwrap(),
            transport: transport::http().unwrap(),
            environment: world,
            public_url: url.clone(),
            demo: None,
        });
        let connection = furnish(&hub, &running.simulator, &url).await.unwrap();
        World {
            running,
            hub,
            connection,
            port,
            folder,
            process: None,
        }
    }

    /// Starts the program, and waits until it says that it is ready.
    async fn start(&mut self) {
        let process = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(["serve", "--allow-simulated"])
            .args(["--database", &database(&self.folder)])
            .arg("--key-file")
            .arg(key_file(&self.folder))
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .args(["--public-url", &format!("http://127.0.0.1:{}", self.port)])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let ready = format!("http://127.0.0.1:{}/readyz", self.port);
        until("the hub is ready", async || {
            reqwest::get(&ready)
                .await
                .is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// SIGKILL: nothing of the process runs any more.
    fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    fn plan(&self, method: &str, path: &str, skip: u32, mishap: Mishap) -> usize {
        self.running.simulator.plan(Fault {
            method: method.to_owned(),
            path: path.to_owned(),
            skip,
            times: 1,
            percent: 0,
            mishap,
        })
    }

    fn count(&self, soql: &str) -> usize {
        let org = self.running.simulator.org();
        let call = Call::of(org.users()[0].id);
        org.query(&call, soql, false)
            .unwrap_or_else(|error| panic!("{}", error.message))
            .total_size()
    }

    /// Asks for a run; the program does it.
    async fn ask(&self) -> SyncRun {
        self.hub
            .sync
            .start(self.connection, StartedBy::Schedule)
            .await
            .unwrap()
    }

    async fn end_of(&self, run: &SyncRun) -> SyncRun {
        let ended = async || self.row(run).await.finished_at.is_some();
        until("the run has ended", ended).await;
        self.row(run).await
    }

    async fn row(&self, run: &SyncRun) -> SyncRun {
        let mut reader = self.hub.store.reader().await.unwrap();
        sync_run::by_id(&mut reader, run.id).await.unwrap()
    }

    /// Names of the org's contacts that the hub lacks, and how many contacts the hub has.
    async fn compare(&self) -> (Vec<String>, usize) {
        let contacts = desk::contacts(&self.hub.store, 10_000).await;
        let here: BTreeSet<&str> = contacts.iter().map(|it| it.name.as_str()).collect();
        let org = self.running.simulator.org();
        let call = Call::of(org.users()[0].id);
        let answer = org.query(&call, "SELECT Name FROM Contact", false);
        let answer = answer.unwrap_or_else(|error| panic!("{}", error.message));
        let rows = org.rows(&call, &answer, 0..answer.len());
        let names = rows.iter().filter_map(|row| row["Name"].as_str());
        let lacking = names.filter(|name| !here.contains(name));
        (lacking.map(str::to_owned).collect(), contacts.len())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

fn database(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("tieline.db").display())
}

fn key_file(folder: &TempDir) -> PathBuf {
    folder.path().join("tieline.key")
}

/// The port stays the same over all starts, as the carrier knows the hub by it.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn slow() -> Mishap {
    Mishap::Slow { delay_ms: 30_000 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_hub_is_killed_between_pages_goes_on_with_the_next_page() {
    let mut world = World::new(CONTACTS).await;
    // The first page of contacts is taken in, and the second is asked for.
    let fault = world.plan("GET", "/query/", 0, slow());
    let run = world.ask().await;
    world.start().await;
    let fired = async || world.running.simulator.fired(fault) == 1;
    until("the second page is asked for", fired).await;
    world.kill();
    let half = world.row(&run).await;
    assert_eq!((half.finished_at, half.progress_done), (None, 2_000));

    world.start().await;
    let whole = world.end_of(&run).await;
    assert_eq!(whole.state, "done", "{:?}", whole.error);
    let people = world.count("SELECT count() FROM Contact") as i64;
    let leads = world.count("SELECT count() FROM Lead") as i64;
    let created = |object: &str| whole.counts.0[object].to_hub.created;
    assert_eq!(created("Contact"), people);
    let (lacking, contacts) = world.compare().await;
    assert_eq!(lacking, Vec::<String>::new());
    assert_eq!(contacts as i64, people + created("Lead"));
    // What was committed before the kill was not read again.
    assert_eq!(whole.progress_done, people + leads);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_hub_is_killed_before_it_hears_of_it_is_there_once() {
    let mut world = World::new(5).await;
    let run = world.ask().await;
    world.start().await;
    world.end_of(&run).await;
    let fault = world.plan("POST", "/composite/sobjects", 0, slow());
    let fields = BTreeMap::from([("last_name".to_owned(), "Onceonly".to_owned())]);
    create_contact(&world.hub.store, &fields).await.unwrap();
    let made = "SELECT count() FROM Contact WHERE LastName = 'Onceonly'";
    until("the org has made the record", async || {
        world.count(made) == 1
    })
    .await;
    assert_eq!(world.running.simulator.fired(fault), 1);
    world.kill();

    world.start().await;
    until("the runs are over", async || {
        let started = world
            .hub
            .sync
            .start(world.connection, StartedBy::Schedule)
            .await;
        match started {
            Ok(run) => world.end_of(&run).await.state == "done",
            Err(_) => false,
        }
    })
    .await;
    assert_eq!(world.count(made), 1);
    let contacts = desk::contacts(&world.hub.store, 100).await;
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
        let here = async || desk::messages(&world.hub.store).await.len() >= part;
        until("a part of the texts is here", here).await;
        world.kill();
        let here = desk::messages(&world.hub.store).await.len();
        assert!(here < TEXTS, "it was killed in the middle, at {here}");
        world.start().await;
    }
    let here = async || desk::messages(&world.hub.store).await.len() >= TEXTS;
    until("all texts are here", here).await;
    let came = desk::messages(&world.hub.store).await;
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
    for number in 0..TEXTS {
        let phone = format!("+4411349605{:02}", number % 7);
        desk::text(&world.hub.store, &phone, &format!("Out {number}")).await;
    }
    // This one is at the carrier, and the hub does not hear of it.
    let fault = world.plan("POST", "/Messages.json", 20, slow());
    world.start().await;
    let fired = async || world.running.simulator.fired(fault) == 1;
    until("a third of the texts has left", fired).await;
    world.kill();

    world.start().await;
    let delivered = async || {
        let messages = desk::messages(&world.hub.store).await;
        messages.iter().all(|it| it.state == State::Delivered)
    };
    until("all texts are delivered", delivered).await;
    let texts = world.running.simulator.texts();
    let mut sent: Vec<String> = texts.into_iter().map(|text| text.body).collect();
    sent.sort();
    let mut written: Vec<String> = (0..TEXTS).map(|number| format!("Out {number}")).collect();
    written.sort();
    assert_eq!(sent, written, "each text is at the carrier once");
}

//! The hub, the org, the carrier and the one clock that they look at.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use tieline::demo::furnish;
use tieline::hub::{Hub, HubOptions};
use tieline::transport::{Transport, in_process};
use tieline_domain::id::{ConnectionId, Ids};
use tieline_domain::time::{Clock, Timestamp};
use tieline_org::Vault;
use tieline_salesforce::Environment;
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::{Call, OrgKind};
use tieline_simulator::seeded::Seeded;
use tieline_simulator::{OrgPlace, Simulator, SimulatorOptions};
use tieline_storage::attachment_store::Folder;
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{Store, StoreOptions};
use tieline_sync::StartedBy;
use tieline_testkit::postgres::Database;

/// 2026-03-02, a Monday.
const MORNING_MS: i64 = 1_772_442_000_000;
/// Nothing may take more rounds than this to become quiet.
const ROUNDS_MAX: usize = 200;
const URL: &str = "http://hub.test";

/// Time that moves by hand, and chance that a seed decides.
pub struct Nature {
    /// What all look at.
    pub clock: Arc<SetClock>,
    chance: Mutex<Seeded>,
}

impl Nature {
    fn new(seed: u64) -> Nature {
        Nature {
            clock: Arc::new(SetClock::new(MORNING_MS)),
            chance: Mutex::new(Seeded::new(seed, "nature")),
        }
    }

    fn next(&self) -> u64 {
        self.chance.lock().unwrap().next_u64()
    }
}

impl Clock for Nature {
    fn now(&self) -> Timestamp {
        Timestamp(tieline_simulator::clock::Clock::now_ms(&*self.clock))
    }
}

impl Ids for Nature {
    fn random(&self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}

impl Environment for Nature {
    fn now_ms(&self) -> i64 {
        self.now().0
    }

    fn random(&self) -> u64 {
        self.next()
    }

    /// Waiting is only the clock moving on.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.clock.advance(time.as_millis() as i64);
        Box::pin(std::future::ready(()))
    }
}

/// One world.
pub struct World {
    /// The hub under test.
    pub hub: Hub,
    /// Org and carrier.
    pub simulator: Simulator,
    /// Time and chance.
    pub nature: Arc<Nature>,
    /// The org's connection.
    pub connection: ConnectionId,
    /// What decides.
    pub seed: u64,
    database: String,
    _folder: Option<TempDir>,
}

impl World {
    /// A furnished hub on SQLite, before its first sync.
    pub async fn new(seed: u64) -> World {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("tieline.db").display());
        World::on(seed, database, Some(folder), 12).await
    }

    /// The same with so many people in the org.
    pub async fn of(seed: u64, contacts: usize) -> World {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("tieline.db").display());
        World::on(seed, database, Some(folder), contacts).await
    }

    /// The same on an empty PostgreSQL database.
    pub async fn on_postgres(seed: u64, database: &Database) -> World {
        World::on(seed, database.url.clone(), None, 12).await
    }

    async fn on(seed: u64, database: String, folder: Option<TempDir>, contacts: usize) -> World {
        let nature = Arc::new(Nature::new(seed));
        let simulator = Simulator::new(SimulatorOptions {
            seed,
            contacts,
            leads: 4,
            clock: nature.clock.clone(),
            orgs: vec![OrgPlace {
                kind: OrgKind::Production,
                base_url: "http://127.0.0.1:1".to_owned(),
            }],
        });
        let hub = open(&database, &nature, in_process(simulator.router())).await;
        let connection = furnish(&hub, &simulator, URL).await.unwrap();
        simulator.set_outgoing(in_process(hub.router()));
        World {
            hub,
            simulator,
            nature,
            connection,
            seed,
            database,
            _folder: folder,
        }
    }

    /// Another hub on the same database, whose requests leave by `transport`. A file has one process,
    /// so that both share its store.
    pub async fn second_hub(&self, transport: Transport) -> Hub {
        if self.hub.store.has_one_hub() {
            return hub(self.hub.store.clone(), &self.nature, transport);
        }
        open(&self.database, &self.nature, transport).await
    }

    /// Lets time pass.
    pub fn wait(&self, ms: i64) {
        self.nature.clock.advance(ms);
    }

    /// Does all that hub and carrier have to do by now.
    pub async fn pump(&self) {
        let worker = self.hub.worker();
        for _ in 0..ROUNDS_MAX {
            if worker.work_off().await + self.simulator.step().await == 0 {
                return;
            }
        }
        panic!("the hub and the carrier do not come to rest");
    }

    /// Lets `seconds` pass second by second.
    pub async fn live(&self, seconds: usize) {
        for _ in 0..seconds {
            self.wait(1_000);
            self.pump().await;
        }
    }

    /// Somebody presses Start.
    pub async fn start(&self) -> SyncRun {
        let by = StartedBy::Schedule;
        self.hub.sync.start(self.connection, by).await.unwrap()
    }

    /// A run from its start to its end.
    pub async fn sync(&self) -> SyncRun {
        for _ in 0..ROUNDS_MAX {
            if let Ok(run) = self
                .hub
                .sync
                .start(self.connection, StartedBy::Schedule)
                .await
            {
                return self.end_of(run).await;
            }
            self.live(1).await;
        }
        panic!("a run never ends");
    }

    pub async fn end_of(&self, run: SyncRun) -> SyncRun {
        for _ in 0..ROUNDS_MAX {
            self.live(1).await;
            let mut reader = self.hub.store.reader().await.unwrap();
            let row = sync_run::by_id(&mut reader, run.id).await.unwrap();
            if row.finished_at.is_some() {
                return row;
            }
        }
        panic!("the run does not end");
    }

    /// Somebody in Salesforce.
    pub fn somebody(&self) -> Call {
        Call::of(self.simulator.org().users()[0].id)
    }

    /// All that the outside saw: requests, changes of the org, texts.
    pub fn trace(&self) -> Vec<String> {
        let calls = self
            .simulator
            .calls()
            .into_iter()
            .map(|call| format!("{call:?}"));
        let changes = self
            .simulator
            .org()
            .changes()
            .into_iter()
            .map(|change| format!("{change:?}"));
        let texts = self
            .simulator
            .texts()
            .into_iter()
            .map(|text| format!("{text:?}"));
        calls.chain(changes).chain(texts).collect()
    }
}

async fn open(database: &str, nature: &Arc<Nature>, transport: Transport) -> Hub {
    let store = Store::open(StoreOptions {
        url: database.to_owned(),
        clock: nature.clone(),
        ids: nature.clone(),
    })
    .await
    .unwrap();
    hub(store, nature, transport)
}

fn hub(store: Store, nature: &Arc<Nature>, transport: Transport) -> Hub {
    Hub::new(HubOptions {
        store,
        vault: Vault::new(&[7; Vault::KEY_BYTES]),
        transport,
        environment: nature.clone(),
        public_url: URL.to_owned(),
        demo: None,
        // No story of the lab has a file.
        attachments: Arc::new(Folder::at("/nonexistent/attachments")),
    })
}

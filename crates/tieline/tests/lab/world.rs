//! The hub, the org, the carrier and the one clock that they look at.

pub use super::nature::Wrong;
use super::nature::{Computer, Nature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tempfile::TempDir;
use tieline::demo::furnish;
use tieline::hub::{Hub, HubOptions};
use tieline::transport::{Transport, in_process};
use tieline_domain::id::ConnectionId;
use tieline_org::Vault;
use tieline_simulator::org::{Call, OrgKind};
use tieline_simulator::{OrgPlace, Simulator, SimulatorOptions};
use tieline_storage::attachment_store::{AttachmentStore, Folder};
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{Store, StoreOptions};
use tieline_sync::StartedBy;
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

/// Nothing may take more rounds than this to become quiet.
const ROUNDS_MAX: usize = 200;
const URL: &str = "http://hub.test";

/// What a world begins with.
struct Setup {
    seed: u64,
    /// A new file when there is none.
    database: Option<String>,
    contacts: usize,
    orgs: usize,
    wrong: Wrong,
    at_once: bool,
}

impl Setup {
    fn of(seed: u64) -> Setup {
        Setup {
            seed,
            database: None,
            contacts: 12,
            orgs: 1,
            wrong: Wrong::default(),
            at_once: false,
        }
    }
}

/// A second hub on the same database, and the computer that it runs on.
pub struct Second {
    /// The hub.
    pub hub: Hub,
    /// Its computer.
    pub computer: Arc<Computer>,
}

/// One world.
pub struct World {
    /// The hub under test.
    pub hub: Hub,
    /// Org and carrier.
    pub simulator: Simulator,
    /// Time and chance.
    pub nature: Arc<Nature>,
    /// What the hub runs on.
    pub computer: Arc<Computer>,
    /// Works beside the first, where there is one.
    pub second: Option<Second>,
    /// The org's connection.
    pub connection: ConnectionId,
    /// What decides.
    pub seed: u64,
    at_once: bool,
    database: String,
    _folder: Option<TempDir>,
}

impl World {
    /// A furnished hub on SQLite, before its first sync.
    pub async fn new(seed: u64) -> World {
        World::of(seed, 12).await
    }

    /// The same with so many people in the org.
    pub async fn of(seed: u64, contacts: usize) -> World {
        World::on(Setup {
            contacts,
            ..Setup::of(seed)
        })
        .await
    }

    /// The same on an empty PostgreSQL database.
    pub async fn on_postgres(seed: u64, database: &Database) -> World {
        World::on(Setup {
            database: Some(database.url.clone()),
            ..Setup::of(seed)
        })
        .await
    }

    /// The same with a second org in the world, which the hub does not know yet.
    pub async fn of_two_orgs(seed: u64, database: Option<&Database>) -> World {
        World::on(Setup {
            database: database.map(|it| it.url.clone()),
            orgs: 2,
            ..Setup::of(seed)
        })
        .await
    }

    /// A hub whose jobs run side by side, with clocks that are wrong.
    pub async fn side_by_side(seed: u64, wrong: Wrong) -> World {
        let at_once = true;
        World::on(Setup {
            wrong,
            at_once,
            ..Setup::of(seed)
        })
        .await
    }

    /// Two hubs on an empty PostgreSQL database, the jobs of each side by side, with clocks that are
    /// wrong.
    pub async fn of_two_hubs(seed: u64, database: &Database, wrong: Wrong) -> World {
        let url = database.url.clone();
        let mut world = World::on(Setup {
            database: Some(url.clone()),
            wrong,
            at_once: true,
            ..Setup::of(seed)
        })
        .await;
        let computer = Computer::new(&world.nature, wrong.second);
        let hub = open(&url, &computer, to_orgs(&world.simulator)).await;
        world.second = Some(Second { hub, computer });
        world
    }

    async fn on(setup: Setup) -> World {
        let nature = Arc::new(Nature::new(setup.seed));
        let place = |number: usize| OrgPlace {
            kind: OrgKind::Production,
            base_url: format!("http://127.0.0.1:{}", number + 1),
        };
        let simulator = Simulator::new(SimulatorOptions {
            seed: setup.seed,
            contacts: setup.contacts,
            leads: 4,
            clock: nature.clock.clone(),
            orgs: (0..setup.orgs).map(place).collect(),
        });
        simulator.set_time(nature.now().0 + setup.wrong.org);
        simulator.set_carrier_time(nature.now().0 + setup.wrong.carrier);
        let (database, folder) = match setup.database {
            Some(url) => (url, None),
            None => file(),
        };
        let computer = Computer::new(&nature, setup.wrong.first);
        let hub = open(&database, &computer, to_orgs(&simulator)).await;
        let connection = furnish(&hub, &simulator, URL).await.unwrap();
        simulator.set_outgoing(in_process(hub.router()));
        World {
            hub,
            simulator,
            nature,
            computer,
            second: None,
            connection,
            seed: setup.seed,
            at_once: setup.at_once,
            database,
            _folder: folder,
        }
    }

    /// Another hub on the same database, whose requests leave by `transport`. A file has one process,
    /// so that both share its store.
    pub async fn second_hub(&self, transport: Transport) -> Hub {
        if self.hub.store.has_one_hub() {
            return hub(self.hub.store.clone(), &self.computer, transport);
        }
        open(&self.database, &self.computer, transport).await
    }

    /// The hub after it was stopped and started again.
    pub async fn restarted(&self) -> Hub {
        self.hub.store.close().await;
        open(&self.database, &self.computer, to_orgs(&self.simulator)).await
    }

    /// The same hub with a place for files.
    pub fn hub_with_files(&self, attachments: Arc<dyn AttachmentStore>) -> Hub {
        let transport = to_orgs(&self.simulator);
        hub_of(
            self.hub.store.clone(),
            &self.computer,
            transport,
            attachments,
        )
    }

    /// The same hub at another address.
    pub fn hub_at(&self, public_url: &str) -> Hub {
        let attachments = Arc::new(Folder::at("/nonexistent/attachments"));
        Hub::new(HubOptions {
            store: self.hub.store.clone(),
            vault: Vault::new(&[7; Vault::KEY_BYTES]),
            transport: to_orgs(&self.simulator),
            environment: self.computer.clone(),
            public_url: public_url.to_owned(),
            demo: None,
            attachments,
        })
    }

    /// The same hub as a node whose key file holds these keys; the first seals.
    pub fn hub_with_keys(&self, keys: &[u8]) -> Hub {
        let keys: Vec<_> = keys.iter().map(|it| [*it; Vault::KEY_BYTES]).collect();
        Hub::new(HubOptions {
            store: self.hub.store.clone(),
            vault: Vault::with_keys(&keys[0], &keys[1..]),
            transport: to_orgs(&self.simulator),
            environment: self.computer.clone(),
            public_url: URL.to_owned(),
            demo: None,
            attachments: Arc::new(Folder::at("/nonexistent/attachments")),
        })
    }

    /// A text by another program of the same account; what it sends is the form of the carrier's API.
    pub async fn send_as_another_program(&self, form: &[(&str, &str)]) {
        let carrier = self.simulator.carrier_access();
        let credentials = format!("{}:{}", carrier.account_sid, carrier.auth_token);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", carrier.account_sid);
        let request = http::Request::post(path)
            .header(
                "authorization",
                format!("Basic {}", STANDARD.encode(credentials)),
            )
            .body(axum::body::Body::from(body))
            .unwrap();
        let answer = self.simulator.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), http::StatusCode::CREATED);
    }

    /// Lets time pass.
    pub fn wait(&self, ms: i64) {
        self.nature.clock.advance(ms);
    }

    /// Does all that hub and carrier have to do by now.
    pub async fn pump(&self) {
        for _ in 0..ROUNDS_MAX {
            if self.round().await == 0 {
                return;
            }
        }
        panic!("the hub and the carrier do not come to rest");
    }

    /// How much was done.
    async fn round(&self) -> usize {
        let worker = self.hub.worker();
        if !self.at_once {
            return worker.work_off().await + self.simulator.step().await;
        }
        let second = async {
            match &self.second {
                Some(second) => second.hub.worker().work_off_at_once().await,
                None => 0,
            }
        };
        let (first, second, carrier) =
            tokio::join!(worker.work_off_at_once(), second, self.simulator.step());
        first + second + carrier
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

    /// Whether a hub has many jobs in hand at once.
    pub fn at_once(&self) -> bool {
        self.at_once
    }

    /// As each hub does twice a minute.
    pub async fn learn_time(&self) {
        self.hub.store.learn_time().await.unwrap();
        if let Some(second) = &self.second {
            second.hub.store.learn_time().await.unwrap();
        }
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

fn file() -> (String, Option<TempDir>) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("tieline.db").display());
    (database, Some(folder))
}

/// Carries requests to the org that has the port, and to the carrier beside the first.
pub fn to_orgs(simulator: &Simulator) -> Transport {
    let orgs: Vec<Transport> = simulator
        .orgs()
        .iter()
        .map(|org| in_process(org.router()))
        .collect();
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let port = request.uri().port_u16().unwrap_or(1);
        orgs[usize::from(port) - 1].clone().oneshot(request)
    }))
}

async fn open(database: &str, computer: &Arc<Computer>, transport: Transport) -> Hub {
    let store = Store::open(StoreOptions {
        url: database.to_owned(),
        clock: computer.clone(),
        ids: computer.clone(),
    })
    .await
    .unwrap();
    hub(store, computer, transport)
}

fn hub(store: Store, computer: &Arc<Computer>, transport: Transport) -> Hub {
    // Few stories of the lab have files.
    let none = Arc::new(Folder::at("/nonexistent/attachments"));
    hub_of(store, computer, transport, none)
}

fn hub_of(
    store: Store,
    computer: &Arc<Computer>,
    transport: Transport,
    attachments: Arc<dyn AttachmentStore>,
) -> Hub {
    Hub::new(HubOptions {
        store,
        vault: Vault::new(&[7; Vault::KEY_BYTES]),
        transport,
        environment: computer.clone(),
        public_url: URL.to_owned(),
        demo: None,
        attachments,
    })
}

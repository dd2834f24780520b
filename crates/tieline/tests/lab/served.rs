//! The program `tieline serve` as a process of its own, with the org and the carrier in this one.

#![allow(dead_code, reason = "each program that includes it uses a part of it")]

use http::{Method, StatusCode};
use serde_json::Value;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::demo::furnish;
use tieline::hub::{Hub, HubOptions};
use tieline::real::RealWorld;
use tieline::{keys, transport};
use tieline_access::NewKey;
use tieline_domain::access::{Caller, Reach, Right, Rights};
use tieline_domain::id::{ConnectionId, SyncRunId};
use tieline_simulator::org::Call;
use tieline_simulator::serve::{Running, ServeOptions, serve};
use tieline_storage::attachment_store::Folder;
use tieline_storage::sync_run::{self, SyncRun};
use tieline_storage::{Store, StoreOptions};
use tieline_sync::StartedBy;

const PATIENCE: Duration = Duration::from_secs(60);

/// A hub that can be killed, and the world around it.
pub struct World {
    /// Org and carrier.
    pub running: Running,
    /// The org's connection.
    pub connection: ConnectionId,
    /// A key by which the running hub is asked.
    secret: String,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

/// What a program asks here.
const RIGHTS: Rights = Rights::of(&[
    Right::ReadConversations,
    Right::EditContacts,
    Right::ReadSync,
    Right::RunSync,
]);

impl World {
    /// Furnished, and nothing done yet: no process runs.
    pub async fn new(contacts: usize) -> World {
        let folder = tempfile::tempdir().unwrap();
        let running = serve(ServeOptions {
            seed: 11,
            contacts,
            ..ServeOptions::new(transport::http(transport::Reach::ThisMachineToo).unwrap())
        })
        .await
        .unwrap();
        let port = free_port();
        let hub = hub(&folder, port).await;
        let connection = furnish(&hub, &running.simulator, &address(port)).await;
        let new = NewKey {
            name: "Test".to_owned(),
            rights: RIGHTS,
            inboxes: Reach::All,
            expires_at: None,
        };
        let key = hub.access.add_key(&Caller::operator(), new).await;
        hub.store.close().await;
        World {
            running,
            connection: connection.unwrap(),
            secret: key.unwrap().1,
            port,
            folder,
            process: None,
        }
    }

    /// Does or looks at something in a hub that has no process: it is the database's alone meanwhile.
    pub async fn at_rest<T>(&self, act: impl AsyncFnOnce(&Hub) -> T) -> T {
        assert!(self.process.is_none(), "the hub runs: ask it");
        let hub = hub(&self.folder, self.port).await;
        let done = act(&hub).await;
        hub.store.close().await;
        done
    }

    /// Asks the running hub for what is at a path.
    pub async fn get(&self, path: &str) -> Value {
        let (status, told) = self.ask_hub(Method::GET, path, String::new()).await;
        assert!(status.is_success(), "{path}: {told}");
        told
    }

    /// Asks the running hub to do something; the status, and what it says.
    pub async fn post(&self, path: &str, body: String) -> (StatusCode, Value) {
        self.ask_hub(Method::POST, path, body).await
    }

    async fn ask_hub(&self, method: Method, path: &str, body: String) -> (StatusCode, Value) {
        let address = format!("{}/api/v1{path}", address(self.port));
        let mut request = reqwest::Client::new().request(method, address);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.bearer_auth(&self.secret).body(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The conversations, as the running hub lists them.
    pub async fn conversations(&self) -> Vec<Value> {
        let listed = self.get("/conversations?limit=100").await;
        listed["items"].as_array().unwrap().clone()
    }

    /// The messages of all conversations, as the running hub lists them.
    pub async fn messages(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for conversation in self.conversations().await {
            let id = conversation["id"].as_str().unwrap();
            let path = format!("/conversations/{id}/messages?limit=200");
            let listed = self.get(&path).await;
            all.extend(listed["items"].as_array().unwrap().iter().cloned());
        }
        all
    }

    /// Starts the program, and waits until it says that it is ready.
    pub async fn start(&mut self) {
        let process = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(["serve", "--allow-simulated"])
            .args(["--database", &database(&self.folder)])
            .arg("--key-file")
            .arg(key_file(&self.folder))
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .args(["--public-url", &address(self.port)])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let ready = format!("{}/readyz", address(self.port));
        until("the hub is ready", async || {
            reqwest::get(&ready)
                .await
                .is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// SIGKILL: nothing of the process runs any more.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// SIGTERM: how the process ended, and whether it needed less than its bounds.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        let mut process = self.process.take().unwrap();
        let id = process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let began = Instant::now();
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                return status;
            }
            if began.elapsed() > Duration::from_secs(30) {
                process.kill().unwrap();
                panic!("it does not end");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Bytes of the log that were not written back.
    pub fn log_bytes(&self) -> u64 {
        let log = self.folder.path().join("tieline.db-wal");
        std::fs::metadata(log).map_or(0, |it| it.len())
    }

    /// The running process.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// How many records of the org match.
    pub fn count(&self, soql: &str) -> usize {
        let org = self.running.simulator.org();
        let call = Call::of(org.users()[0].id);
        org.query(&call, soql, false)
            .unwrap_or_else(|error| panic!("{}", error.message))
            .total_size()
    }

    /// What left by the carrier's own record.
    pub fn sent(&self) -> Vec<String> {
        let texts = self.running.simulator.texts().into_iter();
        let left = texts.filter(|text| text.direction == "outbound-api");
        left.map(|text| text.body).collect()
    }

    /// Leaves a run for the hub to do as it starts.
    pub async fn leave_run(&self) -> SyncRunId {
        let run = self.at_rest(async |hub: &Hub| {
            let started = hub.sync.start(self.connection, StartedBy::Schedule);
            started.await.unwrap().id
        });
        run.await
    }

    /// Asks the running hub for a run; none while one is going on.
    pub async fn ask_run(&self) -> Option<SyncRunId> {
        let (status, run) = self.post("/sync/runs", String::new()).await;
        (status == StatusCode::ACCEPTED).then(|| run["id"].as_str().unwrap().parse().unwrap())
    }

    /// The run, as the running hub tells it.
    pub async fn run(&self, id: SyncRunId) -> Value {
        self.get(&format!("/sync/runs/{id}")).await
    }

    /// The run when it has ended.
    pub async fn end_of(&self, id: SyncRunId) -> Value {
        let ended = async || {
            // Asking is work for the hub too.
            tokio::time::sleep(Duration::from_millis(100)).await;
            !self.run(id).await["finished_at"].is_null()
        };
        until("the run has ended", ended).await;
        self.run(id).await
    }

    /// The run as it stands while no hub runs.
    pub async fn row(&self, id: SyncRunId) -> SyncRun {
        let row = self.at_rest(async |hub: &Hub| {
            let mut reader = hub.store.reader().await.unwrap();
            sync_run::by_id(&mut reader, id).await.unwrap()
        });
        row.await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

async fn hub(folder: &TempDir, port: u16) -> Hub {
    let world = Arc::new(RealWorld);
    let store = Store::open(StoreOptions {
        url: database(folder),
        clock: world.clone(),
        ids: world.clone(),
    });
    Hub::new(HubOptions {
        store: store.await.unwrap(),
        vault: keys::open(&key_file(folder)).unwrap(),
        transport: transport::http(transport::Reach::ThisMachineToo).unwrap(),
        environment: world,
        public_url: address(port),
        demo: None,
        attachments: Arc::new(Folder::at(folder.path().join("attachments"))),
    })
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
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

/// Waits, but not for ever.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

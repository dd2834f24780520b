//! The program `tieline serve` as a process of its own, with the org and the carrier in this one.

#![allow(dead_code, reason = "each program that includes it uses a part of it")]

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::demo::furnish;
use tieline::hub::{Hub, HubOptions};
use tieline::real::RealWorld;
use tieline::transport::Reach;
use tieline::{keys, transport};
use tieline_domain::id::ConnectionId;
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
    /// The same hub in this process, which does no work: for asking and looking.
    pub hub: Hub,
    /// The org's connection.
    pub connection: ConnectionId,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl World {
    /// Furnished, and nothing done yet: no process runs.
    pub async fn new(contacts: usize) -> World {
        let folder = tempfile::tempdir().unwrap();
        let running = serve(ServeOptions {
            seed: 11,
            contacts,
            ..ServeOptions::new(transport::http(Reach::ThisMachineToo).unwrap())
        })
        .await
        .unwrap();
        let world = Arc::new(RealWorld);
        let store = Store::open_beside(StoreOptions {
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
            transport: transport::http(Reach::ThisMachineToo).unwrap(),
            environment: world,
            public_url: url.clone(),
            demo: None,
            attachments: Arc::new(Folder::at(folder.path().join("attachments"))),
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
    pub async fn start(&mut self) {
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

    /// Asks for a run; the program does it.
    pub async fn ask(&self) -> SyncRun {
        self.hub
            .sync
            .start(self.connection, StartedBy::Schedule)
            .await
            .unwrap()
    }

    /// The run when it has ended.
    pub async fn end_of(&self, run: &SyncRun) -> SyncRun {
        let ended = async || self.row(run).await.finished_at.is_some();
        until("the run has ended", ended).await;
        self.row(run).await
    }

    /// The run as it stands.
    pub async fn row(&self, run: &SyncRun) -> SyncRun {
        let mut reader = self.hub.store.reader().await.unwrap();
        sync_run::by_id(&mut reader, run.id).await.unwrap()
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

/// Waits, but not for ever.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

//! A run from start to end: pull each object, then push each, a checkpoint with every batch.

use crate::error::{Result, SyncError};
use serde::{Deserialize, Serialize};
use tieline_domain::access::Actor;
use tieline_domain::event::Event;
use tieline_domain::id::{ConnectionId, StaffId, SyncRunId};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::mapping::{Deletes, Direction, default_fields};
use tieline_org::{CallScope, Connections, OrgError};
use tieline_salesforce::{Error, Purpose};
use tieline_storage::job::{self, ClaimedJob, Class, NewJob};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::sync_run::{self, Checkpoint, RunError, SyncRun};
use tieline_storage::{StorageError, Store, Tx, setting};

/// The job that carries a run out.
pub const JOB_RUN: &str = "sync.run";
/// The job that starts a run because something waits for it.
pub const JOB_SOON: &str = "sync.soon";
/// How long a worker may be silent before another goes on with the run.
const LEASE_MS: i64 = 60_000;
/// Edits that come together go out together.
const SOON_MS: i64 = 1_500;
/// How often a batch is decided again when somebody changed its rows meanwhile.
const BATCH_ATTEMPTS: usize = 5;

/// The sync of all connections; cheap to clone.
#[derive(Clone)]
pub struct Sync {
    pub(crate) store: Store,
    pub(crate) connections: Connections,
}

/// Who or what starts a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartedBy {
    /// A person.
    Staff(StaffId),
    /// The clock.
    Schedule,
    /// A change that waits to go out.
    Change,
}

#[derive(Serialize, Deserialize)]
struct RunPayload {
    run_id: SyncRunId,
}

#[derive(Serialize, Deserialize)]
struct SoonPayload {
    connection_id: ConnectionId,
}

/// Asks for a run soon, within the transaction that makes it needed.
pub(crate) async fn ask_soon(
    tx: &mut Tx,
    connection_id: ConnectionId,
) -> tieline_storage::Result<()> {
    let new = NewJob {
        kind: JOB_SOON,
        class: Class::Repeatable,
        dedupe_key: Some(format!("{JOB_SOON}:{connection_id}")),
        payload: SoonPayload { connection_id },
        run_at: tx.now() + SOON_MS,
    };
    job::enqueue(tx, new).await
}

impl Sync {
    /// Over this store and these connections.
    pub fn new(store: Store, connections: Connections) -> Sync {
        Sync { store, connections }
    }

    /// Gives a new connection its mappings: Contact before Lead, each with its usual fields.
    pub async fn set_up(&self, connection: ConnectionId) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        for (position, object) in ["Contact", "Lead"].into_iter().enumerate() {
            let row = ObjectMapping {
                id: tx.new_id(),
                object: object.to_owned(),
                position: position as i64,
                enabled: true,
                direction: Direction::Both,
                deletes: Deletes::Honour,
                auto_create: object == "Contact",
                read_until: None,
                last_changed_at: None,
                fields: default_fields(object).unwrap_or_default(),
            };
            mapping::create(&mut tx, connection, &row).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Starts a run, unless one is going on.
    pub async fn start(&self, connection: ConnectionId, by: StartedBy) -> Result<SyncRun> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let first = mapping::all(&mut tx, connection)
            .await?
            .iter()
            .all(|mapping| mapping.read_until.is_none());
        let (trigger, staff_id) = match by {
            StartedBy::Staff(id) => ("staff", Some(id)),
            _ if first => ("first", None),
            StartedBy::Schedule => ("schedule", None),
            StartedBy::Change => ("change", None),
        };
        let run = SyncRun {
            id: tx.new_id(),
            connection_id: connection,
            trigger: trigger.to_owned(),
            staff_id,
            state: "running".to_owned(),
            phase: "Starting".to_owned(),
            checkpoint: Checkpoint::default(),
            counts: RunCounts::default(),
            progress_done: 0,
            progress_total: None,
            api_calls: 0,
            api_calls_minimum: 0,
            error: None,
            started_at: tx.now(),
            finished_at: None,
        };
        match sync_run::create(&mut tx, &run).await {
            Err(StorageError::Conflict(_)) => return Err(SyncError::Running),
            other => other?,
        }
        let new = NewJob {
            kind: JOB_RUN,
            class: Class::Repeatable,
            dedupe_key: None,
            payload: RunPayload { run_id: run.id },
            run_at: tx.now(),
        };
        job::enqueue(&mut tx, new).await?;
        tx.emit(Event::SyncRun { run_id: run.id });
        tx.commit().await?;
        Ok(run)
    }

    /// Asks a run to stop after the batch in flight.
    pub async fn cancel(&self, run: SyncRunId) -> Result<SyncRun> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        sync_run::cancel(&mut tx, run).await?;
        let row = sync_run::by_id(&mut tx, run).await?;
        tx.emit(Event::SyncRun { run_id: run });
        tx.commit().await?;
        Ok(row)
    }

    /// Handles [`JOB_SOON`]: starts a run, or waits for the one that is going on.
    pub async fn handle_soon(&self, claimed: &ClaimedJob) -> Result<()> {
        let SoonPayload { connection_id } = claimed.payload()?;
        let started = self.start(connection_id, StartedBy::Change).await;
        let mut tx = self.store.begin(&Actor::system()).await?;
        match started {
            Err(SyncError::Running) => {
                let at = tx.now() + SOON_MS;
                job::retry(&mut tx, claimed, at, "a sync is running").await?;
            }
            other => {
                other?;
                job::finish(&mut tx, claimed).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Handles [`JOB_RUN`]: carries a run out, or goes on with one that another worker left.
    pub async fn handle_run(&self, claimed: &ClaimedJob) -> Result<()> {
        let RunPayload { run_id } = claimed.payload()?;
        let mut reader = self.store.reader().await?;
        let run = sync_run::by_id(&mut reader, run_id).await?;
        let country = setting::default_country(&mut reader).await?;
        let mappings = mapping::all(&mut reader, run.connection_id).await?;
        drop(reader);
        let outcome = match self
            .connections
            .client(run.connection_id, Purpose::Sync)
            .await
        {
            Err(error) => Err((run, SyncError::from(error))),
            Ok(calls) => {
                let mut driver = Driver {
                    store: self.store.clone(),
                    calls,
                    claimed: claimed.clone(),
                    run,
                    country,
                };
                let outcome = driver.drive(mappings).await;
                let Driver { run, .. } = driver;
                outcome.map(|()| run.clone()).map_err(|error| (run, error))
            }
        };
        self.conclude(claimed, outcome).await
    }

    async fn conclude(
        &self,
        claimed: &ClaimedJob,
        outcome: std::result::Result<SyncRun, (SyncRun, SyncError)>,
    ) -> Result<()> {
        let (mut run, error) = match outcome {
            Ok(run) => (run, None),
            // Somebody else has the run now; it is theirs to end.
            Err((_, SyncError::Storage(StorageError::Conflict("job")))) => return Ok(()),
            Err((run, error)) => (run, Some(error)),
        };
        if let Some(SyncError::Salesforce(error) | SyncError::Org(OrgError::Salesforce(error))) =
            &error
        {
            self.connections.note(run.connection_id, error).await?;
        }
        let (state, phase) = match &error {
            None => ("done", "Done"),
            Some(SyncError::Cancelled) => ("cancelled", "Cancelled"),
            Some(_) => ("failed", "Failed"),
        };
        run.state = state.to_owned();
        run.phase = phase.to_owned();
        run.error = error
            .filter(|error| !matches!(error, SyncError::Cancelled))
            .map(|error| explain(&error));
        let calls = self
            .connections
            .client(run.connection_id, Purpose::Sync)
            .await;
        let mut tx = self.store.begin(&Actor::system()).await?;
        run.finished_at = Some(tx.now());
        if let Ok(calls) = calls {
            run.api_calls += calls.record(&mut tx).await?;
        }
        sync_run::save(&mut tx, &run).await?;
        job::finish(&mut tx, claimed).await?;
        tx.emit(Event::SyncRun { run_id: run.id });
        tx.commit().await?;
        Ok(())
    }
}

fn explain(error: &SyncError) -> RunError {
    let fix = match error {
        SyncError::Salesforce(Error::SignInNeeded { .. }) => {
            "Connect the org again under Settings."
        }
        SyncError::Salesforce(Error::LimitReached(_)) => {
            "Wait until older calls fall out of the last 24 hours, then start again; nothing is lost."
        }
        SyncError::Salesforce(Error::Unreachable(_)) => {
            "Start again when the org answers; the run goes on where it stopped."
        }
        SyncError::Salesforce(Error::Refused { .. }) => {
            "Check the running user's rights in Salesforce, then start again."
        }
        _ => "Start again; if it fails again, look into the log of the server.",
    };
    RunError {
        text: error.to_string(),
        fix: fix.to_owned(),
    }
}

/// Carries one run out.
pub(crate) struct Driver {
    pub store: Store,
    pub calls: CallScope,
    pub claimed: ClaimedJob,
    pub run: SyncRun,
    pub country: String,
}

impl Driver {
    async fn drive(&mut self, mappings: Vec<ObjectMapping>) -> Result<()> {
        if self.run.checkpoint.org_started_at.is_none() {
            self.run.checkpoint.org_started_at = Some(self.calls.client.org_now_ms());
        }
        let enabled: Vec<ObjectMapping> = mappings
            .into_iter()
            .filter(|mapping| mapping.enabled)
            .collect();
        for mapping in enabled.iter().filter(|mapping| mapping.auto_create) {
            self.settle_open(mapping).await?;
        }
        for mapping in enabled
            .iter()
            .filter(|mapping| mapping.direction != Direction::ToOrg)
        {
            if !self.run.checkpoint.pulled.contains(&mapping.object) {
                self.pull(mapping, &enabled).await?;
            }
        }
        for mapping in enabled
            .iter()
            .filter(|mapping| mapping.direction != Direction::ToHub)
        {
            if !self.run.checkpoint.pushed.contains(&mapping.object) {
                self.push(mapping).await?;
                if mapping.auto_create {
                    self.create(mapping).await?;
                }
                self.run.checkpoint.pushed.push(mapping.object.clone());
            }
        }
        Ok(())
    }

    /// Commits a batch with where the run stands; fails when the run is another worker's by now.
    pub async fn commit(&mut self, mut tx: Tx) -> tieline_storage::Result<()> {
        self.run.api_calls += self.calls.record(&mut tx).await?;
        sync_run::save(&mut tx, &self.run).await?;
        job::extend(&mut tx, &self.claimed, LEASE_MS).await?;
        tx.emit(Event::SyncRun {
            run_id: self.run.id,
        });
        tx.commit().await
    }

    /// Fails when somebody asked to stop; called before each batch.
    pub async fn check_cancelled(&self) -> Result<()> {
        let row = sync_run::by_id(&mut *self.store.reader().await?, self.run.id).await?;
        if row.state == "cancelling" {
            Err(SyncError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Says what the run is doing.
    pub fn phase(&mut self, words: String) {
        self.run.phase = words;
    }
}

/// Decides a batch again, from what is stored by then, when somebody changed its rows meanwhile.
/// `$attempt` is an expression of `tieline_storage::Result`, evaluated anew each time.
macro_rules! decided_again {
    ($driver:expr, $attempt:expr) => {{
        let before = $driver.run.clone();
        let mut attempts = 1;
        loop {
            match $attempt {
                Err(tieline_storage::StorageError::Conflict(noun))
                    if noun != "job" && attempts < $crate::run::attempts() =>
                {
                    $driver.run = before.clone();
                    attempts += 1;
                }
                other => break other,
            }
        }
    }};
}
pub(crate) use decided_again;

pub(crate) const fn attempts() -> usize {
    BATCH_ATTEMPTS
}

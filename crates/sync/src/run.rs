//! A run from start to end: pull each object, then push each, a checkpoint with every batch.

use crate::ask::{EVERY_MS, SOON_MS, SoonPayload, ask_at, ask_flush, enqueue_soon};
use crate::error::{Result, SyncError};
use crate::retry;
use serde::{Deserialize, Serialize};
use tieline_domain::access::Actor;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::event::Event;
use tieline_domain::id::{ConnectionId, SyncRunId};
use tieline_domain::job::{JobKind, Party};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::mapping::{Deletes, MappingDirection, default_fields};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_domain::time::Timestamp;
use tieline_org::{CallScope, Connections, OrgError};
use tieline_salesforce::CallPurpose;
use tieline_storage::job::{self, ClaimedJob, NewJob};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::sync_run::{self, RunError, SyncRun};
use tieline_storage::{StorageError, Store, Tx, contact_field};

/// How often a batch is decided again when somebody changed its rows meanwhile.
const BATCH_ATTEMPTS: usize = 5;

/// The sync of all connections; cheap to clone.
#[derive(Clone)]
pub struct Sync {
    pub(crate) store: Store,
    pub(crate) connections: Connections,
}

/// Who or what starts a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartedBy {
    /// A person, a key or the operator.
    Somebody(Actor),
    /// The clock.
    Schedule,
    /// A change that waits to go out.
    Change,
}

impl StartedBy {
    fn actor(&self) -> Actor {
        match self {
            StartedBy::Somebody(actor) => actor.clone(),
            StartedBy::Schedule | StartedBy::Change => Actor::system(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct RunPayload {
    run_id: SyncRunId,
}

impl Sync {
    /// Over this store and these connections.
    pub fn new(store: Store, connections: Connections) -> Sync {
        Sync { store, connections }
    }

    /// The connections that are kept in step.
    pub fn connections(&self) -> &Connections {
        &self.connections
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
                direction: MappingDirection::Both,
                deletes: Deletes::Honour,
                auto_create: object == "Contact",
                read_until: None,
                last_changed_at: None,
                org_records: None,
                org_counted_at: None,
                fields: default_fields(object).unwrap_or_default(),
            };
            mapping::create(&mut tx, connection, &row).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Starts a run, unless one is going on.
    pub async fn start(&self, connection: ConnectionId, by: StartedBy) -> Result<SyncRun> {
        let mut tx = self.store.begin(&by.actor()).await?;
        let first = mapping::all(&mut tx, connection)
            .await?
            .iter()
            .all(|mapping| mapping.read_until.is_none());
        let (trigger, staff_id) = match by {
            StartedBy::Somebody(actor) => (RunTrigger::Staff, actor.by.staff()),
            _ if first => (RunTrigger::First, None),
            StartedBy::Schedule => (RunTrigger::Schedule, None),
            StartedBy::Change => (RunTrigger::Change, None),
        };
        let newest = sync_run::history(&mut tx, connection, None, 1).await?;
        let checkpoint = newest
            .first()
            .filter(|run| matches!(run.state, RunState::Failed | RunState::Cancelled))
            .map(|run| run.checkpoint.handed_on())
            .unwrap_or_default();
        let run = SyncRun {
            id: tx.new_id(),
            connection_id: connection,
            trigger,
            staff_id,
            state: RunState::Running,
            phase: "Starting".to_owned(),
            checkpoint,
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
            kind: JobKind::SyncRun,
            party: Some(Party::Org(connection)),
            key: Some(format!("sync.run:{}", run.id)),
            in_line: None,
            payload: RunPayload { run_id: run.id },
            run_at: tx.now(),
        };
        job::enqueue(&mut tx, new).await?;
        tx.emit(Event::SyncRun { run_id: run.id });
        tx.commit().await?;
        Ok(run)
    }

    /// Asks a run to stop after the batch in flight.
    pub async fn cancel(&self, actor: &Actor, run: SyncRunId) -> Result<SyncRun> {
        let mut tx = self.store.begin(actor).await?;
        sync_run::cancel(&mut tx, run).await?;
        let row = sync_run::by_id(&mut tx, run).await?;
        tx.emit(Event::SyncRun { run_id: run });
        tx.commit().await?;
        Ok(row)
    }

    /// Handles [`JobKind::SyncSoon`]: starts a run, or waits for the one that is going on, or for the org.
    pub async fn handle_soon(&self, claimed: &ClaimedJob) -> Result<()> {
        let SoonPayload {
            connection_id,
            by_clock,
        } = claimed.payload()?;
        let started = match self.connections.is_back(connection_id).await {
            Ok(()) if by_clock => self.start(connection_id, StartedBy::Schedule).await,
            Ok(()) => self.start(connection_id, StartedBy::Change).await,
            Err(error) => Err(error.into()),
        };
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        match started {
            Err(SyncError::Running) if !by_clock => {
                let at = now + SOON_MS;
                job::wait(&mut tx, claimed, at, "a sync is running").await?;
            }
            Ok(_) | Err(SyncError::Running) => job::finish(&mut tx, claimed).await?,
            Err(error) => {
                let at = retry::after(&error, claimed.attempts, claimed.chance(), now);
                let at = at.unwrap_or(now + EVERY_MS);
                job::retry(&mut tx, claimed, at, &error.to_string()).await?;
            }
        }
        if by_clock {
            enqueue_soon(&mut tx, connection_id, now + EVERY_MS, true).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Handles [`JobKind::SyncRun`]: carries a run out, or goes on with one that another worker left.
    pub async fn handle_run(&self, claimed: &ClaimedJob) -> Result<()> {
        let RunPayload { run_id } = claimed.payload()?;
        let mut reader = self.store.reader().await?;
        let mut run = sync_run::by_id(&mut reader, run_id).await?;
        let catalogue = contact_field::load(&mut reader).await?;
        let mappings = mapping::all(&mut reader, run.connection_id).await?;
        drop(reader);
        let client = self
            .connections
            .client(run.connection_id, CallPurpose::Sync)
            .await;
        let outcome = match client {
            Err(error) => Err(error.into()),
            Ok(calls) => {
                let mut driver = Driver {
                    store: self.store.clone(),
                    began_at: self.store.now(),
                    calls,
                    claimed: claimed.clone(),
                    calls_before: run.api_calls,
                    run,
                    catalogue,
                };
                let outcome = driver.drive(mappings).await;
                let calls = driver.calls_before + driver.calls.client.calls();
                driver.calls.record().await?;
                run = driver.run;
                run.api_calls = calls;
                outcome
            }
        };
        self.conclude(claimed, run, outcome).await
    }

    /// The run's job gave up, for a reason that nobody foresaw: it blocks no other run.
    pub async fn give_up(&self, tx: &mut Tx, dead: &ClaimedJob, error: &str) -> Result<()> {
        let RunPayload { run_id } = dead.payload()?;
        let mut run = sync_run::by_id(tx, run_id).await?;
        run.state = RunState::Failed;
        run.phase = "Failed".to_owned();
        run.finished_at = Some(tx.now());
        run.error = Some(RunError {
            text: error.to_owned(),
            fix: "Start again; if it fails again, look into the log of the server.".to_owned(),
        });
        sync_run::save(tx, &run).await?;
        tx.emit(Event::SyncRun { run_id });
        Ok(())
    }

    async fn conclude(
        &self,
        claimed: &ClaimedJob,
        mut run: SyncRun,
        outcome: Result<()>,
    ) -> Result<()> {
        // Somebody else has the run now; it is theirs to end.
        if let Err(SyncError::Storage(error)) = &outcome
            && error.is_lost_job()
        {
            return Ok(());
        }
        if let Err(SyncError::Stopping) = outcome {
            let mut tx = self.store.begin(&Actor::system()).await?;
            job::leave(&mut tx, claimed).await?;
            return Ok(tx.commit().await?);
        }
        let error = outcome.err();
        if let Some(SyncError::Salesforce(error) | SyncError::Org(OrgError::Salesforce(error))) =
            &error
        {
            self.connections.note(run.connection_id, error).await?;
        }
        let (state, phase) = match &error {
            None => (RunState::Done, "Done"),
            Some(SyncError::Cancelled) => (RunState::Cancelled, "Cancelled"),
            Some(_) => (RunState::Failed, "Failed"),
        };
        run.state = state;
        run.phase = phase.to_owned();
        if error.is_none() {
            self.connections.note_well(run.connection_id).await?;
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        run.finished_at = Some(now);
        match error {
            None => enqueue_soon(&mut tx, run.connection_id, now + EVERY_MS, true).await?,
            Some(SyncError::Cancelled) => {}
            Some(error) => {
                let newest = sync_run::history(&mut tx, run.connection_id, None, 10).await?;
                let failures = newest.iter().filter(|other| other.id != run.id);
                let failures = failures
                    .take_while(|other| other.state == RunState::Failed)
                    .count();
                let failures = failures as i64 + 1;
                let again_at = retry::after(&error, failures, claimed.chance(), now);
                if let Some(at) = again_at {
                    ask_at(&mut tx, run.connection_id, at).await?;
                }
                run.error = Some(retry::explain(&error, again_at));
            }
        }
        // Links may have come that conversations wait for.
        ask_flush(&mut tx, now).await?;
        sync_run::save(&mut tx, &run).await?;
        job::finish(&mut tx, claimed).await?;
        tx.emit(Event::SyncRun { run_id: run.id });
        tx.commit().await?;
        Ok(())
    }
}

/// Carries one run out.
pub(crate) struct Driver {
    pub store: Store,
    /// When this worker began, by the hub's time.
    pub began_at: Timestamp,
    pub calls: CallScope,
    pub claimed: ClaimedJob,
    /// Calls that other workers made for the run.
    pub calls_before: i64,
    pub run: SyncRun,
    /// As of the last page.
    pub catalogue: Catalogue,
}

impl Driver {
    async fn drive(&mut self, mappings: Vec<ObjectMapping>) -> Result<()> {
        let enabled: Vec<ObjectMapping> = mappings
            .into_iter()
            .filter(|mapping| mapping.enabled)
            .collect();
        for mapping in enabled.iter().filter(|mapping| mapping.auto_create) {
            self.settle_open(mapping).await?;
        }
        for mapping in enabled
            .iter()
            .filter(|mapping| mapping.direction != MappingDirection::ToOrg)
        {
            if !self.run.checkpoint.pulled.contains(&mapping.object) {
                self.pull(mapping, &enabled).await?;
            }
        }
        for mapping in enabled
            .iter()
            .filter(|mapping| mapping.direction != MappingDirection::ToHub)
        {
            if !self.run.checkpoint.pushed.contains(&mapping.object) {
                self.push(mapping).await?;
                if mapping.auto_create {
                    self.create(mapping).await?;
                }
                self.run.checkpoint.pushed.push(mapping.object.clone());
            }
        }
        // Whoever edits much would have the org count much.
        if self.run.trigger != RunTrigger::Change {
            self.count(&enabled).await?;
        }
        Ok(())
    }

    /// Commits a batch with where the run stands; fails when the run is another worker's by now.
    pub async fn commit(&mut self, mut tx: Tx) -> tieline_storage::Result<()> {
        self.run.api_calls = self.calls_before + self.calls.client.calls();
        sync_run::save(&mut tx, &self.run).await?;
        job::extend(&mut tx, &self.claimed).await?;
        tx.emit(Event::SyncRun {
            run_id: self.run.id,
        });
        tx.commit().await
    }

    /// Fails when somebody asked to stop, the run or the hub; called before each batch.
    pub async fn check_cancelled(&self) -> Result<()> {
        if self.claimed.stop.is_asked() {
            return Err(SyncError::Stopping);
        }
        let row = sync_run::by_id(&mut *self.store.reader().await?, self.run.id).await?;
        if row.state == RunState::Cancelling {
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
pub(crate) struct Tries {
    /// Where the run stood before the batch.
    before: SyncRun,
    left: usize,
}

impl Tries {
    /// For one batch of this run.
    pub fn of(run: &SyncRun) -> Tries {
        Tries {
            before: run.clone(),
            left: BATCH_ATTEMPTS - 1,
        }
    }

    /// What came of the batch, or nothing when it is to be decided once more. A batch that was not
    /// committed leaves no trace in the run.
    pub fn judge<T>(
        &mut self,
        run: &mut SyncRun,
        outcome: tieline_storage::Result<T>,
    ) -> Option<tieline_storage::Result<T>> {
        let Err(error) = &outcome else {
            return Some(outcome);
        };
        *run = self.before.clone();
        if self.left > 0 && matches!(error, StorageError::Conflict(noun) if *noun != "job") {
            self.left -= 1;
            return None;
        }
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_domain::id::Id as _;

    fn run(progress_done: i64) -> SyncRun {
        SyncRun {
            id: SyncRunId::from_uuid(1),
            connection_id: ConnectionId::from_uuid(2),
            trigger: RunTrigger::Schedule,
            staff_id: None,
            state: RunState::Running,
            phase: "Starting".to_owned(),
            checkpoint: Default::default(),
            counts: RunCounts::default(),
            progress_done,
            progress_total: None,
            api_calls: 0,
            api_calls_minimum: 0,
            error: None,
            started_at: Timestamp(0),
            finished_at: None,
        }
    }

    #[test]
    fn a_batch_whose_rows_somebody_changed_is_decided_five_times_and_leaves_no_trace_until_it_is_kept()
     {
        let cases = [
            (StorageError::Conflict("link"), BATCH_ATTEMPTS),
            (StorageError::Conflict("job"), 1),
            (StorageError::NotFound("link"), 1),
        ];
        for (error, attempts) in cases {
            let again = || match error {
                StorageError::Conflict(noun) => StorageError::Conflict(noun),
                _ => StorageError::NotFound("link"),
            };
            let mut at_work = run(40);
            let mut tries = Tries::of(&at_work);
            for attempt in 1..=attempts {
                at_work.progress_done += 200;
                let judged = tries.judge::<()>(&mut at_work, Err(again()));
                assert_eq!(judged.is_some(), attempt == attempts, "{error}");
                assert_eq!(at_work, run(40), "{error}");
            }
        }
        let mut at_work = run(40);
        let mut tries = Tries::of(&at_work);
        at_work.progress_done += 200;
        let judged = tries.judge(&mut at_work, Ok(7));
        assert_eq!((judged.unwrap().unwrap(), at_work), (7, run(240)));
    }
}

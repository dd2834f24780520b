//! Sync runs, and the journal of what each of them changed.

use crate::args;
use crate::db::{Conn, Table, json_text, table};
use crate::error::{Result, StorageError};
use crate::scope::on_what_contacts_have;
use crate::store::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::contact::Fields;
use tieline_domain::id::{ConnectionId, ContactId, Id as _, StaffId, SyncRunId};
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::RunCounts;
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_domain::time::Timestamp;

/// Where a run stands, so that it goes on there after a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The org's time when the run began; what is stamped later belongs to the next run.
    pub org_started_at: Option<i64>,
    /// Objects that were read to their end.
    pub pulled: Vec<String>,
    /// By object, what was begun and not read to its end.
    pub reading: BTreeMap<String, Reading>,
    /// Objects that were written to their end.
    pub pushed: Vec<String>,
    /// The number of the last journal row.
    pub journal_seq: i64,
}

/// How far an object has been read; a run that did not come to its end hands it to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The org's time when the reading began: what is stamped later may have been missed.
    pub org_started_at: i64,
    /// The last record committed: SystemModstamp and Id.
    pub after: Option<(i64, String)>,
}

impl Checkpoint {
    /// Where a run begins whose forerunner failed or was cancelled here: an object that was half
    /// read is read on. All others are asked anew for what changed since.
    pub fn handed_on(&self) -> Checkpoint {
        Checkpoint {
            reading: self.reading.clone(),
            ..Checkpoint::default()
        }
    }

    /// An object is read now: from its start, or on from where its reading stopped.
    pub fn begin(&mut self, object: &str) -> &mut Reading {
        let org_started_at = self.org_started_at.unwrap_or_default();
        let fresh = || Reading {
            org_started_at,
            after: None,
        };
        self.reading.entry(object.to_owned()).or_insert_with(fresh)
    }
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    pub id: SyncRunId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    pub trigger: RunTrigger,
    /// Who started it.
    pub staff_id: Option<StaffId>,
    pub state: RunState,
    /// What it is doing, for people.
    pub phase: String,
    /// Where it stands.
    pub checkpoint: Checkpoint,
    /// What it did.
    pub counts: RunCounts,
    /// Records dealt with.
    pub progress_done: i64,
    /// Records to deal with, once known.
    pub progress_total: Option<i64>,
    /// Calls made.
    pub api_calls: i64,
    /// Calls that could not be avoided.
    pub api_calls_minimum: i64,
    /// Why it failed.
    pub error: Option<RunError>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

table!(SyncRun {
    id: id,
    connection_id: id,
    trigger: word(RunTrigger),
    staff_id: opt_id,
    state: word(RunState),
    phase: text,
    checkpoint: json,
    counts: json,
    progress_done: int,
    progress_total: opt_int,
    api_calls: int,
    api_calls_minimum: int,
    error: opt_json,
    started_at: time,
    finished_at: opt_time,
});

/// Why a run failed, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The cause.
    pub text: String,
    /// What to do.
    pub fix: String,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number within the run; set when written.
    pub seq: i64,
    /// API name of the object.
    pub object: String,
    /// The record, if it exists.
    pub record_id: Option<String>,
    /// The contact, if it exists.
    pub contact_id: Option<ContactId>,
    pub direction: ChangeDirection,
    pub act: ChangeAct,
    pub state: ChangeState,
    /// Values before, of the attributes that change; blank ones are absent.
    pub before: Option<Fields>,
    /// Values after.
    pub after: Option<Fields>,
    /// Code and words of a refusal.
    pub error: Option<(String, String)>,
    /// When it was done.
    pub at: Timestamp,
}

table!(Change {
    seq: int,
    object: text,
    record_id: opt_text,
    contact_id: opt_id,
    direction: word(ChangeDirection),
    act: word(ChangeAct),
    state: word(ChangeState),
    before: opt_json,
    after: opt_json,
    error: opt_json,
    at: time,
});

/// Which changes of a run to list.
#[derive(Debug, Clone, Default)]
pub struct ChangeQuery {
    /// Only this direction.
    pub direction: Option<ChangeDirection>,
    /// Only this state.
    pub state: Option<ChangeState>,
    /// After this number.
    pub after: i64,
    /// Rows.
    pub limit: i64,
}

/// Opens a run; a conflict when the connection has one that is not finished.
pub async fn create(tx: &mut Tx, run: &SyncRun) -> Result<()> {
    let unless_open = "on conflict do nothing";
    match tx
        .insert_many("sync_run", SyncRun::COLUMNS, [run.row()], unless_open)
        .await?
    {
        0 => Err(StorageError::Conflict("sync run")),
        _ => Ok(()),
    }
}

/// Writes where a run stands. A cancellation that came meanwhile is kept.
pub async fn save(tx: &mut Tx, run: &SyncRun) -> Result<()> {
    let sql = "update sync_run set state = case when state = 'cancelling' and $1 = 'running' then state else $1 end, \
               phase = $2, checkpoint = $3, counts = $4, progress_done = $5, progress_total = $6, api_calls = $7, \
               api_calls_minimum = $8, error = $9, finished_at = $10 where id = $11";
    let args = args![
        run.state.as_str(),
        &run.phase,
        json_text(&run.checkpoint),
        json_text(&run.counts),
        run.progress_done,
        run.progress_total,
        run.api_calls,
        run.api_calls_minimum,
        run.error.as_ref().map(json_text),
        run.finished_at,
        run.id,
    ];
    tx.run(sql, args).await?;
    Ok(())
}

/// Asks a run to stop after its batch; whether it was running.
pub async fn cancel(tx: &mut Tx, id: SyncRunId) -> Result<bool> {
    let sql = "update sync_run set state = 'cancelling' where id = $1 and state = 'running'";
    Ok(tx.run(sql, args![id]).await? > 0)
}

/// One run.
pub async fn by_id(conn: &mut Conn, id: SyncRunId) -> Result<SyncRun> {
    SyncRun::read(
        &conn
            .one(
                "sync run",
                "select * from sync_run where id = $1",
                args![id],
            )
            .await?,
    )
}

/// The run that is not finished, if there is one.
pub async fn open_run(conn: &mut Conn, connection: ConnectionId) -> Result<Option<SyncRun>> {
    let sql = "select * from sync_run where connection_id = $1 and finished_at is null";
    conn.opt(sql, args![connection])
        .await?
        .as_ref()
        .map(SyncRun::read)
        .transpose()
}

/// When a run last came to its end: what both sides held then was compared.
pub async fn last_done(conn: &mut Conn, connection: ConnectionId) -> Result<Option<Timestamp>> {
    let sql =
        "select max(finished_at) as at from sync_run where connection_id = $1 and state = 'done'";
    let row = conn.one("sync run", sql, args![connection]).await?;
    row.opt_time("at")
}

/// Runs, newest first, before one of them.
pub async fn history(
    conn: &mut Conn,
    connection: ConnectionId,
    before: Option<(Timestamp, SyncRunId)>,
    limit: i64,
) -> Result<Vec<SyncRun>> {
    let (at, id) = before.unwrap_or((Timestamp(i64::MAX), SyncRunId::from_uuid(0)));
    let sql = "select * from sync_run where connection_id = $1 and (started_at < $2 or (started_at = $2 and id < $3)) \
               order by started_at desc, id desc limit $4";
    conn.all(sql, args![connection, at, id, limit])
        .await?
        .iter()
        .map(SyncRun::read)
        .collect()
}

/// Writes rows of the journal, numbered on from the run's checkpoint.
pub async fn add_changes(tx: &mut Tx, run: &mut SyncRun, changes: &[Change]) -> Result<()> {
    let (id, known) = (run.id, run.checkpoint.journal_seq);
    run.checkpoint.journal_seq += changes.len() as i64;
    let rows = (known + 1..).zip(changes).map(|(seq, change)| {
        let numbered = Change {
            seq,
            ..change.clone()
        };
        args![id].into_iter().chain(numbered.row()).collect()
    });
    let columns = [&["run_id"], Change::COLUMNS].concat();
    tx.insert_many("sync_change", &columns, rows, "").await?;
    Ok(())
}

/// A page of a run's changes.
pub async fn changes(
    conn: &mut Conn,
    scope: &Scope,
    run: SyncRunId,
    query: &ChangeQuery,
) -> Result<Vec<Change>> {
    let mut args = args![
        run,
        query.after,
        query.direction.map_or("", ChangeDirection::as_str),
        query.state.map_or("", ChangeState::as_str),
        query.limit,
    ];
    let within = on_what_contacts_have(scope, &mut args);
    let sql = format!(
        "select * from sync_change where run_id = $1 and seq > $2 and ($3 = '' or direction = $3) \
         and ($4 = '' or state = $4){within} order by seq limit $5"
    );
    let rows = conn.all(&sql, args).await?;
    rows.iter().map(Change::read).collect()
}

//! Work that gave up, for a person who retries or drops it.

use crate::args;
use crate::db::{Conn, Table, table};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use tieline_domain::id::JobId;
use tieline_domain::job::{JobKind, JobState};
use tieline_domain::time::Timestamp;

/// A job as it stands; never what it carries, which may be personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub party: Option<String>,
    pub attempts: i64,
    /// In a row, and not foreseen by its handler.
    pub failures: i64,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// When it is due; for a dead one, when it gave up.
    pub run_at: Timestamp,
}

table!(DeadJob {
    id: id,
    kind: word(JobKind),
    state: word(JobState),
    party: opt_text,
    attempts: int,
    failures: int,
    last_error: opt_text,
    created_at: time,
    run_at: time,
});

/// Jobs in a state, the newest first, those before `before`.
pub async fn list(
    conn: &mut Conn,
    state: JobState,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<DeadJob>> {
    let (older, args) = match before {
        Some(id) => ("and id < $3", args![state.as_str(), limit, id]),
        None => ("", args![state.as_str(), limit]),
    };
    let columns = DeadJob::COLUMNS.join(", ");
    let sql =
        format!("select {columns} from job where state = $1 {older} order by id desc limit $2");
    let rows = conn.all(&sql, args).await?;
    rows.iter().map(DeadJob::read).collect()
}

/// A dead job waits again, as if it were new.
pub async fn revive(tx: &mut Tx, id: JobId) -> Result<()> {
    // Of a job of the same key that waits already, this one's work is done too.
    let sql = "delete from job where id = $1 and state = 'dead' and exists \
               (select 1 from job other where other.key = job.key and other.state = 'ready')";
    if tx.run(sql, args![id]).await? > 0 {
        return Ok(());
    }
    let now = tx.now();
    let sql = "update job set state = 'ready', run_at = $1, failures = 0, attempts = 0 \
               where id = $2 and state = 'dead'";
    found(tx.run(sql, args![now, id]).await?)
}

/// A dead job is given up for good.
pub async fn discard(tx: &mut Tx, id: JobId) -> Result<()> {
    let sql = "delete from job where id = $1 and state = 'dead'";
    found(tx.run(sql, args![id]).await?)
}

fn found(rows: u64) -> Result<()> {
    match rows {
        0 => Err(StorageError::NotFound("dead job")),
        _ => Ok(()),
    }
}

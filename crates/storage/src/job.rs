//! The outbox and all other background work: rows committed with the change that asks for them.
//!
//! A `repeatable` job may run again whenever it did not finish. A `once` job (a text, a create
//! without an external id) commits that its attempt began before it reaches outside; found expired
//! in that state it becomes *uncertain* and is reconciled, never repeated. Every commit of a worker
//! checks the fence, which rises with each claim, so that a worker that stalled past its lease
//! changes nothing.

use crate::args;
use crate::db::{Conn, Row, Value, json_text};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use serde::{Serialize, de::DeserializeOwned};
use tieline_domain::id::JobId;
use tieline_domain::time::Timestamp;

/// Whether work may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Running it twice does no harm.
    Repeatable,
    /// Reaches outside at most once.
    Once,
}

/// Work to be done.
pub struct NewJob<'a, P: Serialize> {
    /// One of the registered kinds.
    pub kind: &'a str,
    /// Whether it may be repeated.
    pub class: Class,
    /// While a job with this key waits, another is not added.
    pub dedupe_key: Option<String>,
    /// What the handler gets.
    pub payload: P,
    /// Not before.
    pub run_at: Timestamp,
}

/// A job that this worker holds until `lease_until`.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// Which.
    pub id: JobId,
    /// One of the registered kinds.
    pub kind: String,
    /// Whether it may be repeated.
    pub class: Class,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    /// Rises with each claim.
    pub fence: i64,
    payload: String,
}

impl ClaimedJob {
    /// What was handed to [`enqueue`].
    pub fn payload<P: DeserializeOwned>(&self) -> Result<P> {
        serde_json::from_str(&self.payload).map_err(|e| StorageError::Unreadable {
            column: "job.payload".to_owned(),
            reason: e.to_string(),
        })
    }
}

/// Adds work, to be committed with the fact that asks for it.
pub async fn enqueue<P: Serialize>(tx: &mut Tx, job: NewJob<'_, P>) -> Result<()> {
    let now = tx.now();
    let class = match job.class {
        Class::Repeatable => "repeatable",
        Class::Once => "once",
    };
    let row = args![
        tx.new_id::<JobId>(),
        job.kind,
        class,
        job.dedupe_key,
        json_text(&job.payload),
        "ready",
        job.run_at,
        0,
        now,
    ];
    let columns = [
        "id",
        "kind",
        "class",
        "dedupe_key",
        "payload",
        "state",
        "run_at",
        "attempts",
        "created_at",
    ];
    // The one that waits does the work of both, and not later than either was asked for.
    let suffix = "on conflict (dedupe_key) where dedupe_key is not null and state = 'ready' do update set run_at = \
                  case when excluded.run_at < job.run_at then excluded.run_at else job.run_at end";
    tx.insert_many("job", &columns, vec![row], suffix).await?;
    Ok(())
}

/// Takes up to `limit` jobs of these kinds that are due, for `lease_ms`.
pub async fn claim(
    tx: &mut Tx,
    kinds: &[&str],
    limit: i64,
    lease_ms: i64,
) -> Result<Vec<ClaimedJob>> {
    let now = tx.now();
    let sql = format!(
        "update job set state = 'leased', lease_until = $1, fence = fence + 1, attempts = attempts + 1 \
         where id in (select id from job where state = 'ready' and run_at <= $2 and kind in ({{in}}) \
         order by run_at, id limit $3 {}) returning *",
        tx.skip_locked()
    );
    let kinds = kinds.iter().map(|kind| Value::from(*kind)).collect();
    let rows = tx
        .all_in(&sql, args![now + lease_ms, now, limit], kinds)
        .await?;
    let mut jobs: Vec<ClaimedJob> = rows.iter().map(read).collect::<Result<_>>()?;
    jobs.sort_by_key(|job| job.id);
    Ok(jobs)
}

/// When the next job becomes due, if any waits.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>> {
    conn.one(
        "job",
        "select min(run_at) as at from job where state = 'ready'",
        args![],
    )
    .await?
    .opt_time("at")
}

/// Whether some worker did not come back in time.
pub async fn any_expired(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let sql = "select id from job where state in ('leased', 'attempt_started') and lease_until <= $1 limit 1";
    Ok(conn.opt(sql, args![now]).await?.is_some())
}

/// Records, before anything leaves, that the one attempt of a `once` job begins.
pub async fn start_attempt(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let now = tx.now();
    let sql = "update job set state = 'attempt_started' \
               where id = $1 and fence = $2 and state = 'leased' and lease_until > $3";
    held(tx.run(sql, args![job.id, job.fence, now]).await?)
}

/// Gives the worker more time.
pub async fn extend(tx: &mut Tx, job: &ClaimedJob, lease_ms: i64) -> Result<()> {
    let until = tx.now() + lease_ms;
    let sql = "update job set lease_until = $1 where id = $2 and fence = $3 and state in ('leased', 'attempt_started')";
    held(tx.run(sql, args![until, job.id, job.fence]).await?)
}

/// The work is done; commit this with its outcome.
pub async fn finish(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let sql =
        "delete from job where id = $1 and fence = $2 and state in ('leased', 'attempt_started')";
    held(tx.run(sql, args![job.id, job.fence]).await?)
}

/// The work failed for a reason that may pass: it waits until `at`. For a `once` job only when it is
/// certain that nothing left the house.
pub async fn retry(tx: &mut Tx, job: &ClaimedJob, at: Timestamp, error: &str) -> Result<()> {
    // A newer job of the same key does the same work: then this one need not wait.
    let sql = "delete from job where id = $1 and fence = $2 and state in ('leased', 'attempt_started') \
               and exists (select 1 from job other where other.dedupe_key = job.dedupe_key and other.state = 'ready')";
    if tx.run(sql, args![job.id, job.fence]).await? > 0 {
        return Ok(());
    }
    settle(tx, job, "ready", Some(at), error).await
}

/// The work cannot succeed: a person can see it and retry it.
pub async fn bury(tx: &mut Tx, job: &ClaimedJob, error: &str) -> Result<()> {
    settle(tx, job, "dead", None, error).await
}

/// Ends the lease of every job in hand, for a hub that starts on a database that it alone works on:
/// whoever held them is gone. If not, the fence stops it.
pub async fn end_leases(tx: &mut Tx) -> Result<u64> {
    let now = tx.now();
    let sql = "update job set lease_until = $1 where state in ('leased', 'attempt_started') and lease_until > $1";
    tx.run(sql, args![now]).await
}

/// What became of jobs whose worker did not come back in time.
#[derive(Debug, Default)]
pub struct Expired {
    /// Waiting again.
    pub ready: u64,
    /// Nobody knows whether they reached outside; their reconciler settles them.
    pub uncertain: Vec<ClaimedJob>,
}

/// Takes expired jobs from their workers. The uncertain ones are handed out, still on record until
/// [`finish_uncertain`].
pub async fn expire(tx: &mut Tx) -> Result<Expired> {
    let now = tx.now();
    // One waiting job of a key does the work of all: of several that expired the last is kept, and
    // none when another waits already. Two waiting ones would break the unique key, for every caller.
    let sql = "delete from job where (state = 'leased' or (state = 'attempt_started' and class = 'repeatable')) \
               and lease_until <= $1 and exists (select 1 from job other where other.dedupe_key = job.dedupe_key \
               and (other.state = 'ready' or (other.id > job.id and other.lease_until <= $1 and \
               (other.state = 'leased' or (other.state = 'attempt_started' and other.class = 'repeatable')))))";
    tx.run(sql, args![now]).await?;
    let sql = "update job set state = 'ready', lease_until = null where (state = 'leased' or \
               (state = 'attempt_started' and class = 'repeatable')) and lease_until <= $1";
    let ready = tx.run(sql, args![now]).await?;
    let sql = "update job set state = 'uncertain', fence = fence + 1, lease_until = null \
               where state = 'attempt_started' and class = 'once' and lease_until <= $1 returning *";
    let rows = tx.all(sql, args![now]).await?;
    Ok(Expired {
        ready,
        uncertain: rows.iter().map(read).collect::<Result<_>>()?,
    })
}

/// The reconciler has taken over an uncertain job.
pub async fn finish_uncertain(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let sql = "delete from job where id = $1 and fence = $2 and state = 'uncertain'";
    held(tx.run(sql, args![job.id, job.fence]).await?)
}

/// How many jobs there are of each kind and state; for metrics and for tests that want quiet.
pub async fn count_by_state(conn: &mut Conn) -> Result<Vec<(String, String, i64)>> {
    let sql =
        "select kind, state, count(*) as number from job group by kind, state order by kind, state";
    let rows = conn.all(sql, args![]).await?;
    rows.iter()
        .map(|row| Ok((row.text("kind")?, row.text("state")?, row.int("number")?)))
        .collect()
}

async fn settle(
    tx: &mut Tx,
    job: &ClaimedJob,
    state: &str,
    at: Option<Timestamp>,
    error: &str,
) -> Result<()> {
    let sql = "update job set state = $1, run_at = coalesce($2, run_at), lease_until = null, last_error = $3 \
               where id = $4 and fence = $5 and state in ('leased', 'attempt_started')";
    held(
        tx.run(sql, args![state, at, error, job.id, job.fence])
            .await?,
    )
}

fn held(rows: u64) -> Result<()> {
    if rows == 0 {
        Err(StorageError::Conflict("job"))
    } else {
        Ok(())
    }
}

fn read(row: &Row) -> Result<ClaimedJob> {
    Ok(ClaimedJob {
        id: row.id("id")?,
        kind: row.text("kind")?,
        class: row.word("class", |word| match word {
            "repeatable" => Some(Class::Repeatable),
            "once" => Some(Class::Once),
            _ => None,
        })?,
        attempts: row.int("attempts")?,
        fence: row.int("fence")?,
        payload: row.text("payload")?,
    })
}

//! The outbox and all other background work: rows committed with the change that asks for them.
//!
//! A `repeatable` job may run again whenever it did not finish. A `once` job (a text) commits that
//! its attempt began before it reaches outside; found expired in that state it becomes *uncertain*
//! and is reconciled, never repeated. Every commit of a worker checks the fence, which rises with
//! each claim and each lost lease, so that a worker that stalled past its lease changes nothing.

mod dead;

pub use dead::{DeadJob, discard, list, revive};

use crate::args;
use crate::db::{Conn, Row, Value, among, json_text};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tieline_domain::id::{Id as _, JobId};
use tieline_domain::job::{InHand, JobKind, JobState, Party};
use tieline_domain::time::Timestamp;

/// An attempt whose outcome nobody knows is handed to the reconciler again after this long.
const RECONCILE_MS: i64 = 10_000;

/// A place among jobs that are done one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLine {
    /// Which line.
    pub line: String,
    /// The lower comes first.
    pub number: i64,
}

/// Work to be done.
pub struct NewJob<P: Serialize> {
    pub kind: JobKind,
    /// Whom it will wait for outside.
    pub party: Option<Party>,
    /// At most one job of a key waits, and at most one is in hand.
    pub key: Option<String>,
    /// Not before those ahead of it in its line have ended.
    pub in_line: Option<InLine>,
    /// What the handler gets.
    pub payload: P,
    /// Not before.
    pub run_at: Timestamp,
}

/// Tells a handler that its hub stops; long work ends at its next step and is put back.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks all who hold a clone to stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A job that this worker holds for the lease of its kind.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    pub id: JobId,
    pub kind: JobKind,
    pub party: Option<Party>,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    /// How often in a row it ended in a way that its handler did not foresee.
    pub failures: i64,
    /// Rises with each claim and each lost lease.
    pub fence: i64,
    /// Whether its hub stops.
    pub stop: Stop,
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

    /// The wait after one more failure, by the rules of its kind; `asked_ms` is what the other side
    /// asked for.
    pub fn delay_ms(&self, asked_ms: Option<i64>) -> i64 {
        let retry = self.kind.retry();
        retry.delay_ms(self.failures + 1, self.chance(), asked_ms)
    }

    /// Spreads jobs that fail together, each by its id and anew with each attempt.
    pub fn chance(&self) -> u64 {
        self.id.uuid() as u64 ^ self.attempts as u64
    }
}

/// Adds work, to be committed with the fact that asks for it. While a job of the same key waits, it
/// does the work of both, at the earlier moment: its row is locked until this commits, so that
/// nobody takes it before the fact can be seen.
pub async fn enqueue<P: Serialize>(tx: &mut Tx, job: NewJob<P>) -> Result<()> {
    let now = tx.now();
    let sql = "insert into job (id, kind, party, key, payload, state, run_at, created_at, line, line_number) \
               values ($1, $2, $3, $4, $5, 'ready', $6, $7, $8, $9) \
               on conflict (key) where key is not null and state = 'ready' do update set \
               run_at = case when excluded.run_at < job.run_at then excluded.run_at else job.run_at end";
    let row = args![
        tx.new_id::<JobId>(),
        job.kind.as_str(),
        job.party.map(|party| party.to_string()),
        job.key,
        json_text(&job.payload),
        job.run_at,
        now,
        job.in_line.as_ref().map(|it| it.line.clone()),
        job.in_line.as_ref().map(|it| it.number),
    ];
    tx.run(sql, row).await?;
    Ok(())
}

/// Takes jobs of a lane that are due, as far as there are slots, and counts them in. None whose key
/// is in somebody's hand, and none that stands behind another in its line.
pub async fn claim(tx: &mut Tx, hand: &mut InHand) -> Result<Vec<ClaimedJob>> {
    if hand.free() == 0 {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let lane = hand.lane();
    let mut values = args![now, hand.free() as i64];
    let full = among(&mut values, "party", hand.full().map(Party::to_string));
    let sql = format!(
        "select id, kind, party from job where state = 'ready' and run_at <= $1 and kind in ({}) \
         and (party is null or not ({full})) \
         and not exists (select 1 from job held where held.key = job.key and held.state in ('leased', 'attempt_started')) \
         and not exists (select 1 from job ahead where ahead.line = job.line and ahead.line_number < job.line_number \
         and ahead.state in ('ready', 'leased', 'attempt_started')) \
         order by run_at, id limit $2 {}",
        words(|kind| kind.lane() == lane),
        tx.skip_locked()
    );
    let mut jobs = Vec::new();
    for row in tx.all(&sql, values).await? {
        let party = read_party(&row)?;
        if hand.take(party.as_ref()) {
            let until = now + read_kind(&row)?.lease_ms();
            let sql = "update job set state = 'leased', lease_until = $1, fence = fence + 1, \
                       attempts = attempts + 1 where id = $2 returning *";
            let id: JobId = row.id("id")?;
            jobs.push(read(&tx.one("job", sql, args![until, id]).await?)?);
        }
    }
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
    let sql = "select id from job where state in ('leased', 'attempt_started', 'uncertain') and lease_until <= $1 limit 1";
    Ok(conn.opt(sql, args![now]).await?.is_some())
}

/// Records, before anything leaves, that the one attempt of a `once` job begins.
pub async fn start_attempt(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let now = tx.now();
    let sql = "update job set state = 'attempt_started' \
               where id = $1 and fence = $2 and state = 'leased' and lease_until > $3";
    held(tx.run(sql, args![job.id, job.fence, now]).await?)
}

/// The work went on: gives the worker more time, and forgets earlier failures.
pub async fn extend(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let until = tx.now() + job.kind.lease_ms();
    let sql = "update job set lease_until = $1, failures = 0 \
               where id = $2 and fence = $3 and state in ('leased', 'attempt_started')";
    held(tx.run(sql, args![until, job.id, job.fence]).await?)
}

/// What a worker hears when it says that it still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It has a whole lease again.
    Held,
    /// Its handler has let the job go: it is about to return.
    LetGo,
    /// Somebody else has the job, or may have it.
    Lost,
}

/// Says that the worker still works, also while a call is in flight.
pub async fn beat(tx: &mut Tx, job: &ClaimedJob) -> Result<Beat> {
    let now = tx.now();
    let until = now + job.kind.lease_ms();
    let sql = "update job set lease_until = $1 where id = $2 and fence = $3 \
               and state in ('leased', 'attempt_started') and lease_until > $4";
    if tx.run(sql, args![until, job.id, job.fence, now]).await? > 0 {
        return Ok(Beat::Held);
    }
    let sql = "select fence, state from job where id = $1";
    Ok(match tx.opt(sql, args![job.id]).await? {
        None => Beat::LetGo,
        Some(row)
            if row.int("fence")? == job.fence
                && row.word("state", JobState::parse)? == JobState::Ready =>
        {
            Beat::LetGo
        }
        Some(_) => Beat::Lost,
    })
}

/// The work is done; commit this with its outcome.
pub async fn finish(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let sql =
        "delete from job where id = $1 and fence = $2 and state in ('leased', 'attempt_started')";
    held(tx.run(sql, args![job.id, job.fence]).await?)
}

/// The work failed for a reason that its handler knows and that may pass: it waits until `at`. For a
/// `once` job only when it is certain that nothing left the house.
pub async fn retry(tx: &mut Tx, job: &ClaimedJob, at: Timestamp, error: &str) -> Result<()> {
    if !superseded(tx, job).await? {
        settle(tx, job, JobState::Ready, args![at, job.attempts, 0, error]).await?;
    }
    Ok(())
}

/// Nothing failed, but the work cannot go on now: it waits until `at`, as if it had not been claimed.
pub async fn wait(tx: &mut Tx, job: &ClaimedJob, at: Timestamp, why: &str) -> Result<()> {
    if !superseded(tx, job).await? {
        let row = args![at, job.attempts - 1, job.failures, why];
        settle(tx, job, JobState::Ready, row).await?;
    }
    Ok(())
}

/// The handler ended in a way that it did not foresee. The job waits by the schedule of its kind.
pub async fn fail(tx: &mut Tx, job: &ClaimedJob, error: &str) -> Result<()> {
    if !left_open(tx, job, error).await? && !superseded(tx, job).await? {
        let at = tx.now() + job.delay_ms(None);
        let row = args![at, job.attempts, job.failures + 1, error];
        settle(tx, job, JobState::Ready, row).await?;
    }
    Ok(())
}

/// The handler was cut off by the end of its hub; the next one goes on at once.
pub async fn leave(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let why = "the hub was stopped";
    if !left_open(tx, job, why).await? {
        let at = tx.now();
        wait(tx, job, at, why).await?;
    }
    Ok(())
}

/// The work cannot succeed: a person can see it and retry it.
pub async fn bury(tx: &mut Tx, job: &ClaimedJob, error: &str) -> Result<()> {
    if left_open(tx, job, error).await? {
        return Ok(());
    }
    let now = tx.now();
    settle(
        tx,
        job,
        JobState::Dead,
        args![now, job.attempts, job.failures, error],
    )
    .await
}

/// Ends the lease of every job in hand, for a hub that starts on a database that it alone works on:
/// whoever held them is gone. If not, the fence stops it.
pub async fn end_leases(tx: &mut Tx) -> Result<u64> {
    let now = tx.now();
    let sql = "update job set lease_until = $1 where state in ('leased', 'attempt_started', 'uncertain') and lease_until > $1";
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

/// Takes expired jobs from their workers. The uncertain ones are handed out, and again by and by,
/// until [`finish_uncertain`].
pub async fn expire(tx: &mut Tx) -> Result<Expired> {
    let now = tx.now();
    // One waiting job of a key does the work of all: two would break the unique key, for every caller.
    let sql = "delete from job where state = 'leased' and lease_until <= $1 and exists \
               (select 1 from job other where other.key = job.key and other.state = 'ready')";
    tx.run(sql, args![now]).await?;
    let sql = "update job set state = 'ready', lease_until = null, fence = fence + 1, failures = failures + 1, \
               last_error = 'its worker did not come back' where state = 'leased' and lease_until <= $1";
    let ready = tx.run(sql, args![now]).await?;
    let sql = "update job set state = 'uncertain', fence = fence + 1, lease_until = $1 \
               where state in ('attempt_started', 'uncertain') and lease_until <= $2 returning *";
    let rows = tx.all(sql, args![now + RECONCILE_MS, now]).await?;
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
pub async fn count_by_state(conn: &mut Conn) -> Result<Vec<(JobKind, JobState, i64)>> {
    let sql =
        "select kind, state, count(*) as number from job group by kind, state order by kind, state";
    let rows = conn.all(sql, args![]).await?;
    rows.iter()
        .map(|row| {
            let state = row.word("state", JobState::parse)?;
            Ok((read_kind(row)?, state, row.int("number")?))
        })
        .collect()
}

/// An attempt that may have left the house is not repeated: its lease ends now, and it is reconciled.
async fn left_open(tx: &mut Tx, job: &ClaimedJob, why: &str) -> Result<bool> {
    let now = tx.now();
    let sql = "update job set lease_until = $1, last_error = $2 \
               where id = $3 and fence = $4 and state = 'attempt_started'";
    Ok(tx.run(sql, args![now, why, job.id, job.fence]).await? > 0)
}

/// A newer job of the same key does the same work: then this one need not wait.
async fn superseded(tx: &mut Tx, job: &ClaimedJob) -> Result<bool> {
    let sql = "delete from job where id = $1 and fence = $2 and state in ('leased', 'attempt_started') \
               and exists (select 1 from job other where other.key = job.key and other.state = 'ready')";
    Ok(tx.run(sql, args![job.id, job.fence]).await? > 0)
}

/// `row`: run_at, attempts, failures, last_error.
async fn settle(tx: &mut Tx, job: &ClaimedJob, state: JobState, mut row: Vec<Value>) -> Result<()> {
    let sql = "update job set run_at = $1, attempts = $2, failures = $3, last_error = $4, state = $5, lease_until = null \
               where id = $6 and fence = $7 and state in ('leased', 'attempt_started')";
    row.extend(args![state.as_str(), job.id, job.fence]);
    held(tx.run(sql, row).await?)
}

fn held(rows: u64) -> Result<()> {
    if rows == 0 {
        Err(StorageError::LOST_JOB)
    } else {
        Ok(())
    }
}

/// The kinds for which it holds, as a list in SQL.
fn words(holds: impl Fn(JobKind) -> bool) -> String {
    let kinds = JobKind::ALL.iter().filter(|kind| holds(**kind));
    let words: Vec<String> = kinds.map(|kind| format!("'{}'", kind.as_str())).collect();
    match words.is_empty() {
        true => "null".to_owned(),
        false => words.join(", "),
    }
}

fn read_kind(row: &Row) -> Result<JobKind> {
    row.word("kind", JobKind::parse)
}

fn read_party(row: &Row) -> Result<Option<Party>> {
    let Some(word) = row.opt_text("party")? else {
        return Ok(None);
    };
    let unreadable = || StorageError::Unreadable {
        column: "job.party".to_owned(),
        reason: format!("{word:?} is no outside party"),
    };
    Party::parse(&word).map(Some).ok_or_else(unreadable)
}

fn read(row: &Row) -> Result<ClaimedJob> {
    Ok(ClaimedJob {
        id: row.id("id")?,
        kind: read_kind(row)?,
        party: read_party(row)?,
        attempts: row.int("attempts")?,
        failures: row.int("failures")?,
        fence: row.int("fence")?,
        stop: Stop::default(),
        payload: row.text("payload")?,
    })
}

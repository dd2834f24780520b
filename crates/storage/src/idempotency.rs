//! Keys of requests, so that one that is repeated is done once: kept for a day, per principal.
//!
//! A key is taken before the request is answered. While it is answered, the first commit says in
//! the same transaction that the request is done: so that a process that dies between the commit and
//! the answer, or a server error behind it, does nothing twice. A request that was refused with
//! nothing done gives its key back. The answer is kept as it was sent, unless it holds a secret.

use crate::args;
use crate::error::Result;
use crate::store::Tx;
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;

pub use crate::store::{Request, during};

/// How long a key is known.
pub const KEPT_MS: i64 = 86_400_000;

/// No request is answered for so long: whoever has a key for longer without a commit is gone.
pub const ANSWERED_MS: i64 = 60_000;

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The status.
    pub status: i64,
    /// The JSON, empty for an answer without a body.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is taken now, and the request is to be answered.
    New,
    /// Another request came with it.
    OtherRequest,
    /// The same request came with it, and its answer is not there yet, whether it is done or not.
    InFlight,
    /// The same request was done; its answer is not kept, because it holds a secret or never left.
    Done,
    /// The same request was done and answered so.
    Answered(Kept),
}

/// Takes the key for this request, or says what is known of it.
pub async fn take(tx: &mut Tx, request: &Request) -> Result<Known> {
    let now = tx.now();
    let oldest = now - KEPT_MS;
    tx.run("delete from idempotency where taken_at < $1", args![oldest])
        .await?;
    let sql = "insert into idempotency (principal, key, request_hash, taken_at, staff_id) values ($1, $2, $3, $4, $5) \
               on conflict (principal, key) do nothing";
    let taken = tx
        .run(
            sql,
            args![
                &request.principal,
                &request.key,
                request.hash.as_slice(),
                now,
                request.staff
            ],
        )
        .await?;
    if taken == 1 {
        return Ok(Known::New);
    }
    let sql = "update idempotency set taken_at = $1 where principal = $2 and key = $3 and request_hash = $4 \
               and done_at is null and taken_at < $5";
    let gone = now - ANSWERED_MS;
    let hash = request.hash.as_slice();
    let taken_over = tx
        .run(
            sql,
            args![now, &request.principal, &request.key, hash, gone],
        )
        .await?;
    if taken_over == 1 {
        return Ok(Known::New);
    }
    look(tx, request).await
}

async fn look(tx: &mut Tx, request: &Request) -> Result<Known> {
    let now = tx.now();
    let sql = "select request_hash, done_at, answered_at, status, body from idempotency where principal = $1 and key = $2";
    let row = tx.opt(sql, args![&request.principal, &request.key]).await?;
    // It was given back meanwhile, so that whoever comes again finds it free.
    let Some(row) = row else {
        return Ok(Known::InFlight);
    };
    if row.bytes("request_hash")? != request.hash {
        return Ok(Known::OtherRequest);
    }
    let done: Option<Timestamp> = row.opt_time("done_at")?;
    let Some(done) = done else {
        return Ok(Known::InFlight);
    };
    // What is done is answered a moment later, unless its process died in between.
    let is_answered = row.opt_time("answered_at")?.is_some();
    if !is_answered && now.since(done) < ANSWERED_MS {
        return Ok(Known::InFlight);
    }
    Ok(match row.opt_int("status")? {
        None => Known::Done,
        Some(status) => Known::Answered(Kept {
            status,
            body: row.opt_text("body")?.unwrap_or_default(),
        }),
    })
}

/// The request was done; `answer` is what repetitions get, unless it holds a secret or what its user may
/// see changed since the key was taken.
pub async fn settle(tx: &mut Tx, request: &Request, answer: Option<&Kept>) -> Result<()> {
    let sql = "update idempotency set done_at = $1, answered_at = $1, status = $2, body = $3 where principal = $4 and key = $5";
    let now = tx.now();
    let (status, body) = (answer.map(|it| it.status), answer.map(|it| it.body.clone()));
    tx.run(
        sql,
        args![now, status, body, &request.principal, &request.key],
    )
    .await?;
    let sql = "update idempotency set status = null, body = null where principal = $1 and key = $2 and forgotten = 1";
    tx.run(sql, args![&request.principal, &request.key]).await?;
    Ok(())
}

/// The request was refused, so that the same key may come again, with whatever request; unless
/// something was done before, whose answer nobody has then.
pub async fn give_back(tx: &mut Tx, request: &Request) -> Result<()> {
    let now = tx.now();
    let sql = "delete from idempotency where principal = $1 and key = $2 and done_at is null";
    tx.run(sql, args![&request.principal, &request.key]).await?;
    let sql = "update idempotency set answered_at = $1 where principal = $2 and key = $3";
    tx.run(sql, args![now, &request.principal, &request.key])
        .await?;
    Ok(())
}

/// A user may see less from now on: what they, or keys on their behalf, were answered before is told to
/// nobody again, nor what they are being answered now. That it was done stays known.
pub async fn forget_answers(tx: &mut Tx, staff: StaffId) -> Result<()> {
    let sql =
        "update idempotency set forgotten = 1, status = null, body = null where staff_id = $1";
    tx.run(sql, args![staff]).await?;
    Ok(())
}

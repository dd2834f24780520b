//! What becomes of the times that are kept once the clock of the only hub was set.

use crate::args;
use crate::error::Result;
use crate::event;
use crate::store::Tx;
use tieline_domain::time::Timestamp;

/// Longer than a request is answered.
const KEY_MS: i64 = 2 * 60 * 1_000;
/// How long before it was noticed something may have begun.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What was begun outside and is looked for there, by when it began.
const BEGUN: [(&str, &str, &str); 3] = [
    ("attempt", "begun_at", "state in ('sending', 'uncertain')"),
    ("create_intent", "created_at", "state <> 'done'"),
    (
        "activity",
        "begun_at",
        "waiting = 1 and begun_at is not null",
    ),
];

/// The clock was set while the hub works. Whatever is in hand is in hand here, and has as long as before.
/// Set back, what waits waits no longer for that, and what began outside began as long ago as before. A
/// clock that jumps forward may be that of a machine that slept: what began is where it was, and is looked
/// for from too early rather than from too late.
pub(super) async fn move_times(tx: &mut Tx, step_ms: i64) -> Result<()> {
    let sql = "update job set lease_until = lease_until + $1 where lease_until is not null";
    tx.run(sql, args![step_ms]).await?;
    if step_ms < 0 {
        let keys = "update idempotency set taken_at = taken_at + $1, done_at = done_at + $1";
        let failures = "update sign_in_failure set last_at = last_at + $1";
        for sql in [keys, failures] {
            tx.run(sql, args![step_ms]).await?;
        }
        for (table, column, open) in BEGUN {
            let sql = format!("update {table} set {column} = {column} + $1 where {open}");
            tx.run(&sql, args![step_ms]).await?;
        }
        // By the clock as it is set now: what was due already stays due.
        let now = tx.now() + step_ms;
        wait_less(tx, step_ms, now).await?;
    }
    Ok(())
}

/// A hub starts. Where its last word is of a moment that is still to come, the clock was set back while
/// nothing ran, at least by so much: when anything outside began is not known any more.
pub(super) async fn notice(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    let ahead_ms = event::last_at(tx).await?.map_or(0, |at| at.since(now));
    if ahead_ms > 0 {
        wait_less(tx, -ahead_ms, now).await?;
        for (table, column, open) in BEGUN {
            let sql = format!("update {table} set {column} = $1 where {open}");
            tx.run(&sql, args![now - DAY_MS]).await?;
        }
        // Whoever had the key of a request is gone.
        for column in ["taken_at", "done_at"] {
            let sql = format!("update idempotency set {column} = $1 where {column} > $1");
            tx.run(&sql, args![now - KEY_MS]).await?;
        }
    }
    Ok(())
}

/// Whatever lies ahead of this moment comes so much earlier.
async fn wait_less(tx: &mut Tx, step_ms: i64, now: Timestamp) -> Result<()> {
    for sql in [
        "update job set run_at = run_at + $1 where lease_until is null and run_at > $2",
        "update carrier_account set held_until = held_until + $1 where held_until > $2",
    ] {
        tx.run(sql, args![step_ms, now]).await?;
    }
    Ok(())
}

//! What becomes of the times that are kept once the database's clock was set.
//!
//! Leases and keys of requests are moved where one hub alone works on the database; where several do, each
//! notices for itself, so that they are bounded instead. Waits are moved by each that notices: what comes too
//! early is put off again by whatever it waits for. What was begun outside and is looked for there is looked
//! for from too early rather than from too late: that only finds more of the same, whose names are known.

use crate::args;
use crate::error::Result;
use crate::event;
use crate::store::Tx;
use tieline_domain::job::JobKind;
use tieline_domain::time::Timestamp;

/// By less than this the clocks of several nodes differ, and who looks for something allows for it.
pub(super) const NOTICEABLE_MS: i64 = 2_000;
/// Longer than a request is answered.
const KEY_MS: i64 = 2 * 60 * 1_000;
/// By less than this a clock was wrong.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What was begun outside, while nobody knows what came of it.
const BEGUN: [(&str, &str); 3] = [ATTEMPT, CREATE, TASK];
/// What of it is looked for by when it began.
const SOUGHT: [(&str, &str); 2] = [ATTEMPT, CREATE];
const ATTEMPT: (&str, &str) = ("attempt", "state in ('sending', 'uncertain')");
const CREATE: (&str, &str) = ("create_intent", "state <> 'done'");
const TASK: (&str, &str) = ("activity", "waiting = 1 and begun_at is not null");

/// The clock was set while the hub works. Whatever is in hand is in hand here, and has as long as before.
/// Set back, what waits waits no longer for that, and what began outside began as long ago as before. A
/// clock that jumps forward may be that of a machine that slept: what began is where it was.
pub(super) async fn move_times(tx: &mut Tx, step_ms: i64) -> Result<()> {
    // By the clock as it is set now: what was due already stays due.
    let now = tx.now() + step_ms;
    if !tx.store.has_one_hub() {
        // The other nodes learn of it each for itself, and until then their leases stand by the old time.
        if step_ms < -NOTICEABLE_MS {
            loosen(tx, now).await?;
            wait_less(tx, step_ms, now).await?;
            taken_by(tx, now).await?;
            let sql = "update sign_in_failure set last_at = $1 where last_at > $1";
            tx.run(sql, args![now]).await?;
        }
        return Ok(());
    }
    let sql = "update job set lease_until = lease_until + $1 where lease_until is not null";
    tx.run(sql, args![step_ms]).await?;
    if step_ms < 0 {
        let keys = "update idempotency set taken_at = taken_at + $1, done_at = done_at + $1";
        let failures = "update sign_in_failure set last_at = last_at + $1";
        for sql in [keys, failures] {
            tx.run(sql, args![step_ms]).await?;
        }
        for (column, tables) in [("begun_at", &BEGUN[..]), ("not_before", &SOUGHT)] {
            for (table, open) in tables {
                let sql = format!("update {table} set {column} = {column} + $1 where {open}");
                tx.run(&sql, args![step_ms]).await?;
            }
        }
        wait_less(tx, step_ms, now).await?;
    }
    Ok(())
}

/// A hub starts. Where its last word is of a moment that is still to come, the clock was set back while
/// nothing ran, at least by so much. Where the only hub was away for longer than that nothing shows it, so
/// what it left open is taken to have begun by a wrong clock in any case.
pub(super) async fn notice(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    let is_alone = tx.store.has_one_hub();
    let ahead_ms = event::last_at(tx).await?.map_or(0, |at| at.since(now));
    let was_set_back = ahead_ms > NOTICEABLE_MS;
    if is_alone || was_set_back {
        loosen(tx, now).await?;
    }
    if was_set_back {
        wait_less(tx, -ahead_ms, now).await?;
        // Whoever had the key of a request is gone, unless on another node.
        let latest = if is_alone { now - KEY_MS } else { now };
        taken_by(tx, latest).await?;
    }
    Ok(())
}

/// Every node knows that the clock was set back: no lease of one that lives lies further ahead than the longest
/// there is, and whoever died before is waited for no longer than that.
pub(super) async fn bound_leases(tx: &mut Tx) -> Result<()> {
    let longest = JobKind::ALL.iter().map(|kind| kind.lease_ms()).max();
    let latest = tx.now() + longest.unwrap_or_default();
    let sql = "update job set lease_until = $1 where lease_until > $1";
    tx.run(sql, args![latest]).await?;
    Ok(())
}

/// No key of a request was taken later than this.
async fn taken_by(tx: &mut Tx, latest: Timestamp) -> Result<()> {
    for column in ["taken_at", "done_at"] {
        let sql = format!("update idempotency set {column} = $1 where {column} > $1");
        tx.run(&sql, args![latest]).await?;
    }
    Ok(())
}

/// Whatever is open began before now, and by a clock that may have been wrong. It is moved once, however
/// often a hub is started anew; what is known since then is only that its call may go on since now.
async fn loosen(tx: &mut Tx, now: Timestamp) -> Result<()> {
    for (table, open) in SOUGHT {
        let earlier = "case when begun_at > $1 then $1 else begun_at end";
        let sql = format!(
            "update {table} set not_before = {earlier} - $2 where {open} and not_before = begun_at"
        );
        tx.run(&sql, args![now, DAY_MS]).await?;
    }
    for (table, open) in BEGUN {
        let sql = format!("update {table} set begun_at = $1 where {open}");
        tx.run(&sql, args![now]).await?;
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

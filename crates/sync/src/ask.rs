//! Work that a change asks for, in the transaction that makes it needed: a run soon, days to be logged.

use crate::transcript::DAY_MS;
use serde::{Deserialize, Serialize};
use tieline_domain::id::ConnectionId;
use tieline_domain::job::{JobKind, Party};
use tieline_domain::time::Timestamp;
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Tx, activity};

/// Edits that come together go out together.
pub(crate) const SOON_MS: i64 = 1_500;
/// Rows that another transaction of the org still held after all attempts are sent again so late.
pub(crate) const LOCKED_MS: i64 = 10_000;
/// How often a run starts by itself, once a first one was done: the org tells of no change.
pub(crate) const EVERY_MS: i64 = 15 * 60_000;
/// A day that nobody could log for so long is let go.
const DAYS_MAX: i64 = 30;

#[derive(Serialize, Deserialize)]
pub(crate) struct SoonPayload {
    pub connection_id: ConnectionId,
    /// Whether the clock asks, and asks again.
    pub by_clock: bool,
}

/// Asks for a run soon, within the transaction that makes it needed.
pub(crate) async fn ask_soon(
    tx: &mut Tx,
    connection_id: ConnectionId,
) -> tieline_storage::Result<()> {
    let at = tx.now() + SOON_MS;
    ask_at(tx, connection_id, at).await
}

/// Asks for a run at a moment, or earlier if one is asked for then.
pub(crate) async fn ask_at(
    tx: &mut Tx,
    connection_id: ConnectionId,
    at: Timestamp,
) -> tieline_storage::Result<()> {
    enqueue_soon(tx, connection_id, at, false).await
}

/// Asks for a run at a moment, for the clock or for a change.
pub(crate) async fn enqueue_soon(
    tx: &mut Tx,
    connection_id: ConnectionId,
    run_at: Timestamp,
    by_clock: bool,
) -> tieline_storage::Result<()> {
    let why = if by_clock { "clock" } else { "change" };
    let new = NewJob {
        kind: JobKind::SyncSoon,
        party: Some(Party::Org(connection_id)),
        key: Some(format!("sync.soon:{connection_id}:{why}")),
        in_line: None,
        payload: SoonPayload {
            connection_id,
            by_clock,
        },
        run_at,
    };
    job::enqueue(tx, new).await
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FlushPayload {
    pub connection_id: ConnectionId,
}

/// Has the days that wait written, where there are any.
pub(crate) async fn ask_flush(tx: &mut Tx, at: Timestamp) -> tieline_storage::Result<()> {
    let since = first_day(tx.now());
    for connection_id in activity::connections_waiting(tx, since).await? {
        let new = NewJob {
            kind: JobKind::ActivityFlush,
            party: Some(Party::Org(connection_id)),
            key: Some(format!("activity.flush:{connection_id}")),
            in_line: None,
            payload: FlushPayload { connection_id },
            run_at: at,
        };
        job::enqueue(tx, new).await?;
    }
    Ok(())
}

/// The first day that is still logged.
pub(crate) fn first_day(now: Timestamp) -> i64 {
    now.0.div_euclid(DAY_MS) - DAYS_MAX
}

//! The numbered events that screens follow.
//!
//! Numbers come from one row that every committer updates as its last statement, so that the order
//! of numbers is the order of commits and no number is ever missing.

use crate::args;
use crate::db::{Conn, Table, table};
use crate::error::Result;
use std::collections::HashSet;
use tieline_domain::access::Scope;
use tieline_domain::event::Event;
use tieline_domain::id::InboxId;
use tieline_domain::time::Timestamp;

/// An event with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Rises by one from commit to commit.
    pub seq: i64,
    /// When it was committed.
    pub at: Timestamp,
    /// The fact.
    pub event: Event,
}

table!(StoredEvent { seq: int, at: time, event as body: json });

/// The number of the last committed event.
pub async fn head(conn: &mut Conn) -> Result<i64> {
    conn.one(
        "stream head",
        "select seq from stream_head where id = 1",
        args![],
    )
    .await?
    .int("seq")
}

/// When the last event that is kept was committed.
pub(crate) async fn last_at(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let sql = "select at from event order by seq desc limit 1";
    conn.opt(sql, args![])
        .await?
        .map(|row| row.time("at"))
        .transpose()
}

/// Events after `seq` within the scope, oldest first, and the number up to which was looked.
/// `None` when events that old are no longer kept: the reader starts afresh.
pub async fn list_after(
    conn: &mut Conn,
    scope: &Scope,
    seq: i64,
    limit: i64,
) -> Result<Option<(Vec<StoredEvent>, i64)>> {
    // The head comes first: what it counts is committed, so the page must hold it, number by number,
    // unless it was forgotten. Commits and forgetting between the two statements do no harm.
    let head = head(conn).await?;
    let rows = conn
        .all(
            "select * from event where seq > $1 order by seq limit $2",
            args![seq, limit],
        )
        .await?;
    if seq > head || (rows.is_empty() && seq < head) {
        return Ok(None);
    }
    let mut events = Vec::with_capacity(rows.len());
    let mut looked = seq;
    for row in &rows {
        let stored = StoredEvent::read(row)?;
        if stored.seq != looked + 1 {
            return Ok(None);
        }
        looked = stored.seq;
        if is_within(scope, &stored.event) {
            events.push(stored);
        }
    }
    Ok(Some((events, looked)))
}

/// Forgets events that were committed before this moment; a reader that far behind starts afresh.
pub async fn forget_before(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    conn.run("delete from event where at < $1", args![before])
        .await
}

/// Events name inboxes and no contacts: a scope that is narrower than its inboxes hears of none.
fn is_within(scope: &Scope, event: &Event) -> bool {
    let theirs = match (event, scope.staff()) {
        (Event::Read { staff_id, .. }, Some(me)) => *staff_id == me,
        _ => true,
    };
    theirs && scope.is_staffs() && inbox_of(event).is_none_or(|inbox| scope.sees_inbox(inbox))
}

/// The inbox whose members may see the event; `None` for what all staff may see.
pub fn inbox_of(event: &Event) -> Option<InboxId> {
    match event {
        Event::Message { inbox_id, .. }
        | Event::MessageState { inbox_id, .. }
        | Event::Conversation { inbox_id, .. }
        | Event::Read { inbox_id, .. } => Some(*inbox_id),
        Event::Contacts { .. }
        | Event::SyncRun { .. }
        | Event::Access { .. }
        | Event::KeyRevoked { .. } => None,
    }
}

/// Appends what a transaction made true, each fact once.
pub(crate) async fn append(conn: &mut Conn, events: &[Event], at: Timestamp) -> Result<i64> {
    let mut seen = HashSet::new();
    let events: Vec<&Event> = events.iter().filter(|event| seen.insert(*event)).collect();
    let count = events.len() as i64;
    let last = conn
        .one(
            "stream head",
            "update stream_head set seq = seq + $1 where id = 1 returning seq",
            args![count],
        )
        .await?
        .int("seq")?;
    let rows = (last - count + 1..).zip(events).map(|(seq, event)| {
        let event = event.clone();
        StoredEvent { seq, at, event }.row()
    });
    conn.insert_many("event", StoredEvent::COLUMNS, rows, "")
        .await?;
    Ok(last)
}

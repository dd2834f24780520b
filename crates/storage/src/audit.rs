//! The audit: who did which privileged act on what, how it stood before and after, and from where.
//! Rows are only ever added. Nothing secret is in them.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, json_text, table};
use crate::error::Result;
use crate::store::Tx;
use serde_json::Value as Json;
use tieline_domain::access::{ActorKind, AuditedAct};
use tieline_domain::id::{ApiKeyId, AuditId, StaffId};
use tieline_domain::time::Timestamp;

/// What happened to what; who and from where says the transaction's actor.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What was done.
    pub act: AuditedAct,
    /// The id of what it was done to, or words where there is none.
    pub target: String,
    /// How it stood; null where there was nothing.
    pub before: Json,
    /// How it stands since.
    pub after: Json,
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Rises with time.
    pub id: AuditId,
    pub at: Timestamp,
    pub by_kind: ActorKind,
    /// The user who did it, or on whose behalf it was done.
    pub staff_id: Option<StaffId>,
    /// The key by which it was done.
    pub api_key_id: Option<ApiKeyId>,
    /// From which network address; of the operator the user of the machine.
    pub address: Option<String>,
    /// What was done.
    pub entry: Entry,
}

table!(Line {
    id: id,
    at: time,
    by_kind: word(ActorKind),
    staff_id: opt_id,
    api_key_id: opt_id,
    address: opt_text,
} with {
    entry: Entry as [act, target, before, after],
});

/// Adds a line, on the word of the transaction's actor.
pub async fn add(tx: &mut Tx, entry: Entry) -> Result<()> {
    let actor = tx.actor().clone();
    let line = Line {
        id: tx.new_id(),
        at: tx.now(),
        by_kind: actor.by.kind(),
        staff_id: actor.by.staff(),
        api_key_id: actor.by.api_key(),
        address: actor.from,
        entry,
    };
    tx.insert_many("audit", Line::COLUMNS, [line.row()], "")
        .await?;
    Ok(())
}

/// A page of lines, the latest first, from behind one.
pub async fn page(conn: &mut Conn, after: Option<AuditId>, limit: i64) -> Result<Vec<Line>> {
    let mut sql = "select * from audit".to_owned();
    let mut row: Vec<Value> = args![limit];
    if let Some(after) = after {
        sql.push_str(" where id < $2");
        row.push(after.into());
    }
    sql.push_str(" order by id desc limit $1");
    conn.all(&sql, row).await?.iter().map(Line::read).collect()
}

impl Kept<4> for Entry {
    type Field = Entry;

    fn values(entry: &Entry) -> [Value; 4] {
        [
            entry.act.as_str().into(),
            (&entry.target).into(),
            json_text(&entry.before).into(),
            json_text(&entry.after).into(),
        ]
    }

    fn read(row: &Row, [act, target, before, after]: [&str; 4]) -> Result<Entry> {
        Ok(Entry {
            act: row.word(act, AuditedAct::parse)?,
            target: row.text(target)?,
            before: row.json(before)?,
            after: row.json(after)?,
        })
    }
}

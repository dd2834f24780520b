//! The audit: who did which privileged act on what, how it stood before and after, and from where.
//! Rows are only ever added. Nothing secret is in them.

use crate::args;
use crate::db::{Conn, Row, Value, json_text};
use crate::error::Result;
use crate::store::Tx;
use serde_json::Value as Json;
use tieline_domain::access::AuditedAct;
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
    /// When.
    pub at: Timestamp,
    /// The kind of whoever did it, as [`tieline_domain::access::By`] writes it.
    pub by_kind: String,
    /// The user who did it, or on whose behalf it was done.
    pub staff_id: Option<StaffId>,
    /// The key by which it was done.
    pub api_key_id: Option<ApiKeyId>,
    /// From which network address; of the operator the user of the machine.
    pub address: Option<String>,
    /// What was done.
    pub entry: Entry,
}

/// Adds a line, on the word of the transaction's actor.
pub async fn add(tx: &mut Tx, entry: Entry) -> Result<()> {
    let columns = [
        "id",
        "at",
        "by_kind",
        "staff_id",
        "api_key_id",
        "address",
        "act",
        "target",
        "before",
        "after",
    ];
    let actor = tx.actor().clone();
    let row = args![
        tx.new_id::<AuditId>(),
        tx.now(),
        actor.by.as_str(),
        actor.by.staff(),
        actor.by.api_key(),
        actor.from,
        entry.act.as_str(),
        entry.target,
        json_text(&entry.before),
        json_text(&entry.after),
    ];
    tx.insert_many("audit", &columns, vec![row], "").await?;
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
    conn.all(&sql, row).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Line> {
    Ok(Line {
        id: row.id("id")?,
        at: row.time("at")?,
        by_kind: row.text("by_kind")?,
        staff_id: row.opt_id("staff_id")?,
        api_key_id: row.opt_id("api_key_id")?,
        address: row.opt_text("address")?,
        entry: Entry {
            act: row.word("act", AuditedAct::parse)?,
            target: row.text("target")?,
            before: row.json("before")?,
            after: row.json("after")?,
        },
    })
}

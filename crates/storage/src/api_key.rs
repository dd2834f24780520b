//! Keys of programs. The secret is kept only as SHA-256; a key that was revoked keeps its row, since
//! the audit names it.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, json_text, table};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::access::{Reach, Right, Rights};
use tieline_domain::event::Event;
use tieline_domain::id::{ApiKeyId, InboxId, StaffId};
use tieline_domain::time::Timestamp;

/// A key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Shown to people; it opens nothing.
    pub id: ApiKeyId,
    /// For people; of the keys that live only one has it.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// Conversations of these inboxes.
    pub inboxes: Reach<InboxId>,
    /// The user who made it; none if it was the operator or another key.
    pub created_by: Option<StaffId>,
    /// The key that made it, or had let in who did; it ends with that one.
    pub created_by_key: Option<ApiKeyId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Moves on in steps, not with each request.
    pub last_used_at: Option<Timestamp>,
    /// Opens nothing from then on; none for one without an end.
    pub expires_at: Option<Timestamp>,
    /// Opens nothing since then.
    pub revoked_at: Option<Timestamp>,
}

table!(ApiKey {
    id: id,
    name: text,
    created_by: opt_id,
    created_by_key: opt_id,
    created_at: time,
    last_used_at: opt_time,
    expires_at: opt_time,
    revoked_at: opt_time,
} with {
    rights: Rights as [rights],
    inboxes: Reach<InboxId> as [all_inboxes],
});

/// Adds a key.
pub async fn create(tx: &mut Tx, key: &ApiKey, token_hash: &[u8]) -> Result<()> {
    let columns = [ApiKey::COLUMNS, &["token_hash"]].concat();
    let mut row = key.row();
    row.push(token_hash.into());
    tx.insert_many("api_key", &columns, [row], "").await?;
    if let Reach::Only(inboxes) = &key.inboxes {
        let columns = ["api_key_id", "inbox_id"];
        let rows = inboxes.iter().map(|inbox| args![key.id, *inbox]);
        tx.insert_many("api_key_inbox", &columns, rows, "").await?;
    }
    Ok(())
}

/// The key of a secret, also one that is over.
pub async fn by_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<ApiKey>> {
    let sql = "select * from api_key where token_hash = $1";
    let Some(row) = conn.opt(sql, args![token_hash]).await? else {
        return Ok(None);
    };
    let sql = "select api_key_id, inbox_id from api_key_inbox where api_key_id = $1";
    let id: ApiKeyId = row.id("id")?;
    let reached = reached(&conn.all(sql, args![id]).await?)?;
    Ok(Some(read(&row, &reached)?))
}

/// Whether a key was not revoked.
pub async fn lives(conn: &mut Conn, id: ApiKeyId) -> Result<bool> {
    let sql = "select id from api_key where id = $1 and revoked_at is null";
    Ok(conn.opt(sql, args![id]).await?.is_some())
}

/// All keys, also those that are over, the newest first.
pub async fn all(conn: &mut Conn) -> Result<Vec<ApiKey>> {
    let sql = "select api_key_id, inbox_id from api_key_inbox";
    let reached = reached(&conn.all(sql, args![]).await?)?;
    let sql = "select * from api_key order by id desc";
    let rows = conn.all(sql, args![]).await?;
    rows.iter().map(|row| read(row, &reached)).collect()
}

/// The key was used.
pub async fn touch(tx: &mut Tx, id: ApiKeyId) -> Result<()> {
    let now = tx.now();
    let sql = "update api_key set last_used_at = $1 where id = $2";
    tx.run(sql, args![now, id]).await?;
    Ok(())
}

/// The key opens nothing any more, and what it follows ends.
pub async fn revoke(tx: &mut Tx, id: ApiKeyId) -> Result<()> {
    let now = tx.now();
    let sql = "update api_key set revoked_at = $1 where id = $2 and revoked_at is null";
    if tx.run(sql, args![now, id]).await? == 0 {
        return Err(StorageError::NotFound("key"));
    }
    tx.emit(Event::KeyRevoked { api_key_id: id });
    Ok(())
}

type Reached = BTreeMap<ApiKeyId, Vec<InboxId>>;

fn reached(rows: &[Row]) -> Result<Reached> {
    let mut reached = Reached::new();
    for row in rows {
        let inboxes = reached.entry(row.id("api_key_id")?).or_default();
        inboxes.push(row.id("inbox_id")?);
    }
    Ok(reached)
}

fn read(row: &Row, reached: &Reached) -> Result<ApiKey> {
    let mut key = ApiKey::read(row)?;
    if key.inboxes != Reach::All {
        let inboxes = reached.get(&key.id).into_iter().flatten();
        key.inboxes = Reach::only(inboxes.copied());
    }
    Ok(key)
}

impl Kept<1> for Rights {
    type Field = Rights;

    fn values(rights: &Rights) -> [Value; 1] {
        let rights: Vec<Right> = rights.iter().collect();
        [json_text(&rights).into()]
    }

    fn read(row: &Row, [rights]: [&str; 1]) -> Result<Rights> {
        let rights: Vec<Right> = row.json(rights)?;
        Ok(Rights::of(&rights))
    }
}

/// Whether it is all; those that are named are in a table of their own.
impl Kept<1> for Reach<InboxId> {
    type Field = Reach<InboxId>;

    fn values(inboxes: &Reach<InboxId>) -> [Value; 1] {
        [(*inboxes == Reach::All).into()]
    }

    fn read(row: &Row, [all]: [&str; 1]) -> Result<Reach<InboxId>> {
        Ok(match row.bool(all)? {
            true => Reach::All,
            false => Reach::only([]),
        })
    }
}

//! Keys of programs. The secret is kept only as SHA-256; a key that was revoked keeps its row, since
//! the audit names it.

use crate::args;
use crate::db::{Conn, Row, json_text};
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
    /// When it was made.
    pub created_at: Timestamp,
    /// Moves on in steps, not with each request.
    pub last_used_at: Option<Timestamp>,
    /// Opens nothing from then on; none for one without an end.
    pub expires_at: Option<Timestamp>,
    /// Opens nothing since then.
    pub revoked_at: Option<Timestamp>,
}

/// Adds a key.
pub async fn create(tx: &mut Tx, key: &ApiKey, token_hash: &[u8]) -> Result<()> {
    let columns = [
        "id",
        "name",
        "token_hash",
        "rights",
        "all_inboxes",
        "created_by",
        "created_at",
        "expires_at",
    ];
    let rights: Vec<Right> = key.rights.iter().collect();
    let row = args![
        key.id,
        &key.name,
        token_hash,
        json_text(&rights),
        key.inboxes == Reach::All,
        key.created_by,
        key.created_at,
        key.expires_at,
    ];
    tx.insert_many("api_key", &columns, vec![row], "").await?;
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
    let id = row.id("id")?;
    let rights: Vec<Right> = row.json("rights")?;
    let inboxes = match row.bool("all_inboxes")? {
        true => Reach::All,
        false => Reach::only(reached.get(&id).into_iter().flatten().copied()),
    };
    Ok(ApiKey {
        id,
        name: row.text("name")?,
        rights: Rights::of(&rights),
        inboxes,
        created_by: row.opt_id("created_by")?,
        created_at: row.time("created_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        expires_at: row.opt_time("expires_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}

//! Sessions and sign-in links. Tokens are kept only as SHA-256; ids, which people see, open nothing.

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::Result;
use crate::staff::Staff;
use crate::store::Tx;
use tieline_domain::event::Event;
use tieline_domain::id::{SessionId, StaffId};
use tieline_domain::time::Timestamp;

/// The kind of principal that signs in today; the portal brings the next.
pub(crate) const STAFF: &str = "staff";

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Shown to people; it opens nothing.
    pub id: SessionId,
    /// Whose.
    pub staff_id: StaffId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// Moves on in steps, not with each request.
    pub last_seen_at: Timestamp,
    /// Over by then, unless it is used.
    pub expires_at: Timestamp,
    /// Over by then, however much it is used.
    pub ends_at: Timestamp,
    /// The network address that it was opened from.
    pub address: Option<String>,
    /// What the browser said it is.
    pub agent: Option<String>,
}

// Named so that none stands in `staff` too, which is read in one row with it.
table!(Session {
    id as session_id: id,
    staff_id as principal_id: id,
    created_at as opened_at: time,
    last_seen_at: time,
    expires_at: time,
    ends_at: time,
    address: opt_text,
    agent: opt_text,
});

/// Opens a session.
pub async fn create(tx: &mut Tx, session: &Session, token_hash: &[u8]) -> Result<()> {
    let columns = [Session::COLUMNS, &["token_hash", "principal_kind"]].concat();
    let mut row = session.row();
    row.extend(args![token_hash, STAFF]);
    tx.insert_many("session", &columns, [row], "").await?;
    Ok(())
}

/// The session of a token and its user, if it lives and they are active.
pub async fn by_token(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Session, Staff)>> {
    let sql = "select e.*, s.* from session e join staff s on s.id = e.principal_id \
               where e.token_hash = $1 and e.principal_kind = $2 and e.expires_at > $3 and e.ends_at > $3 and s.active = 1";
    let row = conn.opt(sql, args![token_hash, STAFF, now]).await?;
    row.map(|row| Ok((Session::read(&row)?, Staff::read(&row)?)))
        .transpose()
}

/// The living sessions of a user, the latest first.
pub async fn of_staff(conn: &mut Conn, staff: StaffId, now: Timestamp) -> Result<Vec<Session>> {
    let sql = "select * from session where principal_kind = $1 and principal_id = $2 and expires_at > $3 \
               and ends_at > $3 order by last_seen_at desc, session_id";
    let rows = conn.all(sql, args![STAFF, staff, now]).await?;
    rows.iter().map(Session::read).collect()
}

/// Lets a session live on; never beyond its end.
pub async fn extend(tx: &mut Tx, id: SessionId, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    let sql = "update session set expires_at = $1, last_seen_at = $2 where session_id = $3";
    tx.run(sql, args![expires_at, now, id]).await?;
    Ok(())
}

/// Ends one session of a user.
pub async fn end(tx: &mut Tx, staff: StaffId, id: SessionId) -> Result<bool> {
    let sql =
        "delete from session where principal_kind = $1 and principal_id = $2 and session_id = $3";
    if tx.run(sql, args![STAFF, staff, id]).await? == 0 {
        return Ok(false);
    }
    tx.emit(Event::Access { staff_id: staff });
    Ok(true)
}

/// Ends all sessions of a user, but perhaps one; how many.
pub async fn end_all(tx: &mut Tx, staff: StaffId, but: Option<SessionId>) -> Result<u64> {
    let mut sql = "delete from session where principal_kind = $1 and principal_id = $2".to_owned();
    let mut row = args![STAFF, staff];
    if let Some(kept) = but {
        sql.push_str(" and session_id <> $3");
        row.push(Value::from(kept));
    }
    let ended = tx.run(&sql, row).await?;
    tx.emit(Event::Access { staff_id: staff });
    Ok(ended)
}

/// Adds a link that signs its holder in once; the one before it is over.
pub async fn add_link(
    tx: &mut Tx,
    token_hash: &[u8],
    staff: StaffId,
    expires_at: Timestamp,
) -> Result<()> {
    end_links(tx, staff).await?;
    let columns = ["token_hash", "staff_id", "expires_at"];
    let row = args![token_hash, staff, expires_at];
    tx.insert_many("sign_in_link", &columns, vec![row], "")
        .await?;
    Ok(())
}

/// Ends the link of a user, if there is one.
pub async fn end_links(tx: &mut Tx, staff: StaffId) -> Result<()> {
    let sql = "delete from sign_in_link where staff_id = $1";
    tx.run(sql, args![staff]).await?;
    Ok(())
}

/// Uses a link up; the user it was for, unless it is unknown, used or over, or they left.
pub async fn use_link(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<StaffId>> {
    let now = tx.now();
    let sql = "delete from sign_in_link where token_hash = $1 and expires_at > $2 \
               and exists (select 1 from staff s where s.id = staff_id and s.active = 1) returning staff_id";
    let row = tx.opt(sql, args![token_hash, now]).await?;
    row.map(|row| row.id("staff_id")).transpose()
}

/// Forgets sessions and links that are over; how many.
pub async fn sweep(tx: &mut Tx) -> Result<u64> {
    let now = tx.now();
    let sql = "delete from session where expires_at <= $1 or ends_at <= $1";
    let sessions = tx.run(sql, args![now]).await?;
    let sql = "delete from sign_in_link where expires_at <= $1";
    Ok(sessions + tx.run(sql, args![now]).await?)
}

//! Staff, their sessions and one-time sign-in links. Tokens are kept only as SHA-256.

use crate::args;
use crate::db::{Conn, Row};
use crate::error::Result;
use crate::store::Tx;
use tieline_domain::access::Role;
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;

/// A user of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Which.
    pub id: StaffId,
    /// Signs in with it; lower case.
    pub email: String,
    /// For people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id in PHC form; none for those who sign in otherwise.
    pub password_hash: Option<String>,
    /// Deactivated users keep their history and cannot sign in.
    pub active: bool,
}

/// Adds a user.
pub async fn create(tx: &mut Tx, staff: &Staff) -> Result<()> {
    let now = tx.now();
    let row = args![
        staff.id,
        staff.email.to_lowercase(),
        &staff.name,
        staff.role.as_str(),
        staff.password_hash.clone(),
        staff.active,
        now,
    ];
    let columns = [
        "id",
        "email",
        "name",
        "role",
        "password_hash",
        "active",
        "created_at",
    ];
    tx.insert_many("staff", &columns, vec![row], "").await?;
    Ok(())
}

/// The user of that e-mail address.
pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Staff>> {
    let row = conn
        .opt(
            "select * from staff where email = $1",
            args![email.trim().to_lowercase()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// All users, by name.
pub async fn all(conn: &mut Conn) -> Result<Vec<Staff>> {
    conn.all("select * from staff order by name, id", args![])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Opens a session.
pub async fn add_session(
    tx: &mut Tx,
    token_hash: &[u8],
    staff: StaffId,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    let columns = [
        "token_hash",
        "staff_id",
        "created_at",
        "expires_at",
        "last_seen_at",
    ];
    tx.insert_many(
        "session",
        &columns,
        vec![args![token_hash, staff, now, expires_at, now]],
        "",
    )
    .await?;
    Ok(())
}

/// The active user of a session, and when it ends.
pub async fn by_session(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Staff, Timestamp)>> {
    let sql = "select s.*, e.expires_at from session e join staff s on s.id = e.staff_id \
               where e.token_hash = $1 and e.expires_at > $2 and s.active = 1";
    let row = conn.opt(sql, args![token_hash, now]).await?;
    row.map(|row| Ok((read(&row)?, row.time("expires_at")?)))
        .transpose()
}

/// Lets a session live on.
pub async fn extend_session(tx: &mut Tx, token_hash: &[u8], expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    let sql = "update session set expires_at = $1, last_seen_at = $2 where token_hash = $3";
    tx.run(sql, args![expires_at, now, token_hash]).await?;
    Ok(())
}

/// Ends a session.
pub async fn end_session(tx: &mut Tx, token_hash: &[u8]) -> Result<()> {
    tx.run(
        "delete from session where token_hash = $1",
        args![token_hash],
    )
    .await?;
    Ok(())
}

/// Adds a link that signs its holder in once.
pub async fn add_sign_in_link(
    tx: &mut Tx,
    token_hash: &[u8],
    staff: StaffId,
    expires_at: Timestamp,
) -> Result<()> {
    let columns = ["token_hash", "staff_id", "expires_at"];
    tx.insert_many(
        "sign_in_link",
        &columns,
        vec![args![token_hash, staff, expires_at]],
        "",
    )
    .await?;
    Ok(())
}

/// Uses a link up; the user it was for, unless it is unknown, used or over.
pub async fn use_sign_in_link(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<StaffId>> {
    let now = tx.now();
    let sql = "update sign_in_link set used_at = $1 where token_hash = $2 and used_at is null and expires_at > $1 \
               returning staff_id";
    let row = tx.opt(sql, args![now, token_hash]).await?;
    row.map(|row| row.id("staff_id")).transpose()
}

fn read(row: &Row) -> Result<Staff> {
    Ok(Staff {
        id: row.id("id")?,
        email: row.text("email")?,
        name: row.text("name")?,
        role: row.word("role", Role::parse)?,
        password_hash: row.opt_text("password_hash")?,
        active: row.bool("active")?,
    })
}

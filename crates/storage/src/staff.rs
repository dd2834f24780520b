//! Users of the organisation: who they are, what they may do, whether they still work here.

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use tieline_domain::access::{Role, Standing};
use tieline_domain::email;
use tieline_domain::event::Event;
use tieline_domain::id::StaffId;

/// A user of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub id: StaffId,
    /// Signs in with it; in its normal form.
    pub email: String,
    /// For people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may read beyond their own inboxes.
    pub reviewer: bool,
    /// Argon2id in PHC form; none for those who sign in otherwise.
    pub password_hash: Option<String>,
    /// Deactivated users keep their history and cannot sign in.
    pub active: bool,
}

table!(Staff {
    id: id,
    email: text,
    name: text,
    role: word(Role),
    reviewer: bool,
    password_hash: opt_text,
    active: bool,
});

impl Staff {
    /// What of them bears on rights.
    pub fn standing(&self) -> Standing {
        Standing {
            role: self.role,
            reviewer: self.reviewer,
            active: self.active,
        }
    }
}

/// Adds a user.
pub async fn create(tx: &mut Tx, staff: &Staff) -> Result<()> {
    let now = tx.now();
    let normal = Staff {
        email: email::normal(&staff.email),
        ..staff.clone()
    };
    let columns = [Staff::COLUMNS, &["created_at"]].concat();
    let mut row = normal.row();
    row.push(now.into());
    tx.insert_many("staff", &columns, [row], "").await?;
    Ok(())
}

/// Writes a user's name, role, right to review and activity as given. Their streams end: what they
/// may see is asked again.
pub async fn update(tx: &mut Tx, staff: &Staff) -> Result<()> {
    let sql = "update staff set name = $1, role = $2, reviewer = $3, active = $4, version = version + 1 where id = $5";
    let row = args![
        &staff.name,
        staff.role.as_str(),
        staff.reviewer,
        staff.active,
        staff.id
    ];
    change(tx, staff.id, sql, row).await
}

/// Gives a user another password, as if they had chosen it.
pub async fn set_password(tx: &mut Tx, id: StaffId, hash: &str) -> Result<()> {
    let sql = "update staff set password_hash = $1, password_given_by = null, version = version + 1 where id = $2";
    change(tx, id, sql, args![hash, id]).await
}

/// A user's password opens nothing any more.
pub async fn end_password(tx: &mut Tx, id: StaffId) -> Result<()> {
    let sql = "update staff set password_hash = null, password_given_by = null, version = version + 1 where id = $1";
    change(tx, id, sql, args![id]).await
}

/// One user, whom nobody else changes until the transaction ends.
pub async fn lock(tx: &mut Tx, id: StaffId) -> Result<Staff> {
    let sql = format!("select * from staff where id = $1 {}", tx.for_update());
    Staff::read(&tx.one("user", &sql, args![id]).await?)
}

/// Whether a user may still sign in as they were read, with that password or without one. It then
/// stays so until the commit: who changes it meanwhile waits, and ends what was begun.
pub async fn hold(tx: &mut Tx, was: &Staff) -> Result<bool> {
    let sql = "update staff set version = version where id = $1 and active = 1 and coalesce(password_hash, '') = $2";
    let hash = was.password_hash.as_deref().unwrap_or_default();
    Ok(tx.run(sql, args![was.id, hash]).await? == 1)
}

async fn change(tx: &mut Tx, id: StaffId, sql: &str, row: Vec<Value>) -> Result<()> {
    if tx.run(sql, row).await? == 0 {
        return Err(StorageError::NotFound("user"));
    }
    tx.emit(Event::Access { staff_id: id });
    Ok(())
}

/// The user of that e-mail address.
pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Staff>> {
    let sql = "select * from staff where email = $1";
    let row = conn.opt(sql, args![email::normal(email)]).await?;
    row.as_ref().map(Staff::read).transpose()
}

/// One user.
pub async fn by_id(conn: &mut Conn, id: StaffId) -> Result<Staff> {
    let sql = "select * from staff where id = $1";
    Staff::read(&conn.one("user", sql, args![id]).await?)
}

/// All users, whom nobody else changes until the transaction ends.
pub async fn lock_all(tx: &mut Tx) -> Result<Vec<Staff>> {
    // In one order, so that two who lock do not wait for each other.
    let sql = format!("select * from staff order by id {}", tx.for_update());
    tx.all(&sql, args![])
        .await?
        .iter()
        .map(Staff::read)
        .collect()
}

/// All users, by name.
pub async fn all(conn: &mut Conn) -> Result<Vec<Staff>> {
    conn.all("select * from staff order by name, id", args![])
        .await?
        .iter()
        .map(Staff::read)
        .collect()
}

//! Who gave a user a way in: a link, a password, or the session that one of them opened. Whoever gave it
//! may know it, so it is asked again when that user rises. None stands for the user, and for the operator.

use crate::args;
use crate::db::{Conn, json_text};
use crate::error::Result;
use crate::session::STAFF;
use crate::store::Tx;
use tieline_domain::access::Giver;
use tieline_domain::id::{SessionId, StaffId};

/// Writes down who gave a user their link.
pub async fn link_given_by(tx: &mut Tx, staff: StaffId, giver: Option<&Giver>) -> Result<()> {
    let sql = "update sign_in_link set given_by = $1 where staff_id = $2";
    tx.run(sql, args![giver.map(json_text), staff]).await?;
    Ok(())
}

/// Writes down who gave a user their password.
pub async fn password_given_by(tx: &mut Tx, staff: StaffId, giver: Option<&Giver>) -> Result<()> {
    let sql = "update staff set password_given_by = $1 where id = $2";
    tx.run(sql, args![giver.map(json_text), staff]).await?;
    Ok(())
}

/// Writes down who gave away what a session was opened by.
pub async fn session_given_by(
    tx: &mut Tx,
    session: SessionId,
    giver: Option<&Giver>,
) -> Result<()> {
    let sql = "update session set given_by = $1 where session_id = $2";
    tx.run(sql, args![giver.map(json_text), session]).await?;
    Ok(())
}

/// Who made the link of a token.
pub async fn giver_of_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Giver>> {
    let sql = "select given_by from sign_in_link where token_hash = $1";
    let row = conn.opt(sql, args![token_hash]).await?;
    row.map_or(Ok(None), |row| row.opt_json("given_by"))
}

/// Who made a user's link.
pub async fn giver_of_link(conn: &mut Conn, staff: StaffId) -> Result<Option<Giver>> {
    let sql = "select given_by from sign_in_link where staff_id = $1";
    let row = conn.opt(sql, args![staff]).await?;
    row.map_or(Ok(None), |row| row.opt_json("given_by"))
}

/// Who gave a user their password.
pub async fn giver_of_password(conn: &mut Conn, staff: StaffId) -> Result<Option<Giver>> {
    let sql = "select password_given_by from staff where id = $1 and password_hash is not null";
    let row = conn.opt(sql, args![staff]).await?;
    row.map_or(Ok(None), |row| row.opt_json("password_given_by"))
}

/// Everybody who has a way in that somebody gave them, with who did: once for each of them.
pub async fn holders(conn: &mut Conn) -> Result<Vec<(StaffId, Giver)>> {
    let sql = "select staff_id as holder, given_by from sign_in_link where given_by is not null \
               union select id, password_given_by from staff where password_given_by is not null \
               union select principal_id, given_by from session where principal_kind = $1 and given_by is not null \
               order by holder";
    let rows = conn.all(sql, args![STAFF]).await?;
    rows.iter()
        .map(|row| Ok((row.id("holder")?, row.json("given_by")?)))
        .collect()
}

/// The sessions of a user that were opened by what somebody gave them, each with who did.
pub async fn givers_of_sessions(
    conn: &mut Conn,
    staff: StaffId,
) -> Result<Vec<(SessionId, Option<Giver>)>> {
    let sql = "select session_id, given_by from session \
               where principal_kind = $1 and principal_id = $2 and given_by is not null";
    let rows = conn.all(sql, args![STAFF, staff]).await?;
    rows.iter()
        .map(|row| Ok((row.id("session_id")?, row.opt_json("given_by")?)))
        .collect()
}

//! Connections to orgs, the shared session of each, and the count of calls.

use crate::args;
use crate::db::{Conn, Table, json_text, table};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use tieline_domain::connection::{ConnectionKind, ConnectionState, GrantKind};
use tieline_domain::id::ConnectionId;
use tieline_domain::time::Timestamp;

/// One hour, the grain in which calls are counted.
pub const HOUR_MS: i64 = 3_600_000;

/// A connection as stored; secrets are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    /// For people.
    pub name: String,
    pub kind: ConnectionKind,
    /// The host that signs in.
    pub login_url: String,
    /// The org's own host.
    pub instance_url: String,
    /// The org, 18 characters.
    pub org_id: String,
    /// What the org calls itself.
    pub org_name: String,
    /// The running user, 18 characters.
    pub user_id: String,
    /// The running user's name.
    pub username: String,
    pub grant_kind: GrantKind,
    /// The app's public name.
    pub consumer_key: String,
    /// Consumer secret, refresh token, key or password, sealed together.
    pub secrets: Vec<u8>,
    /// The session's token and instance, sealed.
    pub access_token: Option<Vec<u8>>,
    /// Rises with each new session.
    pub token_version: i64,
    pub state: ConnectionState,
    /// Why it is not connected.
    pub state_reason: Option<String>,
    /// Since when it is as it is.
    pub state_since: Timestamp,
    /// Calls that Tieline may make in 24 hours.
    pub daily_budget: i64,
    /// Calls of everybody in the org, as it said last.
    pub org_calls: Option<(i64, i64)>,
}

table!(Connection {
    id: id,
    name: text,
    kind: word(ConnectionKind),
    login_url: text,
    instance_url: text,
    org_id: text,
    org_name: text,
    user_id: text,
    username: text,
    grant_kind: word(GrantKind),
    consumer_key: text,
    secrets: bytes,
    access_token: opt_bytes,
    token_version: int,
    state: word(ConnectionState),
    state_reason: opt_text,
    state_since: time,
    daily_budget: int,
    org_calls: opt_json,
});

/// Adds a connection.
pub async fn create(tx: &mut Tx, connection: &Connection) -> Result<()> {
    let columns = [Connection::COLUMNS, &["created_at"]].concat();
    let mut row = connection.row();
    row.push(tx.now().into());
    tx.insert_many("connection", &columns, [row], "").await?;
    Ok(())
}

/// All connections, oldest first.
pub async fn all(conn: &mut Conn) -> Result<Vec<Connection>> {
    conn.all("select * from connection order by created_at, id", args![])
        .await?
        .iter()
        .map(Connection::read)
        .collect()
}

/// The ids of all connections.
pub async fn ids(conn: &mut Conn) -> Result<Vec<ConnectionId>> {
    let rows = conn.all("select id from connection order by id", args![]);
    rows.await?.iter().map(|row| row.id("id")).collect()
}

/// One connection.
pub async fn by_id(conn: &mut Conn, id: ConnectionId) -> Result<Connection> {
    Connection::read(
        &conn
            .one(
                "connection",
                "select * from connection where id = $1",
                args![id],
            )
            .await?,
    )
}

/// Keeps a new session and where it goes, unless another node kept one first.
pub async fn save_session(
    tx: &mut Tx,
    id: ConnectionId,
    known: i64,
    (sealed, instance_url): (&[u8], &str),
) -> Result<()> {
    let sql = "update connection set access_token = $1, instance_url = $2, token_version = token_version + 1, \
               state_since = case when state = 'connected' then state_since else $5 end, \
               state = 'connected', state_reason = null where id = $3 and token_version = $4";
    let args = args![sealed, instance_url, id, known, tx.now()];
    match tx.run(sql, args).await? {
        0 => Err(StorageError::Conflict("session")),
        _ => Ok(()),
    }
}

/// Keeps rotated or renewed secrets.
pub async fn save_secrets(tx: &mut Tx, id: ConnectionId, sealed: &[u8]) -> Result<()> {
    tx.run(
        "update connection set secrets = $1 where id = $2",
        args![sealed, id],
    )
    .await?;
    Ok(())
}

/// Replaces what is sealed by the same under another key; a conflict when it is not what was read.
pub async fn reseal(tx: &mut Tx, was: &Connection, now: &Connection) -> Result<()> {
    let sql = "update connection set secrets = $1, access_token = $2 where id = $3 and secrets = $4 \
               and access_token is not distinct from $5";
    let args = args![
        now.secrets.as_slice(),
        now.access_token.clone(),
        was.id,
        was.secrets.as_slice(),
        was.access_token.clone(),
    ];
    match tx.run(sql, args).await? {
        0 => Err(StorageError::Conflict("connection")),
        _ => Ok(()),
    }
}

/// Points a connection at the addresses that its org has now.
pub async fn set_addresses(
    tx: &mut Tx,
    id: ConnectionId,
    login_url: &str,
    instance_url: &str,
) -> Result<()> {
    let sql = "update connection set login_url = $1, instance_url = $2, access_token = null where id = $3";
    tx.run(sql, args![login_url, instance_url, id]).await?;
    Ok(())
}

/// Records how the connection is.
pub async fn set_state(
    tx: &mut Tx,
    id: ConnectionId,
    state: ConnectionState,
    reason: Option<&str>,
) -> Result<()> {
    let sql = "update connection set state_since = case when state = $1 then state_since else $4 end, \
               state = $1, state_reason = $2 where id = $3";
    let now = tx.now();
    tx.run(sql, args![state.as_str(), reason, id, now]).await?;
    Ok(())
}

/// Adds calls to the count of this hour, and what the org said of its own count.
pub async fn add_usage(
    tx: &mut Tx,
    id: ConnectionId,
    calls: &[(&str, i64)],
    org_calls: Option<(i64, i64)>,
) -> Result<()> {
    let hour = tx.now().0 / HOUR_MS;
    let rows = calls
        .iter()
        .map(|(purpose, calls)| args![id, hour, *purpose, *calls]);
    let suffix = "on conflict (connection_id, hour, purpose) do update set calls = api_usage.calls + excluded.calls";
    tx.insert_many(
        "api_usage",
        &["connection_id", "hour", "purpose", "calls"],
        rows,
        suffix,
    )
    .await?;
    if let Some(org_calls) = org_calls {
        let sql = "update connection set org_calls = $1 where id = $2";
        tx.run(sql, args![json_text(&org_calls), id]).await?;
    }
    Ok(())
}

/// Calls of the last 24 hours by hour, the earliest first.
pub async fn usage_by_hour(
    conn: &mut Conn,
    id: ConnectionId,
    now: Timestamp,
) -> Result<Vec<(i64, i64)>> {
    let sql = "select hour, cast(sum(calls) as bigint) as calls from api_usage \
               where connection_id = $1 and hour > $2 group by hour order by hour";
    let rows = conn.all(sql, args![id, now.0 / HOUR_MS - 24]).await?;
    rows.iter()
        .map(|row| Ok((row.int("hour")?, row.int("calls")?)))
        .collect()
}

/// Sets the calls that Tieline may make in 24 hours.
pub async fn set_budget(tx: &mut Tx, id: ConnectionId, calls: i64) -> Result<()> {
    let sql = "update connection set daily_budget = $1 where id = $2";
    tx.run(sql, args![calls, id]).await?;
    Ok(())
}

/// Calls of the last 24 hours by purpose.
pub async fn usage(
    conn: &mut Conn,
    id: ConnectionId,
    now: Timestamp,
) -> Result<Vec<(String, i64)>> {
    let sql = "select purpose, cast(sum(calls) as bigint) as calls from api_usage \
               where connection_id = $1 and hour > $2 group by purpose order by purpose";
    let rows = conn.all(sql, args![id, now.0 / HOUR_MS - 24]).await?;
    rows.iter()
        .map(|row| Ok((row.text("purpose")?, row.int("calls")?)))
        .collect()
}

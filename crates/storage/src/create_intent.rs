//! Records that Tieline means to create in an org: written down before the call, so that a create
//! whose outcome nobody knows is looked for instead of repeated.

use crate::args;
use crate::db::{Conn, Table, table};
use crate::error::Result;
use crate::store::Tx;
use tieline_domain::id::{ConnectionId, ContactId, CreateIntentId};
use tieline_domain::sync::link::IntentState;
use tieline_domain::time::Timestamp;

/// An intent as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateIntent {
    pub id: CreateIntentId,
    /// In which org.
    pub connection_id: ConnectionId,
    /// API name of the object.
    pub object: String,
    /// The contact that it is for.
    pub contact_id: Option<ContactId>,
    /// The fields that were or will be sent.
    pub body: serde_json::Map<String, serde_json::Value>,
    /// How far it is.
    pub state: IntentState,
    /// When its call began at the latest, by our clock.
    pub begun_at: Timestamp,
    /// The org has nothing of it from before, by our clock.
    pub not_before: Timestamp,
}

table!(CreateIntent {
    id: id,
    connection_id: id,
    object: text,
    contact_id: opt_id,
    body: json,
    state: word(IntentState),
    begun_at: time,
    not_before: time,
});

/// Writes intents down.
pub async fn create_many(tx: &mut Tx, intents: &[CreateIntent]) -> Result<()> {
    let rows = intents.iter().map(CreateIntent::row);
    tx.insert_many("create_intent", CreateIntent::COLUMNS, rows, "")
        .await?;
    Ok(())
}

/// Intents whose outcome is not known, oldest first.
pub async fn open(
    conn: &mut Conn,
    connection: ConnectionId,
    object: &str,
) -> Result<Vec<CreateIntent>> {
    let sql = "select * from create_intent where connection_id = $1 and object = $2 and state <> 'done' order by id";
    conn.all(sql, args![connection, object])
        .await?
        .iter()
        .map(CreateIntent::read)
        .collect()
}

/// Notes that a person has been told of several records that fit.
pub async fn mark_ambiguous(tx: &mut Tx, id: CreateIntentId) -> Result<()> {
    let sql = "update create_intent set state = $1 where id = $2 and state <> 'done'";
    tx.run(sql, args![IntentState::Ambiguous.as_str(), id])
        .await?;
    Ok(())
}

/// Settles an intent: with the record that came of it, or without when nothing did.
pub async fn settle(tx: &mut Tx, id: CreateIntentId, record_id: Option<&str>) -> Result<()> {
    let sql = "update create_intent set state = 'done', record_id = $1 where id = $2";
    tx.run(sql, args![record_id, id]).await?;
    Ok(())
}

//! Which Task of an org holds the transcript of a conversation's day.

use crate::args;
use crate::db::Conn;
use crate::error::Result;
use crate::store::Tx;
use tieline_domain::id::{ConnectionId, ConversationId};

/// The Task of a day and the last message it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The Task, once it exists.
    pub record_id: Option<String>,
    /// Number of the last message that it holds.
    pub logged_seq: i64,
}

/// The Task of a conversation's day, if one was begun. `day` is `2026-11-24`, UTC.
pub async fn of_day(
    conn: &mut Conn,
    connection: ConnectionId,
    conversation: ConversationId,
    day: &str,
) -> Result<Option<Activity>> {
    let sql = "select record_id, logged_seq from activity where connection_id = $1 and conversation_id = $2 and day = $3";
    let row = conn.opt(sql, args![connection, conversation, day]).await?;
    row.map(|row| {
        Ok(Activity {
            record_id: row.opt_text("record_id")?,
            logged_seq: row.int("logged_seq")?,
        })
    })
    .transpose()
}

/// Records what the org holds of a day.
pub async fn save(
    tx: &mut Tx,
    connection: ConnectionId,
    conversation: ConversationId,
    day: &str,
    activity: &Activity,
) -> Result<()> {
    let now = tx.now();
    let sql = "insert into activity (connection_id, conversation_id, day, record_id, logged_seq, updated_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (connection_id, conversation_id, day) do update \
               set record_id = excluded.record_id, logged_seq = excluded.logged_seq, updated_at = excluded.updated_at";
    tx.run(
        sql,
        args![
            connection,
            conversation,
            day,
            activity.record_id.clone(),
            activity.logged_seq,
            now
        ],
    )
    .await?;
    Ok(())
}

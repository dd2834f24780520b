//! Messages of conversations, and the receipts of what carriers were told we have.

use crate::args;
use crate::db::{Conn, Row, Value};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Scope;
use tieline_domain::conversation::{Direction, Message};
use tieline_domain::delivery::State;
use tieline_domain::id::{ConversationId, MessageId};
use tieline_domain::search;
use tieline_domain::time::Timestamp;

/// The messages before a number, oldest first, if the scope shows the conversation.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    conversation: ConversationId,
    before_seq: Option<i64>,
    limit: i64,
) -> Result<Vec<Message>> {
    crate::conversation::get(conn, scope, conversation).await?;
    let notes = match scope.sees_internal() {
        true => "",
        false => "and direction <> 'note'",
    };
    let sql = format!(
        "select * from message where conversation_id = $1 and seq < $2 {notes} order by seq desc limit $3"
    );
    let row = args![conversation, before_seq.unwrap_or(i64::MAX), limit];
    let rows = conn.all(&sql, row).await?;
    let mut messages: Vec<Message> = rows.iter().map(read).collect::<Result<_>>()?;
    messages.reverse();
    Ok(messages)
}

/// Messages of several conversations within a span of time, each conversation's in order.
pub async fn load_span(
    conn: &mut Conn,
    conversations: &[ConversationId],
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<ConversationId, Vec<Message>>> {
    let sql = "select * from message where at >= $1 and at < $2 and conversation_id in ({in}) \
               order by conversation_id, seq";
    let keys = conversations.iter().map(|id| Value::from(*id)).collect();
    let mut found: BTreeMap<ConversationId, Vec<Message>> = BTreeMap::new();
    for row in conn.all_in(sql, args![from, until], keys).await? {
        let message = read(&row)?;
        let of = found.entry(message.conversation_id).or_default();
        of.push(message);
    }
    Ok(found)
}

/// Those of these messages whose conversation the scope shows.
pub async fn list_by_ids(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[MessageId],
) -> Result<BTreeMap<MessageId, Message>> {
    let mut found = load_by_ids(conn, ids).await?;
    let conversations: BTreeSet<_> = found.values().map(|it| it.conversation_id).collect();
    let conversations: Vec<ConversationId> = conversations.into_iter().collect();
    let shown = crate::conversation::list_by_ids(conn, scope, &conversations).await?;
    found.retain(|_, message| shown.contains_key(&message.conversation_id));
    Ok(found)
}

/// Messages by id, for batch writers.
pub async fn load_by_ids(
    conn: &mut Conn,
    ids: &[MessageId],
) -> Result<BTreeMap<MessageId, Message>> {
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn
        .all_in("select * from message where id in ({in})", args![], keys)
        .await?;
    rows.iter()
        .map(|row| read(row).map(|message| (message.id, message)))
        .collect()
}

/// The message that a writer sent with this key before.
pub async fn load_by_client_key(
    conn: &mut Conn,
    conversation: ConversationId,
    client_key: &str,
) -> Result<Option<Message>> {
    let sql = "select * from message where conversation_id = $1 and client_key = $2";
    conn.opt(sql, args![conversation, client_key])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Which of these carrier's names belong to messages of ours.
pub async fn load_known_provider_ids(conn: &mut Conn, ids: &[String]) -> Result<BTreeSet<String>> {
    let keys = ids.iter().map(Value::from).collect();
    let rows = conn
        .all_in(
            "select provider_id from message where provider_id in ({in})",
            args![],
            keys,
        )
        .await?;
    rows.iter().map(|row| row.text("provider_id")).collect()
}

/// Adds messages.
pub async fn create_many(tx: &mut Tx, messages: &[Message]) -> Result<()> {
    let columns = [
        "id",
        "conversation_id",
        "seq",
        "direction",
        "author",
        "text",
        "search_text",
        "state",
        "state_at",
        "attempt",
        "segments",
        "provider_id",
        "client_key",
        "at",
    ];
    let rows = messages.iter().map(|message| {
        args![
            message.id,
            message.conversation_id,
            message.seq,
            message.direction.as_str(),
            message.author,
            &message.text,
            search::haystack(&message.text),
            message.state.as_str(),
            message.state_at,
            message.attempt,
            message.segments,
            message.provider_id.clone(),
            message.client_key.clone(),
            message.at,
        ]
    });
    tx.insert_many("message", &columns, rows, "").await?;
    Ok(())
}

/// Writes the state, the error and the carrier's name of a message that was in the state `was`; a
/// conflict when somebody else moved it on meanwhile.
pub async fn save_state(tx: &mut Tx, message: &Message, was: State) -> Result<()> {
    let (code, text) = message.error.clone().unzip();
    let sql = "update message set state = $1, state_at = $2, error_code = $3, error_text = $4, provider_id = $5, \
               attempt = $6 where id = $7 and state = $8";
    let args = args![
        message.state.as_str(),
        message.state_at,
        code,
        text,
        message.provider_id.clone(),
        message.attempt,
        message.id,
        was.as_str()
    ];
    if tx.run(sql, args).await? == 0 {
        return Err(StorageError::Conflict("message"));
    }
    let sql = "update conversation set last_state = $1, version = version + 1 where id = $2 and last_seq = $3";
    tx.run(
        sql,
        args![message.state.as_str(), message.conversation_id, message.seq],
    )
    .await?;
    Ok(())
}

/// Which of these inputs of a channel were received before.
pub async fn load_receipts(
    conn: &mut Conn,
    channel: &str,
    ids: &[String],
) -> Result<BTreeSet<String>> {
    let sql =
        "select provider_id from provider_receipt where channel = $1 and provider_id in ({in})";
    let rows = conn
        .all_in(sql, args![channel], ids.iter().map(Value::from).collect())
        .await?;
    rows.iter().map(|row| row.text("provider_id")).collect()
}

/// Records that inputs were received; a second node that does the same at once fails.
pub async fn add_receipts(tx: &mut Tx, channel: &str, ids: &[String]) -> Result<()> {
    let now = tx.now();
    let rows = ids.iter().map(|id| args![channel, id, now]);
    tx.insert_many(
        "provider_receipt",
        &["channel", "provider_id", "received_at"],
        rows,
        "",
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Message> {
    Ok(Message {
        id: row.id("id")?,
        conversation_id: row.id("conversation_id")?,
        seq: row.int("seq")?,
        direction: row.word("direction", Direction::parse)?,
        author: row.opt_id("author")?,
        text: row.text("text")?,
        state: row.word("state", State::parse)?,
        state_at: row.time("state_at")?,
        error: row.opt_text("error_code")?.zip(row.opt_text("error_text")?),
        attempt: row.int("attempt")?,
        segments: row.int("segments")?,
        provider_id: row.opt_text("provider_id")?,
        client_key: row.opt_text("client_key")?,
        at: row.time("at")?,
    })
}

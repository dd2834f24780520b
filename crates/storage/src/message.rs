//! Messages of conversations.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, UpdateMany, Value, table};
use crate::error::{Result, StorageError};
use crate::scope::{on_conversations, on_messages};
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::conversation::{Author, Kind, Message};
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};
use tieline_domain::id::{ConversationId, MessageId};
use tieline_domain::search::{self, Piece};
use tieline_domain::time::Timestamp;

table!(Message {
    id: id,
    conversation_id: id,
    seq: int,
    kind: word(Kind),
    text: text,
    state: word(State),
    state_at: time,
    segments: int,
    sender_id: opt_id,
    client_key: opt_text,
    at: time,
} with {
    author: Author as [author_kind, author_id, author_reason],
    failure: Failure as [error_code, error_detail],
});

/// Which part of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// The last messages.
    #[default]
    End,
    /// The last ones before a number.
    Before(i64),
    /// The first ones after a number.
    After(i64),
    /// The one of this number, and as many before it as after it.
    Around(i64),
}

/// A part of a conversation, oldest first, if the scope shows it.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    conversation: ConversationId,
    part: Part,
    limit: i64,
) -> Result<Vec<Message>> {
    let listed = crate::conversation::get(conn, scope, conversation).await?;
    let id = listed.conversation.id;
    let (before, after) = match part {
        Part::End => (Some((i64::MAX, limit)), None),
        Part::Before(seq) => (Some((seq, limit)), None),
        Part::After(seq) => (None, Some((seq, limit))),
        Part::Around(seq) => (
            Some((seq, limit / 2)),
            Some((seq.saturating_sub(1), limit - limit / 2)),
        ),
    };
    let mut messages = Vec::new();
    if let Some((seq, limit)) = before {
        messages = beside(conn, scope, (id, seq, limit), ["<", "desc"]).await?;
        messages.reverse();
    }
    if let Some((seq, limit)) = after {
        messages.extend(beside(conn, scope, (id, seq, limit), [">", "asc"]).await?);
    }
    Ok(messages)
}

/// Messages on one side of a number, the nearest first.
async fn beside(
    conn: &mut Conn,
    scope: &Scope,
    (conversation, seq, limit): (ConversationId, i64, i64),
    [side, order]: [&str; 2],
) -> Result<Vec<Message>> {
    let mut args = args![conversation, seq, limit];
    let within = on_messages(scope, &mut args);
    let sql = format!(
        "select * from message m where conversation_id = $1 and seq {side} $2{within} order by seq {order} limit $3"
    );
    conn.all(&sql, args)
        .await?
        .iter()
        .map(Message::read)
        .collect()
}

/// A message that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub message: Message,
    /// What of it was found, in pieces.
    pub excerpt: Vec<Piece>,
}

/// Of each of these conversations the message that most of the words are found in, the newest of those;
/// nothing where none is.
pub async fn list_hits(
    conn: &mut Conn,
    scope: &Scope,
    words: &str,
    conversations: &[ConversationId],
) -> Result<Vec<Hit>> {
    let terms = crate::search::terms(conn, words).await?;
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let mut args = Vec::new();
    let within = on_conversations(scope, &mut args) + &on_messages(scope, &mut args);
    let conditions: Vec<String> = terms
        .iter()
        .map(|term| {
            crate::search::condition(term, &mut args, |pattern| {
                format!("m.search_text like {pattern} escape '!'")
            })
        })
        .collect();
    let score: Vec<String> = conditions
        .iter()
        .map(|it| format!("case when {it} then 1 else 0 end"))
        .collect();
    let (score, any) = (score.join(" + "), conditions.join(" or "));
    let sql = format!(
        "select * from (select m.*, row_number() over (partition by m.conversation_id order by {score} desc, m.seq desc) \
         as place from message m join conversation v on v.id = m.conversation_id \
         where m.conversation_id in ({{in}}) and ({any}){within}) found where place = 1"
    );
    let keys = conversations.iter().map(|id| Value::from(*id)).collect();
    let rows = conn.all_in(&sql, args, keys).await?;
    rows.iter()
        .map(|row| {
            let message = Message::read(row)?;
            Ok(Hit {
                excerpt: search::excerpt(&message.text, &terms),
                message,
            })
        })
        .collect()
}

/// What came in of theirs from a number on: how many, and the number of the first.
pub async fn received_from(
    conn: &mut Conn,
    scope: &Scope,
    conversation: ConversationId,
    seq: i64,
) -> Result<(i64, Option<i64>)> {
    let mut args = args![conversation, seq];
    let within = on_messages(scope, &mut args);
    let sql = format!(
        "select count(*) as number, min(seq) as first from message m where conversation_id = $1 and seq >= $2 \
         and kind = 'message' and author_kind in ('contact', 'visitor'){within}"
    );
    let row = conn.one("conversation", &sql, args).await?;
    Ok((row.int("number")?, row.opt_int("first")?))
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
        let message = Message::read(&row)?;
        let of = found.entry(message.conversation_id).or_default();
        of.push(message);
    }
    Ok(found)
}

/// The number of the last message that came in.
pub async fn last_received(conn: &mut Conn, conversation: ConversationId) -> Result<Option<i64>> {
    let sql = "select seq from message where conversation_id = $1 and kind = 'message' \
               and author_kind in ('contact', 'visitor') order by seq desc limit 1";
    let row = conn.opt(sql, args![conversation]).await?;
    row.map(|row| row.int("seq")).transpose()
}

/// Those of these messages that the scope shows.
pub async fn list_by_ids(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[MessageId],
) -> Result<BTreeMap<MessageId, Message>> {
    let mut args = Vec::new();
    let within = on_conversations(scope, &mut args) + &on_messages(scope, &mut args);
    let sql = format!(
        "select m.* from message m join conversation v on v.id = m.conversation_id where m.id in ({{in}}){within}"
    );
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    read_by_id(&conn.all_in(&sql, args, keys).await?)
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
    read_by_id(&rows)
}

fn read_by_id(rows: &[Row]) -> Result<BTreeMap<MessageId, Message>> {
    rows.iter()
        .map(|row| Message::read(row).map(|message| (message.id, message)))
        .collect()
}

/// All messages of conversations, for batch writers.
pub(crate) async fn load_all(
    conn: &mut Conn,
    conversations: &[ConversationId],
) -> Result<Vec<Message>> {
    let sql = "select * from message where conversation_id in ({in})";
    let keys = conversations.iter().map(|id| Value::from(*id)).collect();
    let rows = conn.all_in(sql, args![], keys).await?;
    rows.iter().map(Message::read).collect()
}

/// Moves messages into a conversation under the numbers that they carry; it holds no others.
pub(crate) async fn move_many(
    tx: &mut Tx,
    kept: ConversationId,
    messages: &[Message],
) -> Result<()> {
    // First below nothing, for each number may still be another one's.
    let update = UpdateMany {
        table: "message",
        columns: &["id", "conversation_id", "seq"],
        set: &["conversation_id", "seq"],
    };
    let rows: Vec<_> = messages
        .iter()
        .map(|it| args![it.id, kept, -it.seq])
        .collect();
    tx.update_many(update, rows).await?;
    let sql = "update message set seq = -seq where conversation_id = $1 and seq < 0";
    tx.run(sql, args![kept]).await?;
    Ok(())
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
        .map(Message::read)
        .transpose()
}

/// Adds messages.
pub async fn create_many(tx: &mut Tx, messages: &[Message]) -> Result<()> {
    let columns = [Message::COLUMNS, &["audience", "search_text"]].concat();
    let rows = messages.iter().map(|message| {
        let mut row = message.row();
        row.push(message.kind.audience().as_str().into());
        row.push(search::haystack(&message.text).into());
        row
    });
    tx.insert_many("message", &columns, rows, "").await?;
    Ok(())
}

/// Writes the state, the failure and the sender of a message that was in the state `was`; a conflict
/// when somebody else moved it on meanwhile.
pub async fn save_state(tx: &mut Tx, message: &Message, was: State) -> Result<()> {
    let [code, detail] = Failure::values(&message.failure);
    let sql = "update message set state = $1, state_at = $2, error_code = $3, error_detail = $4, sender_id = $5 \
               where id = $6 and state = $7";
    let args = args![
        message.state.as_str(),
        message.state_at,
        code,
        detail,
        message.sender_id,
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

impl Kept<2> for Failure {
    type Field = Option<Failure>;

    fn values(failure: &Option<Failure>) -> [Value; 2] {
        let failure = failure.as_ref();
        let code = failure.map(|it| it.code.as_str());
        [code.into(), failure.and_then(|it| it.detail.clone()).into()]
    }

    fn read(row: &Row, [code, detail]: [&str; 2]) -> Result<Option<Failure>> {
        if row.opt_text(code)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Failure {
            code: row.word(code, FailureCode::parse)?,
            detail: row.opt_text(detail)?,
        }))
    }
}

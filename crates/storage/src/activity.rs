//! Which Task of an org holds the transcript of a conversation's day, and which days have news that
//! the org lacks. A day waits in this table until its news is in the org, however long that takes.

use crate::args;
use crate::connection;
use crate::db::{Conn, Row, Value};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use tieline_domain::conversation::{Conversation, Message};
use tieline_domain::id::{ConnectionId, ContactId, ConversationId, Id as _};
use tieline_domain::time::Timestamp;

/// A conversation's day with news, and the record that it is logged on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingDay {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Days since 1970, UTC.
    pub day: i64,
    /// Its first message with this person; those before are in another row.
    pub tie_from: i64,
    /// Its first message with the next person, where there is one.
    pub tie_until: Option<i64>,
    /// The person.
    pub contact_id: ContactId,
    /// The Task, once it exists.
    pub record_id: Option<String>,
    /// Since when, at the latest, a create of it may be on its way.
    pub begun_at: Option<Timestamp>,
    /// Rises with each message.
    pub news: i64,
    /// The person's primary record in this org.
    pub who: String,
    /// The person's address.
    pub address: String,
    /// The person's name.
    pub name: String,
}

/// How far the Task of a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No create was sent.
    Missing,
    /// A create was sent and nobody knows what came of it.
    Begun,
    /// It exists.
    Known,
}

/// What came of writing a day's transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The Task holds all that was known when it was read.
    Held {
        /// The Task.
        record_id: String,
    },
    /// The Task exists, with what it held before.
    Found {
        /// The Task.
        record_id: String,
    },
    /// Nothing came of the create: it may be sent anew.
    NotMade,
    /// The org refused it; the next news tries again.
    Refused {
        /// In the org's words.
        error: String,
    },
    /// Somebody deleted the Task in the org, which ends this day's log.
    Ended,
}

/// Which days to load: of one stage, behind a row, from a day on.
#[derive(Debug, Clone, Copy)]
pub struct WaitingQuery {
    /// How far they are.
    pub stage: Stage,
    /// Not before.
    pub since_day: i64,
    /// The last row of the page before.
    pub after: Option<(i64, ConversationId, i64)>,
    /// Rows.
    pub limit: i64,
}

/// Notes that the day of conversations has news with whom they are tied to now, for each connection.
pub async fn mark_waiting<'a>(
    tx: &mut Tx,
    conversations: impl IntoIterator<Item = &'a Conversation>,
    day: i64,
) -> Result<()> {
    let now = tx.now();
    let columns = [
        "connection_id",
        "conversation_id",
        "day",
        "tie_from",
        "contact_id",
        "waiting",
        "news",
        "ended",
        "updated_at",
    ];
    let suffix = "on conflict (connection_id, conversation_id, day, tie_from) do update \
                  set waiting = 1 - activity.ended, news = activity.news + 1, \
                  contact_id = coalesce(activity.contact_id, excluded.contact_id)";
    let ids = connection::ids(tx).await?;
    let rows: Vec<Vec<Value>> = conversations
        .into_iter()
        .flat_map(|it| {
            let (from, contact) = (it.tie_from, it.contact_id);
            let row = move |id: &ConnectionId| args![*id, it.id, day, from, contact, 1, 1, 0, now];
            ids.iter().map(row)
        })
        .collect();
    tx.insert_many("activity", &columns, rows, suffix).await?;
    Ok(())
}

/// Notes that a message of a day stands otherwise than the day's transcript says.
pub async fn mark_changed(tx: &mut Tx, message: &Message, day: i64) -> Result<()> {
    let sql = "update activity set waiting = 1 - ended, news = news + 1, updated_at = $1 \
               where conversation_id = $2 and day = $3 and tie_from = (select max(o.tie_from) from activity o \
               where o.connection_id = activity.connection_id and o.conversation_id = $2 and o.day = $3 \
               and o.tie_from <= $4)";
    let args = args![tx.now(), message.conversation_id, day, message.seq];
    tx.run(sql, args).await?;
    Ok(())
}

/// Moves the days of a conversation to the one that it became part of. Where that has the same day,
/// its own Task gets all of it, and the other's is left as it stands.
pub(crate) async fn merge(tx: &mut Tx, kept: &Conversation, other: ConversationId) -> Result<()> {
    let (tie_from, kept) = (kept.tie_from, kept.id);
    let both = "conversation_id = $1 and exists (select 1 from activity o where o.conversation_id = $2 \
                and o.connection_id = activity.connection_id and o.day = activity.day)";
    let (now, args) = (tx.now(), args![kept, other]);
    let sql = format!(
        "update activity set waiting = 1 - ended, news = news + 1, updated_at = $3 where {both}"
    );
    tx.run(&sql, args![kept, other, now]).await?;
    let sql = format!("delete from activity where {both}");
    tx.run(&sql, args![other, kept]).await?;
    let sql = "update activity set conversation_id = $1 where conversation_id = $2";
    tx.run(sql, args).await?;
    // Its messages have other numbers now, so of each day the last of several people has the row.
    let sql = "delete from activity where conversation_id = $1 and exists (select 1 from activity o \
               where o.connection_id = activity.connection_id and o.conversation_id = $1 and o.day = activity.day \
               and o.tie_from > activity.tie_from)";
    tx.run(sql, args![kept]).await?;
    let sql = "update activity set tie_from = $1 where conversation_id = $2";
    tx.run(sql, args![tie_from, kept]).await?;
    Ok(())
}

/// Gives the days with a contact to the one that it was merged into.
pub(crate) async fn follow(tx: &mut Tx, kept: ContactId, other: ContactId) -> Result<()> {
    let sql = "update activity set contact_id = $1 where contact_id = $2";
    tx.run(sql, args![kept, other]).await?;
    Ok(())
}

/// Connections to which days that wait could be written, from a day on.
pub async fn connections_waiting(conn: &mut Conn, since_day: i64) -> Result<Vec<ConnectionId>> {
    let sql = format!(
        "select c.id from connection c where exists (select 1 {FROM} and a.connection_id = c.id and a.day >= $1) order by c.id"
    );
    let rows = conn.all(&sql, args![since_day]).await?;
    rows.iter().map(|row| row.id("id")).collect()
}

const FROM: &str = "from activity a join conversation v on v.id = a.conversation_id \
    join contact_point p on p.id = v.point_id join contact c2 on c2.id = coalesce(a.contact_id, v.contact_id) \
    join link l on l.contact_id = c2.id and l.connection_id = a.connection_id and l.is_primary = 1 \
    and l.state <> 'gone' where a.waiting = 1";

/// Days with news whose person has a primary record in this org; the others go on waiting.
pub async fn waiting(
    conn: &mut Conn,
    connection: ConnectionId,
    query: &WaitingQuery,
) -> Result<Vec<WaitingDay>> {
    let stage = match query.stage {
        Stage::Missing => "a.record_id is null and a.begun_at is null",
        Stage::Begun => "a.record_id is null and a.begun_at is not null",
        Stage::Known => "a.record_id is not null",
    };
    let sql = format!(
        "select a.conversation_id, a.day, a.tie_from, c2.id as contact_id, (select min(o.tie_from) from activity o \
         where o.connection_id = a.connection_id and o.conversation_id = a.conversation_id and o.day = a.day \
         and o.tie_from > a.tie_from) as tie_until, a.record_id, a.begun_at, a.news, l.record_id as who, p.address, c2.name \
         {FROM} and a.connection_id = $1 and a.day >= $2 and {stage} \
         and (a.day, a.conversation_id, a.tie_from) > ($3, $4, $5) \
         order by a.day, a.conversation_id, a.tie_from limit $6"
    );
    let before_all = (i64::MIN, ConversationId::from_uuid(0), i64::MIN);
    let (day, id, from) = query.after.unwrap_or(before_all);
    let args = args![connection, query.since_day, day, id, from, query.limit];
    conn.all(&sql, args).await?.iter().map(read).collect()
}

/// Notes, before they are sent, that these days' Tasks may be on their way. Fails with a conflict
/// when another worker has one of them in hand.
pub async fn begin(tx: &mut Tx, connection: ConnectionId, days: &[WaitingDay]) -> Result<()> {
    let now = tx.now();
    let sql = "update activity set begun_at = $1, updated_at = $1, contact_id = $2 where connection_id = $3 \
               and conversation_id = $4 and day = $5 and tie_from = $6 and begun_at is null and record_id is null";
    for it in days {
        let (id, day, from) = (it.conversation_id, it.day, it.tie_from);
        let args = args![now, it.contact_id, connection, id, day, from];
        if tx.run(sql, args).await? == 0 {
            return Err(StorageError::Conflict("activity"));
        }
    }
    Ok(())
}

/// Records what came of a day. News that came while the call was on its way still waits.
pub async fn record(
    tx: &mut Tx,
    connection: ConnectionId,
    it: &WaitingDay,
    written: &Written,
) -> Result<()> {
    let now = tx.now();
    let (record_id, is_over, ended, error) = match written {
        Written::Held { record_id } => (Some(record_id), true, 0, None),
        Written::Found { record_id } => (Some(record_id), false, 0, None),
        Written::NotMade => (None, false, 0, None),
        Written::Refused { error } => (it.record_id.as_ref(), true, 0, Some(error)),
        Written::Ended => (it.record_id.as_ref(), true, 1, None),
    };
    let sql = "update activity set record_id = $1, begun_at = null, ended = $2, error = $3, updated_at = $4, \
               waiting = case when cast($2 as bigint) = 1 or (cast($5 as bigint) = 1 and news = $6) then 0 else 1 end \
               where connection_id = $7 and conversation_id = $8 and day = $9 and tie_from = $10";
    let args = args![
        record_id.cloned(),
        ended,
        error.cloned(),
        now,
        is_over,
        it.news,
        connection,
        it.conversation_id,
        it.day,
        it.tie_from,
    ];
    tx.run(sql, args).await?;
    Ok(())
}

/// Which of these records are a day's Task already.
pub async fn known_records(
    conn: &mut Conn,
    connection: ConnectionId,
    records: &[String],
) -> Result<Vec<String>> {
    let sql = "select record_id from activity where connection_id = $1 and record_id in ({in})";
    let keys = records.iter().map(Value::from).collect();
    let rows = conn.all_in(sql, args![connection], keys).await?;
    rows.iter().map(|row| row.text("record_id")).collect()
}

fn read(row: &Row) -> Result<WaitingDay> {
    Ok(WaitingDay {
        conversation_id: row.id("conversation_id")?,
        day: row.int("day")?,
        tie_from: row.int("tie_from")?,
        tie_until: row.opt_int("tie_until")?,
        contact_id: row.id("contact_id")?,
        record_id: row.opt_text("record_id")?,
        begun_at: row.opt_time("begun_at")?,
        news: row.int("news")?,
        who: row.text("who")?,
        address: row.text("address")?,
        name: row.text("name")?,
    })
}

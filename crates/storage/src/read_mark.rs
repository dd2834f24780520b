//! How far people have read. A mark gives no right to see anything and takes part in nothing.

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::Result;
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::conversation::{Conversation, Marks, ReadMark};
use tieline_domain::event::Event;
use tieline_domain::id::{ConversationId, InboxId, StaffId};

table!(ReadMark {
    seq: int,
    received: int
});

const MOVE: &str = "on conflict (conversation_id, staff_id) do update set seq = excluded.seq, received = excluded.received \
                    where read_mark.seq <> excluded.seq or read_mark.received <> excluded.received";

/// How far somebody has read a conversation.
pub async fn get(
    conn: &mut Conn,
    conversation: ConversationId,
    reader: StaffId,
) -> Result<ReadMark> {
    let sql = "select * from read_mark where conversation_id = $1 and staff_id = $2";
    let row = conn.opt(sql, args![conversation, reader]).await?;
    row.as_ref().map_or(Ok(ReadMark::NONE), ReadMark::read)
}

/// How far everybody has read these conversations, for batch writers; who has no mark has read nothing.
pub async fn load(conn: &mut Conn, conversations: &[ConversationId]) -> Result<Marks> {
    let keys = conversations.iter().map(|id| Value::from(*id)).collect();
    let sql = "select * from read_mark where conversation_id in ({in})";
    let rows = conn.all_in(sql, args![], keys).await?;
    rows.iter()
        .map(|row| {
            let key = (row.id("conversation_id")?, row.id("staff_id")?);
            Ok((key, ReadMark::read(row)?))
        })
        .collect()
}

/// Moves somebody's mark, and tells their screens if that changed anything.
pub async fn set(
    tx: &mut Tx,
    conversation: &Conversation,
    reader: StaffId,
    mark: ReadMark,
) -> Result<()> {
    let row = row(conversation.id, reader, &mark);
    if insert(tx, [row], MOVE).await? > 0 {
        tx.emit(Event::Read {
            inbox_id: conversation.inbox_id,
            conversation_id: conversation.id,
            staff_id: reader,
        });
    }
    Ok(())
}

/// Sets a person's marks at the end of what an inbox holds, as when they become a member: what was
/// said before they came is no news to them, also where they come back.
pub(crate) async fn begin_at_end(tx: &mut Tx, inbox: InboxId, reader: StaffId) -> Result<()> {
    let sql = "insert into read_mark (conversation_id, staff_id, seq, received) \
               select id, $2, last_seq, received from conversation where inbox_id = $1 and merged_into is null \
               on conflict (conversation_id, staff_id) do update set seq = excluded.seq, received = excluded.received";
    tx.run(sql, args![inbox, reader]).await?;
    Ok(())
}

/// Replaces the marks of two conversations by those of what they became.
pub(crate) async fn merge(
    tx: &mut Tx,
    [kept, other]: [ConversationId; 2],
    marks: &BTreeMap<StaffId, ReadMark>,
) -> Result<()> {
    let sql = "delete from read_mark where conversation_id in ($1, $2)";
    tx.run(sql, args![kept, other]).await?;
    let rows = marks.iter().map(|(staff, mark)| row(kept, *staff, mark));
    insert(tx, rows, "").await?;
    Ok(())
}

fn row(conversation: ConversationId, reader: StaffId, mark: &ReadMark) -> Vec<Value> {
    let mut row = mark.row();
    row.extend(args![conversation, reader]);
    row
}

async fn insert(
    tx: &mut Tx,
    rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send>,
    suffix: &str,
) -> Result<u64> {
    let columns = [ReadMark::COLUMNS, &["conversation_id", "staff_id"]].concat();
    tx.insert_many("read_mark", &columns, rows, suffix).await
}

//! Conversations: the rows that lists show, each carrying its last message. One that became part of
//! another is in no list; whoever asks for it by id or by its point gets the other.

mod lists;
mod tie;

pub use lists::{ConversationQuery, View, ViewCounts, count, count_unread, count_views, list};
pub(crate) use tie::derive_ties;

use crate::args;
use crate::db::{Conn, Kept, Row, Table, UpdateMany, Value, put, table};
use crate::error::{Result, StorageError};
use crate::scope::on_conversations;
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::channel::Channel;
use tieline_domain::conversation::{
    Author, Conversation, ConversationStatus, Kind, Last, Tie, Turn,
};
use tieline_domain::delivery::State;
use tieline_domain::id::{ContactId, ConversationId, InboxId, PointId, StaffId};
use tieline_domain::time::Timestamp;

/// A conversation with what a list shows beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The conversation.
    pub conversation: Conversation,
    pub channel: Channel,
    /// Their address.
    pub address: String,
    /// What to call the contact, once it is known.
    pub contact_name: Option<String>,
    /// Since when the point wants no messages.
    pub opted_out_since: Option<Timestamp>,
    /// How many of their messages the reader has not read.
    pub unread: i64,
    /// Since when a carrier says that no text reaches the point.
    pub landline_since: Option<Timestamp>,
    /// Whether the inbox has a number to send from.
    pub has_sender: bool,
}

table!(Conversation {
    id: id,
    inbox_id: id,
    point_id: id,
    sender_id: opt_id,
    contact_id: opt_id,
    tie: word(Tie),
    tie_from: int,
    assigned_to: opt_id,
    last_seq: int,
    last_at: time,
    received: int,
    merged_into: opt_id,
    created_at: time,
    version: int,
} with {
    open: ConversationStatus as [status],
    our_turn: Turn as [turn],
    last: Last as [last_kind, last_author_kind, last_author_id, last_author_reason, last_text, last_state],
});

/// What is listed, with what the scope's person has not read.
fn listed(scope: &Scope, args: &mut Vec<Value>) -> String {
    let reader = put(args, scope.staff());
    format!(
        "select v.*, p.channel, p.address, p.landline_since, c.name as contact_name, o.at as opted_out_since, \
         cast(case when exists (select 1 from sender s where s.inbox_id = v.inbox_id) then 1 else 0 end as bigint) as has_sender, \
         v.received - coalesce(r.received, 0) as unread from conversation v \
         join contact_point p on p.id = v.point_id left join contact c on c.id = v.contact_id \
         left join consent o on o.point_id = v.point_id and o.scope = 'organisation' and o.state = 'opted_out' \
         left join read_mark r on r.conversation_id = v.id and r.staff_id = {reader}"
    )
}

/// One conversation, or the one that it became part of, if the scope shows that.
pub async fn get(conn: &mut Conn, scope: &Scope, id: ConversationId) -> Result<Listed> {
    let mut args = args![id];
    let sql = format!(
        "{} where v.id = (select coalesce(merged_into, id) from conversation where id = $1){}",
        listed(scope, &mut args),
        on_conversations(scope, &mut args)
    );
    read_listed(&conn.one("conversation", &sql, args).await?)
}

/// The conversations that are with a contact, or with a number of theirs, newest first.
pub async fn list_of_contact(
    conn: &mut Conn,
    scope: &Scope,
    contact: ContactId,
) -> Result<Vec<Listed>> {
    let mut args = args![contact];
    let sql = format!(
        "{} where (v.contact_id = $1 or v.point_id in (select point_id from contact_has_point where contact_id = $1)) \
         and v.merged_into is null{} order by v.last_at desc, v.id desc limit 20",
        listed(scope, &mut args),
        on_conversations(scope, &mut args)
    );
    conn.all(&sql, args)
        .await?
        .iter()
        .map(read_listed)
        .collect()
}

/// Those of these conversations that the scope shows.
pub async fn list_by_ids(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[ConversationId],
) -> Result<BTreeMap<ConversationId, Listed>> {
    let mut args = Vec::new();
    let sql = format!(
        "{} where 1 = 1{} and v.id in ({{in}})",
        listed(scope, &mut args),
        on_conversations(scope, &mut args)
    );
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn.all_in(&sql, args, keys).await?;
    rows.iter()
        .map(|row| read_listed(row).map(|listed| (listed.conversation.id, listed)))
        .collect()
}

/// Open conversations of an inbox that one person looks after and one side is to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGroup {
    pub inbox_id: InboxId,
    pub assigned_to: Option<StaffId>,
    pub our_turn: bool,
    pub number: i64,
}

/// How many open conversations there are of each inbox, person and turn, within the scope.
pub async fn count_groups(conn: &mut Conn, scope: &Scope) -> Result<Vec<OpenGroup>> {
    let mut args = Vec::new();
    let sql = format!(
        "select v.inbox_id, v.assigned_to, v.turn, count(*) as number from conversation v \
         where v.status = 'open' {} group by v.inbox_id, v.assigned_to, v.turn",
        on_conversations(scope, &mut args)
    );
    let rows = conn.all(&sql, args).await?;
    rows.iter()
        .map(|row| {
            Ok(OpenGroup {
                inbox_id: row.id("inbox_id")?,
                assigned_to: row.opt_id("assigned_to")?,
                our_turn: Turn::read(row, ["turn"])?,
                number: row.int("number")?,
            })
        })
        .collect()
}

/// Conversations of points in inboxes, for batch writers. One that became part of another stands
/// there as the other, which stands at its own place as well.
pub async fn load_by_points(
    conn: &mut Conn,
    points: &[PointId],
) -> Result<BTreeMap<(InboxId, PointId), Conversation>> {
    let keys = points.iter().map(|id| Value::from(*id)).collect();
    let sql = "select v.*, a.inbox_id as asked_inbox, a.point_id as asked_point from conversation a \
               join conversation v on v.id = coalesce(a.merged_into, a.id) where a.point_id in ({in})";
    let mut found = BTreeMap::new();
    for row in conn.all_in(sql, args![], keys).await? {
        let asked = (row.id("asked_inbox")?, row.id("asked_point")?);
        let conversation = Conversation::read(&row)?;
        let place = conversation.place();
        if place != asked {
            found.insert(asked, conversation.clone());
        }
        found.insert(place, conversation);
    }
    Ok(found)
}

/// Conversations by id, for batch writers.
pub async fn load_by_ids(
    conn: &mut Conn,
    ids: &[ConversationId],
) -> Result<BTreeMap<ConversationId, Conversation>> {
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn
        .all_in(
            "select * from conversation where id in ({in})",
            args![],
            keys,
        )
        .await?;
    rows.iter()
        .map(|row| Conversation::read(row).map(|conversation| (conversation.id, conversation)))
        .collect()
}

/// Writes conversations as given (their `version` is the one that was read, 0 for new ones). Fails
/// with a conflict when one of them was changed or begun by somebody else meanwhile.
pub async fn save_many(tx: &mut Tx, conversations: &[Conversation]) -> Result<()> {
    save_changed(tx, &BTreeMap::new(), conversations).await
}

/// The same where it is known how some of them stood before: of one in which only more was said,
/// nothing but that is written.
pub async fn save_changed(
    tx: &mut Tx,
    before: &BTreeMap<ConversationId, Conversation>,
    conversations: &[Conversation],
) -> Result<()> {
    let (begun, known): (Vec<_>, Vec<_>) = conversations.iter().partition(|it| it.version == 0);
    let goes_on = |it: &&Conversation| before.get(&it.id).is_some_and(|was| it.goes_on_from(was));
    let (going_on, changed): (Vec<_>, Vec<_>) = known.into_iter().partition(goes_on);
    let rows = begun.into_iter().map(|it| {
        let version = 1;
        Conversation {
            version,
            ..it.clone()
        }
        .row()
    });
    let suffix = "on conflict (inbox_id, point_id) do nothing";
    let columns = Conversation::COLUMNS;
    let mut written = tx
        .insert_many("conversation", columns, rows, suffix)
        .await?;
    let fixed = ["id", "inbox_id", "point_id", "version"];
    let set = columns.iter().filter(|it| !fixed.contains(it));
    let all = UpdateMany {
        table: "conversation",
        columns,
        set: &set.copied().collect::<Vec<_>>(),
    };
    written += tx
        .update_many(all, changed.into_iter().map(Conversation::row))
        .await?;
    let said = UpdateMany {
        table: "conversation",
        columns: &[&["id", "version"], SAID].concat(),
        set: SAID,
    };
    let rows = going_on.into_iter().map(|it| {
        let mut row = args![it.id, it.version, it.last_seq, it.last_at, it.received];
        row.extend(Last::values(&it.last));
        row
    });
    written += tx.update_many(said, rows).await?;
    if written < conversations.len() as u64 {
        return Err(StorageError::Conflict("conversation"));
    }
    Ok(())
}

/// The columns that [`Conversation::goes_on_from`] lets differ.
const SAID: &[&str] = &[
    "last_seq",
    "last_at",
    "received",
    "last_kind",
    "last_author_kind",
    "last_author_id",
    "last_author_reason",
    "last_text",
    "last_state",
];

fn read_listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        conversation: Conversation::read(row)?,
        channel: row.word("channel", Channel::parse)?,
        address: row.text("address")?,
        contact_name: row.opt_text("contact_name")?,
        opted_out_since: row.opt_time("opted_out_since")?,
        unread: row.int("unread")?,
        landline_since: row.opt_time("landline_since")?,
        has_sender: row.bool("has_sender")?,
    })
}

impl Kept<1> for ConversationStatus {
    type Field = bool;

    fn values(open: &bool) -> [Value; 1] {
        [ConversationStatus::of(*open).as_str().into()]
    }

    fn read(row: &Row, [status]: [&str; 1]) -> Result<bool> {
        Ok(row.word(status, ConversationStatus::parse)? == ConversationStatus::Open)
    }
}

impl Kept<1> for Turn {
    type Field = bool;

    fn values(ours: &bool) -> [Value; 1] {
        [Turn::of(*ours).as_str().into()]
    }

    fn read(row: &Row, [turn]: [&str; 1]) -> Result<bool> {
        Ok(row.word(turn, Turn::parse)? == Turn::Ours)
    }
}

impl Kept<6> for Last {
    type Field = Option<Last>;

    fn values(last: &Option<Last>) -> [Value; 6] {
        let none = Value::Text(None);
        let Some(last) = last else {
            return [
                none.clone(),
                none.clone(),
                Value::Bytes(None),
                none.clone(),
                none.clone(),
                none,
            ];
        };
        let [author_kind, author_id, author_reason] = Author::values(&last.author);
        [
            last.kind.as_str().into(),
            author_kind,
            author_id,
            author_reason,
            (&last.text).into(),
            last.state.as_str().into(),
        ]
    }

    fn read(row: &Row, columns: [&str; 6]) -> Result<Option<Last>> {
        let [kind, author_kind, author_id, author_reason, text, state] = columns;
        let Some(text) = row.opt_text(text)? else {
            return Ok(None);
        };
        Ok(Some(Last {
            kind: row.word(kind, Kind::parse)?,
            author: Author::read(row, [author_kind, author_id, author_reason])?,
            text,
            state: row.word(state, State::parse)?,
        }))
    }
}

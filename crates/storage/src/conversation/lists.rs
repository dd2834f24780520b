//! Lists of conversations: which belong to one, in which order, and how many.

use super::{Listed, listed, read_listed};
use crate::args;
use crate::db::{Conn, Value, among, put};
use crate::error::Result;
use crate::scope::{on_conversations, on_messages};
use crate::search;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::conversation::{ListPlace, Turn};
use tieline_domain::id::{ConversationId, InboxId, StaffId};

/// Which conversations to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Open ones.
    #[default]
    All,
    /// Open ones that somebody looks after.
    AssignedTo(StaffId),
    /// Open ones that nobody looks after.
    Nobodys,
    /// Closed ones.
    Closed,
}

/// A list, and which part of it.
#[derive(Debug, Clone, Default)]
pub struct ConversationQuery {
    pub view: View,
    /// Words to find in names, addresses and messages.
    pub words: String,
    /// Only these of the list.
    pub among: Option<Vec<ConversationId>>,
    /// Only what stands behind this place, the last of the page before.
    pub after: Option<ListPlace>,
    /// Rows.
    pub limit: i64,
}

/// How many conversations each list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewCounts {
    /// Open.
    pub all: i64,
    /// Open and the reader's own.
    pub mine: i64,
    /// Open and nobody's.
    pub nobodys: i64,
    /// Open and ours to answer.
    pub ours: i64,
    /// Open and not read to its end by the reader.
    pub unread: i64,
}

/// A page, in the order of [`ListPlace`].
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    query: &ConversationQuery,
) -> Result<Vec<Listed>> {
    let mut args = Vec::new();
    let mut sql = format!("{} where ", listed(scope, &mut args));
    sql.push_str(&belongs(conn, scope, query, &mut args).await?);
    if let Some(these) = &query.among {
        let named = among(&mut args, "v.id", these.iter().copied());
        sql.push_str(&format!(" and {named}"));
    }
    if let Some(after) = query.after {
        let turn = put(&mut args, Turn::of(after.our_turn).as_str());
        let (time, key) = (put(&mut args, after.last_at), put(&mut args, after.id));
        sql.push_str(&format!(
            " and (v.turn > {turn} or (v.turn = {turn} and (v.last_at < {time} or (v.last_at = {time} and v.id < {key}))))"
        ));
    }
    let limit = put(&mut args, query.limit);
    sql.push_str(&format!(
        " order by v.turn, v.last_at desc, v.id desc limit {limit}"
    ));
    conn.all(&sql, args)
        .await?
        .iter()
        .map(read_listed)
        .collect()
}

/// How many conversations the whole list holds, whatever part of it is asked for.
pub async fn count(conn: &mut Conn, scope: &Scope, query: &ConversationQuery) -> Result<i64> {
    let mut args = Vec::new();
    let belongs = belongs(conn, scope, query, &mut args).await?;
    let sql = format!(
        "select count(*) as number from conversation v join contact_point p on p.id = v.point_id \
         left join contact c on c.id = v.contact_id where {belongs}"
    );
    conn.one("conversation", &sql, args).await?.int("number")
}

/// How many conversations each list holds for this reader.
pub async fn count_views(conn: &mut Conn, scope: &Scope) -> Result<ViewCounts> {
    let mut args = args![scope.staff()];
    let sum = |condition: &str| {
        format!("cast(coalesce(sum(case when {condition} then 1 else 0 end), 0) as bigint)")
    };
    let sql = format!(
        "select count(*) as every, {} as mine, {} as nobodys, {} as ours, {} as unread from conversation v \
         left join read_mark r on r.conversation_id = v.id and r.staff_id = $1 where v.status = 'open'{}",
        sum("v.assigned_to = $1"),
        sum("v.assigned_to is null"),
        sum("v.turn = 'ours'"),
        sum("v.received > coalesce(r.received, 0)"),
        on_conversations(scope, &mut args)
    );
    let row = conn.one("conversation", &sql, args).await?;
    Ok(ViewCounts {
        all: row.int("every")?,
        mine: row.int("mine")?,
        nobodys: row.int("nobodys")?,
        ours: row.int("ours")?,
        // Nobody has read nothing.
        unread: scope.staff().map_or(Ok(0), |_| row.int("unread"))?,
    })
}

/// In how many open conversations of each inbox each of these people has something unread, whether
/// they may see it or not.
pub async fn count_unread(
    conn: &mut Conn,
    scope: &Scope,
    readers: &[StaffId],
) -> Result<BTreeMap<(InboxId, StaffId), i64>> {
    let mut args = Vec::new();
    let within = on_conversations(scope, &mut args);
    let sql = format!(
        "select v.inbox_id, count(*) as number from conversation v where v.status = 'open' \
         and v.received > 0{within} group by v.inbox_id"
    );
    let mut unread = BTreeMap::new();
    for row in conn.all(&sql, args.clone()).await? {
        let (inbox, number) = (row.id("inbox_id")?, row.int("number")?);
        unread.extend(readers.iter().map(|reader| ((inbox, *reader), number)));
    }
    let sql = format!(
        "select v.inbox_id, r.staff_id, count(*) as number from conversation v \
         join read_mark r on r.conversation_id = v.id and r.received >= v.received \
         where v.status = 'open' and v.received > 0{within} and r.staff_id in ({{in}}) group by v.inbox_id, r.staff_id"
    );
    let keys = readers.iter().map(|id| Value::from(*id)).collect();
    for row in conn.all_in(&sql, args, keys).await? {
        let place = (row.id("inbox_id")?, row.id("staff_id")?);
        *unread.entry(place).or_default() -= row.int("number")?;
    }
    Ok(unread)
}

/// The condition on a conversation `v` with its point `p` and contact `c` that it belongs to a list.
async fn belongs(
    conn: &mut Conn,
    scope: &Scope,
    query: &ConversationQuery,
    args: &mut Vec<Value>,
) -> Result<String> {
    let mut sql = shown(query.view, args);
    sql.push_str(&on_conversations(scope, args));
    let terms = search::terms(conn, &query.words).await?;
    if terms.is_empty() {
        return Ok(sql);
    }
    let within = on_messages(scope, args);
    for term in terms {
        let condition = search::condition(&term, args, |it| {
            format!(
                "(c.search_text like {it} escape '!' or p.address like {it} escape '!' or exists \
                 (select 1 from message m where m.conversation_id = v.id and m.search_text like {it} escape '!'{within}))"
            )
        });
        sql.push_str(&format!(" and {condition}"));
    }
    Ok(sql)
}

fn shown(view: View, args: &mut Vec<Value>) -> String {
    match view {
        View::All => "v.status = 'open'".to_owned(),
        View::Closed => "v.status = 'closed' and v.merged_into is null".to_owned(),
        View::Nobodys => "v.status = 'open' and v.assigned_to is null".to_owned(),
        View::AssignedTo(staff) => {
            let staff = put(args, staff);
            format!("v.status = 'open' and v.assigned_to = {staff}")
        }
    }
}

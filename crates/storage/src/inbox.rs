//! Inboxes and their members. The numbers of an inbox are senders of carrier accounts.

use crate::args;
use crate::db::{Conn, Table, table};
use crate::error::Result;
use crate::read_mark;
use crate::store::Tx;
use tieline_domain::channel::Channel;
use tieline_domain::event::Event;
use tieline_domain::id::{InboxId, StaffId};

/// An inbox as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    pub id: InboxId,
    pub channel: Channel,
    /// For people.
    pub name: String,
    /// Whose way of writing numbers is assumed (ISO 3166).
    pub country: String,
}

table!(Inbox {
    id: id,
    channel: word(Channel),
    name: text,
    country: text,
});

/// Adds an inbox.
pub async fn create(tx: &mut Tx, inbox: &Inbox) -> Result<()> {
    let now = tx.now();
    let columns = [Inbox::COLUMNS, &["created_at"]].concat();
    let mut row = inbox.row();
    row.push(now.into());
    tx.insert_many("inbox", &columns, [row], "").await?;
    Ok(())
}

/// Makes a user a member of an inbox, to whom what it holds so far is no news; whether they were none.
pub async fn add_member(tx: &mut Tx, inbox: InboxId, staff: StaffId) -> Result<bool> {
    let columns = ["inbox_id", "staff_id"];
    let row = args![inbox, staff];
    let suffix = "on conflict do nothing";
    let added = tx
        .insert_many("inbox_member", &columns, vec![row], suffix)
        .await?;
    if added > 0 {
        read_mark::begin_at_end(tx, inbox, staff).await?;
    }
    tx.emit(Event::Access { staff_id: staff });
    Ok(added > 0)
}

/// Takes a user out of an inbox; whether they were a member.
pub async fn remove_member(tx: &mut Tx, inbox: InboxId, staff: StaffId) -> Result<bool> {
    let sql = "delete from inbox_member where inbox_id = $1 and staff_id = $2";
    let removed = tx.run(sql, args![inbox, staff]).await?;
    tx.emit(Event::Access { staff_id: staff });
    Ok(removed > 0)
}

/// The members of an inbox.
pub async fn members(conn: &mut Conn, inbox: InboxId) -> Result<Vec<StaffId>> {
    let sql = "select staff_id from inbox_member where inbox_id = $1 order by staff_id";
    let rows = conn.all(sql, args![inbox]).await?;
    rows.iter().map(|row| row.id("staff_id")).collect()
}

/// The inboxes that somebody is a member of.
pub async fn of_member(conn: &mut Conn, staff: StaffId) -> Result<Vec<InboxId>> {
    let rows = conn
        .all(
            "select inbox_id from inbox_member where staff_id = $1 order by inbox_id",
            args![staff],
        )
        .await?;
    rows.iter().map(|row| row.id("inbox_id")).collect()
}

/// All inboxes, by name.
pub async fn all(conn: &mut Conn) -> Result<Vec<Inbox>> {
    conn.all("select * from inbox order by name, id", args![])
        .await?
        .iter()
        .map(Inbox::read)
        .collect()
}

/// One inbox.
pub async fn by_id(conn: &mut Conn, id: InboxId) -> Result<Inbox> {
    Inbox::read(
        &conn
            .one("inbox", "select * from inbox where id = $1", args![id])
            .await?,
    )
}

//! Accounts at carriers, and the numbers that they send from.

use crate::args;
use crate::db::{Conn, Row};
use crate::error::Result;
use crate::store::Tx;
use tieline_domain::carrier::CarrierKind;
use tieline_domain::id::{CarrierAccountId, InboxId, SenderId};
use tieline_domain::time::Timestamp;

/// An account as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierAccount {
    pub id: CarrierAccountId,
    pub carrier: CarrierKind,
    /// The carrier's name for it, `AC…`.
    pub account: String,
    /// Where the carrier's API is; no slash at its end.
    pub url: String,
    /// Sealed; empty before anybody gave it.
    pub secret: Vec<u8>,
    /// Until when the carrier asked to be left alone.
    pub held_until: Option<Timestamp>,
}

/// A number or name that an account sends from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub id: SenderId,
    pub account_id: CarrierAccountId,
    /// None while it is not assigned.
    pub inbox_id: Option<InboxId>,
    /// In E.164 where it is a number.
    pub address: String,
}

/// Adds an account.
pub async fn create(tx: &mut Tx, account: &CarrierAccount) -> Result<()> {
    let now = tx.now();
    let columns = ["id", "carrier", "account", "url", "secret", "created_at"];
    let row = args![
        account.id,
        account.carrier.as_str(),
        &account.account,
        &account.url,
        account.secret.clone(),
        now,
    ];
    tx.insert_many("carrier_account", &columns, vec![row], "")
        .await?;
    Ok(())
}

/// Writes where an account is and what it is opened with, as when the simulator starts anew.
pub async fn save(tx: &mut Tx, account: &CarrierAccount) -> Result<()> {
    let sql = "update carrier_account set account = $1, url = $2, secret = $3 where id = $4";
    let secret = account.secret.clone();
    tx.run(
        sql,
        args![&account.account, &account.url, secret, account.id],
    )
    .await?;
    Ok(())
}

/// Nothing is sent through an account before this moment. The later of two wishes holds.
pub async fn hold(tx: &mut Tx, id: CarrierAccountId, until: Timestamp) -> Result<()> {
    let sql = "update carrier_account set held_until = $1 where id = $2 and (held_until is null or held_until < $1)";
    tx.run(sql, args![until, id]).await?;
    Ok(())
}

/// All accounts, the oldest first.
pub async fn all(conn: &mut Conn) -> Result<Vec<CarrierAccount>> {
    let sql = "select * from carrier_account order by created_at, id";
    let rows = conn.all(sql, args![]).await?;
    rows.iter().map(read).collect()
}

/// One account.
pub async fn by_id(conn: &mut Conn, id: CarrierAccountId) -> Result<CarrierAccount> {
    let sql = "select * from carrier_account where id = $1";
    read(&conn.one("carrier account", sql, args![id]).await?)
}

/// The accounts whose numbers an inbox has.
pub async fn of_inbox(conn: &mut Conn, inbox: InboxId) -> Result<Vec<CarrierAccount>> {
    let sql = "select * from carrier_account where id in (select account_id from sender where inbox_id = $1) \
               order by created_at, id";
    let rows = conn.all(sql, args![inbox]).await?;
    rows.iter().map(read).collect()
}

/// Adds a number or name to an account.
pub async fn add_sender(tx: &mut Tx, sender: &Sender) -> Result<()> {
    let now = tx.now();
    let columns = ["id", "account_id", "inbox_id", "address", "created_at"];
    let row = args![
        sender.id,
        sender.account_id,
        sender.inbox_id,
        &sender.address,
        now
    ];
    tx.insert_many("sender", &columns, vec![row], "").await?;
    Ok(())
}

/// Gives a number to an inbox, or takes it from all.
pub async fn assign_sender(tx: &mut Tx, id: SenderId, inbox: Option<InboxId>) -> Result<()> {
    let sql = "update sender set inbox_id = $1 where id = $2 returning id";
    tx.one("sender", sql, args![inbox, id]).await?;
    Ok(())
}

/// All numbers, those of an inbox from its oldest.
pub async fn senders(conn: &mut Conn) -> Result<Vec<Sender>> {
    let sql = "select * from sender order by inbox_id, created_at, id";
    let rows = conn.all(sql, args![]).await?;
    rows.iter().map(read_sender).collect()
}

/// The numbers of an account.
pub async fn senders_of(conn: &mut Conn, account: CarrierAccountId) -> Result<Vec<Sender>> {
    let sql = "select * from sender where account_id = $1 order by created_at, id";
    let rows = conn.all(sql, args![account]).await?;
    rows.iter().map(read_sender).collect()
}

/// The number that an inbox sends from: the one that it is asked for if it has it, else its oldest.
pub async fn sender_for(
    conn: &mut Conn,
    inbox: InboxId,
    wanted: Option<SenderId>,
) -> Result<Option<Sender>> {
    let sql = "select * from sender where inbox_id = $1 \
               order by case when id = $2 then 0 else 1 end, created_at, id limit 1";
    let row = conn.opt(sql, args![inbox, wanted]).await?;
    row.as_ref().map(read_sender).transpose()
}

fn read(row: &Row) -> Result<CarrierAccount> {
    Ok(CarrierAccount {
        id: row.id("id")?,
        carrier: row.word("carrier", CarrierKind::parse)?,
        account: row.text("account")?,
        url: row.text("url")?,
        secret: row.bytes("secret")?,
        held_until: row.opt_time("held_until")?,
    })
}

fn read_sender(row: &Row) -> Result<Sender> {
    Ok(Sender {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        inbox_id: row.opt_id("inbox_id")?,
        address: row.text("address")?,
    })
}

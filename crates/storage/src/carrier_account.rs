//! Accounts at carriers, and the numbers that they send from.

use crate::args;
use crate::db::{Conn, Table, table};
use crate::error::{Result, StorageError};
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

table!(CarrierAccount {
    id: id,
    carrier: word(CarrierKind),
    account: text,
    url: text,
    secret: bytes,
    held_until: opt_time,
});

table!(Sender {
    id: id,
    account_id: id,
    inbox_id: opt_id,
    address: text,
});

/// Adds an account.
pub async fn create(tx: &mut Tx, account: &CarrierAccount) -> Result<()> {
    let now = tx.now();
    let columns = [CarrierAccount::COLUMNS, &["created_at"]].concat();
    let mut row = account.row();
    row.push(now.into());
    tx.insert_many("carrier_account", &columns, [row], "")
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

/// Replaces the secret by the same under another key; a conflict when it is not what was read.
pub async fn reseal(tx: &mut Tx, was: &CarrierAccount, secret: &[u8]) -> Result<()> {
    let sql = "update carrier_account set secret = $1 where id = $2 and secret = $3";
    let args = args![secret, was.id, was.secret.as_slice()];
    match tx.run(sql, args).await? {
        0 => Err(StorageError::Conflict("carrier account")),
        _ => Ok(()),
    }
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
    rows.iter().map(CarrierAccount::read).collect()
}

/// One account.
pub async fn by_id(conn: &mut Conn, id: CarrierAccountId) -> Result<CarrierAccount> {
    let sql = "select * from carrier_account where id = $1";
    CarrierAccount::read(&conn.one("carrier account", sql, args![id]).await?)
}

/// The accounts whose numbers an inbox has.
pub async fn of_inbox(conn: &mut Conn, inbox: InboxId) -> Result<Vec<CarrierAccount>> {
    let sql = "select * from carrier_account where id in (select account_id from sender where inbox_id = $1) \
               order by created_at, id";
    let rows = conn.all(sql, args![inbox]).await?;
    rows.iter().map(CarrierAccount::read).collect()
}

/// Adds a number or name to an account.
pub async fn add_sender(tx: &mut Tx, sender: &Sender) -> Result<()> {
    let now = tx.now();
    let columns = [Sender::COLUMNS, &["created_at"]].concat();
    let mut row = sender.row();
    row.push(now.into());
    tx.insert_many("sender", &columns, [row], "").await?;
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
    rows.iter().map(Sender::read).collect()
}

/// The numbers of an account.
pub async fn senders_of(conn: &mut Conn, account: CarrierAccountId) -> Result<Vec<Sender>> {
    let sql = "select * from sender where account_id = $1 order by created_at, id";
    let rows = conn.all(sql, args![account]).await?;
    rows.iter().map(Sender::read).collect()
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
    row.as_ref().map(Sender::read).transpose()
}

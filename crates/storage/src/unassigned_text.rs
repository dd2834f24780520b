//! Texts that a carrier signed for an account or number that no inbox has.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, table};
use crate::error::Result;
use crate::store::Tx;
use std::collections::BTreeSet;
use tieline_domain::id::{Id as _, UnassignedTextId};
use tieline_domain::receive::Unassigned;
use tieline_domain::time::Timestamp;

/// A text as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnassignedText {
    pub id: UnassignedTextId,
    pub said: Unassigned,
    pub received_at: Timestamp,
}

table!(UnassignedText { id: id, received_at: time } with {
    said: Unassigned as [account, provider_id, sender, addressee, text],
});

/// Keeps texts; one that its account handed in before is kept once. Those that are new.
pub async fn keep<'a>(tx: &mut Tx, texts: &[&'a Unassigned]) -> Result<Vec<&'a Unassigned>> {
    let received_at = tx.now();
    let sql = "select account, provider_id from unassigned_text where provider_id in ({in})";
    let names = texts.iter().map(|it| Value::from(&it.provider_id));
    let mut known = BTreeSet::new();
    for row in tx.all_in(sql, args![], names.collect()).await? {
        known.insert((row.text("account")?, row.text("provider_id")?));
    }
    let mut new = texts.to_vec();
    new.retain(|it| known.insert((it.account.clone(), it.provider_id.clone())));
    let rows: Vec<_> = new
        .iter()
        .map(|it| {
            let said = (*it).clone();
            let id = tx.new_id();
            UnassignedText {
                id,
                said,
                received_at,
            }
            .row()
        })
        .collect();
    let once = "on conflict (account, provider_id) do nothing";
    tx.insert_many("unassigned_text", UnassignedText::COLUMNS, rows, once)
        .await?;
    Ok(new)
}

/// Those received before one of them, the newest first.
pub async fn all(
    conn: &mut Conn,
    before: Option<(Timestamp, UnassignedTextId)>,
    limit: i64,
) -> Result<Vec<UnassignedText>> {
    let (at, id) = before.unwrap_or((Timestamp(i64::MAX), UnassignedTextId::from_uuid(u128::MAX)));
    let sql = "select * from unassigned_text where received_at < $1 or (received_at = $1 and id < $2) \
               order by received_at desc, id desc limit $3";
    let rows = conn.all(sql, args![at, id, limit]).await?;
    rows.iter().map(UnassignedText::read).collect()
}

impl Kept<5> for Unassigned {
    type Field = Unassigned;

    fn values(said: &Unassigned) -> [Value; 5] {
        [
            (&said.account).into(),
            (&said.provider_id).into(),
            (&said.sender).into(),
            (&said.addressee).into(),
            (&said.text).into(),
        ]
    }

    fn read(row: &Row, columns: [&str; 5]) -> Result<Unassigned> {
        let [account, provider_id, sender, addressee, text] = columns;
        Ok(Unassigned {
            account: row.text(account)?,
            provider_id: row.text(provider_id)?,
            sender: row.text(sender)?,
            addressee: row.text(addressee)?,
            text: row.text(text)?,
        })
    }
}

//! Texts that a carrier signed for an account or number that no inbox has.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, table};
use crate::error::Result;
use crate::store::Tx;
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

/// Keeps texts; one that its account handed in before is kept once.
pub async fn keep(tx: &mut Tx, texts: &[&Unassigned]) -> Result<()> {
    let received_at = tx.now();
    let rows: Vec<_> = texts
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
    Ok(())
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

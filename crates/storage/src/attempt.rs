//! Attempts at carriers, and the receipts of what carriers were told we have.

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::attempt::Attempt;
use tieline_domain::carrier::ProviderId;
use tieline_domain::delivery::State;
use tieline_domain::id::{CarrierAccountId, MessageId};

table!(Attempt {
    message_id: id,
    number: int,
    account_id: id,
    provider_id: opt_text,
    state: word(State),
    begun_at: time,
    not_before: time,
});

/// Begins the next attempt at a message.
pub async fn begin(
    tx: &mut Tx,
    message_id: MessageId,
    account_id: CarrierAccountId,
) -> Result<Attempt> {
    let now = tx.now();
    let sql = format!(
        "insert into attempt ({}) select $1, coalesce(max(number), 0) + 1, $2, null, $3, $4, $4 \
         from attempt where message_id = $1 returning *",
        Attempt::COLUMNS.join(", ")
    );
    let row = args![message_id, account_id, State::Sending.as_str(), now];
    Attempt::read(&tx.one("attempt", &sql, row).await?)
}

/// Writes what was heard of an attempt that was in the state `was`; a conflict when somebody else
/// wrote meanwhile.
pub async fn save(tx: &mut Tx, attempt: &Attempt, was: State) -> Result<()> {
    let sql = "update attempt set provider_id = $1, state = $2 \
               where message_id = $3 and number = $4 and state = $5 and (provider_id is null or provider_id = $1)";
    let row = args![
        attempt.provider_id.clone(),
        attempt.state.as_str(),
        attempt.message_id,
        attempt.number,
        was.as_str()
    ];
    if tx.run(sql, row).await? == 0 {
        return Err(StorageError::Conflict("attempt"));
    }
    Ok(())
}

/// The attempts at messages, each message's in order.
pub async fn load(
    conn: &mut Conn,
    messages: &[MessageId],
) -> Result<BTreeMap<MessageId, Vec<Attempt>>> {
    let sql = "select * from attempt where message_id in ({in}) order by message_id, number";
    let keys = messages.iter().map(|id| Value::from(*id)).collect();
    let mut found: BTreeMap<MessageId, Vec<Attempt>> = BTreeMap::new();
    for row in conn.all_in(sql, args![], keys).await? {
        let attempt = Attempt::read(&row)?;
        found.entry(attempt.message_id).or_default().push(attempt);
    }
    Ok(found)
}

/// Which of these names of an account belong to attempts of ours, whichever message they are at.
pub async fn load_known(
    conn: &mut Conn,
    account: CarrierAccountId,
    names: &[String],
) -> Result<BTreeSet<String>> {
    let sql = "select provider_id from attempt where account_id = $1 and provider_id in ({in})";
    let keys = names.iter().map(Value::from).collect();
    let rows = conn.all_in(sql, args![account], keys).await?;
    rows.iter().map(|row| row.text("provider_id")).collect()
}

/// Which of these texts were received before.
pub async fn load_receipts(conn: &mut Conn, ids: &[ProviderId]) -> Result<BTreeSet<ProviderId>> {
    let sql = "select account_id, provider_id from receipt where provider_id in ({in})";
    let keys = ids.iter().map(|id| Value::from(&id.name)).collect();
    let mut found = BTreeSet::new();
    for row in conn.all_in(sql, args![], keys).await? {
        let known = ProviderId {
            account_id: row.id("account_id")?,
            name: row.text("provider_id")?,
        };
        found.extend(ids.contains(&known).then_some(known));
    }
    Ok(found)
}

/// Records that texts were received; a second node that does the same at once fails.
pub async fn add_receipts(tx: &mut Tx, received: &[(ProviderId, MessageId)]) -> Result<()> {
    let columns = ["provider_id", "account_id", "message_id"];
    let rows = received
        .iter()
        .map(|(id, message)| args![&id.name, id.account_id, *message]);
    tx.insert_many("receipt", &columns, rows, "").await?;
    Ok(())
}

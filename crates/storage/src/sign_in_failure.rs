//! Sign-ins that failed, counted so that the next has to wait. Keys are hashes: whatever strangers
//! send, a row has one size, and no address is kept that nobody here has.

use crate::args;
use crate::db::Value;
use crate::error::Result;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Failures;
use tieline_domain::time::Timestamp;

/// How these keys stand, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut Tx, keys: &[Vec<u8>]) -> Result<BTreeMap<Vec<u8>, Failures>> {
    let now = tx.now();
    // In one order, so that two who lock the same do not wait for each other.
    let keys: BTreeSet<&Vec<u8>> = keys.iter().collect();
    let rows = keys.iter().map(|key| args![key.as_slice(), 0, now]);
    let columns = ["key", "failures", "last_at"];
    let suffix = "on conflict (key) do update set failures = sign_in_failure.failures";
    tx.insert_many(
        "sign_in_failure",
        &columns,
        rows.collect::<Vec<_>>(),
        suffix,
    )
    .await?;
    let sql = "select key, failures, last_at from sign_in_failure where key in ({in})";
    let keys = keys.iter().map(|key| Value::from(key.as_slice())).collect();
    let rows = tx.all_in(sql, args![], keys).await?;
    rows.iter()
        .map(|row| {
            let failures = Failures {
                count: row.int("failures")?,
                last_at: row.time("last_at")?,
            };
            Ok((row.bytes("key")?, failures))
        })
        .collect()
}

/// Sets how a key stands.
pub async fn set(tx: &mut Tx, key: &[u8], failures: Failures) -> Result<()> {
    let sql = "insert into sign_in_failure (key, failures, last_at) values ($1, $2, $3) \
               on conflict (key) do update set failures = excluded.failures, last_at = excluded.last_at";
    let row = args![key, failures.count, failures.last_at];
    tx.run(sql, row).await?;
    Ok(())
}

/// Forgets what is so old that it no longer counts; how many.
pub async fn forget_before(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "delete from sign_in_failure where last_at < $1";
    tx.run(sql, args![before]).await
}

//! Settings that staff change while the hub runs, one JSON value a key.

use crate::args;
use crate::db::{Conn, json_text};
use crate::error::Result;
use crate::store::Tx;
use serde::{Serialize, de::DeserializeOwned};

/// The country whose way of writing phone numbers is assumed (ISO 3166).
pub const DEFAULT_COUNTRY: &str = "default_country";
/// The name of the organisation.
pub const ORGANISATION_NAME: &str = "organisation_name";

/// The value, if it was ever set.
pub async fn get<T: DeserializeOwned>(conn: &mut Conn, key: &str) -> Result<Option<T>> {
    let row = conn
        .opt("select value from setting where key = $1", args![key])
        .await?;
    row.map(|row| row.json("value")).transpose()
}

/// The country for reading phone numbers.
pub async fn default_country(conn: &mut Conn) -> Result<String> {
    Ok(get(conn, DEFAULT_COUNTRY)
        .await?
        .unwrap_or_else(|| "US".to_owned()))
}

/// Sets a value.
pub async fn set<T: Serialize>(tx: &mut Tx, key: &str, value: &T) -> Result<()> {
    let now = tx.now();
    let sql = "insert into setting (key, value, updated_at) values ($1, $2, $3) \
               on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at";
    tx.run(sql, args![key, json_text(value), now]).await?;
    Ok(())
}

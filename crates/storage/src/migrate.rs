//! Brings a database's tables up to this build; several nodes may start at once.

use crate::args;
use crate::db::Conn;
use crate::error::{Result, StorageError};

/// Number and statements of each migration, one text for both databases.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../migrations/0001_hub.sql"))];

/// Any number that no other program locks on the same server.
const ADVISORY_LOCK: i64 = 0x0074_6965_6c69_6e65;

/// Applies what is missing, within the caller's transaction.
pub(crate) async fn migrate(conn: &mut Conn) -> Result<()> {
    if conn.is_postgres() {
        conn.run("select pg_advisory_xact_lock($1)", args![ADVISORY_LOCK])
            .await?;
    }
    conn.run(
        "create table if not exists schema_migration (number bigint not null primary key)",
        args![],
    )
    .await?;
    let rows = conn
        .all("select number from schema_migration", args![])
        .await?;
    let applied: Vec<i64> = rows
        .iter()
        .map(|row| row.int("number"))
        .collect::<Result<_>>()?;
    if let Some(newer) = applied
        .iter()
        .find(|number| !MIGRATIONS.iter().any(|(n, _)| n == *number))
    {
        return Err(StorageError::Settings(format!(
            "the database was written by a newer Tieline (migration {newer}); start that version, or restore a backup"
        )));
    }
    for (number, script) in MIGRATIONS
        .iter()
        .filter(|(number, _)| !applied.contains(number))
    {
        conn.run_script(&in_words_of(conn, script)).await?;
        conn.run(
            "insert into schema_migration (number) values ($1)",
            args![*number],
        )
        .await?;
    }
    Ok(())
}

/// The statements in the words of the database they are for.
fn in_words_of(conn: &Conn, script: &str) -> String {
    let bytes = conn.type_of("bytes");
    let script = script
        .replace(" uid", &format!(" {bytes}"))
        .replace(" bytes", &format!(" {bytes}"));
    if conn.is_postgres() {
        script.replace(") without rowid;", ");")
    } else {
        script
    }
}

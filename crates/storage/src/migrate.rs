//! Brings a database's tables up to this build; several nodes may start at once.

use crate::args;
use crate::db::Conn;
use crate::error::{Result, StorageError};
use crate::field_rows;
use tieline_domain::catalogue::Catalogue;

/// Number and statements of each migration, one text for both databases.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../migrations/0001_hub.sql"))];

/// What was applied, each with the checksum of its text, because an edited one was not.
const RECORD: &str =
    "create table schema_migration (number bigint not null primary key, checksum text not null)";

/// Any number that no other program locks on the same server.
const ADVISORY_LOCK: i64 = 0x0074_6965_6c69_6e65;

/// Applies what is missing, within the caller's transaction. `may_begin`: also from nothing.
pub(crate) async fn migrate(conn: &mut Conn, may_begin: bool) -> Result<()> {
    if conn.is_postgres() {
        conn.run("select pg_advisory_xact_lock($1)", args![ADVISORY_LOCK])
            .await?;
    }
    let applied = match columns_of_record(conn).await? {
        columns if columns.is_empty() && !may_begin => return Err(missing()),
        columns if columns.is_empty() => {
            conn.run_script(RECORD).await?;
            Vec::new()
        }
        columns if !columns.iter().any(|column| column == "checksum") => return Err(other_build()),
        _ => applied(conn).await?,
    };
    for (number, checksum) in &applied {
        match MIGRATIONS.iter().find(|(known, _)| known == number) {
            None => return Err(newer(*number)),
            Some((_, script)) if *checksum != checksum_of(script) => return Err(other_build()),
            Some(_) => {}
        }
    }
    for (number, script) in &MIGRATIONS[applied.len()..] {
        conn.run_script(&in_words_of(conn, script)).await?;
        let sql = "insert into schema_migration (number, checksum) values ($1, $2)";
        conn.run(sql, args![*number, checksum_of(script)]).await?;
    }
    if applied.is_empty() {
        field_rows::write(conn, &Catalogue::first("")).await?;
    }
    Ok(())
}

async fn applied(conn: &mut Conn) -> Result<Vec<(i64, String)>> {
    let sql = "select number, checksum from schema_migration order by number";
    let rows = conn.all(sql, args![]).await?;
    rows.iter()
        .map(|row| Ok((row.int("number")?, row.text("checksum")?)))
        .collect()
}

/// The columns of the record of migrations; none when there is no such table.
async fn columns_of_record(conn: &mut Conn) -> Result<Vec<String>> {
    let sql = match conn.is_postgres() {
        true => {
            "select cast(column_name as text) as name from information_schema.columns \
             where table_schema = current_schema() and table_name = 'schema_migration'"
        }
        false => "select name from pragma_table_info('schema_migration')",
    };
    let rows = conn.all(sql, args![]).await?;
    rows.iter().map(|row| row.text("name")).collect()
}

fn missing() -> StorageError {
    StorageError::Missing("of the settings".to_owned())
}

fn newer(number: i64) -> StorageError {
    StorageError::Settings(format!(
        "the database was written by a newer Tieline (migration {number}); start that version, or restore a backup"
    ))
}

fn other_build() -> StorageError {
    let words = "the database was made by another build of Tieline, whose tables this one cannot take over; \
                 it was left as it is: start that build, or begin with another database";
    StorageError::Settings(words.to_owned())
}

/// FNV-1a: an edited text is noticed; nobody is kept from forging one.
fn checksum_of(script: &str) -> String {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = script.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    format!("{hash:016x}")
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

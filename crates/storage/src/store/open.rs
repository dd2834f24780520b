//! Opens the pools of connections, with every limit chosen.

use super::lock::{FileLock, owners_alone, refused};
use super::{Door, Pools};
use crate::error::{Result, StorageError, missing};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection, SqlitePool};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Pages that the writer of SQLite keeps in memory; negative, so in KiB.
const WRITER_CACHE: &str = "-32768";
/// Pages of the log of SQLite after which it is written back, 32 MiB. A page of records touches so
/// many that the usual 1,000 would have each written back at once.
const LOG_PAGES: &str = "8192";
const READERS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long SQLite waits for a program that is not ours, such as a backup by hand.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that anybody waits for a connection; callers wait less, see `Store::patient`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Files up to this size are read through at the start, about a second a gigabyte.
const CHECKED_BYTES_MAX: u64 = 1 << 30;
/// What PostgreSQL ends by itself: a statement, waiting for a lock, a transaction that does nothing.
const POSTGRES_LIMITS: [(&str, &str); 3] = [
    ("statement_timeout", "120s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "120s"),
];

impl Pools {
    pub(super) async fn open(url: &str, door: Door) -> Result<Pools> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|e| bad_url(&e))?
                .options(POSTGRES_LIMITS)
                .disable_statement_logging();
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS_MAX)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_with(options)
                .await?;
            return Ok(Pools::Postgres(pool));
        }
        if !url.starts_with("sqlite:") {
            // Never shown: it may hold a password.
            return Err(StorageError::Settings(
                "database: the address begins neither with sqlite: nor with postgres://".to_owned(),
            ));
        }
        let options = SqliteConnectOptions::from_str(url).map_err(|e| bad_url(&e))?;
        open_file(options, door).await
    }
}

/// The file of a database that is one.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_owned())
}

async fn open_file(options: SqliteConnectOptions, door: Door) -> Result<Pools> {
    let file = options.get_filename().to_owned();
    let lock = find_or_make(&file, door)?;
    let opened = open_sqlite(options, &file).await;
    let (writer, readers) = opened.map_err(|error| in_words(&file, error))?;
    Ok(Pools::Sqlite {
        writer,
        readers,
        lock: lock.map(Arc::new),
    })
}

async fn open_sqlite(
    options: SqliteConnectOptions,
    file: &Path,
) -> sqlx::Result<(SqlitePool, SqlitePool)> {
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let writing = options
        .clone()
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", LOG_PAGES);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .before_acquire(|conn, _| Box::pin(async move { Ok(is_at_rest(conn)) }))
        .connect_with(writing)
        .await?;
    if file.metadata()?.len() <= CHECKED_BYTES_MAX {
        check_pages(&writer).await?;
    }
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "on"))
        .await?;
    Ok((writer, readers))
}

/// Whether no transaction is open. After an error such as a full disk SQLite has rolled back by
/// itself, the driver's own rollback fails, and it takes the transaction for open ever after: such a
/// connection is thrown away and another is made.
fn is_at_rest(conn: &SqliteConnection) -> bool {
    !conn.is_in_transaction()
}

/// Locks the file; one that is missing is made for its owner alone, and SQLite gives its log the
/// same mode.
fn find_or_make(file: &Path, door: Door) -> Result<Option<FileLock>> {
    let bytes = file.metadata().map_or(0, |found| found.len());
    if bytes == 0 && door == Door::Existing {
        return Err(missing(&file.display()));
    }
    let lock = match door {
        Door::Beside => None,
        Door::Begin | Door::Existing => Some(FileLock::take(file)?),
    };
    let made = owners_alone().create(true).truncate(false).open(file);
    made.map_err(|error| refused(file, &error))?;
    Ok(lock)
}

async fn check_pages(writer: &SqlitePool) -> sqlx::Result<()> {
    let row = sqlx::query("pragma quick_check(1)")
        .fetch_one(writer)
        .await?;
    match row.try_get::<String, _>(0)? {
        fine if fine == "ok" => Ok(()),
        words => Err(sqlx::Error::Protocol(words)),
    }
}

/// A damaged file is said to be one, whoever noticed it.
fn in_words(file: &Path, error: sqlx::Error) -> StorageError {
    let words = match &error {
        sqlx::Error::Protocol(words) => words.clone(),
        // SQLite's codes for a malformed image and for a file that is no database.
        sqlx::Error::Database(db)
            if matches!(
                db.code().as_deref(),
                Some("11" | "26" | "267" | "523" | "779")
            ) =>
        {
            db.message().to_owned()
        }
        _ => return error.into(),
    };
    StorageError::Settings(format!(
        "the database {} is damaged ({words}); restore it from a backup",
        file.display()
    ))
}

/// Says what is wrong with an address without showing it: it may hold a password.
fn bad_url(error: &sqlx::Error) -> StorageError {
    StorageError::Settings(format!(
        "database: this is not an address of a database: {error}"
    ))
}

//! Opens the pools of connections, with every limit chosen.

use super::lock::{FileLock, owners_alone, refused};
use super::{Door, Pools};
use crate::args;
use crate::db::{Conn, SqlitePools};
use crate::error::{Result, StorageError};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// The longest that anybody waits for a connection; callers wait less, see `Store::patient`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Whoever starts the hub is told by then what it waits for.
const SILENT: Duration = Duration::from_millis(700);
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
            return open_postgres(options).await;
        }
        let Some(file) = sqlite_file(url) else {
            // Never shown: it may hold a password.
            return Err(StorageError::Settings(
                "database: the address begins neither with sqlite: nor with postgres://".to_owned(),
            ));
        };
        open_file(&file, door).await
    }
}

/// A server that is not there yet is waited for, and somebody may watch.
async fn open_postgres(options: PgConnectOptions) -> Result<Pools> {
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let opening = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options);
    let mut opening = std::pin::pin!(opening);
    let seconds = ACQUIRE_TIMEOUT.as_secs();
    let opened = match tokio::time::timeout(SILENT, opening.as_mut()).await {
        Ok(opened) => opened,
        Err(_) => {
            tracing::warn!(
                "PostgreSQL at {server} does not answer yet; it is waited for, {seconds} seconds in all"
            );
            opening.await
        }
    };
    match opened {
        Ok(pool) => Ok(Pools::Postgres(pool)),
        Err(sqlx::Error::PoolTimedOut) => Err(StorageError::Settings(format!(
            "database: PostgreSQL at {server} did not answer within {seconds} seconds; see that it runs and can be \
             reached from here, or name another with --database"
        ))),
        Err(error) => Err(StorageError::Settings(format!(
            "database: PostgreSQL at {server}: {error}; see that the address is right, or name another with --database"
        ))),
    }
}

/// The file of a database that is one: `sqlite:PATH`, or `sqlite://PATH`.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.strip_prefix("//").unwrap_or(path).into())
}

async fn open_file(file: &Path, door: Door) -> Result<Pools> {
    if file.as_os_str().is_empty() || file.to_string_lossy().contains(['?', '*']) {
        return Err(StorageError::Settings(
            "database: sqlite: is followed by the path of a file, and by nothing else".to_owned(),
        ));
    }
    let lock = find_or_make(file, door)?;
    let pools = SqlitePools::new(file);
    check(&pools, file).await?;
    Ok(Pools::Sqlite {
        pools,
        lock: Arc::new(lock),
    })
}

/// Reads a file through, unless that takes long, and says so if it is damaged.
async fn check(pools: &SqlitePools, file: &Path) -> Result<()> {
    let bytes = file.metadata().map_or(0, |found| found.len());
    if bytes > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let looked = async {
        let mut reader = Conn::SqliteRead(pools.reader().await?);
        let row = reader.one("check", "pragma quick_check(1)", args![]);
        row.await?.text("quick_check")
    };
    let damage = match looked.await {
        Ok(fine) if fine == "ok" => return Ok(()),
        Ok(words) | Err(StorageError::Damaged(words)) => words,
        Err(error) => return Err(error),
    };
    Err(StorageError::Settings(format!(
        "the database {} is damaged ({damage}); restore it from a backup",
        file.display()
    )))
}

/// Locks the file; one that is missing is made for its owner alone, and SQLite gives its log the
/// same mode.
fn find_or_make(file: &Path, door: Door) -> Result<FileLock> {
    let found = file.metadata().ok();
    let bytes = found.as_ref().map_or(0, Metadata::len);
    if bytes == 0 && door == Door::Existing {
        return Err(StorageError::Missing(file.display().to_string()));
    }
    if found.is_some_and(|found| has_other_names(&found)) {
        return Err(StorageError::Settings(format!(
            "the database {} has another name as well (a hard link), by which a second hub could work on it unseen; \
             remove that name, or use a copy of the file",
            file.display()
        )));
    }
    let lock = FileLock::take(file)?;
    let made = owners_alone().create(true).truncate(false).open(file);
    made.map_err(|error| refused(file, &error))?;
    Ok(lock)
}

/// SQLite keeps its log beside the name that it was given, and the lock lies there as well: by two names
/// nobody sees the other, and what a hub left in its log is lost by the other name.
fn has_other_names(found: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(found) > 1;
    #[cfg(not(unix))]
    false
}

/// Says what is wrong with an address without showing it: it may hold a password.
fn bad_url(error: &sqlx::Error) -> StorageError {
    StorageError::Settings(format!(
        "database: this is not an address of a database: {error}"
    ))
}

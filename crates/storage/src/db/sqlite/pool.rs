//! The connections to one file: one that writes, and some that read.

use super::super::value::Value;
use super::statement::{SqliteRow, Wanted, read, run};
use super::thread::{Handle, Place};
use crate::error::{Result, StorageError};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

const READERS_MAX: usize = 4;
/// How long SQLite waits for a program that is not ours, such as a backup by hand.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Statements that each connection keeps prepared.
const PREPARED_MAX: usize = 512;
/// What every connection is set to: a commit is on the disk when it returns.
const SETTINGS: [(&str, &str); 3] = [
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("foreign_keys", "on"),
];
/// Pages that the writer keeps in memory (negative, so in KiB), and pages of the log after which it is
/// written back, 32 MiB: a page of records touches so many that the usual 1,000 would have each written
/// back at once.
const WRITER_SETTINGS: [(&str, &str); 2] =
    [("cache_size", "-32768"), ("wal_autocheckpoint", "8192")];
const READER_SETTINGS: [(&str, &str); 1] = [("query_only", "on")];

/// The connections to one file; cheap to clone. SQLite wants one writer: several gave tails of 1.6 s.
#[derive(Clone)]
pub(crate) struct SqlitePools {
    file: Arc<PathBuf>,
    /// Empty until somebody writes, and after a connection was thrown away.
    writer: Arc<Mutex<Option<Handle>>>,
    readers: Arc<Readers>,
}

struct Readers {
    idle: Lock<Vec<Handle>>,
    free: Arc<Semaphore>,
}

impl SqlitePools {
    /// The connections to a file that exists; each is opened when it is wanted first.
    pub fn new(file: &Path) -> SqlitePools {
        SqlitePools {
            file: Arc::new(file.to_owned()),
            writer: Arc::default(),
            readers: Arc::new(Readers {
                idle: Lock::default(),
                free: Arc::new(Semaphore::new(READERS_MAX)),
            }),
        }
    }

    /// A connection to read on.
    pub async fn reader(&self) -> Result<Reading> {
        let permit = self.readers.free.clone().acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        let idle = self.readers.idle().pop();
        let handle = match idle {
            Some(handle) => handle,
            None => open(&self.file, &READER_SETTINGS).await?,
        };
        Ok(Reading {
            handle: Some(handle),
            is_spoiled: AtomicBool::new(false),
            readers: self.readers.clone(),
            _permit: permit,
        })
    }

    /// Begins the one transaction that may write. A connection that is not at rest is thrown away: after
    /// some errors SQLite cannot even roll back.
    pub async fn begin(&self) -> Result<Writing> {
        let mut writing = Writing {
            slot: self.writer.clone().lock_owned().await,
            is_open: true,
            is_spoiled: false,
        };
        if self.readers.free.is_closed() {
            return Err(closed());
        }
        if writing.slot.is_some() && writing.call(begin).await? {
            return Ok(writing);
        }
        *writing.slot = Some(open(&self.file, &WRITER_SETTINGS).await?);
        writing.call(begin).await?;
        Ok(writing)
    }

    /// Closes all connections, once they are given back, with the log written back; no other is opened.
    pub async fn close(&self) {
        let mut slot = self.writer.lock().await;
        let all = self.readers.free.acquire_many(READERS_MAX as u32).await;
        self.readers.free.close();
        drop(all);
        let idle = std::mem::take(&mut *self.readers.idle());
        for handle in idle {
            handle.close().await;
        }
        if let Some(handle) = slot.take() {
            // What a full log would hold up, the next start would have to read.
            let sql = "pragma wal_checkpoint(truncate)";
            let written = handle.call(|conn| read(conn, sql, &[], false, Wanted::All));
            let _ = written.await;
            handle.close().await;
        }
    }
}

impl Readers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Handle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to read on; given back when it is dropped.
pub struct Reading {
    handle: Option<Handle>,
    is_spoiled: AtomicBool,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Reading {
    /// The rows of an answer. Who gives up waiting has the database stop looking.
    pub(crate) async fn read(
        &self,
        sql: String,
        args: Vec<Value>,
        kept: bool,
        wanted: Wanted,
    ) -> Result<Vec<SqliteRow>> {
        let handle = self.handle.as_ref().ok_or_else(closed)?;
        let outcome = handle.ask(move |conn| read(conn, &sql, &args, kept, wanted));
        let outcome = outcome.await;
        if spoils(&outcome) {
            self.is_spoiled.store(true, Ordering::SeqCst);
        }
        outcome
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let good = self.handle.take();
        let good = good.filter(|_| !self.is_spoiled.load(Ordering::SeqCst));
        self.readers.idle().extend(good);
    }
}

/// The transaction that writes; dropping it rolls back.
pub struct Writing {
    slot: OwnedMutexGuard<Option<Handle>>,
    is_open: bool,
    /// A full disk, an I/O error: the connection is not used again.
    is_spoiled: bool,
}

impl Writing {
    /// The rows of an answer.
    pub(crate) async fn read(
        &mut self,
        sql: String,
        args: Vec<Value>,
        kept: bool,
        wanted: Wanted,
    ) -> Result<Vec<SqliteRow>> {
        self.call(move |conn| read(conn, &sql, &args, kept, wanted))
            .await
    }

    /// Runs a statement for the arguments of each row; the number of rows that it touched in all.
    pub async fn run(&mut self, sql: String, rows: Vec<Vec<Value>>, kept: bool) -> Result<u64> {
        self.call(move |conn| run(conn, &sql, &rows, kept)).await
    }

    /// Runs several statements without arguments.
    pub async fn run_script(&mut self, sql: String) -> Result<()> {
        self.call(move |conn| conn.execute_batch(&sql)).await
    }

    /// Keeps what was written, and tells of it also when its caller waits no more.
    pub async fn commit(mut self, tell: impl FnOnce() + Send + 'static) -> Result<()> {
        self.call(|conn| {
            conn.prepare_cached("commit")?.execute(())?;
            tell();
            Ok(())
        })
        .await?;
        self.is_open = false;
        Ok(())
    }

    /// Where it is done.
    pub(crate) fn place(&self) -> Result<Place> {
        Ok(self.slot.as_ref().ok_or_else(closed)?.place())
    }

    async fn call<T: Send + 'static>(
        &mut self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let handle = self.slot.as_ref().ok_or_else(closed)?;
        let outcome = handle.call(act).await;
        self.is_spoiled |= spoils(&outcome);
        outcome
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.is_spoiled {
            *self.slot = None;
        }
        if let (true, Some(handle)) = (self.is_open, &*self.slot) {
            // Whoever begins next sees whether it helped.
            handle.tell(|conn| match conn.is_autocommit() {
                true => Ok(()),
                false => conn.execute_batch("rollback"),
            });
        }
    }
}

/// Whether a connection with this outcome is not used again.
fn spoils<T>(outcome: &Result<T>) -> bool {
    let spoilt = |error: &StorageError| {
        matches!(
            error,
            StorageError::Unavailable(_) | StorageError::Damaged(_)
        )
    };
    outcome.as_ref().is_err_and(spoilt)
}

/// Begins to write, if the connection is at rest.
fn begin(conn: &mut Connection) -> rusqlite::Result<bool> {
    let is_at_rest = conn.is_autocommit();
    if is_at_rest {
        conn.prepare_cached("begin immediate")?.execute(())?;
    }
    Ok(is_at_rest)
}

async fn open(file: &Arc<PathBuf>, settings: &'static [(&str, &str)]) -> Result<Handle> {
    let file = file.clone();
    Handle::open(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&*file, flags)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.set_prepared_statement_cache_capacity(PREPARED_MAX);
        for (name, value) in SETTINGS.iter().chain(settings) {
            // Some answer with what they are set to now.
            let sql = format!("pragma {name} = {value}");
            read(&conn, &sql, &[], false, Wanted::All)?;
        }
        Ok(conn)
    })
    .await
}

fn closed() -> StorageError {
    StorageError::Unavailable("the database is closed".to_owned())
}

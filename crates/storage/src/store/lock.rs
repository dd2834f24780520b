//! One process per SQLite file: a lock on a file beside it, held for as long as the store is open.
//!
//! The operating system ends the lock with the process, however it ends; the file stays. It is beside the
//! database and not on it: whoever closes that file ends all locks that SQLite has on it in this process,
//! and not every system tells the two kinds of locks apart.

use crate::error::{Result, StorageError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// The lock of a database file.
#[derive(Debug)]
pub(super) struct FileLock(File);

impl FileLock {
    /// Takes the lock, or says who holds it.
    pub fn take(database: &Path) -> Result<FileLock> {
        let path = beside(database);
        let mut file = owners_alone()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| refused(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {
                let note = file
                    .set_len(0)
                    .and_then(|()| write!(file, "{}", std::process::id()));
                note.map_err(|error| refused(&path, &error))?;
                Ok(FileLock(file))
            }
            Err(TryLockError::Error(error)) => Err(refused(&path, &error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file
                    .rewind()
                    .and_then(|()| file.read_to_string(&mut holder));
                let holder = match read {
                    Ok(1..) => format!("process {}", holder.trim()),
                    _ => "another process".to_owned(),
                };
                Err(StorageError::Settings(format!(
                    "the database {} is in use by {holder}; end that one first, or use PostgreSQL, \
                     on which several hubs may work",
                    database.display()
                )))
            }
        }
    }

    /// Lets another process in.
    pub fn release(&self) {
        let _ = self.0.unlock();
    }
}

/// Options of a file that only its owner reads and writes.
pub(super) fn owners_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// `tieline.db.lock` for `tieline.db`, wherever a link leads.
fn beside(database: &Path) -> PathBuf {
    let real = database
        .canonicalize()
        .unwrap_or_else(|_| database.to_owned());
    let mut name = real.into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

pub(super) fn refused(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Settings(format!("database: {}: {error}", path.display()))
}

//! What can go wrong with stored data, sorted by what the caller can do about it.

use rusqlite::ffi;
use sqlx::error::DatabaseError;

/// The result of a storage call.
pub type Result<T> = std::result::Result<T, StorageError>;

/// Why a storage call failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Somebody changed the row since it was read: read again and decide again.
    #[error("the {0} was changed by somebody else meanwhile; load it again and repeat the change")]
    Conflict(&'static str),
    /// No such row, or none that the reader may see.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A unique key is taken; carries the database's own words, which name the key.
    #[error("a row with this key exists: {0}")]
    Duplicate(String),
    /// A row names another that does not exist.
    #[error("something that this names does not exist")]
    NoSuchReference,
    /// The database is busy or out of reach for the moment.
    #[error("the database did not answer in time: {0}")]
    Unavailable(String),
    /// A stored value is not what the code expects.
    #[error("column {column} holds something unexpected: {reason}")]
    Unreadable {
        /// The column's name.
        column: String,
        /// What was wrong with it.
        reason: String,
    },
    /// The file of the database is damaged, in the database's own words.
    #[error("the database is damaged ({0}); restore it from a backup")]
    Damaged(String),
    /// There is no database where one should be.
    #[error("the database {0} is missing or empty")]
    Missing(String),
    /// The settings name no usable database.
    #[error("{0}")]
    Settings(String),
    /// Anything else that the database said.
    #[error("the database refused a statement: {0}")]
    Database(String),
}

impl StorageError {
    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        !matches!(
            self,
            StorageError::Unavailable(_) | StorageError::Conflict(_)
        )
    }

    pub(crate) const LOST_JOB: StorageError = StorageError::Conflict("job");

    /// Whether somebody else has the job now on whose behalf this was written.
    pub fn is_lost_job(&self) -> bool {
        matches!(self, StorageError::Conflict("job"))
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                StorageError::Unavailable(error.to_string())
            }
            sqlx::Error::Database(db) if db.is_unique_violation() => {
                StorageError::Duplicate(db.message().to_owned())
            }
            sqlx::Error::Database(db) if db.is_foreign_key_violation() => {
                StorageError::NoSuchReference
            }
            sqlx::Error::Database(db) if is_transient(db.as_ref()) => {
                StorageError::Unavailable(db.message().to_owned())
            }
            sqlx::Error::Database(db) => StorageError::Database(db.message().to_owned()),
            _ => StorageError::Database(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, words) = &error else {
            return StorageError::Database(error.to_string());
        };
        let words = words.clone().unwrap_or_else(|| code.to_string());
        match (code.code, code.extended_code) {
            (
                _,
                ffi::SQLITE_CONSTRAINT_UNIQUE
                | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                | ffi::SQLITE_CONSTRAINT_ROWID,
            ) => StorageError::Duplicate(words),
            (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StorageError::NoSuchReference,
            (ffi::ErrorCode::DatabaseCorrupt | ffi::ErrorCode::NotADatabase, _) => {
                StorageError::Damaged(words)
            }
            (
                ffi::ErrorCode::DatabaseBusy
                | ffi::ErrorCode::DatabaseLocked
                | ffi::ErrorCode::SystemIoFailure
                | ffi::ErrorCode::DiskFull
                | ffi::ErrorCode::CannotOpen
                | ffi::ErrorCode::OperationInterrupted,
                _,
            ) => StorageError::Unavailable(words),
            _ => StorageError::Database(words),
        }
    }
}

/// Whether the cause may be gone in a while.
fn is_transient(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    // Lost connections, a server that starts or stops, what ran out there, a statement or a wait for
    // a lock that took too long, serialization failures and deadlocks.
    matches!(code.get(..2), Some("08" | "53"))
        || matches!(
            &*code,
            "57P01" | "57P02" | "57P03" | "57014" | "25P03" | "55P03" | "40001" | "40P01"
        )
}

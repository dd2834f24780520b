//! The rows of an answer, read by column name into the types of the domain.

use super::sqlite::SqliteRow;
use crate::error::{Result, StorageError};
use rusqlite::types::Value as Stored;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tieline_domain::id::Id;
use tieline_domain::time::Timestamp;

/// One row of an answer, read by column name.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! getter {
    ($(#[$doc:meta])* $optional:ident, $required:ident, $type:ty, $kind:ident) => {
        $(#[$doc])*
        pub fn $optional(&self, column: &str) -> Result<Option<$type>> {
            match self {
                Row::Sqlite(row) => match row.value(column) {
                    Some(Stored::$kind(value)) => Ok(Some(value.clone())),
                    Some(Stored::Null) => Ok(None),
                    Some(_) => Err(unreadable(column, &"it is of another type")),
                    None => Err(unreadable(column, &"there is none")),
                },
                Row::Postgres(row) => {
                    let value = row.try_get(column);
                    value.map_err(|error| unreadable(column, &error))
                }
            }
        }

        $(#[$doc])*
        pub fn $required(&self, column: &str) -> Result<$type> {
            self.$optional(column)?.ok_or_else(|| unreadable(column, &"it is null"))
        }
    };
}

impl Row {
    getter!(
        /// A bigint.
        opt_int, int, i64, Integer
    );
    getter!(
        /// A text.
        opt_text, text, String, Text
    );
    getter!(
        /// A blob.
        opt_bytes, bytes, Vec<u8>, Blob
    );

    /// A boolean, kept as 0 or 1.
    pub fn bool(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A time.
    pub fn time(&self, column: &str) -> Result<Timestamp> {
        self.int(column).map(Timestamp)
    }

    /// A time, if there is one.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>> {
        Ok(self.opt_int(column)?.map(Timestamp))
    }

    /// An id.
    pub fn id<I: Id>(&self, column: &str) -> Result<I> {
        self.opt_id(column)?
            .ok_or_else(|| unreadable(column, &"it is null"))
    }

    /// An id, if there is one.
    pub fn opt_id<I: Id>(&self, column: &str) -> Result<Option<I>> {
        let Some(bytes) = self.opt_bytes(column)? else {
            return Ok(None);
        };
        let sixteen = <[u8; 16]>::try_from(bytes.as_slice());
        let uuid = sixteen.map_err(|_| unreadable(column, &"an id has 16 bytes"))?;
        Ok(Some(I::from_uuid(u128::from_be_bytes(uuid))))
    }

    /// A JSON text as a value of its type.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| unreadable(column, &error))
    }

    /// A JSON text as a value of its type, if there is one.
    pub fn opt_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        self.opt_text(column)?
            .map(|text| serde_json::from_str(&text).map_err(|error| unreadable(column, &error)))
            .transpose()
    }

    /// A word of a closed set, through the set's own parser.
    pub fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text = self.text(column)?;
        parse(&text)
            .ok_or_else(|| unreadable(column, &format!("{text:?} is not one of the known words")))
    }
}

fn unreadable(column: &str, reason: &dyn std::fmt::Display) -> StorageError {
    StorageError::Unreadable {
        column: column.to_owned(),
        reason: reason.to_string(),
    }
}

//! A connection of either database, and the statements that go over it one at a time.

use super::health::Health;
use super::row::Row;
use super::value::{Value, postgres_arguments, sqlite_arguments};
use crate::error::{Result, StorageError};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

/// Longer statements are not kept prepared, because hundreds of them would fill the memory; but for
/// those that write rows in full chunks, of which each table has one.
pub(super) const KEPT_MAX: usize = 4_000;

/// A connection that statements can be sent on; got by [`crate::Store::reader`] or [`crate::Store::begin`].
pub enum Conn {
    /// A read connection of SQLite.
    SqliteRead(PoolConnection<Sqlite>),
    /// The write transaction of SQLite.
    SqliteWrite(Transaction<'static, Sqlite>, Health),
    /// A connection of PostgreSQL outside of a transaction.
    PostgresRead(PoolConnection<Postgres>),
    /// A transaction of PostgreSQL.
    PostgresWrite(Transaction<'static, Postgres>, Health),
}

enum Wire<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    /// All rows of the answer.
    pub async fn all(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<Row>> {
        let kept = sql.len() <= KEPT_MAX;
        let sql = AssertSqlSafe(sql.to_owned());
        let outcome = match self.wire()? {
            Wire::Sqlite(wire) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .persistent(kept)
                .fetch_all(wire)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Wire::Postgres(wire) => sqlx::query_with(sql, postgres_arguments(args)?)
                .persistent(kept)
                .fetch_all(wire)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        };
        self.remember(outcome)
    }

    /// The first row, if there is one; no other is fetched.
    pub async fn opt(&mut self, sql: &str, args: Vec<Value>) -> Result<Option<Row>> {
        let kept = sql.len() <= KEPT_MAX;
        let sql = AssertSqlSafe(sql.to_owned());
        let outcome = match self.wire()? {
            Wire::Sqlite(wire) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .persistent(kept)
                .fetch_optional(wire)
                .await
                .map(|row| row.map(Row::Sqlite)),
            Wire::Postgres(wire) => sqlx::query_with(sql, postgres_arguments(args)?)
                .persistent(kept)
                .fetch_optional(wire)
                .await
                .map(|row| row.map(Row::Postgres)),
        };
        self.remember(outcome)
    }

    /// The first row; an error that names `noun` when there is none.
    pub async fn one(&mut self, noun: &'static str, sql: &str, args: Vec<Value>) -> Result<Row> {
        self.opt(sql, args)
            .await?
            .ok_or(StorageError::NotFound(noun))
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn run(&mut self, sql: &str, args: Vec<Value>) -> Result<u64> {
        self.run_kept(sql, args, sql.len() <= KEPT_MAX).await
    }

    pub(super) async fn run_kept(
        &mut self,
        sql: &str,
        args: Vec<Value>,
        kept: bool,
    ) -> Result<u64> {
        let sql = AssertSqlSafe(sql.to_owned());
        let outcome = match self.wire()? {
            Wire::Sqlite(wire) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .persistent(kept)
                .execute(wire)
                .await
                .map(|done| done.rows_affected()),
            Wire::Postgres(wire) => sqlx::query_with(sql, postgres_arguments(args)?)
                .persistent(kept)
                .execute(wire)
                .await
                .map(|done| done.rows_affected()),
        };
        self.remember(outcome)
    }

    /// Runs several statements without arguments, as a migration has them.
    pub async fn run_script(&mut self, sql: &str) -> Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        let outcome = match self.wire()? {
            Wire::Sqlite(wire) => sqlx::raw_sql(sql).execute(wire).await.map(|_| ()),
            Wire::Postgres(wire) => sqlx::raw_sql(sql).execute(wire).await.map(|_| ()),
        };
        self.remember(outcome)
    }

    /// What a claim adds so that two nodes never take the same row; SQLite's one writer needs nothing.
    pub(crate) fn skip_locked(&self) -> &'static str {
        if self.is_postgres() {
            "for update skip locked"
        } else {
            ""
        }
    }

    /// What a reader adds who changes what it read; SQLite's one writer needs nothing.
    pub(crate) fn for_update(&self) -> &'static str {
        if self.is_postgres() { "for update" } else { "" }
    }

    /// The database's own word for a type of ours.
    pub(crate) fn type_of<'t>(&self, word: &'t str) -> &'t str {
        match word {
            "bytes" if self.is_postgres() => "bytea",
            "bytes" => "blob",
            other => other,
        }
    }

    /// Whether this speaks to PostgreSQL; for the few sanctioned forks.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Conn::PostgresRead(_) | Conn::PostgresWrite(..))
    }

    fn wire(&mut self) -> Result<Wire<'_>> {
        Ok(match self {
            Conn::SqliteRead(wire) => Wire::Sqlite(wire),
            Conn::SqliteWrite(wire, health) => {
                health.check()?;
                Wire::Sqlite(wire)
            }
            Conn::PostgresRead(wire) => Wire::Postgres(wire),
            Conn::PostgresWrite(wire, health) => {
                health.check()?;
                Wire::Postgres(wire)
            }
        })
    }

    fn remember<T>(&mut self, outcome: sqlx::Result<T>) -> Result<T> {
        if let Conn::SqliteWrite(_, health) | Conn::PostgresWrite(_, health) = self
            && outcome.is_err()
        {
            health.fail();
        }
        Ok(outcome?)
    }
}

//! A connection of either database, and the statements that go over it one at a time.

use super::health::Health;
use super::row::Row;
use super::sqlite::{Reading, Wanted, Writing};
use super::value::{Value, postgres_arguments};
use crate::error::{Result, StorageError};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

/// Longer statements are not kept prepared, because hundreds of them would fill the memory; but for
/// those that write rows in full chunks, of which each table has one.
pub(super) const KEPT_MAX: usize = 4_000;

/// A connection that statements can be sent on; got by [`crate::Store::reader`] or [`crate::Store::begin`].
pub enum Conn {
    /// A read connection of SQLite.
    SqliteRead(Reading),
    /// The write transaction of SQLite.
    SqliteWrite(Writing, Health),
    /// A connection of PostgreSQL outside of a transaction.
    PostgresRead(PoolConnection<Postgres>),
    /// A transaction of PostgreSQL.
    PostgresWrite(Transaction<'static, Postgres>, Health),
}

enum Wire<'a> {
    SqliteRead(&'a Reading),
    SqliteWrite(&'a mut Writing),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    /// All rows of the answer.
    pub async fn all(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<Row>> {
        self.read(sql, args, Wanted::All).await
    }

    /// The first row, if there is one; no other is fetched.
    pub async fn opt(&mut self, sql: &str, args: Vec<Value>) -> Result<Option<Row>> {
        let rows = self.read(sql, args, Wanted::First).await?;
        Ok(rows.into_iter().next())
    }

    /// The first row; an error that names `noun` when there is none.
    pub async fn one(&mut self, noun: &'static str, sql: &str, args: Vec<Value>) -> Result<Row> {
        self.opt(sql, args)
            .await?
            .ok_or(StorageError::NotFound(noun))
    }

    async fn read(&mut self, sql: &str, args: Vec<Value>, wanted: Wanted) -> Result<Vec<Row>> {
        let kept = sql.len() <= KEPT_MAX;
        let of_sqlite = |rows: Vec<_>| rows.into_iter().map(Row::Sqlite).collect();
        let outcome = match self.wire()? {
            Wire::SqliteRead(wire) => {
                let rows = wire.read(sql.to_owned(), args, kept, wanted).await;
                rows.map(of_sqlite)
            }
            Wire::SqliteWrite(wire) => {
                let rows = wire.read(sql.to_owned(), args, kept, wanted).await;
                rows.map(of_sqlite)
            }
            Wire::Postgres(wire) => {
                let sql = AssertSqlSafe(sql.to_owned());
                let query = sqlx::query_with(sql, postgres_arguments(args)?).persistent(kept);
                let rows = match wanted {
                    Wanted::All => query.fetch_all(wire).await,
                    Wanted::First => query.fetch_optional(wire).await.map(Vec::from_iter),
                };
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
                    .map_err(Into::into)
            }
        };
        self.remember(outcome)
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn run(&mut self, sql: &str, args: Vec<Value>) -> Result<u64> {
        self.run_each(sql.to_owned(), vec![args], sql.len() <= KEPT_MAX)
            .await
    }

    /// Runs a statement for the arguments of each row, of which only SQLite takes more than one.
    pub(super) async fn run_each(
        &mut self,
        sql: String,
        rows: Vec<Vec<Value>>,
        kept: bool,
    ) -> Result<u64> {
        let outcome = match self.wire()? {
            Wire::SqliteRead(_) => Err(only_reads()),
            Wire::SqliteWrite(wire) => wire.run(sql, rows, kept).await,
            Wire::Postgres(wire) => {
                let args = postgres_arguments(rows.into_iter().flatten().collect())?;
                let query = sqlx::query_with(AssertSqlSafe(sql), args).persistent(kept);
                let done = query.execute(wire).await;
                done.map(|done| done.rows_affected()).map_err(Into::into)
            }
        };
        self.remember(outcome)
    }

    /// Runs several statements without arguments, as a migration has them.
    pub async fn run_script(&mut self, sql: &str) -> Result<()> {
        let outcome = match self.wire()? {
            Wire::SqliteRead(_) => Err(only_reads()),
            Wire::SqliteWrite(wire) => wire.run_script(sql.to_owned()).await,
            Wire::Postgres(wire) => {
                let sql = AssertSqlSafe(sql.to_owned());
                let done = sqlx::raw_sql(sql).execute(wire).await;
                done.map(|_| ()).map_err(Into::into)
            }
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

    /// What a reader adds whose work must end before what it read is changed.
    pub(crate) fn for_share(&self) -> &'static str {
        if self.is_postgres() { "for share" } else { "" }
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
            Conn::SqliteRead(wire) => Wire::SqliteRead(wire),
            Conn::SqliteWrite(wire, health) => {
                health.check()?;
                Wire::SqliteWrite(wire)
            }
            Conn::PostgresRead(wire) => Wire::Postgres(wire),
            Conn::PostgresWrite(wire, health) => {
                health.check()?;
                Wire::Postgres(wire)
            }
        })
    }

    fn remember<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Conn::SqliteWrite(_, health) | Conn::PostgresWrite(_, health) = self
            && outcome.is_err()
        {
            health.fail();
        }
        outcome
    }
}

fn only_reads() -> StorageError {
    StorageError::Database("this connection only reads".to_owned())
}

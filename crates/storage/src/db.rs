//! One way to talk to two databases: typed arguments, rows by column name, one SQL text with `$1`.
//!
//! Traps that this hides or leaves open: a null needs a type (hence [`Value`]'s options), the
//! number of arguments of one statement is bounded (hence the chunks), `sum()` of a bigint is a
//! numeric on PostgreSQL (write a cast), and nulls sort differently (write the key).

use crate::error::{Result, StorageError};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, Row as _, Sqlite, SqliteConnection, Transaction,
};
use std::fmt::Write as _;
use std::pin::Pin;
use tieline_domain::id::{
    ApiKeyId, AuditId, ConnectionId, ConsentEntryId, ContactId, ConversationId, CreateIntentId, Id,
    InboxId, JobId, LinkId, MessageId, ObjectMappingId, PointId, SessionId, StaffId, SyncRunId,
};
use tieline_domain::time::Timestamp;

/// Values of one statement that writes rows. The databases allow more (32,766 and 65,535), but
/// while one statement runs the values of the next are made.
const VALUES_MAX: usize = 2_000;
/// Keys of one list. SQLite finds each `$n` by walking a list, so that long ones cost their square.
const KEYS_MAX: usize = 500;

/// Longer statements are not kept prepared, because hundreds of them would fill the memory; but for
/// those that write rows in full chunks, of which each table has one.
const KEPT_MAX: usize = 4_000;

/// One argument of a statement; a null knows its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// bigint: numbers, booleans as 0 and 1, times as epoch milliseconds.
    Int(Option<i64>),
    /// text: words, JSON.
    Text(Option<String>),
    /// blob or bytea: ids, hashes and sealed secrets.
    Bytes(Option<Vec<u8>>),
}

/// The arguments of a statement: `args![id, now, name]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(Some(value))
    }
}
impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Value::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(Some(value.into()))
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Value::Int(Some(value.0))
    }
}
impl From<Option<Timestamp>> for Value {
    fn from(value: Option<Timestamp>) -> Self {
        Value::Int(value.map(|at| at.0))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(Some(value.to_owned()))
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(Some(value))
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(Some(value.clone()))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Value::Text(value)
    }
}
impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Value::Text(value.map(str::to_owned))
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(Some(value))
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Bytes(Some(value.to_vec()))
    }
}
impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        Value::Bytes(value)
    }
}
macro_rules! id_values {
    ($($id:ident),* $(,)?) => {$(
        impl From<$id> for Value {
            fn from(value: $id) -> Self {
                Value::Bytes(Some(value.uuid().to_be_bytes().to_vec()))
            }
        }
        impl From<Option<$id>> for Value {
            fn from(value: Option<$id>) -> Self {
                Value::Bytes(value.map(|id| id.uuid().to_be_bytes().to_vec()))
            }
        }
    )*};
}

id_values!(
    ContactId,
    PointId,
    InboxId,
    ConversationId,
    MessageId,
    StaffId,
    ConnectionId,
    ObjectMappingId,
    LinkId,
    SyncRunId,
    CreateIntentId,
    ConsentEntryId,
    JobId,
    SessionId,
    ApiKeyId,
    AuditId,
);

/// One row of an answer, read by column name.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! getter {
    ($(#[$doc:meta])* $optional:ident, $required:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $optional(&self, column: &str) -> Result<Option<$type>> {
            match self {
                Row::Sqlite(row) => row.try_get_unchecked(column),
                Row::Postgres(row) => row.try_get(column),
            }
            .map_err(|error| unreadable(column, &error))
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
        opt_int, int, i64
    );
    getter!(
        /// A text.
        opt_text, text, String
    );
    getter!(
        /// A blob.
        opt_bytes, bytes, Vec<u8>
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

/// A value as JSON text, for a column that holds JSON.
pub fn json_text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have string keys and finite numbers")
}

fn unreadable(column: &str, reason: &dyn std::fmt::Display) -> StorageError {
    StorageError::Unreadable {
        column: column.to_owned(),
        reason: reason.to_string(),
    }
}

/// A connection that statements can be sent on; got by [`crate::Store::reader`] or [`crate::Store::begin`].
pub enum Conn {
    /// A read connection of SQLite.
    SqliteRead(PoolConnection<Sqlite>),
    /// The write transaction of SQLite.
    SqliteWrite(Transaction<'static, Sqlite>),
    /// A connection of PostgreSQL outside of a transaction.
    PostgresRead(PoolConnection<Postgres>),
    /// A transaction of PostgreSQL.
    PostgresWrite(Transaction<'static, Postgres>),
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
        Ok(match self.wire() {
            Wire::Sqlite(wire) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .persistent(kept)
                .fetch_all(wire)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Wire::Postgres(wire) => sqlx::query_with(sql, postgres_arguments(args)?)
                .persistent(kept)
                .fetch_all(wire)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// The first row, if there is one.
    pub async fn opt(&mut self, sql: &str, args: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.all(sql, args).await?.into_iter().next())
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

    async fn run_kept(&mut self, sql: &str, args: Vec<Value>, kept: bool) -> Result<u64> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self.wire() {
            Wire::Sqlite(wire) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .persistent(kept)
                .execute(wire)
                .await?
                .rows_affected(),
            Wire::Postgres(wire) => sqlx::query_with(sql, postgres_arguments(args)?)
                .persistent(kept)
                .execute(wire)
                .await?
                .rows_affected(),
        })
    }

    /// Runs several statements without arguments, as a migration has them.
    pub async fn run_script(&mut self, sql: &str) -> Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.wire() {
            Wire::Sqlite(wire) => sqlx::raw_sql(sql).execute(wire).await.map(|_| ())?,
            Wire::Postgres(wire) => sqlx::raw_sql(sql).execute(wire).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Inserts many rows in as few statements as is good for the databases; `suffix` may hold an
    /// `on conflict` clause. The number of rows written.
    pub fn insert_many<'a>(
        &'a mut self,
        table: &'a str,
        columns: &'a [&'a str],
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
        suffix: &'a str,
    ) -> Writing<'a> {
        let names = columns.join(", ");
        let statement =
            move |values| format!("insert into {table} ({names}) values {values} {suffix}");
        self.write_many(columns.len(), rows, statement)
    }

    /// Updates many rows by key in as few statements as is good for the databases. `columns` names
    /// the key first; each row holds the key and the new values; `set` maps them, for example
    /// `name = given.name, version = link.version + 1`; `types` are their SQL types (`text`, `bigint`, `bytes`).
    pub fn update_many<'a>(
        &'a mut self,
        update: UpdateMany<'a>,
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
    ) -> Writing<'a> {
        let UpdateMany {
            table,
            columns,
            types,
            set,
            condition,
        } = update;
        let casts: Vec<String> = columns
            .iter()
            .zip(types)
            .map(|(c, t)| format!("cast({c} as {}) as {c}", self.type_of(t)))
            .collect();
        let (names, casts, key) = (columns.join(", "), casts.join(", "), columns[0]);
        let statement = move |values| {
            format!(
                "with raw ({names}) as (values {values}), given as (select {casts} from raw) \
                 update {table} set {set} from given where {table}.{key} = given.{key} {condition}"
            )
        };
        self.write_many(columns.len(), rows, statement)
    }

    /// Runs a statement for rows of any number, some at a time. While the database works on some,
    /// the next are made.
    fn write_many<'a>(
        &'a mut self,
        columns: usize,
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
        statement: impl Fn(String) -> String + Send + 'a,
    ) -> Writing<'a> {
        let mut rows = rows.into_iter();
        let full = (VALUES_MAX / columns).max(1) * columns;
        let mut next =
            move || -> Vec<Value> { rows.by_ref().take(full / columns).flatten().collect() };
        Box::pin(async move {
            let mut written = 0;
            let mut values = next();
            while !values.is_empty() {
                let sql = statement(self.tuples(values.len() / columns, columns));
                let kept = values.len() == full || sql.len() <= KEPT_MAX;
                let now = self.run_kept(&sql, values, kept);
                let (now, then) = tokio::join!(biased; now, async { next() });
                written += now?;
                values = then;
            }
            Ok(written)
        })
    }

    /// All rows for a list of keys of any length: `sql` holds `{in}` where the list goes and may use
    /// `$1`, `$2`, … for `args`, which come first.
    pub async fn all_in(
        &mut self,
        sql: &str,
        args: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for chunk in chunks(keys, KEYS_MAX) {
            let list = placeholders(args.len(), chunk.len());
            let all = args.iter().cloned().chain(chunk).collect();
            rows.extend(self.all(&sql.replace("{in}", &list), all).await?);
        }
        Ok(rows)
    }

    /// Runs a statement for a list of keys of any length; see [`Conn::all_in`].
    pub async fn run_in(&mut self, sql: &str, args: Vec<Value>, keys: Vec<Value>) -> Result<u64> {
        let mut written = 0;
        for chunk in chunks(keys, KEYS_MAX) {
            let list = placeholders(args.len(), chunk.len());
            let all = args.iter().cloned().chain(chunk).collect();
            written += self.run(&sql.replace("{in}", &list), all).await?;
        }
        Ok(written)
    }

    /// Places for the values of rows. SQLite counts a bare `?` itself, which costs it nothing.
    fn tuples(&self, rows: usize, columns: usize) -> String {
        let bare = format!("({}?)", "?, ".repeat(columns - 1));
        let tuple = |row: usize| match self.is_postgres() {
            true => format!("({})", placeholders(row * columns, columns)),
            false => bare.clone(),
        };
        (0..rows).map(tuple).collect::<Vec<_>>().join(", ")
    }

    /// What a claim adds so that two nodes never take the same row; SQLite's one writer needs nothing.
    pub(crate) fn skip_locked(&self) -> &'static str {
        if self.is_postgres() {
            "for update skip locked"
        } else {
            ""
        }
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
        matches!(self, Conn::PostgresRead(_) | Conn::PostgresWrite(_))
    }

    fn wire(&mut self) -> Wire<'_> {
        match self {
            Conn::SqliteRead(wire) => Wire::Sqlite(wire),
            Conn::SqliteWrite(wire) => Wire::Sqlite(wire),
            Conn::PostgresRead(wire) => Wire::Postgres(wire),
            Conn::PostgresWrite(wire) => Wire::Postgres(wire),
        }
    }
}

/// The number of rows that a statement has written; boxed, because callers are too deep for the
/// compiler to see through the types of all rows.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<u64>> + Send + 'a>>;

/// How [`Conn::update_many`] is to update.
pub struct UpdateMany<'a> {
    /// The table.
    pub table: &'a str,
    /// The key's column and those that carry values.
    pub columns: &'a [&'a str],
    /// Their SQL types, `text`, `bigint`, `bytes`.
    pub types: &'a [&'a str],
    /// The assignments; values stand in `given`.
    pub set: &'a str,
    /// More for the where clause, beginning with `and`, or empty.
    pub condition: &'a str,
}

fn sqlite_arguments(args: Vec<Value>) -> Result<SqliteArguments> {
    use sqlx::Arguments as _;
    let mut all = SqliteArguments::default();
    for value in args {
        match value {
            Value::Int(value) => all.add(value),
            Value::Text(value) => all.add(value),
            Value::Bytes(value) => all.add(value),
        }
        .map_err(|error| StorageError::Database(error.to_string()))?;
    }
    Ok(all)
}

fn postgres_arguments(args: Vec<Value>) -> Result<PgArguments> {
    use sqlx::Arguments as _;
    let mut all = PgArguments::default();
    for value in args {
        match value {
            Value::Int(value) => all.add(value),
            Value::Text(value) => all.add(value),
            Value::Bytes(value) => all.add(value),
        }
        .map_err(|error| StorageError::Database(error.to_string()))?;
    }
    Ok(all)
}

fn chunks<T>(items: Vec<T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rest = items.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<T> = rest.by_ref().take(size.max(1)).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn placeholders(before: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 6);
    for number in before + 1..=before + count {
        let comma = if number > before + 1 { ", " } else { "" };
        write!(text, "{comma}${number}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_go_on_counting_after_the_fixed_arguments() {
        assert_eq!(placeholders(2, 3), "$3, $4, $5");
    }

    #[test]
    fn chunks_lose_nothing() {
        let all: Vec<Vec<u8>> = chunks((0..7).collect(), 3).collect();
        assert_eq!(all, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    }
}

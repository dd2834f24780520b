//! Statements on a connection of SQLite, and the rows of their answers.

use super::super::value::Value;
use rusqlite::types::{ToSql, ToSqlOutput, Value as Stored, ValueRef};
use rusqlite::{Connection, Result, Statement};
use std::sync::Arc;

/// How much of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    All,
    First,
}

/// One row of an answer.
pub struct SqliteRow {
    columns: Arc<[String]>,
    values: Vec<Stored>,
}

impl SqliteRow {
    /// What a column holds; `None` when the answer has no such column.
    pub fn value(&self, column: &str) -> Option<&Stored> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.values.get(place)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Int(value) => value.map(ValueRef::Integer),
            Value::Text(value) => value.as_ref().map(|it| ValueRef::Text(it.as_bytes())),
            Value::Bytes(value) => value.as_ref().map(|it| ValueRef::Blob(it)),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

/// The rows of an answer. `kept`: the statement stays prepared.
pub(super) fn read(
    conn: &Connection,
    sql: &str,
    args: &[Value],
    kept: bool,
    wanted: Wanted,
) -> Result<Vec<SqliteRow>> {
    prepared(conn, sql, kept, |statement| {
        bind(statement, &places(statement), args)?;
        let columns: Arc<[String]> = statement.column_names().map(String::from).collect();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|place| row.get_ref(place).and_then(stored));
            found.push(SqliteRow {
                values: values.collect::<Result<_>>()?,
                columns: columns.clone(),
            });
            if wanted == Wanted::First {
                break;
            }
        }
        Ok(found)
    })
}

/// Runs a statement for the arguments of each row; the number of rows that it touched in all.
pub(super) fn run(conn: &Connection, sql: &str, rows: &[Vec<Value>], kept: bool) -> Result<u64> {
    prepared(conn, sql, kept, |statement| {
        let places = places(statement);
        let mut touched = 0;
        for args in rows {
            bind(statement, &places, args)?;
            let mut answer = statement.raw_query();
            while answer.next()?.is_some() {}
            drop(answer);
            touched += conn.changes();
        }
        Ok(touched)
    })
}

fn prepared<T>(
    conn: &Connection,
    sql: &str,
    kept: bool,
    act: impl FnOnce(&mut Statement<'_>) -> Result<T>,
) -> Result<T> {
    match kept {
        true => act(&mut *conn.prepare_cached(sql)?),
        false => act(&mut conn.prepare(sql)?),
    }
}

/// Which argument each parameter of a statement takes: `$3` the third; SQLite numbers them as they
/// appear.
fn places(statement: &Statement<'_>) -> Vec<usize> {
    let place = |parameter: usize| {
        let name = statement.parameter_name(parameter);
        let number = name.and_then(|name| name.get(1..)?.parse().ok());
        number.unwrap_or(parameter)
    };
    (1..=statement.parameter_count()).map(place).collect()
}

fn bind(statement: &mut Statement<'_>, places: &[usize], args: &[Value]) -> Result<()> {
    for (parameter, place) in (1..).zip(places) {
        let missing = || rusqlite::Error::InvalidParameterCount(args.len(), places.len());
        let value = place.checked_sub(1).and_then(|place| args.get(place));
        statement.raw_bind_parameter(parameter, value.ok_or_else(missing)?)?;
    }
    Ok(())
}

fn stored(value: ValueRef<'_>) -> Result<Stored> {
    Stored::try_from(value).map_err(Into::into)
}

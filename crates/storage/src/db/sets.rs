//! Statements for many rows and long lists of keys, some at a time.

use super::connection::{Conn, KEPT_MAX};
use super::row::Row;
use super::value::Value;
use crate::error::Result;
use std::fmt::Write as _;
use std::pin::Pin;

/// Values of one statement that writes rows. The databases allow more (32,766 and 65,535), but
/// while one statement runs the values of the next are made.
const VALUES_MAX: usize = 2_000;
/// Keys of one list. SQLite finds each `$n` by walking a list, so that long ones cost their square.
const KEYS_MAX: usize = 512;

/// The number of rows that a statement has written; boxed, because callers are too deep for the
/// compiler to see through the types of all rows.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<u64>> + Send + 'a>>;

/// How [`Conn::update_many`] is to update.
pub struct UpdateMany<'a> {
    pub table: &'a str,
    /// The columns of each row that is given: the key first, and the version that was read where the
    /// table has one.
    pub columns: &'a [&'a str],
    /// Those that take the given values.
    pub set: &'a [&'a str],
}

impl Conn {
    /// Inserts many rows in as few statements as is good for the databases; `suffix` may hold an
    /// `on conflict` clause. The number of rows written.
    pub fn insert_many<'a>(
        &'a mut self,
        table: &'a str,
        columns: &'a [&'a str],
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
        suffix: &'a str,
    ) -> Writing<'a> {
        let (width, names) = (columns.len(), columns.join(", "));
        let statement = move |rows| {
            let values = tuples(rows, width);
            format!("insert into {table} ({names}) values {values} {suffix}")
        };
        self.write_many(width, rows, statement)
    }

    /// Updates many rows by key in as few statements as is good for the databases. A row whose version is
    /// not the one given stays as it is; that of the others rises. The number of rows written.
    pub fn update_many<'a>(
        &'a mut self,
        update: UpdateMany<'a>,
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
    ) -> Writing<'a> {
        let UpdateMany {
            table,
            columns,
            set,
        } = update;
        let mut rows = rows.into_iter().peekable();
        let first = rows.peek().map_or(&[][..], Vec::as_slice);
        let casts: Vec<String> = columns
            .iter()
            .zip(first)
            .map(|(c, value)| format!("cast({c} as {}) as {c}", self.type_of(value.sql_type())))
            .collect();
        let is_postgres = self.is_postgres();
        // On SQLite a row is a run of the statement, with its values as arguments.
        let given = |column: &str| match columns.iter().position(|it| *it == column) {
            Some(place) if !is_postgres => format!("${}", place + 1),
            _ => format!("given.{column}"),
        };
        let mut taken: Vec<String> = set.iter().map(|c| format!("{c} = {}", given(c))).collect();
        let key = columns[0];
        let mut same = vec![format!("{table}.{key} = {}", given(key))];
        if columns.contains(&"version") {
            taken.push(format!("version = {} + 1", given("version")));
            same.push(format!("{table}.version = {}", given("version")));
        }
        let (width, names, casts) = (columns.len(), columns.join(", "), casts.join(", "));
        let (taken, same) = (taken.join(", "), same.join(" and "));
        let statement = move |rows| match is_postgres {
            true => format!(
                "with raw ({names}) as (values {values}), given as (select {casts} from raw) \
                 update {table} set {taken} from given where {same}",
                values = tuples(rows, width)
            ),
            false => format!("update {table} set {taken} where {same}"),
        };
        self.write_many(width, rows, statement)
    }

    /// Runs a statement for rows of any number, some at a time. While the database works on some,
    /// the next are made.
    fn write_many<'a>(
        &'a mut self,
        columns: usize,
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
        statement: impl Fn(usize) -> String + Send + 'a,
    ) -> Writing<'a> {
        let mut rows = rows.into_iter();
        let full = (VALUES_MAX / columns).max(1);
        let mut next = move || -> Vec<Vec<Value>> { rows.by_ref().take(full).collect() };
        Box::pin(async move {
            let mut written = 0;
            let mut chunk = next();
            while !chunk.is_empty() {
                let now = match self.is_postgres() {
                    true => {
                        let sql = statement(chunk.len());
                        let kept = chunk.len() == full || sql.len() <= KEPT_MAX;
                        self.run_each(sql, chunk, kept)
                    }
                    // One text for any number of rows.
                    false => self.run_each(statement(1), chunk, true),
                };
                let (now, then) = tokio::join!(biased; now, async { next() });
                written += now?;
                chunk = then;
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
            let chunk = padded(chunk);
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
            let chunk = padded(chunk);
            let list = placeholders(args.len(), chunk.len());
            let all = args.iter().cloned().chain(chunk).collect();
            written += self.run(&sql.replace("{in}", &list), all).await?;
        }
        Ok(written)
    }
}

/// Places for the values of rows.
fn tuples(rows: usize, columns: usize) -> String {
    let tuple = |row: usize| format!("({})", placeholders(row * columns, columns));
    (0..rows).map(tuple).collect::<Vec<_>>().join(", ")
}

fn chunks<T>(items: Vec<T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rest = items.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<T> = rest.by_ref().take(size.max(1)).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// The keys, the last one said again until their number is a power of two: lists of all lengths are a few
/// texts, which stay prepared.
fn padded(mut keys: Vec<Value>) -> Vec<Value> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
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
    fn a_list_is_padded_with_a_key_that_it_has() {
        for length in 0..=9 {
            let keys: Vec<Value> = (0..length).map(Value::from).collect();
            let padded = padded(keys.clone());
            assert!(padded.is_empty() || padded.len().is_power_of_two());
            assert!(padded.starts_with(&keys));
            assert!(padded.iter().all(|key| keys.contains(key)));
        }
    }

    #[test]
    fn chunks_lose_nothing() {
        let all: Vec<Vec<u8>> = chunks((0..7).collect(), 3).collect();
        assert_eq!(all, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    }
}

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
const KEYS_MAX: usize = 500;

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
        let names = columns.join(", ");
        let statement =
            move |values| format!("insert into {table} ({names}) values {values} {suffix}");
        self.write_many(columns.len(), rows, statement)
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
        let mut taken: Vec<String> = set.iter().map(|c| format!("{c} = given.{c}")).collect();
        let mut same = vec![format!("{table}.{key} = given.{key}", key = columns[0])];
        if columns.contains(&"version") {
            taken.push("version = given.version + 1".to_owned());
            same.push(format!("{table}.version = given.version"));
        }
        let (names, casts) = (columns.join(", "), casts.join(", "));
        let (taken, same) = (taken.join(", "), same.join(" and "));
        let statement = move |values| {
            format!(
                "with raw ({names}) as (values {values}), given as (select {casts} from raw) \
                 update {table} set {taken} from given where {same}"
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

//! One way to talk to two databases: typed arguments, rows by column name, one SQL text with `$1`.
//!
//! Traps that this hides or leaves open: a null needs a type (hence [`Value`]'s options), the
//! number of arguments of one statement is bounded (hence the chunks), `sum()` of a bigint is a
//! numeric on PostgreSQL (write a cast), and nulls sort differently (write the key).

mod connection;
mod health;
mod place;
mod row;
mod sets;
mod sqlite;
mod table;
mod value;

pub use connection::Conn;
pub use health::{Faults, Health};
pub(crate) use place::{among, put};
pub use row::Row;
pub use sets::{UpdateMany, Writing};
pub(crate) use sqlite::SqlitePools;
pub(crate) use table::{BESIDE, Kept, Table, all_but, column, kept, table};
pub use value::{Value, json_text};

//! SQLite. Each connection has a thread of its own, which is handed a statement with all its rows and
//! hands back all of the answer, so that a batch costs as many changes of threads as it has statements.

mod pool;
mod statement;
mod thread;

pub(crate) use pool::{Reading, SqlitePools, Writing};
pub(crate) use statement::{SqliteRow, Wanted};

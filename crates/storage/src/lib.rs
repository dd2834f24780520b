//! Where the hub's truth is kept: SQLite in one file, or PostgreSQL for several nodes.
//!
//! A module per noun holds its statements as free functions on a [`Conn`]; readers of people and of
//! what they said take a `Scope`, writers take slices and use set statements. One SQL text serves
//! both databases. What changes together is committed together: see [`Tx`].

pub mod db;
pub mod error;
pub mod event;
pub mod job;
mod migrate;
pub mod store;

pub use db::{Conn, Row, Value};
pub use error::{Result, StorageError};
pub use store::{Reader, Store, StoreOptions, Tx};

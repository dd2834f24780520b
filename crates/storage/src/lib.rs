//! Where the hub's truth is kept: SQLite in one file, or PostgreSQL for several nodes.
//!
//! A module per noun holds its statements as free functions on a [`Conn`]; readers of people and of
//! what they said take a `Scope`, writers take slices and use set statements. One SQL text serves
//! both databases. What changes together is committed together: see [`Tx`].

pub mod activity;
pub mod api_key;
pub mod attachment;
pub mod attachment_store;
pub mod attempt;
pub mod audit;
mod author;
pub mod carrier_account;
pub mod connection;
pub mod consent;
pub mod contact;
pub mod contact_field;
pub mod conversation;
pub mod create_intent;
pub mod db;
pub mod error;
pub mod event;
mod field_rows;
pub mod idempotency;
pub mod inbox;
pub mod job;
pub mod link;
pub mod mapping;
pub mod merge;
pub mod message;
mod migrate;
mod node_time;
pub mod participant;
pub mod read_mark;
mod scope;
mod search;
pub mod session;
pub mod setting;
pub mod sign_in_failure;
pub mod staff;
pub mod store;
pub mod sync_run;
pub mod unassigned_text;
pub mod way_in;

pub use db::{Conn, Faults, Row, Value};
pub use error::{Result, StorageError};
pub use store::{Reader, Store, StoreOptions, Tx, sqlite_file};

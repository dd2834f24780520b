//! A client of one Salesforce org: signing in, one request path, queries, record collections.
//!
//! All I/O goes through an injected [`Transport`]; time, randomness and sleep through an injected
//! [`Environment`]. So a caller decides which hosts may be reached, and a seeded test replays
//! exactly. Nothing here knows what the records are for.

#![warn(missing_docs)]

pub mod auth;
pub mod client;
pub mod collections;
pub mod describe;
pub mod error;
pub mod hosts;
pub mod query;
pub mod record;
pub mod request;
pub mod soql;
pub mod time;
pub mod token;

pub use client::{Client, ClientOptions, Usage};
pub use error::{ApiError, Error, Result, Transient};
pub use hosts::Hosts;
pub use record::{Record, RecordId};
pub use request::{BoxError, CallBudget, CallLimits, CallPurpose, Environment, Transport};
pub use token::{Grant, Token, TokenStore};

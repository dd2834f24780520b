//! The connection to an org: connecting, its secrets and session, its calls counted, its doctor.
//!
//! Connecting and the doctor only read. Secrets are sealed under a key that is not in the database.

mod budget;
pub mod connect;
pub mod doctor;
pub mod error;
pub mod guard;
mod renew;
mod session;
pub mod vault;

pub use connect::{CallScope, Connections, NewConnection};
pub use error::{OrgError, Result};
pub use vault::{Place, Vault};

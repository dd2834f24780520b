//! The connection to an org: connecting, its secrets and session, its calls counted.
//!
//! Connecting only reads. Secrets are sealed under a key that is not in the database.

mod budget;
pub mod connect;
pub mod error;
pub mod guard;
mod renew;
mod session;
pub mod vault;

pub use connect::{CallScope, Connections, NewConnection};
pub use error::{OrgError, Result};
pub use vault::{Place, Vault};

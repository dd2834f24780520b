//! Signing in: passwords, sessions, one-time links, and who a request comes from.
//!
//! Tokens are 256 random bits and kept as SHA-256 only; argon2id is for passwords alone.

pub mod error;
pub mod password;
pub mod session;
pub mod token;

pub use error::{AccessError, Result};
pub use session::{Access, SignedIn};

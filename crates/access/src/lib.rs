//! Signing in, and who may what: passwords, sessions, one-time links, users and their inboxes.
//!
//! Tokens are 256 random bits and kept as SHA-256 only; argon2id is for passwords alone. Whatever
//! strangers send, it costs a known little: see [`password`] and the failures in [`sign_in`].

pub mod error;
pub mod keys;
mod noted;
pub mod password;
pub mod session;
pub mod sign_in;
pub mod staffing;
pub mod token;
mod ways_in;

pub use error::{AccessError, Result};
pub use keys::{KEY_PREFIX, KeyHolder, NewKey};
pub use session::{Access, SignedIn};
pub use sign_in::Visit;
pub use staffing::{NewStaff, SignInLink, StaffChange, Which};

//! The edge: strangers' connections, before anything of the hub sees them.
//!
//! The usual server loop sets no limit to anything: whoever opens connections and sends nothing
//! takes its descriptors and its memory. Here every wait has an end and every count a bound, all of
//! them in [`Limits`].

pub mod address;
mod body;
pub mod limits;
mod listener;
mod owed;
mod peers;
mod stall;

pub use address::{ClientAddress, TrustedProxies};
pub use limits::Limits;
pub use listener::{EdgeOptions, serve};
pub use peers::Load;

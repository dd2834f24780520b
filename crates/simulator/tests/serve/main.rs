//! The simulator over real sockets: https with the test CA, several orgs told apart by host, and
//! the proxy for clients that insist on Salesforce's own hosts.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod hosts;
mod proxy;
mod support;

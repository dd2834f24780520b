//! What a stranger's connection may cost, all in one place.

use std::time::Duration;

/// Descriptors that are kept back from connections, for the database, the orgs and the carriers.
const DESCRIPTORS_KEPT: usize = 128;

/// How many connections there may be, and how long each may take for what it does.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections in all; one more is closed as soon as it is accepted.
    pub connections_max: usize,
    /// Open connections of one peer, an IPv6 network of 64 bits being one. A whole office may sit
    /// behind one address, so this is large; trusted proxies have no such limit.
    pub connections_per_peer_max: usize,
    /// From the beginning of a connection, or from its last answer, to the end of the next head.
    pub head_time: Duration,
    /// The same for a trusted proxy, which keeps connections for later and must not meet a closed
    /// one: longer than the 60 s that balancers keep theirs.
    pub proxy_head_time: Duration,
    /// From the end of the head to the end of the body.
    pub body_time: Duration,
    /// A client that takes nothing of its answer for so long is gone.
    pub stall_time: Duration,
    /// Requests in hand have so long to end when the process is asked to.
    pub grace: Duration,
    /// Bytes that a head may have.
    pub head_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 20_000.min(descriptors().saturating_sub(DESCRIPTORS_KEPT).max(16)),
            connections_per_peer_max: 1_000,
            head_time: Duration::from_secs(15),
            proxy_head_time: Duration::from_secs(75),
            body_time: Duration::from_secs(20),
            stall_time: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            head_bytes_max: 32 * 1024,
        }
    }
}

/// How many descriptors this process may have at once.
#[cfg(unix)]
fn descriptors() -> usize {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    usize::MAX
}

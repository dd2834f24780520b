//! What a stranger's connection may cost, all in one place.

use std::time::Duration;

/// Descriptors that are kept back from connections, for the database, the orgs and the carriers.
const DESCRIPTORS_KEPT: usize = 128;

const CONNECTIONS_MAX: usize = 20_000;
const PER_PEER_MAX: usize = 1_000;
/// So many peers it takes to have all connections.
const PEERS_MIN: usize = 4;

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
    /// Once the process is asked to end, what is missing of a body has so long to come.
    pub last_body_time: Duration,
    /// A client that takes nothing of its answer for so long is gone.
    pub stall_time: Duration,
    /// Requests in hand have so long to end when the process is asked to, which is less than the ten seconds
    /// after which most who ask kill it. Whoever has not sent a whole
    /// head by then has none in hand.
    pub grace: Duration,
    /// Bytes that a head may have.
    pub head_bytes_max: usize,
}

/// How many descriptors most systems give a process unasked.
const DESCRIPTORS_GIVEN: usize = 1_024;

impl Default for Limits {
    fn default() -> Self {
        Self::of(DESCRIPTORS_GIVEN)
    }
}

impl Limits {
    /// What fits into all descriptors that the system lets this process have, which is asked for them.
    pub fn with_all_descriptors() -> Self {
        Self::of(descriptors_asked_for())
    }

    /// What fits into so many descriptors.
    pub fn of(descriptors: usize) -> Self {
        let connections_max =
            CONNECTIONS_MAX.min(descriptors.saturating_sub(DESCRIPTORS_KEPT).max(16));
        Self {
            connections_max,
            connections_per_peer_max: share_of(connections_max),
            head_time: Duration::from_secs(15),
            proxy_head_time: Duration::from_secs(75),
            body_time: Duration::from_secs(20),
            last_body_time: Duration::from_secs(2),
            stall_time: Duration::from_secs(30),
            grace: Duration::from_secs(8),
            head_bytes_max: 32 * 1024,
        }
    }
}

/// What one peer may have of all connections.
fn share_of(connections_max: usize) -> usize {
    PER_PEER_MAX.min(connections_max.div_ceil(PEERS_MIN))
}

/// How many descriptors this process may have at once. Many systems give a process fewer than it may ask
/// for, so it asks.
#[cfg(unix)]
fn descriptors_asked_for() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let given = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: given.maximum,
        ..given
    };
    // Who is refused goes on with what was given.
    let _ = setrlimit(Resource::Nofile, wanted);
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

#[cfg(not(unix))]
fn descriptors_asked_for() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peer_has_more_than_its_share_of_the_connections() {
        for (descriptors, in_all, per_peer) in
            [(0, 16, 4), (1_024, 896, 224), (usize::MAX, 20_000, 1_000)]
        {
            let limits = Limits::of(descriptors);
            assert_eq!(limits.connections_max, in_all);
            assert_eq!(limits.connections_per_peer_max, per_peer);
        }
    }

    #[test]
    fn a_proxy_that_keeps_connections_for_a_minute_never_meets_a_closed_one() {
        let limits = Limits::of(1_024);
        assert!(limits.proxy_head_time > Duration::from_secs(60));
        assert!(limits.head_time < limits.proxy_head_time);
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_was_given_few_descriptors_asks_for_all() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let given = getrlimit(Resource::Nofile);
        let few = Rlimit {
            current: given.maximum.map(|all| all / 2),
            ..given
        };
        setrlimit(Resource::Nofile, few).unwrap();
        let asked_for = descriptors_asked_for();
        assert_eq!(getrlimit(Resource::Nofile).current, given.maximum);
        assert_eq!(Some(asked_for as u64), given.maximum);
    }
}

//! How many connections there are, in all and of each peer.

use crate::address::ClientAddress;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections; a [`Slot`] for each.
pub(crate) struct Peers {
    max: usize,
    per_peer_max: usize,
    open: Mutex<Open>,
    load: Arc<Load>,
}

/// How much is going on at the edge, for metrics.
#[derive(Debug, Default)]
pub struct Load {
    open: AtomicUsize,
    refused_all: AtomicU64,
    refused_peer: AtomicU64,
}

impl Load {
    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were one too many, by the bound that they met.
    pub fn refused(&self) -> [(&'static str, u64); 2] {
        [
            (Full::All.as_str(), self.refused_all.load(Ordering::Relaxed)),
            (
                Full::Peer.as_str(),
                self.refused_peer.load(Ordering::Relaxed),
            ),
        ]
    }
}

#[derive(Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// One counted connection; dropping it gives its place back.
pub(crate) struct Slot {
    peers: Arc<Peers>,
    /// None for a trusted proxy, which speaks for many.
    network: Option<IpAddr>,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    All,
    Peer,
}

impl Full {
    pub fn as_str(self) -> &'static str {
        match self {
            Full::All => "all",
            Full::Peer => "peer",
        }
    }
}

impl Peers {
    pub fn new(max: usize, per_peer_max: usize, load: Arc<Load>) -> Arc<Peers> {
        Arc::new(Peers {
            max,
            per_peer_max,
            open: Mutex::default(),
            load,
        })
    }

    /// A place for a connection, counted for its peer unless that is a trusted proxy.
    pub fn admit(self: &Arc<Self>, peer: IpAddr, is_proxy: bool) -> Result<Slot, Full> {
        let network = (!is_proxy).then(|| ClientAddress(peer).network());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.max {
            self.load.refused_all.fetch_add(1, Ordering::Relaxed);
            return Err(Full::All);
        }
        if let Some(network) = network {
            let of_peer = open.by_network.entry(network).or_default();
            if *of_peer >= self.per_peer_max {
                self.load.refused_peer.fetch_add(1, Ordering::Relaxed);
                return Err(Full::Peer);
            }
            *of_peer += 1;
        }
        open.all += 1;
        self.load.open.store(open.all, Ordering::Relaxed);
        Ok(Slot {
            peers: self.clone(),
            network,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .peers
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        self.peers.load.open.store(open.all, Ordering::Relaxed);
        let Some(network) = self.network else { return };
        if let Some(of_peer) = open.by_network.get_mut(&network) {
            *of_peer -= 1;
            if *of_peer == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_takes_its_places_and_no_more_and_gives_them_back() {
        let load = Arc::new(Load::default());
        let peers = Peers::new(5, 2, load.clone());
        let first = peers.admit(ip("2001:db8::1"), false).unwrap();
        let _second = peers.admit(ip("2001:db8::2"), false).unwrap();
        assert_eq!(
            peers.admit(ip("2001:db8::3"), false).err(),
            Some(Full::Peer)
        );
        let _other = peers.admit(ip("2001:db8:0:1::1"), false).unwrap();
        drop(first);
        let _third = peers.admit(ip("2001:db8::3"), false).unwrap();
        assert_eq!(load.open(), 3);
        assert_eq!(load.refused(), [("all", 0), ("peer", 1)]);
    }

    #[test]
    fn a_proxy_may_hold_what_there_is_in_all() {
        let load = Arc::new(Load::default());
        let peers = Peers::new(3, 1, load.clone());
        let held: Vec<Slot> = (0..3)
            .map(|_| peers.admit(ip("10.0.0.1"), true).unwrap())
            .collect();
        assert_eq!(peers.admit(ip("10.0.0.1"), true).err(), Some(Full::All));
        assert_eq!(load.refused(), [("all", 1), ("peer", 0)]);
        drop(held);
        assert_eq!(load.open(), 0);
        assert_eq!(peers.open.lock().unwrap().all, 0);
        let one = peers.admit(ip("10.0.0.2"), false).unwrap();
        drop(one);
        assert!(peers.open.lock().unwrap().by_network.is_empty());
    }
}

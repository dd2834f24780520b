//! Who a request comes from: the peer of the connection, or, behind proxies that the settings
//! trust, the last hop that they do not.
//!
//! Good for limits and for the audit. Never for rights: whoever is trusted may say anything.

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Where a request comes from; in the extensions of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The first address of the network that counts as one client: of IPv6 somebody has at least
    /// 64 bits to choose from, so they count as one.
    pub fn network(&self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(prefix))
            }
            v4 => v4,
        }
    }
}

/// Networks whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether a hop is one of them.
    pub fn trusts(&self, hop: IpAddr) -> bool {
        let hop = hop.to_canonical();
        self.0.iter().any(|network| network.contains(&hop))
    }

    /// The last hop that is not trusted; the outermost one when all are.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter();
        let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
        let mut hops = (lines.iter())
            .flat_map(|line| line.split(|byte| *byte == b','))
            .rev();
        while self.trusts(client) {
            // A hop that cannot be read ends the chain: who wrote it is the last one we know. What
            // stands before it, of whatever bytes, is read by nobody.
            let Some(hop) = hops.next().and_then(hop) else {
                break;
            };
            client = hop;
        }
        ClientAddress(client)
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Networks or single addresses, with commas between them.
    fn from_str(list: &str) -> Result<Self, String> {
        let networks = list
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        let network = |text: &str| {
            let single = text.parse::<IpAddr>().map(IpNet::from);
            single.or_else(|_| text.parse()).map_err(|_| {
                format!("{text:?} is no network; write 10.0.0.0/8, or a single address")
            })
        };
        networks.map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7` or `[2001:db8::7]:4711`.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let address = text
        .parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse());
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_hop_that_nobody_trusts() {
        let trusted: TrustedProxies = "10.0.0.0/8, 127.0.0.1,2001:db8:1::/48".parse().unwrap();
        for (peer, forwarded, client) in [
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            (
                "10.1.2.3",
                &["6.6.6.6, 198.51.100.1, 10.9.9.9"],
                "198.51.100.1",
            ),
            ("10.1.2.3", &["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1:80"], "198.51.100.1"),
            ("2001:db8:1::9", &["[2001:db8:2::7]:443"], "2001:db8:2::7"),
            ("10.1.2.3", &["6.6.6.6, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["10.0.0.1"], "10.0.0.1"),
            ("10.1.2.3", &[], "10.1.2.3"),
        ] {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = trusted.client(peer.parse().unwrap(), &headers);
            assert_eq!(found.0.to_string(), client, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_client_cannot_hide_behind_bytes_that_are_no_text() {
        let trusted: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        for (line, client) in [
            (&b"\xff, 198.51.100.1"[..], "198.51.100.1"),
            (b"\xe9\x80, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            (b"198.51.100.1, \xff", "10.1.2.3"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
            let found = trusted.client("10.1.2.3".parse().unwrap(), &headers);
            assert_eq!(found.0.to_string(), client, "{line:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_client() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for list in ["10.0.0.0/33", "everybody", "10.0.0.0/8,proxy.example"] {
            assert!(list.parse::<TrustedProxies>().is_err(), "{list}");
        }
        assert!(
            !"".parse::<TrustedProxies>()
                .unwrap()
                .trusts("127.0.0.1".parse().unwrap())
        );
    }
}

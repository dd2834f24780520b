//! A proxy for clients that insist on Salesforce's own hosts: CONNECT to one of them leads to this
//! simulator, and nothing else leads anywhere, so that a test can never reach the real ones.

use super::hosts::PUBSUB_HOST;
use super::listener::each_connection;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes that the request for a tunnel may have.
const HEAD_BYTES_MAX: usize = 16_384;
/// A client may take this long to say where it wants to go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const OPEN: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const REFUSED: &[u8] = b"HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 55\r\nconnection: close\r\n\r\n\
this proxy leads to *.salesforce.com, by CONNECT alone\n";

/// The ports behind the proxy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destinations {
    pub tls: Option<u16>,
    pub pubsub: Option<u16>,
}

/// Serves the proxy.
pub(super) fn run(
    listener: TcpListener,
    destinations: Destinations,
    stopped: watch::Receiver<bool>,
) {
    each_connection(listener, stopped, move |stream| async move {
        // Either side may hang up whenever it likes.
        let _ = tunnel(stream, destinations).await;
    });
}

async fn tunnel(mut client: TcpStream, destinations: Destinations) -> std::io::Result<()> {
    let head = tokio::time::timeout(HEAD_TIMEOUT, read_head(&mut client)).await??;
    let Some(port) = destinations.port_for(&head) else {
        client.write_all(REFUSED).await?;
        return client.shutdown().await;
    };
    let mut server = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    server.set_nodelay(true)?;
    client.write_all(OPEN).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Reads up to the empty line. A client waits for the answer before it says more.
async fn read_head(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        head.push(client.read_u8().await?);
    }
    Ok(head)
}

impl Destinations {
    /// The port that a request for a tunnel leads to, if to any.
    fn port_for(self, head: &[u8]) -> Option<u16> {
        let line = head.split(|byte| *byte == b'\r').next()?;
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (host, port) = target.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        let host = host.to_ascii_lowercase();
        match host.as_str() {
            _ if method != "CONNECT" => None,
            PUBSUB_HOST => self.pubsub,
            host if host.ends_with(".salesforce.com") => self.tls,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tunnels_to_salesforce_lead_somewhere() {
        let ports = Destinations {
            tls: Some(1),
            pubsub: Some(2),
        };
        let cases = [
            ("CONNECT acme.my.salesforce.com:443 HTTP/1.1", Some(1)),
            ("CONNECT LOGIN.salesforce.com:443 HTTP/1.1", Some(1)),
            ("CONNECT api.pubsub.salesforce.com:7443 HTTP/1.1", Some(2)),
            ("CONNECT evilsalesforce.com:443 HTTP/1.1", None),
            ("CONNECT salesforce.com.example:443 HTTP/1.1", None),
            ("CONNECT example.com:443 HTTP/1.1", None),
            ("CONNECT acme.my.salesforce.com HTTP/1.1", None),
            ("GET http://acme.my.salesforce.com:80/ HTTP/1.1", None),
            ("\u{0}", None),
        ];
        for (line, port) in cases {
            let head = format!("{line}\r\n\r\n");
            assert_eq!(ports.port_for(head.as_bytes()), port, "{line}");
        }
    }
}

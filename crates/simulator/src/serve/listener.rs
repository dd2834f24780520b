//! Sockets on loopback: plain http as axum serves it, and TLS with HTTP/1.1 or HTTP/2 as client
//! and server agree.

use super::certificates::Certificates;
use super::hosts::ServerName;
use axum::Router;
use axum::extract::Extension;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A client may take this long to shake hands.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// A listener that cannot accept, for want of file handles say, rests before it tries again.
const REST: Duration = Duration::from_millis(50);

/// What a TLS listener accepts.
#[derive(Clone)]
pub(super) struct Accepted {
    acceptor: TlsAcceptor,
    http2_only: bool,
}

impl Accepted {
    /// HTTP/2 and HTTP/1.1.
    pub fn any(certificates: &Certificates) -> std::io::Result<Accepted> {
        let config = certificates.server(&[b"h2", b"http/1.1"])?;
        Ok(Accepted {
            acceptor: TlsAcceptor::from(config),
            http2_only: false,
        })
    }

    /// HTTP/2, as gRPC is spoken.
    pub fn http2_only(certificates: &Certificates) -> std::io::Result<Accepted> {
        Ok(Accepted {
            acceptor: TlsAcceptor::from(certificates.server(&[b"h2"])?),
            http2_only: true,
        })
    }

    async fn serve(self, stream: TcpStream, router: Router) {
        let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream));
        // Who fails to shake hands learns that from the alert; there is nobody else to tell.
        let Ok(Ok(stream)) = handshake.await else {
            return;
        };
        let name = stream.get_ref().1.server_name();
        let name = name.map(str::to_ascii_lowercase);
        let service = TowerToHyperService::new(router.layer(Extension(ServerName(name))));
        let mut builder = auto::Builder::new(TokioExecutor::new());
        if self.http2_only {
            builder = builder.http2_only();
        }
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        // A connection that breaks is the client's to notice.
        let _ = connection.await;
    }
}

/// A socket on this machine only.
pub(super) async fn listen(port: u16) -> std::io::Result<TcpListener> {
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(at).await.map_err(|error| {
        let words = format!("port {port}: {error}; choose another, or 0 for any free one");
        std::io::Error::new(error.kind(), words)
    })
}

/// The port that a listener got.
pub(super) fn port_of(listener: &TcpListener) -> std::io::Result<u16> {
    Ok(listener.local_addr()?.port())
}

/// Serves a router in plain http.
pub(super) fn plain(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    tokio::spawn(async move {
        // A listener that fails to accept has nothing to tell anybody; the next request shows it.
        let _ = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stop(&mut stopped).await })
            .await;
    });
}

/// Serves a router over TLS.
pub(super) fn tls(
    listener: TcpListener,
    router: Router,
    accepted: Accepted,
    stopped: watch::Receiver<bool>,
) {
    each_connection(listener, stopped, move |stream| {
        accepted.clone().serve(stream, router.clone())
    });
}

/// Hands every connection to a task of its own, until the simulator stops.
pub(super) fn each_connection<F>(
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop(&mut stopped) => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(REST).await;
                continue;
            };
            // Small answers go out at once.
            let _ = stream.set_nodelay(true);
            let (serving, mut stopped) = (serve(stream), stopped.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop(&mut stopped) => {}
                    () = serving => {}
                }
            });
        }
    });
}

/// Waits until the simulator is stopped or dropped.
pub(super) async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

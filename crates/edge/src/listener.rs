//! The accept loop: lets connections in, watches over each, and ends them all when asked to.

use crate::address::TrustedProxies;
use crate::body::{OwedBody, TimedBody};
use crate::limits::Limits;
use crate::owed::Owed;
use crate::peers::{Load, Peers, Slot};
use crate::stall::Stalling;
use axum::Router;
use axum::response::Response;
use http::Request;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service as _;

/// A listener that cannot accept, for want of descriptors say, rests before it tries again.
const REST: Duration = Duration::from_millis(50);

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct EdgeOptions {
    /// What connections may cost.
    pub limits: Limits,
    /// Whose word about the client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Told how much is going on.
    pub load: Arc<Load>,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Answers in hand are finished.
    Ending,
    /// Whatever is left is cut.
    Over,
}

struct Edge {
    router: Router,
    options: EdgeOptions,
}

/// Serves a router until `shutdown` is done, and then until the requests in hand are answered or
/// [`Limits::grace`] is over. Answers without an end, which live streams are, are cut at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: EdgeOptions,
    shutdown: impl Future<Output = ()>,
) {
    let limits = &options.limits;
    let grace = limits.grace;
    let peers = Peers::new(
        limits.connections_max,
        limits.connections_per_peer_max,
        options.load.clone(),
    );
    let edge = Arc::new(Edge { router, options });
    let (phase, _) = watch::channel(Phase::Open);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => edge.admit(&peers, stream, peer.ip(), &phase),
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    phase.send_replace(Phase::Ending);
    if tokio::time::timeout(grace, phase.closed()).await.is_err() {
        phase.send_replace(Phase::Over);
        phase.closed().await;
    }
}

impl Edge {
    fn admit(
        self: &Arc<Self>,
        peers: &Arc<Peers>,
        stream: TcpStream,
        peer: IpAddr,
        phase: &watch::Sender<Phase>,
    ) {
        let is_proxy = self.options.trusted_proxies.trusts(peer);
        let slot = match peers.admit(peer, is_proxy) {
            Ok(slot) => slot,
            Err(full) => {
                tracing::debug!(bound = full.as_str(), "a connection is one too many");
                return;
            }
        };
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let head_time = match is_proxy {
            true => self.options.limits.proxy_head_time,
            false => self.options.limits.head_time,
        };
        let connection = Connection {
            edge: self.clone(),
            peer,
            head_time,
            phase: phase.subscribe(),
            _slot: slot,
        };
        tokio::spawn(connection.run(stream));
    }

    async fn answer(
        &self,
        peer: IpAddr,
        phase: watch::Receiver<Phase>,
        request: Request<Incoming>,
    ) -> Response {
        let client = self.options.trusted_proxies.client(peer, request.headers());
        let limits = &self.options.limits;
        let deadline = body_deadline(phase, limits.body_time, limits.last_body_time);
        let mut request = request.map(|body| TimedBody::wrap(body, deadline));
        request.extensions_mut().insert(client);
        match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

struct Connection {
    edge: Arc<Edge>,
    peer: IpAddr,
    head_time: Duration,
    phase: watch::Receiver<Phase>,
    _slot: Slot,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        // Until its first byte a connection has no buffers: those who only connect cost little.
        let mut first = [0];
        let spoke = tokio::select! {
            read = tokio::time::timeout(self.head_time, stream.peek(&mut first)) => matches!(read, Ok(Ok(1))),
            _ = self.phase.changed() => false,
        };
        if spoke {
            Box::pin(self.speak(stream)).await;
        }
    }

    async fn speak(mut self, stream: TcpStream) {
        let limits = &self.edge.options.limits;
        let owed = Owed::default();
        let io = TokioIo::new(Stalling::new(stream, limits.stall_time, owed.clone()));
        let is_endless = Arc::new(AtomicBool::new(false));
        let (edge, peer, endless) = (self.edge.clone(), self.peer, is_endless.clone());
        let (phase, answers) = (self.phase.clone(), owed.clone());
        let service = service_fn(move |request| {
            let (edge, endless, phase) = (edge.clone(), endless.clone(), phase.clone());
            let answering = answers.begin();
            async move {
                let response = edge.answer(peer, phase, request).await;
                endless.store(is_stream(&response), Ordering::Relaxed);
                Ok::<_, Infallible>(response.map(|body| OwedBody::wrap(body, answering)))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            .max_buf_size(limits.head_bytes_max);
        let mut connection = pin!(http.serve_connection(io, service));
        let mut ending = false;
        loop {
            tokio::select! {
                // In this order: what is owed is asked when the connection went as far as it can.
                biased;
                // A connection that breaks is the client's to notice.
                _ = connection.as_mut() => return,
                // Whoever sent no whole head was promised nothing.
                () = owed.nothing(), if ending => return,
                changed = self.phase.changed() => {
                    ending = changed.is_ok() && *self.phase.borrow() == Phase::Ending;
                    // Whoever served this is gone, or will not wait any longer.
                    if !ending || is_endless.load(Ordering::Relaxed) {
                        return;
                    }
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The moment when the whole of a body must have come: sooner once the process is asked to end.
async fn body_deadline(mut phase: watch::Receiver<Phase>, time: Duration, last_time: Duration) {
    let ending = async {
        // Whoever could tell is gone: that is an end as well.
        let _ = phase.wait_for(|phase| *phase != Phase::Open).await;
    };
    if tokio::time::timeout(time, ending).await.is_ok() {
        tokio::time::sleep(last_time).await;
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

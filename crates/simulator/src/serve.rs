//! The simulator on loopback: each org on a port of its own, the control plane on another, and on
//! request https, the Pub/Sub port and a proxy for clients that insist on Salesforce's hosts.

mod certificates;
mod connect_proxy;
mod hosts;
mod listener;

use crate::clock::{Clock, SystemClock};
use crate::oauth::PRIVATE_KEY;
use crate::org::OrgKind;
use crate::simulator::{CarrierAccess, OrgAccess, OrgPlace, Outgoing, Simulator, SimulatorOptions};
use certificates::Certificates;
use connect_proxy::Destinations;
use hosts::HostNames;
use listener::{Accepted, listen, port_of, stop};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How often the carrier looks whether something is due.
const TICK: Duration = Duration::from_millis(20);

/// How to serve. A port is 0 for any free one; without a port there is no such listener.
pub struct ServeOptions {
    /// The first org and the carrier, in plain http; further orgs have any free port.
    pub port: u16,
    /// Decides people, ids, tokens and delays.
    pub seed: u64,
    /// Generated contacts beside the sample records.
    pub contacts: usize,
    /// Generated leads beside the sample records.
    pub leads: usize,
    /// The orgs, at least one.
    pub orgs: Vec<OrgKind>,
    /// All orgs over https, told apart by host.
    pub tls_port: Option<u16>,
    /// The first org's My Domain, `https://acme.my.salesforce.com`; without it, localhost.
    pub public_url: Option<String>,
    /// The Pub/Sub API over TLS.
    pub pubsub_port: Option<u16>,
    /// The proxy that sends `*.salesforce.com` to the listeners above.
    pub proxy_port: Option<u16>,
    /// Carries the carrier's webhooks out.
    pub outgoing: Outgoing,
}

impl ServeOptions {
    /// One production org with the sample records, in plain http on any free port.
    pub fn new(outgoing: Outgoing) -> ServeOptions {
        ServeOptions {
            port: 0,
            seed: 1,
            contacts: 0,
            leads: 0,
            orgs: vec![OrgKind::Production],
            tls_port: None,
            public_url: None,
            pubsub_port: None,
            proxy_port: None,
            outgoing,
        }
    }

    fn needs_certificates(&self) -> bool {
        self.tls_port.is_some() || self.pubsub_port.is_some()
    }
}

/// The line that says where everything is.
#[derive(Debug, Clone, Serialize)]
pub struct ReadyInfo {
    /// The first org and the carrier, in plain http.
    pub base_url: String,
    /// All orgs over https, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_url: Option<String>,
    /// The test CA that signed the certificates, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Host and port of the Pub/Sub API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pubsub_endpoint: Option<String>,
    /// The proxy for `*.salesforce.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<String>,
    /// The control plane.
    pub control_url: String,
    /// Goes with each request to the control plane.
    pub control_token: String,
    /// The carrier's account.
    pub carrier: CarrierAccess,
    /// The orgs.
    pub orgs: Vec<OrgAccess>,
}

/// A simulator that is being served; dropping it stops it.
pub struct Running {
    /// The simulator.
    pub simulator: Simulator,
    /// Where it is.
    pub info: ReadyInfo,
    stop: watch::Sender<bool>,
    keys: Mutex<Option<TempDir>>,
}

impl Running {
    /// Stops serving and removes the folder with the keys.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        drop(
            self.keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

/// The sockets, all bound before anybody is told of one.
struct Sockets {
    plain: Vec<TcpListener>,
    control: TcpListener,
    tls: Option<TcpListener>,
    pubsub: Option<TcpListener>,
    proxy: Option<TcpListener>,
}

impl Sockets {
    async fn bind(options: &ServeOptions) -> std::io::Result<Sockets> {
        let mut plain = vec![listen(options.port).await?];
        for _ in 1..options.orgs.len() {
            plain.push(listen(0).await?);
        }
        let wanted = async |port: Option<u16>| match port {
            Some(port) => listen(port).await.map(Some),
            None => Ok(None),
        };
        Ok(Sockets {
            plain,
            control: listen(0).await?,
            tls: wanted(options.tls_port).await?,
            pubsub: wanted(options.pubsub_port).await?,
            proxy: wanted(options.proxy_port).await?,
        })
    }
}

/// Serves a new simulator on this machine only.
pub async fn serve(options: ServeOptions) -> std::io::Result<Running> {
    check(&options)?;
    let sockets = Sockets::bind(&options).await?;
    let simulator = simulator(&options, &sockets.plain)?;
    let keys = key_folder()?;
    let tls_port = sockets.tls.as_ref().map(port_of).transpose()?;
    let names = HostNames::new(&options.orgs, options.public_url.as_deref(), tls_port);
    let certificates = match options.needs_certificates() {
        true => Some(Certificates::new(&names)?),
        false => None,
    };
    let info = ready_info(&simulator, &sockets, (&names, certificates.as_ref()), &keys)?;
    simulator.set_outgoing(options.outgoing);
    let (stop_all, stopped) = watch::channel(false);
    start(sockets, &simulator, (names, certificates), &stopped)?;
    Ok(Running {
        simulator,
        info,
        stop: stop_all,
        keys: Mutex::new(Some(keys)),
    })
}

/// A folder that only this user may enter, gone when the simulator stops.
fn key_folder() -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("tieline-simulator-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir().map_err(|error| {
        let at = std::env::temp_dir();
        let words = format!(
            "a temporary folder in {}: {error}; set TMPDIR to one that can be written",
            at.display()
        );
        std::io::Error::new(error.kind(), words)
    })
}

fn check(options: &ServeOptions) -> std::io::Result<()> {
    let invalid = |text: &str| Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
    if options.orgs.is_empty() {
        return invalid("a simulator has at least one org");
    }
    if options.tls_port.is_none() && (options.public_url.is_some() || options.proxy_port.is_some())
    {
        return invalid("a public URL and the proxy need the TLS port");
    }
    match options.public_url.as_deref().map(hosts::check_public_url) {
        Some(Err(problem)) => invalid(&problem),
        _ => Ok(()),
    }
}

fn simulator(options: &ServeOptions, plain: &[TcpListener]) -> std::io::Result<Simulator> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut orgs = Vec::new();
    for (kind, listener) in options.orgs.iter().zip(plain) {
        orgs.push(OrgPlace {
            kind: *kind,
            base_url: format!("http://127.0.0.1:{}", port_of(listener)?),
        });
    }
    Ok(Simulator::new(SimulatorOptions {
        seed: options.seed,
        contacts: options.contacts,
        leads: options.leads,
        clock,
        orgs,
    }))
}

fn ready_info(
    simulator: &Simulator,
    sockets: &Sockets,
    (names, certificates): (&HostNames, Option<&Certificates>),
    keys: &TempDir,
) -> std::io::Result<ReadyInfo> {
    let write = |name: &str, text: &str| -> std::io::Result<String> {
        let file: PathBuf = keys.path().join(name);
        std::fs::write(&file, text)?;
        Ok(file.display().to_string())
    };
    let key_file = write("pretend-app.pem", PRIVATE_KEY)?;
    let ca_file = match certificates {
        Some(certificates) => Some(write("test-ca.pem", &certificates.ca_pem)?),
        None => None,
    };
    let mut orgs = Vec::new();
    for (number, seen) in simulator.orgs().iter().enumerate() {
        let mut access = seen.org_access();
        access.jwt_key_file = key_file.clone();
        access.public_url = sockets.tls.as_ref().map(|_| names.public_url(number));
        orgs.push(access);
    }
    let at = |listener: &Option<TcpListener>, scheme: &str| -> std::io::Result<Option<String>> {
        let port = listener.as_ref().map(port_of).transpose()?;
        Ok(port.map(|port| format!("{scheme}:{port}")))
    };
    Ok(ReadyInfo {
        base_url: simulator.base_url().to_owned(),
        tls_url: at(&sockets.tls, "https://localhost")?,
        ca_file,
        pubsub_endpoint: at(&sockets.pubsub, "127.0.0.1")?,
        proxy_url: at(&sockets.proxy, "http://127.0.0.1")?,
        control_url: format!("http://127.0.0.1:{}", port_of(&sockets.control)?),
        control_token: simulator.world.control_token.clone(),
        carrier: simulator.carrier_access(),
        orgs,
    })
}

fn start(
    sockets: Sockets,
    simulator: &Simulator,
    (names, certificates): (HostNames, Option<Certificates>),
    stopped: &watch::Receiver<bool>,
) -> std::io::Result<()> {
    let destinations = Destinations {
        tls: sockets.tls.as_ref().map(port_of).transpose()?,
        pubsub: sockets.pubsub.as_ref().map(port_of).transpose()?,
    };
    for (listener, seen) in sockets.plain.into_iter().zip(simulator.orgs()) {
        listener::plain(listener, seen.router(), stopped.clone());
    }
    let control = simulator.control_router();
    listener::plain(sockets.control, control, stopped.clone());
    if let Some(certificates) = certificates {
        if let Some(socket) = sockets.tls {
            let router = hosts::router(simulator, &names);
            let accepted = Accepted::any(&certificates)?;
            listener::tls(socket, router, accepted, stopped.clone());
        }
        if let Some(socket) = sockets.pubsub {
            let accepted = Accepted::http2_only(&certificates)?;
            listener::tls(socket, simulator.pubsub_router(), accepted, stopped.clone());
        }
    }
    if let Some(socket) = sockets.proxy {
        connect_proxy::run(socket, destinations, stopped.clone());
    }
    step(simulator.clone(), stopped.clone());
    Ok(())
}

/// Lets the carrier do what is due, until the simulator stops or is dropped.
fn step(simulator: Simulator, mut stopped: watch::Receiver<bool>) {
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop(&mut stopped) => return,
                () = tokio::time::sleep(TICK) => {
                    simulator.work_jobs();
                    simulator.step().await;
                }
            }
        }
    });
}

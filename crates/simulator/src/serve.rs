//! The simulator on loopback: the org and carrier on one port, the control plane on another.

use crate::clock::{Clock, SystemClock};
use crate::http::oauth::PRIVATE_KEY;
use crate::org::OrgKind;
use crate::simulator::{CarrierAccess, OrgAccess, OrgPlace, Outgoing, Simulator, SimulatorOptions};
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How often the carrier looks whether something is due.
const TICK: Duration = Duration::from_millis(20);

/// How to serve.
pub struct ServeOptions {
    /// 0 for any free port.
    pub port: u16,
    /// Decides people, ids, tokens and delays.
    pub seed: u64,
    /// Generated contacts beside the sample records.
    pub contacts: usize,
    /// Generated leads beside the sample records.
    pub leads: usize,
    /// Carries the carrier's webhooks out.
    pub outgoing: Outgoing,
    /// Where to put the app's private key.
    pub key_folder: PathBuf,
}

/// The line that says where everything is.
#[derive(Debug, Clone, Serialize)]
pub struct ReadyInfo {
    /// The org and the carrier.
    pub base_url: String,
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
}

impl Running {
    /// Stops serving.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Serves a new simulator on this machine only.
pub async fn serve(options: ServeOptions) -> std::io::Result<Running> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
    let control = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let base_url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let simulator = Simulator::new(SimulatorOptions {
        seed: options.seed,
        contacts: options.contacts,
        leads: options.leads,
        clock,
        orgs: vec![OrgPlace {
            kind: OrgKind::Production,
            base_url: base_url.clone(),
        }],
    });
    simulator.set_outgoing(options.outgoing);
    let key_file = options.key_folder.join("pretend-app.pem");
    tokio::fs::write(&key_file, PRIVATE_KEY).await?;
    let mut org = simulator.org_access();
    org.jwt_key_file = key_file.display().to_string();
    let info = ReadyInfo {
        base_url,
        control_url: format!("http://127.0.0.1:{}", control.local_addr()?.port()),
        control_token: simulator.world.control_token.clone(),
        carrier: simulator.carrier_access(),
        orgs: vec![org],
    };
    let (stop, stopped) = watch::channel(false);
    spawn(listener, simulator.router(), stopped.clone());
    spawn(control, simulator.control_router(), stopped.clone());
    let stepping = simulator.clone();
    tokio::spawn(async move {
        while !*stopped.borrow() {
            tokio::time::sleep(TICK).await;
            stepping.work_jobs();
            stepping.step().await;
        }
    });
    Ok(Running {
        simulator,
        info,
        stop,
    })
}

fn spawn(listener: TcpListener, router: axum::Router, mut stopped: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let until = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        // A listener that fails to accept has nothing to tell anybody; the next request shows it.
        let _ = axum::serve(listener, router)
            .with_graceful_shutdown(until)
            .await;
    });
}

//! `tieline simulate`: a pretend org and carrier for tests in any language.

use crate::say::say;
use crate::{Outcome, ending, transport};
use tieline_simulator::org::OrgKind;
use tieline_simulator::serve::{ReadyInfo, Running, ServeOptions, serve};

/// What `tieline simulate` was told. A port is 0 for any free one.
pub struct SimulateOptions {
    /// The first org, in plain http.
    pub port: u16,
    /// Decides who lives there.
    pub seed: u64,
    /// Generated contacts.
    pub contacts: usize,
    /// Generated leads.
    pub leads: usize,
    /// The orgs, at least one.
    pub orgs: Vec<OrgKind>,
    /// All orgs over https.
    pub tls_port: Option<u16>,
    /// The first org's address over https.
    pub public_url: Option<String>,
    /// The Pub/Sub API.
    pub pubsub_port: Option<u16>,
    /// The proxy for Salesforce's hosts.
    pub proxy_port: Option<u16>,
    /// Whether to print one JSON line when ready.
    pub json: bool,
}

impl Default for SimulateOptions {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            contacts: 0,
            leads: 0,
            orgs: vec![OrgKind::Production],
            tls_port: None,
            public_url: None,
            pubsub_port: None,
            proxy_port: None,
            json: false,
        }
    }
}

/// Serves until Ctrl-C, or until the process is asked to end.
pub async fn run(options: SimulateOptions) -> Outcome {
    // Who reads the addresses may ask for the end at once.
    let ending = ending::asked()?;
    let json = options.json;
    let running = start(options).await?;
    if json {
        say(serde_json::to_string(&running.info)?);
    } else {
        show(&running.info);
    }
    // The keys lie in a folder that goes with the process.
    ending.await;
    running.stop();
    Ok(())
}

fn show(info: &ReadyInfo) {
    for org in &info.orgs {
        say(format_args!(
            "Org:      {} ({})",
            org.instance_url, org.kind
        ));
        if let Some(url) = &org.public_url {
            say(format_args!("          {url}"));
        }
    }
    say(format_args!("Phones:   {}/phones", info.base_url));
    say(format_args!("Control:  {}", info.control_url));
    let rest = [
        ("TLS:      ", &info.tls_url),
        ("CA:       ", &info.ca_file),
        ("Pub/Sub:  ", &info.pubsub_endpoint),
        ("Proxy:    ", &info.proxy_url),
    ];
    for (name, place) in rest {
        if let Some(place) = place {
            say(format_args!("{name}{place}"));
        }
    }
    say("Run again with --json for user names, keys and tokens.");
}

pub(crate) async fn start(
    options: SimulateOptions,
) -> Result<Running, Box<dyn std::error::Error + Send + Sync>> {
    let options = ServeOptions {
        port: options.port,
        seed: options.seed,
        contacts: options.contacts,
        leads: options.leads,
        orgs: options.orgs,
        tls_port: options.tls_port,
        public_url: options.public_url,
        pubsub_port: options.pubsub_port,
        proxy_port: options.proxy_port,
        outgoing: transport::http(transport::Reach::Anywhere)?,
    };
    Ok(serve(options).await?)
}

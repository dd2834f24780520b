//! The `tieline` program: serve the hub, serve a simulator, or show both in a demo.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tieline::say::complain;
use tieline::{command, demo, serve, settings, simulate, story};
use tieline_edge::TrustedProxies;
use tieline_simulator::org::OrgKind;

#[derive(Parser)]
#[command(
    version,
    about = "The messaging hub for companies that live in Salesforce"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a pretend org, a pretend carrier and the hub on this machine, filled with people
    Demo(DemoArgs),
    /// Serve the hub
    Serve(ServeArgs),
    /// Serve a pretend org and carrier, for tests in any language
    Simulate(SimulateArgs),
    #[command(flatten)]
    Operator(command::Verb),
}

#[derive(Args)]
struct DemoArgs {
    /// Keep the hub's data in this folder instead of a new temporary one
    #[arg(long)]
    data: Option<PathBuf>,
    /// Keep the hub's data in this database, postgres://…, instead of an embedded SQLite file
    #[arg(long)]
    database: Option<String>,
    /// Generated contacts beside the sample records
    #[arg(long)]
    contacts: Option<usize>,
    /// Generated leads beside the sample records
    #[arg(long)]
    leads: Option<usize>,
    /// Port of the hub; 0 for any free one
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Decides who lives in the pretend org
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON line when ready
    #[arg(long, conflicts_with = "story")]
    json: bool,
    /// Play the story without a browser, each step judged from the other side, and end
    #[arg(long)]
    story: bool,
    /// Spoil one step of the story, to see that it is noticed
    #[arg(long = "break", value_name = "STEP", requires = "story")]
    spoil: Option<String>,
}

#[derive(Args)]
struct ServeArgs {
    /// The database: sqlite:PATH or postgres://…
    #[arg(
        long,
        env = "TIELINE_DATABASE",
        hide_env_values = true,
        default_value = "sqlite:tieline.db"
    )]
    database: String,
    /// The file with the key that seals secrets; made when it is missing
    #[arg(long, env = "TIELINE_KEY_FILE", default_value = "tieline.key")]
    key_file: PathBuf,
    /// Where to listen
    #[arg(long, env = "TIELINE_LISTEN", default_value = "127.0.0.1:4000")]
    listen: std::net::SocketAddr,
    /// Where people and carriers reach the hub
    #[arg(
        long,
        env = "TIELINE_PUBLIC_URL",
        default_value = "http://127.0.0.1:4000"
    )]
    public_url: String,
    /// Make a system administrator of this e-mail address, and print a sign-in link
    #[arg(long, env = "TIELINE_ADMINISTRATOR")]
    administrator: Option<String>,
    /// Let connections of kind simulated reach this machine
    #[arg(long, env = "TIELINE_ALLOW_SIMULATED")]
    allow_simulated: bool,
    /// Proxies in front of the hub, as networks with commas between: what their X-Forwarded-For
    /// says counts for limits and the audit, and nothing else
    #[arg(long, env = "TIELINE_TRUSTED_PROXIES", default_value = "")]
    trusted_proxies: TrustedProxies,
    /// The socket by which the operator's verbs (tieline staff, …) reach this hub; in a folder beside
    /// a SQLite file unless it is set, none with off
    #[arg(long, env = "TIELINE_SOCKET")]
    socket: Option<String>,
    /// Show metrics for Prometheus at this address, to whoever reaches it; off when empty
    #[arg(long, env = "TIELINE_METRICS_LISTEN", default_value = "", value_parser = settings::metrics_listen)]
    metrics_listen: std::option::Option<std::net::SocketAddr>,
}

#[derive(Args)]
struct SimulateArgs {
    /// Port; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Decides who lives in the pretend org
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Generated contacts beside the sample records
    #[arg(long, default_value_t = 0)]
    contacts: usize,
    /// Generated leads beside the sample records
    #[arg(long, default_value_t = 0)]
    leads: usize,
    /// The orgs, in order; each has a port of its own, the first one --port
    #[arg(long, value_enum, value_delimiter = ',', default_value = "production")]
    orgs: Vec<Kind>,
    /// Serve all orgs over https on this port as well, told apart by host; 0 for any free one
    #[arg(long, value_name = "PORT")]
    tls_port: Option<u16>,
    /// The first org's My Domain over https, for example https://acme.my.salesforce.com
    #[arg(long, value_name = "URL", requires = "tls_port")]
    public_url: Option<String>,
    /// Serve the Pub/Sub API over TLS on this port; 0 for any free one
    #[arg(long, value_name = "PORT")]
    pubsub_port: Option<u16>,
    /// Serve a proxy that sends *.salesforce.com to the ports above and refuses everything else
    #[arg(long, value_name = "PORT", requires = "tls_port")]
    proxy_port: Option<u16>,
    /// Print one JSON line when ready
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Production,
    Sandbox,
}

impl From<Kind> for OrgKind {
    fn from(kind: Kind) -> OrgKind {
        match kind {
            Kind::Production => OrgKind::Production,
            Kind::Sandbox => OrgKind::Sandbox,
        }
    }
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TIELINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Told to the same output, which may be closed.
        .log_internal_errors(false)
        .init();
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let outcome = match Cli::parse().command {
        Command::Operator(verb) => return command::run(verb).await,
        Command::Demo(args) if args.story => {
            story::play(story::StoryOptions {
                database: args.database,
                contacts: args.contacts.unwrap_or(2_000),
                leads: args.leads.unwrap_or(500),
                seed: args.seed,
                spoil: args.spoil,
            })
            .await
        }
        Command::Demo(args) => {
            let options = demo::DemoOptions {
                data: args.data,
                database: args.database,
                contacts: args.contacts.unwrap_or(200),
                leads: args.leads.unwrap_or(60),
                port: args.port,
                seed: args.seed,
            };
            demo::run(options, args.json).await
        }
        Command::Serve(args) => {
            serve::run(serve::ServeOptions {
                database: args.database,
                key_file: args.key_file,
                listen: args.listen,
                public_url: args.public_url,
                administrator: args.administrator,
                allow_simulated: args.allow_simulated,
                trusted_proxies: args.trusted_proxies,
                socket: args.socket,
                metrics_listen: args.metrics_listen,
            })
            .await
        }
        Command::Simulate(args) => {
            simulate::run(simulate::SimulateOptions {
                port: args.port,
                seed: args.seed,
                contacts: args.contacts,
                leads: args.leads,
                orgs: args.orgs.into_iter().map(OrgKind::from).collect(),
                tls_port: args.tls_port,
                public_url: args.public_url,
                pubsub_port: args.pubsub_port,
                proxy_port: args.proxy_port,
                json: args.json,
            })
            .await
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

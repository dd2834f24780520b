//! `tieline serve`: the hub in the real world.

use crate::hub::{Hub, HubOptions};
use crate::operator::{self, socket::Socket, socket_of};
use crate::real::RealWorld;
use crate::say::say;
use crate::transport::Reach;
use crate::{Outcome, ending, figures, keys, settings, transport};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tieline_access::NewStaff;
use tieline_domain::access::{Caller, Role};
use tieline_domain::connection::ConnectionKind;
use tieline_edge::{EdgeOptions, Limits, Load, TrustedProxies};
use tieline_storage::attachment_store::Folder;
use tieline_storage::{StorageError, Store, StoreOptions, connection, staff};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Connections that nobody gives back by then are left to the end of the process, which has ten seconds in all:
/// eight are the worker's.
pub const CLOSE_WITHIN: Duration = Duration::from_millis(1_500);
/// How long the link is good that is printed at the start.
const LINK_MS: i64 = 3_600_000;

/// What `tieline serve` was told.
pub struct ServeOptions {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// The key that seals secrets.
    pub key_file: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where people and carriers reach the hub.
    pub public_url: String,
    /// The first administrator.
    pub administrator: Option<String>,
    /// Whether connections of kind simulated may be used.
    pub allow_simulated: bool,
    /// Whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// The operator's socket, if it is not beside the database; `off` for none.
    pub socket: Option<String>,
    /// Where to show metrics, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
}

/// Serves until the process is asked to end.
pub async fn run(options: ServeOptions) -> Outcome {
    let public_url = settings::public_url(options.listen, &options.public_url)?;
    let world = Arc::new(RealWorld);
    let store = open_store(&options, world.clone()).await?;
    if !options.allow_simulated {
        refuse_simulated(&store).await?;
    }
    let reach = match options.allow_simulated {
        true => Reach::ThisMachineToo,
        false => Reach::Outside,
    };
    let vault = keys::open_for(&store, &options.key_file).await?;
    let hub = Hub::new(HubOptions {
        store: store.clone(),
        vault,
        transport: transport::http(reach)?,
        environment: world,
        public_url: public_url.clone(),
        demo: None,
        // Beside the key, as what a backup must hold too.
        attachments: Arc::new(Folder::at(options.key_file.with_file_name("attachments"))),
    });
    let renewed = hub.connections.renew_seals().await?;
    if renewed > 0 {
        say(format_args!(
            "Keys:     {renewed} secrets are sealed with the first key now; {}",
            keys::when_others_may_go(&store)
        ));
    }
    if let Some(email) = options.administrator {
        let way_in = way_in(&hub, &public_url, &email).await?;
        say(format_args!("Sign in:  {way_in}"));
    }
    // Before anybody can reach it, it hears that it is asked to end.
    let (stop, stopped) = watch::channel(false);
    let ending = ending::asked()?;
    let asked = tokio::spawn(async move {
        ending.await;
        stop.send_replace(true);
    });
    let operating = open_socket(&options.database, options.socket.as_deref())?;
    let listener = listen("listen", options.listen).await?;
    let showing = match options.metrics_listen {
        Some(at) => Some(listen("metrics-listen", at).await?),
        None => None,
    };
    say(format_args!("Tieline:  {public_url}/app"));
    let working = tokio::spawn(hub.worker().run(stopped.clone()));
    let operated = operating.map(|it| tokio::spawn(it.serve(hub.clone(), stopped.clone())));
    let edge = EdgeOptions {
        limits: Limits::with_all_descriptors(),
        trusted_proxies: options.trusted_proxies,
        load: Arc::default(),
    };
    if let Some(listener) = showing {
        show_metrics(listener, &hub, edge.load.clone(), stopped.clone())?;
    }
    serve_until(listener, hub.router(), edge, stopped).await;
    asked.abort();
    working.await?;
    if let Some(operated) = operated {
        let _ = operated.await;
    }
    let _ = tokio::time::timeout(CLOSE_WITHIN, store.close()).await;
    Ok(())
}

async fn open_store(options: &ServeOptions, world: Arc<RealWorld>) -> Result<Store, crate::Error> {
    let known = StoreOptions {
        url: options.database.clone(),
        clock: world.clone(),
        ids: world,
    };
    // A key without its database is a loss to be noticed, not a new beginning.
    Ok(match options.key_file.exists() {
        true => Store::open_existing(known).await.map_err(in_words)?,
        false => Store::open(known).await?,
    })
}

fn in_words(error: StorageError) -> crate::Error {
    match error {
        StorageError::Missing(_) => format!(
            "{error}, but the key of its secrets is there: restore it from a backup, or move the key file away to \
             begin anew"
        )
        .into(),
        other => other.into(),
    }
}

/// Serves a router until `stopped` is told, and then until the requests in hand are answered or
/// their grace is over; live streams end at once.
pub async fn serve_until(
    listener: TcpListener,
    router: axum::Router,
    edge: EdgeOptions,
    mut stopped: watch::Receiver<bool>,
) {
    let told = async move {
        // Whoever could tell is gone: nobody waits for an answer either.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tieline_edge::serve(listener, router, edge, told).await;
}

/// Listens at the address that a setting names.
async fn listen(setting: &str, at: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(at).await.map_err(|error| {
        let name = setting.replace('-', "_");
        format!("{name}: {at}: {error}; end what listens there, or choose another with --{setting}")
    })
}

/// Metrics are kept while they can be seen, on a listener of their own.
fn show_metrics(
    listener: TcpListener,
    hub: &Hub,
    load: Arc<Load>,
    stopped: watch::Receiver<bool>,
) -> Outcome {
    say(format_args!(
        "Metrics:  http://{}/metrics",
        listener.local_addr()?
    ));
    let metrics = hub.metrics();
    let router = tieline_web::metrics_router(metrics.clone());
    tokio::spawn(figures::keep(
        hub.store.clone(),
        metrics,
        load,
        stopped.clone(),
    ));
    tokio::spawn(serve_until(
        listener,
        router,
        EdgeOptions::default(),
        stopped,
    ));
    Ok(())
}

/// The operator's socket, unless there is to be none.
pub fn open_socket(database: &str, set: Option<&str>) -> Result<Option<Socket>, String> {
    socket_of(database, set)
        .map(|path| Socket::open(&path))
        .transpose()
}

/// How the administrator signs in: by a link while there is no other way in, neither a password nor a
/// session that lives. Each start makes a new one until then, and the one before is over. Who was added
/// before keeps the role that they were given.
async fn way_in(hub: &Hub, public_url: &str, email: &str) -> Result<String, crate::Error> {
    let caller = Caller::operator_named(operator::own_name());
    let known = staff::by_email(&mut *hub.store.reader().await?, email).await?;
    let user = match known {
        Some(user) => user,
        None => {
            let new = NewStaff {
                name: email.split('@').next().unwrap_or(email).to_owned(),
                email: email.to_owned(),
                role: Role::SystemAdministrator,
            };
            let added = hub.access.add_staff(&caller, &new).await;
            added.map_err(|error| format!("administrator: {error}"))?
        }
    };
    if !user.active {
        return Ok(format!(
            "{email} is deactivated; tieline staff activate {email}"
        ));
    }
    if user.role != Role::SystemAdministrator {
        return Ok(format!(
            "{email} is no administrator; tieline staff role {email} system_administrator"
        ));
    }
    let has_password = user.password_hash.is_some();
    if has_password || !hub.access.sessions(&caller, user.id).await?.is_empty() {
        return Ok(format!(
            "{public_url}/app as {email}; if that is lost, tieline staff link {email}"
        ));
    }
    let link = hub.access.sign_in_link(&caller, user.id, LINK_MS).await?;
    Ok(format!("{public_url}/sign-in/{}", link.token))
}

async fn refuse_simulated(store: &Store) -> Outcome {
    let all = connection::all(&mut *store.reader().await?).await?;
    match all.iter().find(|connection| connection.kind == ConnectionKind::Simulated) {
        None => Ok(()),
        Some(found) => Err(format!(
            "the connection {:?} is simulated; start with --allow-simulated, or use another database",
            found.name
        )
        .into()),
    }
}

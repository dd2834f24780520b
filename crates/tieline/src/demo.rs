//! `tieline demo`: the pretend outside parties and the hub in one process, filled with people.

use crate::hub::{Hub, HubOptions};
use crate::operator::socket_of;
use crate::real::RealWorld;
use crate::say::say;
use crate::serve::{CLOSE_WITHIN, open_socket, serve_until};
use crate::simulate::{SimulateOptions, start};
use crate::transport::Reach;
use crate::{Error, Outcome, ending, keys, transport};
use secrecy::SecretString;
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tieline_access::NewStaff;
use tieline_domain::access::{Actor, Caller, Role};
use tieline_domain::carrier::CarrierKind;
use tieline_domain::channel::Channel;
use tieline_domain::connection::ConnectionKind;
use tieline_domain::id::{CarrierAccountId, ConnectionId, InboxId, StaffId};
use tieline_edge::{EdgeOptions, Limits};
use tieline_org::{NewConnection, Place};
use tieline_simulator::{ReadyInfo, Running, Simulator};
use tieline_storage::attachment_store::Folder;
use tieline_storage::carrier_account::{self, CarrierAccount, Sender};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::{Store, StoreOptions, connection, setting, staff};
use tieline_sync::{StartedBy, SyncError};
use tieline_web::DemoLinks;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The organisation's own number, from Ofcom's range for drama.
pub const OUR_NUMBER: &str = "+447700900010";
/// The demo has no secrets, and people come back to the terminal later.
const LINK_MS: i64 = 24 * 3_600_000;
const ADMINISTRATOR: &str = "priya.nair@harrow-vale.example";

/// What `tieline demo` was told.
pub struct DemoOptions {
    /// Where to keep the hub's data; a new temporary folder when absent.
    pub data: Option<PathBuf>,
    /// The hub's database; SQLite in that folder when absent.
    pub database: Option<String>,
    /// Generated contacts.
    pub contacts: usize,
    /// Generated leads.
    pub leads: usize,
    /// Port of the hub; 0 for any free one.
    pub port: u16,
    /// Decides who lives in the pretend org.
    pub seed: u64,
}

/// A demo that is set up and served.
pub struct Demo {
    /// The hub.
    pub hub: Hub,
    /// The pretend outside parties.
    pub running: Running,
    /// The org's connection.
    pub connection: ConnectionId,
    /// Where the hub is.
    pub url: String,
    /// The administrator.
    pub administrator: StaffId,
    /// Signs the administrator in, once.
    pub sign_in_link: String,
    /// By which the operator's verbs reach it, where its database is a file.
    socket: Option<PathBuf>,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<()>,
    worked: tokio::task::JoinHandle<()>,
    operated: Option<tokio::task::JoinHandle<()>>,
    /// Removed when the demo is over.
    _temporary: Option<tempfile::TempDir>,
}

impl Demo {
    /// Sets everything up and serves it.
    pub async fn start(options: DemoOptions) -> Result<Demo, Error> {
        let running = start(SimulateOptions {
            seed: options.seed,
            contacts: options.contacts,
            leads: options.leads,
            ..SimulateOptions::default()
        })
        .await?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))
            .await
            .map_err(|error| {
                format!(
                    "port {}: {error}; choose another with --port, or --port 0",
                    options.port
                )
            })?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        // Made anew with a name that nobody guesses, for its owner alone, and gone at the end.
        let temporary = match options.data {
            None => Some(temporary_folder()?),
            Some(_) => None,
        };
        let folder = match (&temporary, options.data) {
            (Some(temporary), _) => temporary.path().to_owned(),
            (None, data) => data.unwrap_or_default(),
        };
        std::fs::create_dir_all(&folder).map_err(|error| {
            let at = folder.display();
            format!("data: {at}: {error}; choose a folder that can be written with --data")
        })?;
        let in_folder = || format!("sqlite:{}", folder.join("tieline.db").display());
        let database = options.database.unwrap_or_else(in_folder);
        let hub = open_hub(&folder, &database, &url, &running).await?;
        let connection = furnish(&hub, &running.simulator, &url).await?;
        let administrator = staff::by_email(&mut *hub.store.reader().await?, ADMINISTRATOR).await?;
        let administrator =
            administrator.ok_or("the demo's administrator is missing from its database")?;
        let caller = Caller::operator();
        let access = &hub.access;
        let link = access
            .sign_in_link(&caller, administrator.id, LINK_MS)
            .await?;
        let sign_in_link = format!("{url}/sign-in/{}", link.token);
        let (stop, stopped) = watch::channel(false);
        let worked = tokio::spawn(hub.worker().run(stopped.clone()));
        let operating = open_socket(&database, None)?;
        let operated = operating.map(|it| tokio::spawn(it.serve(hub.clone(), stopped.clone())));
        let router = hub.router();
        let served = tokio::spawn(async move {
            let options = EdgeOptions {
                limits: Limits::with_all_descriptors(),
                ..EdgeOptions::default()
            };
            serve_until(listener, router, options, stopped).await;
        });
        Ok(Demo {
            hub,
            running,
            connection,
            url,
            administrator: administrator.id,
            sign_in_link,
            socket: operated.as_ref().and_then(|_| socket_of(&database, None)),
            stop,
            served,
            worked,
            operated,
            _temporary: temporary,
        })
    }

    /// What a program needs to use the demo.
    pub async fn ready(&self) -> Result<DemoReady, Error> {
        let mut reader = self.hub.store.reader().await?;
        let senders = carrier_account::senders(&mut reader).await?.into_iter();
        let inboxes = senders.filter_map(|sender| {
            Some(ReadyInbox {
                id: sender.inbox_id?,
                address: sender.address,
                carrier_account_id: sender.account_id,
            })
        });
        let base = &self.running.info.base_url;
        Ok(DemoReady {
            url: self.url.clone(),
            app_url: format!("{}/app", self.url),
            api_url: format!("{}/api/v1", self.url),
            sign_in_link: self.sign_in_link.clone(),
            phones_url: format!("{base}/phones"),
            administrator_id: self.administrator,
            connection_id: self.connection,
            inboxes: inboxes.collect(),
            socket: self.socket.clone(),
            simulator: self.running.info.clone(),
        })
    }

    /// Stops everything, in order.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.running.stop();
        let _ = self.served.await;
        let _ = self.worked.await;
        if let Some(operated) = self.operated {
            let _ = operated.await;
        }
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.hub.store.close()).await;
    }
}

/// The line for programs: every address, the way in, and what the demo's own things are called.
#[derive(Debug, Serialize)]
pub struct DemoReady {
    /// Where the hub is; no slash at its end.
    pub url: String,
    /// The staff app.
    pub app_url: String,
    /// What the paths of the API begin with.
    pub api_url: String,
    /// Signs the administrator in, once.
    pub sign_in_link: String,
    /// The pretend phones.
    pub phones_url: String,
    /// Who is signed in.
    pub administrator_id: StaffId,
    /// The org's connection.
    pub connection_id: ConnectionId,
    /// The inboxes that texts come to.
    pub inboxes: Vec<ReadyInbox>,
    /// For `--socket` of the operator's verbs; none where the database is no file.
    pub socket: Option<PathBuf>,
    /// The pretend org and carrier with their control plane, as `tieline simulate --json` tells them.
    pub simulator: ReadyInfo,
}

/// An inbox, as a program texts to it.
#[derive(Debug, Serialize)]
pub struct ReadyInbox {
    /// The hub's name for it.
    pub id: InboxId,
    /// The number to text to.
    pub address: String,
    /// Its account at the pretend carrier; the last part of its webhook's address.
    pub carrier_account_id: CarrierAccountId,
}

/// Runs the demo until the process is asked to end. When it is ready it prints its addresses for a
/// person, or one JSON line for a program.
pub async fn run(options: DemoOptions, json: bool) -> Outcome {
    // Who reads the addresses may ask for the end at once.
    let ending = ending::asked()?;
    let demo = Demo::start(options).await?;
    // A second start on the same data finds its contacts; a run brings them up to date.
    match demo
        .hub
        .sync
        .start(demo.connection, StartedBy::Schedule)
        .await
    {
        // It was ended in the middle of a run, which goes on by itself.
        Ok(_) | Err(SyncError::Running) => {}
        Err(error) => return Err(error.into()),
    }
    if json {
        say(serde_json::to_string(&demo.ready().await?)?);
    } else {
        show(&demo);
    }
    ending.await;
    if !json {
        say("");
        say("  Stopping.");
    }
    demo.stop().await;
    Ok(())
}

fn show(demo: &Demo) {
    let info = &demo.running.info;
    let base = &info.base_url;
    say("");
    say("  Tieline is running with a pretend Salesforce org and a pretend phone carrier.");
    say("");
    say(format_args!("  Sign in       {}", demo.sign_in_link));
    say(format_args!("  Tieline       {}/app", demo.url));
    say(format_args!(
        "  Salesforce    {base}          someone in the org, editing records"
    ));
    say(format_args!(
        "  Phones        {base}/phones   the people you text, answering"
    ));
    say(format_args!(
        "  Control       {}          for programs; --json tells its token",
        info.control_url
    ));
    if let Some(socket) = &demo.socket {
        say(format_args!(
            "  Operator      tieline staff list --socket {}",
            socket.display()
        ));
    }
    say("");
    say("  Stop with Ctrl-C.");
}

fn temporary_folder() -> Result<tempfile::TempDir, String> {
    let made = tempfile::Builder::new().prefix("tieline-demo-").tempdir();
    made.map_err(|error| {
        let at = std::env::temp_dir();
        let at = at.display();
        format!("a temporary folder in {at}: {error}; set TMPDIR to one that can be written")
    })
}

async fn open_hub(
    folder: &std::path::Path,
    database: &str,
    url: &str,
    running: &Running,
) -> Result<Hub, Error> {
    let world = Arc::new(RealWorld);
    let store = Store::open(StoreOptions {
        url: database.to_owned(),
        clock: world.clone(),
        ids: world.clone(),
    })
    .await?;
    let base = &running.info.base_url;
    let vault = keys::open_for(&store, &folder.join("tieline.key")).await?;
    Ok(Hub::new(HubOptions {
        store,
        vault,
        transport: transport::http(Reach::ThisMachineToo)?,
        environment: world,
        public_url: url.to_owned(),
        demo: Some(DemoLinks {
            org_url: base.clone(),
            phones_url: format!("{base}/phones"),
        }),
        attachments: Arc::new(Folder::at(folder.join("attachments"))),
    }))
}

/// Makes what a new hub lacks, and points the hub at `url` and the pretend parties at each other.
pub async fn furnish(hub: &Hub, simulator: &Simulator, url: &str) -> Result<ConnectionId, Error> {
    let connection = fill(hub, simulator).await?;
    point_at(hub, simulator, url).await?;
    Ok(connection)
}

/// People, the inbox, the connection and its mappings.
async fn fill(hub: &Hub, simulator: &Simulator) -> Result<ConnectionId, Error> {
    let known = connection::all(&mut *hub.store.reader().await?).await?;
    if let Some(known) = known.first() {
        return Ok(known.id);
    }
    let hire = |name: &str, email: &str, role| NewStaff {
        name: name.to_owned(),
        email: email.to_owned(),
        role,
    };
    let priya = hire("Priya Nair", ADMINISTRATOR, Role::SystemAdministrator);
    let tom = hire(
        "Tom Aldridge",
        "tom.aldridge@harrow-vale.example",
        Role::Staff,
    );
    let caller = Caller::operator();
    let priya = hub.access.add_staff(&caller, &priya).await?;
    let tom = hub.access.add_staff(&caller, &tom).await?;
    let mut tx = hub.store.begin(&Actor::system()).await?;
    setting::set(&mut tx, setting::ORGANISATION_NAME, &"Harrow & Vale").await?;
    setting::set(&mut tx, setting::DEFAULT_COUNTRY, &"GB").await?;
    let inbox = Inbox {
        id: tx.new_id(),
        channel: Channel::Sms,
        name: "Client Care".to_owned(),
        country: "GB".to_owned(),
    };
    inbox::create(&mut tx, &inbox).await?;
    let account = CarrierAccount {
        id: tx.new_id(),
        carrier: CarrierKind::Twilio,
        account: simulator.carrier_access().account_sid,
        url: String::new(),
        secret: Vec::new(),
        held_until: None,
    };
    carrier_account::create(&mut tx, &account).await?;
    let sender = Sender {
        id: tx.new_id(),
        account_id: account.id,
        inbox_id: Some(inbox.id),
        address: OUR_NUMBER.to_owned(),
    };
    carrier_account::add_sender(&mut tx, &sender).await?;
    inbox::add_member(&mut tx, inbox.id, priya.id).await?;
    inbox::add_member(&mut tx, inbox.id, tom.id).await?;
    tx.commit().await?;
    let org = simulator.org_access();
    let id = hub
        .connections
        .connect(NewConnection {
            name: "Harrow & Vale".to_owned(),
            kind: ConnectionKind::Simulated,
            login_url: simulator.carrier_access().url,
            consumer_key: org.consumer_key.clone(),
            consumer_secret: SecretString::from(org.consumer_secret.clone()),
        })
        .await?;
    hub.sync.set_up(id).await?;
    Ok(id)
}

/// The pretend parties have new ports with every start: points the hub and the carrier at each other.
async fn point_at(hub: &Hub, simulator: &Simulator, url: &str) -> Result<(), Error> {
    let carrier = simulator.carrier_access();
    let mut tx = hub.store.begin(&Actor::system()).await?;
    for connection in connection::all(&mut tx).await? {
        connection::set_addresses(&mut tx, connection.id, &carrier.url, &carrier.url).await?;
        hub.connections.forget(connection.id);
    }
    for mut account in carrier_account::all(&mut tx).await? {
        account.url = carrier.url.clone();
        account.account = carrier.account_sid.clone();
        let place = Place::of_carrier_secret(account.id);
        let vault = hub.connections.vault();
        account.secret = vault.seal(place, carrier.auth_token.as_bytes());
        carrier_account::save(&mut tx, &account).await?;
        for sender in carrier_account::senders_of(&mut tx, account.id).await? {
            let webhook = format!("{url}/hooks/twilio/accounts/{}", account.id);
            simulator.provision(&sender.address, &webhook);
        }
    }
    Ok(tx.commit().await?)
}

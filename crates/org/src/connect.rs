//! Connecting an org, and the client of each connection with its calls counted.

use crate::budget::Budget;
use crate::error::{OrgError, Result};
use crate::guard::{check_url, hosts_of};
use crate::session::{Secrets, StoredTokens, grant, open_secrets, seal_secrets, session_bytes};
use crate::vault::{Place, Vault};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};
use tieline_domain::access::Actor;
use tieline_domain::connection::{ConnectionKind, ConnectionState, GrantKind};
use tieline_domain::id::ConnectionId;
use tieline_salesforce::auth::{self, App};
use tieline_salesforce::{
    CallBudget, CallPurpose, Client, ClientOptions, Environment, Error, Token, TokenStore,
    Transport,
};
use tieline_storage::Store;
use tieline_storage::connection::{self, Connection};

/// The version of the API that all calls use.
pub const API_VERSION: &str = "v66.0";
/// Marks our own writes when they come back as change events.
pub const CLIENT_NAME: &str = "tieline";
/// Calls that Tieline allows itself in 24 hours until somebody says otherwise.
const DAILY_BUDGET: i64 = 30_000;

/// An org to be connected without a browser.
pub struct NewConnection {
    /// For people.
    pub name: String,
    /// What it is.
    pub kind: ConnectionKind,
    /// The org's own host.
    pub login_url: String,
    /// The app's public name.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: SecretString,
}

/// All connections of the hub; cheap to clone.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    vault: Vault,
    transport: Transport,
    environment: Arc<dyn Environment>,
    clients: Mutex<HashMap<ConnectionId, (Client, Arc<Budget>)>>,
}

/// A client and the budget that its calls are taken from.
pub struct CallScope {
    /// The client, counted for one purpose; it knows how many calls were made with it.
    pub client: Client,
    budget: Arc<Budget>,
}

impl CallScope {
    /// Writes the calls made so far into the count of the last 24 hours.
    pub async fn record(&self) -> tieline_storage::Result<()> {
        let usage = self.client.usage().map(|usage| (usage.used, usage.max));
        self.budget.write_down(usage).await
    }
}

/// Calls of a connection that is not stored yet: too few to be counted.
struct Unstored;

impl CallBudget for Unstored {
    fn take(&self, _: CallPurpose) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn give_back(&self, _: CallPurpose) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

impl Connections {
    /// Over this store, with secrets sealed by this vault and calls carried by this transport.
    pub fn new(
        store: Store,
        vault: Vault,
        transport: Transport,
        environment: Arc<dyn Environment>,
    ) -> Connections {
        let clients = Mutex::new(HashMap::new());
        Connections {
            inner: Arc::new(Inner {
                store,
                vault,
                transport,
                environment,
                clients,
            }),
        }
    }

    /// The vault, for other secrets of the hub.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Connects an org by its app's own credentials. Reads who is connected; writes nothing to the org.
    pub async fn connect(&self, new: NewConnection) -> Result<ConnectionId> {
        check_url("login_url", new.kind, &new.login_url)?;
        let app = App {
            login_url: new.login_url.trim_end_matches('/').to_owned(),
            consumer_key: new.consumer_key.clone(),
            consumer_secret: Some(new.consumer_secret.clone()),
            hosts: hosts_of(new.kind),
        };
        let secrets = Secrets {
            consumer_secret: Some(
                secrecy::ExposeSecret::expose_secret(&new.consumer_secret).to_owned(),
            ),
            ..Secrets::default()
        };
        let kind = GrantKind::ClientCredentials;
        let inner = &self.inner;
        let now_ms = inner.environment.now_ms();
        let token = auth::sign_in(
            &inner.transport,
            &app,
            &grant(kind, secrets.clone())?,
            now_ms,
        )
        .await?;
        let seen = self.look(&app, &token).await?;
        let id: ConnectionId = inner.store.new_id();
        let row = Connection {
            id,
            name: new.name,
            kind: new.kind,
            login_url: app.login_url.clone(),
            instance_url: token.instance_url.clone(),
            org_id: seen.org_id,
            org_name: seen.org_name,
            user_id: seen.user_id,
            username: seen.username,
            grant_kind: kind,
            consumer_key: new.consumer_key,
            secrets: seal_secrets(&inner.vault, id, &secrets),
            access_token: Some(
                inner
                    .vault
                    .seal(Place::of_session(id), &session_bytes(&token)),
            ),
            token_version: 0,
            state: ConnectionState::Connected,
            state_reason: None,
            state_since: inner.store.now(),
            daily_budget: DAILY_BUDGET,
            org_calls: None,
        };
        let mut tx = inner.store.begin(&Actor::system()).await?;
        connection::create(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The client of a connection for a purpose; its session is shared by all who ask.
    pub async fn client(&self, id: ConnectionId, purpose: CallPurpose) -> Result<CallScope> {
        if let Some((client, budget)) = self.known(id) {
            return Ok(CallScope {
                client: client.with_purpose(purpose),
                budget,
            });
        }
        let inner = &self.inner;
        let row = connection::by_id(&mut *inner.store.reader().await?, id).await?;
        check_url("instance_url", row.kind, &row.instance_url)?;
        let secrets = open_secrets(&inner.vault, id, &row.secrets)?;
        let app = App {
            login_url: row.login_url,
            consumer_key: row.consumer_key,
            consumer_secret: secrets.consumer_secret.map(Into::into),
            hosts: hosts_of(row.kind),
        };
        let tokens = StoredTokens {
            store: inner.store.clone(),
            vault: inner.vault.clone(),
            id,
            loaded: AtomicI64::new(row.token_version),
        };
        let budget = Arc::new(Budget::new(inner.store.clone(), id));
        let client = self.make_client(app, Arc::new(tokens), budget.clone());
        let mut clients = inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let (client, budget) = clients.entry(id).or_insert((client, budget)).clone();
        Ok(CallScope {
            client: client.with_purpose(purpose),
            budget,
        })
    }

    /// Records what an error says about the connection, for people to see.
    pub async fn note(&self, id: ConnectionId, error: &Error) -> Result<()> {
        let state = match error {
            Error::SignInNeeded { .. } => ConnectionState::NeedsSignIn,
            Error::Unreachable(_) => ConnectionState::Unreachable,
            _ => return Ok(()),
        };
        let mut tx = self.inner.store.begin_aside(&Actor::system()).await?;
        connection::set_state(&mut tx, id, state, Some(&error.to_string())).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Asks an org that did not answer, or did not let us in, whether it does by now; nothing is
    /// asked of one that is well.
    pub async fn is_back(&self, id: ConnectionId) -> Result<()> {
        let row = connection::by_id(&mut *self.inner.store.reader().await?, id).await?;
        if row.state == ConnectionState::Connected {
            return Ok(());
        }
        let calls = self.client(id, CallPurpose::Sync).await?;
        let answer = calls.client.limits().await;
        calls.record().await?;
        answer?;
        self.note_well(id).await
    }

    /// Records that the org answered, for people to see.
    pub async fn note_well(&self, id: ConnectionId) -> Result<()> {
        let row = connection::by_id(&mut *self.inner.store.reader().await?, id).await?;
        if row.state == ConnectionState::Connected {
            return Ok(());
        }
        let mut tx = self.inner.store.begin_aside(&Actor::system()).await?;
        connection::set_state(&mut tx, id, ConnectionState::Connected, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the client, as when the connection's addresses have changed.
    pub fn forget(&self, id: ConnectionId) {
        self.inner
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    fn known(&self, id: ConnectionId) -> Option<(Client, Arc<Budget>)> {
        self.inner
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    fn make_client(
        &self,
        app: App,
        tokens: Arc<dyn TokenStore>,
        budget: Arc<dyn CallBudget>,
    ) -> Client {
        let options = ClientOptions {
            transport: self.inner.transport.clone(),
            environment: self.inner.environment.clone(),
            app,
            tokens,
            budget,
            api_version: API_VERSION.to_owned(),
            client_name: CLIENT_NAME.to_owned(),
        };
        Client::new(options, CallPurpose::Staff)
    }

    /// Who is connected, by reading.
    async fn look(&self, app: &App, token: &Token) -> Result<Seen> {
        let tokens = Arc::new(OneToken(token.clone()));
        let client = self.make_client(app.clone(), tokens, Arc::new(Unstored));
        let info = client.userinfo().await?;
        let text = |key: &'static str| {
            info.get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or(OrgError::Salesforce(Error::Unexpected(format!(
                    "a user description without {key}"
                ))))
        };
        let page = client.query("SELECT Name FROM Organization").await?;
        let org_name = page
            .records
            .first()
            .and_then(|row| row.text("Name"))
            .unwrap_or("Salesforce")
            .to_owned();
        Ok(Seen {
            org_id: text("organization_id")?,
            user_id: text("user_id")?,
            username: text("preferred_username")?,
            org_name,
        })
    }
}

struct Seen {
    org_id: String,
    org_name: String,
    user_id: String,
    username: String,
}

/// A token that is not stored yet.
struct OneToken(Token);

type Answer<'a, T> =
    std::pin::Pin<Box<dyn Future<Output = tieline_salesforce::Result<T>> + Send + 'a>>;

impl TokenStore for OneToken {
    fn load(&self) -> Answer<'_, Option<Token>> {
        Box::pin(async { Ok(Some(self.0.clone())) })
    }
    fn save(&self, _: Token) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
    fn grant(&self) -> Answer<'_, tieline_salesforce::Grant> {
        Box::pin(async { Ok(tieline_salesforce::Grant::ClientCredentials) })
    }
}

/// The page of a record in the org's own user interface.
pub fn record_url(instance_url: &str, object: &str, record_id: &str) -> String {
    let host = instance_url.replace(".my.salesforce.com", ".lightning.force.com");
    format!("{host}/lightning/r/{object}/{record_id}/view")
}

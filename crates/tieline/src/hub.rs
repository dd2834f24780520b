//! The hub: its parts put together over one store.

use crate::transport::Transport;
use crate::worker::Worker;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tieline_access::Access;
use tieline_messaging::{Messaging, OpenSecret, Receiver};
use tieline_org::{Connections, Place, Vault};
use tieline_salesforce::Environment;
use tieline_storage::Store;
use tieline_storage::attachment_store::AttachmentStore;
use tieline_sync::Sync;
use tieline_web::{Accounts, DemoLinks, REQUEST_PATIENCE, WEBHOOK_PATIENCE};
use tieline_web::{Held, Metrics, Readiness, Teller, WebParts, WebState, router};

/// What a hub is made of.
pub struct HubOptions {
    /// The open database.
    pub store: Store,
    /// Seals and opens secrets.
    pub vault: Vault,
    /// Carries requests out.
    pub transport: Transport,
    /// Time, randomness and waiting for the org's client.
    pub environment: Arc<dyn Environment>,
    /// Where people and carriers reach it; no slash at its end.
    pub public_url: String,
    /// The pretend outside parties, in the demo.
    pub demo: Option<DemoLinks>,
    /// Where the bytes of attachments are.
    pub attachments: Arc<dyn AttachmentStore>,
}

/// The surroundings of one node, with the time that all nodes agree on: an assertion signed by a
/// node's own clock would be refused for being an hour old.
struct OnTime {
    store: Store,
    environment: Arc<dyn Environment>,
}

impl Environment for OnTime {
    fn now_ms(&self) -> i64 {
        self.store.now().0
    }

    fn random(&self) -> u64 {
        self.environment.random()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.environment.sleep(time)
    }
}

/// A hub that is ready to serve and to work; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    /// The open database.
    pub store: Store,
    /// Signing in.
    pub access: Access,
    /// The orgs.
    pub connections: Connections,
    /// The sync.
    pub sync: Sync,
    /// Conversations.
    pub messaging: Messaging,
    /// Where the bytes of attachments are.
    pub attachments: Arc<dyn AttachmentStore>,
    web: WebState,
}

impl Hub {
    /// Puts the parts together.
    pub fn new(options: HubOptions) -> Hub {
        let HubOptions {
            store,
            vault,
            transport,
            environment,
            public_url,
            demo,
            attachments,
        } = options;
        let on_time = Arc::new(OnTime {
            store: store.clone(),
            environment,
        });
        let connections =
            Connections::new(store.clone(), vault.clone(), transport.clone(), on_time);
        let sync = Sync::new(store.clone(), connections.clone());
        let open_secret: OpenSecret = Arc::new(move |account, sealed: &[u8]| {
            let place = Place::of_carrier_secret(account);
            let plain = vault.open(place, sealed).ok()?;
            String::from_utf8(plain).ok()
        });
        let messaging = Messaging {
            store: store.clone(),
            transport,
            open_secret: open_secret.clone(),
            public_url: public_url.clone(),
        };
        let requests = store.patient(REQUEST_PATIENCE);
        let access = Access::new(requests.clone());
        let hooks = Messaging {
            store: store.patient(WEBHOOK_PATIENCE),
            ..messaging.clone()
        };
        let web = WebState::new(WebParts {
            store: requests.clone(),
            access: access.clone(),
            receiver: Receiver::start(hooks),
            accounts: Accounts::default(),
            teller: Teller::start(store.clone()),
            sync: Sync::new(requests, connections.clone()),
            open_secret,
            attachments: attachments.clone(),
            public_url,
            demo,
            readiness: Readiness::default(),
            held: Held::default(),
            metrics: Arc::default(),
        });
        Hub {
            store,
            access,
            connections,
            sync,
            messaging,
            attachments,
            web,
        }
    }

    /// What is served.
    pub fn router(&self) -> axum::Router {
        router(self.web.clone())
    }

    /// What tells browsers.
    pub fn teller(&self) -> &Teller {
        &self.web.teller
    }

    /// What is counted, for the listener that shows it.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.web.metrics.clone()
    }

    /// What does the jobs.
    pub fn worker(&self) -> Worker {
        Worker::new(
            self.store.clone(),
            self.access.clone(),
            self.sync.clone(),
            self.messaging.clone(),
            self.attachments.clone(),
        )
    }
}

//! One pretend world: orgs and a carrier, seen from one of the orgs. Programs under test reach it
//! by HTTP or by its router in the same process.

mod host;
mod locators;
mod phones;
mod webhook;

pub(crate) use host::Host;

use crate::carrier::Carrier;
use crate::clock::{Clock, ShiftedClock};
use crate::lock::lock;
use crate::oauth::{ConnectedApp, SignInSettings};
use crate::org::{Org, OrgKind, RecordId};
use crate::seeded::Seeded;
use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use tower::util::BoxCloneSyncService;

/// Carries the carrier's webhooks out.
pub type Outgoing =
    BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Box<dyn std::error::Error + Send + Sync>>;

/// How a simulator is made.
pub struct SimulatorOptions {
    /// Decides people, ids, tokens and delays.
    pub seed: u64,
    /// Generated contacts beside the sample records.
    pub contacts: usize,
    /// Generated leads beside the sample records.
    pub leads: usize,
    /// The time of org and carrier.
    pub clock: Arc<dyn Clock>,
    /// The orgs; the carrier lives beside the first.
    pub orgs: Vec<OrgPlace>,
}

/// Which org is wanted, and where it will be.
#[derive(Debug, Clone)]
pub struct OrgPlace {
    /// Production or sandbox.
    pub kind: OrgKind,
    /// Where it will be reached, `http://127.0.0.1:4010`; no slash at its end.
    pub base_url: String,
}

/// The pretend world, seen from one of its orgs; cheap to clone.
#[derive(Clone)]
pub struct Simulator {
    pub(crate) world: Arc<World>,
    pub(crate) host: Arc<Host>,
    base_url: Arc<str>,
}

/// What all orgs share.
pub(crate) struct World {
    pub hosts: Vec<Arc<Host>>,
    pub clock: Arc<ShiftedClock>,
    /// That of the orgs, and a shift of the carrier's own.
    pub carrier_clock: ShiftedClock,
    pub carrier: Mutex<Carrier>,
    pub control_token: String,
    pub outgoing: Mutex<Option<Outgoing>>,
}

/// What a program needs to reach an org.
#[derive(Debug, Clone, Serialize)]
pub struct OrgAccess {
    /// `production` or `sandbox`.
    pub kind: String,
    /// 18 characters.
    pub org_id: String,
    /// The administrator.
    pub username: String,
    /// The administrator's password.
    pub password: String,
    /// Goes behind the password.
    pub security_token: String,
    /// The app's public name.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: String,
    /// Where the org is reached in plain http.
    pub instance_url: String,
    /// Where it is reached over https, once served so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// A session of the administrator, ready for use.
    pub access_token: String,
    /// The app's private key, for the JWT bearer flow; a path once served.
    pub jwt_key_file: String,
}

/// What a program needs to reach the carrier.
#[derive(Debug, Clone, Serialize)]
pub struct CarrierAccess {
    /// Same host as the org.
    pub url: String,
    /// `AC…`.
    pub account_sid: String,
    /// Signs webhooks and signs in.
    pub auth_token: String,
}

impl Simulator {
    /// A new world.
    pub fn new(mut options: SimulatorOptions) -> Simulator {
        let clock = Arc::new(ShiftedClock::over(options.clock));
        options.clock = clock.clone();
        let mut random = Seeded::new(options.seed, "secrets");
        let mut secret = |prefix: &str| {
            format!(
                "{prefix}{:016x}{:016x}",
                random.next_u64(),
                random.next_u64()
            )
        };
        let hosts: Vec<Arc<Host>> = options
            .orgs
            .iter()
            .enumerate()
            .map(|(number, place)| Arc::new(Host::new(&options, number as u64, place, &mut secret)))
            .collect();
        let host = hosts.first().expect("a world has at least one org");
        let host = Arc::clone(host);
        let carrier = Carrier::new(options.seed, &mut secret);
        let control_token = secret("ctl_");
        let world = World {
            hosts,
            carrier_clock: ShiftedClock::over(clock.clone()),
            clock,
            carrier: Mutex::new(carrier),
            control_token,
            outgoing: Mutex::new(None),
        };
        Simulator::of(&Arc::new(world), &host)
    }

    fn of(world: &Arc<World>, host: &Arc<Host>) -> Simulator {
        Simulator {
            world: Arc::clone(world),
            host: Arc::clone(host),
            base_url: Arc::from(host.plain_url.as_str()),
        }
    }

    /// The same world, seen from each of its orgs.
    pub fn orgs(&self) -> Vec<Simulator> {
        let seen_from = |host: &Arc<Host>| Simulator::of(&self.world, host);
        self.world.hosts.iter().map(seen_from).collect()
    }

    /// The same org as it shows itself at another address; no slash at its end.
    pub fn reached_at(&self, base_url: &str) -> Simulator {
        let mut seen = self.clone();
        seen.base_url = Arc::from(base_url);
        seen
    }

    /// The org's address as the one who asks reached it: what `instance_url` and the URLs in
    /// answers begin with.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The org, for looking at it from the inside.
    pub fn org(&self) -> &Org {
        &self.host.org
    }

    /// How to reach the org.
    pub fn org_access(&self) -> OrgAccess {
        let administrator = self.administrator();
        let mut oauth = self.host.oauth();
        let access_token =
            oauth.open_session(&self.host.org, administrator.id, self.world.clock.now_ms());
        OrgAccess {
            kind: match self.host.org.kind() {
                OrgKind::Production => "production".to_owned(),
                OrgKind::Sandbox => "sandbox".to_owned(),
            },
            org_id: self.host.org.id().to_string(),
            username: administrator.username,
            password: oauth.password.clone(),
            security_token: oauth.security_token.clone(),
            consumer_key: oauth.consumer_key.clone(),
            consumer_secret: oauth.consumer_secret.clone(),
            instance_url: self.host.plain_url.clone(),
            public_url: None,
            access_token,
            jwt_key_file: String::new(),
        }
    }

    /// How to reach the carrier.
    pub fn carrier_access(&self) -> CarrierAccess {
        let carrier = lock(&self.world.carrier);
        CarrierAccess {
            url: self.world.hosts[0].plain_url.clone(),
            account_sid: carrier.account_sid.clone(),
            auth_token: carrier.auth_token.clone(),
        }
    }

    /// Gives the carrier a way to reach webhooks.
    pub fn set_outgoing(&self, outgoing: Outgoing) {
        *lock(&self.world.outgoing) = Some(outgoing);
    }

    /// Ends the sessions of one user; refresh tokens stay.
    pub fn end_sessions_of(&self, user: &RecordId) {
        self.host.oauth().end_sessions_of(user);
    }

    /// Adds a connected app, or changes the one with the same consumer key; a new one without key
    /// and secret gets some.
    pub fn put_app(&self, app: ConnectedApp) -> ConnectedApp {
        self.host.oauth().put_app(app)
    }

    /// The org's connected apps; the first is the one in its access data.
    pub fn apps(&self) -> Vec<ConnectedApp> {
        self.host.oauth().apps().to_vec()
    }

    /// How strict the org is at sign-in.
    pub fn sign_in_settings(&self) -> SignInSettings {
        self.host.oauth().settings.clone()
    }

    /// Changes how strict the org is at sign-in.
    pub fn set_sign_in_settings(&self, settings: SignInSettings) {
        self.host.oauth().settings = settings;
    }
}

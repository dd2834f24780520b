//! Who calls: finds the org and the user by a call's metadata, and watches the session while a
//! stream is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tonic::Status;
use tonic::metadata::MetadataMap;

use super::errors::{Failure, NOT_SIGNED_IN, UNAVAILABLE, status};
use crate::lock::lock;
use crate::org::{Org, RecordId};
use crate::seeded::mix;
use crate::simulator::{Host, Simulator};

/// The way in; cheap to clone.
#[derive(Clone)]
pub(super) struct Door {
    simulator: Simulator,
    calls: Arc<AtomicU64>,
}

/// One call of somebody who is signed in.
#[derive(Clone)]
pub(super) struct Caller {
    host: Arc<Host>,
    simulator: Simulator,
    pub user: RecordId,
    pub rpc_id: String,
    token: String,
}

impl Door {
    pub fn new(simulator: Simulator) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        Self { simulator, calls }
    }

    /// Lets a call in, or says why not. Planned faults of the org meet these calls too, by the
    /// path of the method.
    pub fn enter(&self, method: &str, metadata: &MetadataMap) -> Result<Caller, Status> {
        let rpc_id = self.rpc_id();
        let refuse = |failure: Failure| status(failure, &rpc_id);
        let text = |name: &str| {
            let value = metadata.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (token, tenant) = (text("accesstoken"), text("tenantid"));
        if text("instanceurl").is_empty() {
            return Err(refuse(NOT_SIGNED_IN));
        }
        let host = self.host(&tenant).ok_or_else(|| refuse(NOT_SIGNED_IN))?;
        let path = format!("/eventbus.v1.PubSub/{method}");
        if lock(&host.faults).next("POST", &path, None).is_some() {
            return Err(refuse(UNAVAILABLE));
        }
        let now_ms = host.org.now_ms();
        let user = host.oauth().user_of(&token, now_ms);
        let user = user.ok_or_else(|| refuse(NOT_SIGNED_IN))?;
        let active = host.org.user(&user).is_some_and(|user| user.active);
        // Without the right to use the API a session is as good as none here.
        if !active || !host.org.has_permission(&user, "ApiEnabled") {
            return Err(refuse(NOT_SIGNED_IN));
        }
        Ok(Caller {
            host,
            simulator: self.simulator.clone(),
            user,
            rpc_id,
            token,
        })
    }

    /// The org of a tenant id, which may be a path such as `core/prod/00D…`.
    fn host(&self, tenant: &str) -> Option<Arc<Host>> {
        let wanted = RecordId::parse(tenant.rsplit('/').next()?)?;
        let mut hosts = self.simulator.world.hosts.iter();
        hosts.find(|host| host.org.id() == wanted).map(Arc::clone)
    }

    fn rpc_id(&self) -> String {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (mix(number), mix(!number));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

impl Caller {
    pub fn org(&self) -> &Org {
        &self.host.org
    }

    pub fn fails(&self, failure: Failure) -> Status {
        status(failure, &self.rpc_id)
    }

    /// Whether the session is still good.
    pub fn session_lives(&self) -> bool {
        let now_ms = self.simulator.world.clock.now_ms();
        self.host.oauth().session(&self.token, now_ms).is_some()
    }

    /// Goes on with another session of the same user.
    pub fn refresh(&mut self, token: &str) -> bool {
        let now_ms = self.org().now_ms();
        let user = self.host.oauth().user_of(token, now_ms);
        let same = user == Some(self.user);
        if same {
            self.token = token.to_owned();
        }
        same
    }
}

//! One org with all that its servers keep beside its records: who is signed in, open queries,
//! planned faults, what was asked and how often.

use super::locators::Locators;
use super::{OrgPlace, SimulatorOptions};
use crate::bulk::{DailyUse, Jobs};
use crate::faults::Faults;
use crate::lock::lock;
use crate::oauth::OAuth;
use crate::org::{Org, OrgOptions, OrgSnapshot};
use crate::usage::Usage;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock};

/// When each describe, as each user sees it, was first answered the way it is answered now.
type Described = BTreeMap<String, (String, i64)>;

/// An org as it is served.
pub(crate) struct Host {
    pub org: Org,
    /// Where it is reached in plain http; answers use `Simulator::base_url`.
    pub plain_url: String,
    /// Its own address over https, once it is served so.
    pub public_url: OnceLock<String>,
    oauth: Mutex<OAuth>,
    pub locators: Mutex<Locators>,
    pub described: Mutex<Described>,
    jobs: Mutex<Jobs>,
    pub bulk_use: Mutex<DailyUse>,
    pub faults: Mutex<Faults>,
    pub usage: Mutex<Usage>,
    snapshots: Mutex<BTreeMap<String, OrgSnapshot>>,
}

impl Host {
    /// The org of this number; the first has the world's own seed.
    pub fn new(
        options: &SimulatorOptions,
        number: u64,
        place: &OrgPlace,
        secret: &mut impl FnMut(&str) -> String,
    ) -> Host {
        let seed = options.seed.wrapping_add(number << 32);
        let org = Org::new(OrgOptions {
            seed,
            contacts: options.contacts,
            leads: options.leads,
            person_accounts: false,
            kind: place.kind,
            clock: options.clock.clone(),
        });
        Host {
            org,
            plain_url: place.base_url.clone(),
            public_url: OnceLock::new(),
            oauth: Mutex::new(OAuth::new(secret)),
            locators: Mutex::new(Locators::default()),
            described: Mutex::new(Described::new()),
            jobs: Mutex::new(Jobs::default()),
            bulk_use: Mutex::new(DailyUse::default()),
            faults: Mutex::new(Faults::new(seed)),
            usage: Mutex::new(Usage::new()),
            snapshots: Mutex::new(BTreeMap::new()),
        }
    }

    pub fn oauth(&self) -> MutexGuard<'_, OAuth> {
        self.outside(&self.oauth)
    }

    pub fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.outside(&self.jobs)
    }

    pub fn snapshots(&self) -> MutexGuard<'_, BTreeMap<String, OrgSnapshot>> {
        self.outside(&self.snapshots)
    }

    /// Locks what is held while the org is asked. Asking waits for the transactions of others, so
    /// whoever took such a lock inside one of their own could wait for somebody who waits for them.
    fn outside<'a, T>(&self, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        assert!(!self.org.in_transaction(), "locked inside a transaction");
        lock(mutex)
    }
}

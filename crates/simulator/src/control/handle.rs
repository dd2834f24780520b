//! The control plane as Rust methods, one per act.

use crate::faults::{Aim, Fault, FaultState};
use crate::lock::lock;
use crate::org::{OrgSnapshot, User};
use crate::simulator::Simulator;
use crate::usage::{CallRecord, UsageReport};

/// There is no snapshot of this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no snapshot {0:?}")]
pub struct UnknownSnapshot(pub String);

impl Simulator {
    /// The time of all orgs and of the carrier, epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// Moves the time of all orgs and of the carrier forward; the new time.
    pub fn advance(&self, by_ms: u64) -> i64 {
        self.world.clock.advance(by_ms)
    }

    /// Puts the time of all orgs and of the carrier, backwards too.
    pub fn set_time(&self, now_ms: i64) {
        self.world.clock.set(now_ms);
    }

    /// The time of the carrier, epoch milliseconds.
    pub fn carrier_now_ms(&self) -> i64 {
        self.world.carrier_clock.now_ms()
    }

    /// Puts the carrier's time, which from then on runs beside that of the orgs and is moved with it.
    pub fn set_carrier_time(&self, now_ms: i64) {
        self.world.carrier_clock.set(now_ms);
    }

    /// Plans a fault; its number, for asking how often it fired.
    pub fn plan(&self, fault: Fault) -> usize {
        self.plan_aimed(fault, Aim::default())
    }

    /// Plans a fault for some of the requests that fit it.
    pub fn plan_aimed(&self, fault: Fault, aim: Aim) -> usize {
        lock(&self.host.faults).plan(fault, aim)
    }

    /// How often a planned fault fired.
    pub fn fired(&self, fault: usize) -> u32 {
        let faults = lock(&self.host.faults);
        faults.states().get(fault).map_or(0, |state| state.fired)
    }

    /// All planned faults, by their numbers.
    pub fn faults(&self) -> Vec<FaultState> {
        lock(&self.host.faults).states().to_vec()
    }

    /// Takes one fault back, its counts stay; whether there is one of this number.
    pub fn cancel_fault(&self, fault: usize) -> bool {
        lock(&self.host.faults).cancel(fault)
    }

    /// Takes all faults back; the counts stay.
    pub fn clear_faults(&self) {
        lock(&self.host.faults).clear();
    }

    /// Ends all sessions, as an administrator may.
    pub fn end_sessions(&self) {
        self.host.oauth().end_sessions();
    }

    /// The last 100,000 requests that were answered, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.host.usage).records()
    }

    /// API calls that counted, since the start.
    pub fn calls_used(&self) -> u64 {
        lock(&self.host.usage).total()
    }

    /// Who used the API, for what, and how much is left.
    pub fn usage(&self) -> UsageReport {
        lock(&self.host.usage).report(self.now_ms())
    }

    /// Sets how many calls the org allows in 24 hours.
    pub fn set_calls_max(&self, max: u64) {
        lock(&self.host.usage).set_max(max);
    }

    /// Makes it look as if so many calls had been made just now.
    pub fn set_calls_used(&self, used: u64) {
        lock(&self.host.usage).set_used(used, self.now_ms());
    }

    /// Sets how many calls of 20 seconds and more may run at once.
    pub fn set_long_calls_max(&self, max: usize) {
        lock(&self.host.usage).set_long_calls_max(max);
    }

    /// Keeps the whole state of the org under a name; an older one of this name is lost.
    pub fn snapshot(&self, name: &str) {
        let taken = self.org().snapshot();
        self.host.snapshots().insert(name.to_owned(), taken);
    }

    /// Puts the org back to a snapshot. Sessions stay; open query locators and bulk jobs end,
    /// because the records that they point at may be gone.
    pub fn restore(&self, name: &str) -> Result<(), UnknownSnapshot> {
        let snapshots = self.host.snapshots();
        let taken: &OrgSnapshot = snapshots
            .get(name)
            .ok_or_else(|| UnknownSnapshot(name.to_owned()))?;
        self.org().restore(taken);
        // Afterwards, so that none that was opened in between stays.
        *lock(&self.host.locators) = Default::default();
        *self.host.jobs() = Default::default();
        Ok(())
    }

    /// Names of the snapshots.
    pub fn snapshots(&self) -> Vec<String> {
        self.host.snapshots().keys().cloned().collect()
    }

    /// Forgets a snapshot.
    pub fn forget_snapshot(&self, name: &str) -> Result<(), UnknownSnapshot> {
        let gone = self.host.snapshots().remove(name);
        gone.map(drop)
            .ok_or_else(|| UnknownSnapshot(name.to_owned()))
    }

    /// Goes with each request to the control plane.
    pub fn control_token(&self) -> &str {
        &self.world.control_token
    }

    /// Position of this org in the world.
    pub fn number(&self) -> usize {
        let mut hosts = self.world.hosts.iter();
        let mine = |host: &std::sync::Arc<_>| std::sync::Arc::ptr_eq(host, &self.host);
        hosts.position(mine).unwrap_or_default()
    }

    pub(crate) fn administrator(&self) -> User {
        let mut users = self.org().users().into_iter();
        users.next().expect("every org has its administrator")
    }
}

//! The whole state of the org kept aside and put back: records, schema, rights, settings and log.

use super::Org;
use super::state::State;

/// Everything of an org at one moment.
pub struct OrgSnapshot(State);

impl Org {
    /// What the org is now.
    pub fn snapshot(&self) -> OrgSnapshot {
        OrgSnapshot(self.read().clone())
    }

    /// Makes the org what it was; ids that were given out since are given out again. Events that
    /// were seen since cannot be replayed, and their replay ids are no longer valid.
    pub fn restore(&self, snapshot: &OrgSnapshot) {
        let mut restored = snapshot.0.clone();
        let mut state = self.lock();
        restored.events.continue_after(&state.events);
        *state = restored;
        drop(state);
        self.reset_events();
    }
}

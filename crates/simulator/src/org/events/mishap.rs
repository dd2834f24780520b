//! What can go wrong between a change and its subscribers, asked for by whoever runs the org.

use crate::org::Org;
use crate::org::error::ApiError;
use crate::org::event_bus::What;

impl Org {
    /// The object's next change arrives as a gap event: its header and nothing else.
    pub fn gap_next_event(&self, object: &str) -> Result<(), ApiError> {
        let name = self.event_entity(object)?;
        self.settled_events().events.mishaps.gaps.push(name);
        Ok(())
    }

    /// The object's next change event is lost.
    pub fn drop_next_event(&self, object: &str) -> Result<(), ApiError> {
        let name = self.event_entity(object)?;
        self.settled_events().events.mishaps.drops.push(name);
        Ok(())
    }

    /// The next transaction reports an overflow instead of its changes.
    pub fn overflow_next_transaction(&self) {
        self.settled_events().events.mishaps.overflows += 1;
    }

    /// From now on events arrive this much after their change; 0 for at once.
    pub fn delay_events(&self, by_ms: i64) {
        self.settled_events().events.mishaps.late_ms = by_ms.max(0);
    }

    /// Who next subscribes with a stored replay id sees up to `count` earlier events again.
    pub fn repeat_events_on_resubscribe(&self, count: usize) {
        self.settled_events().events.mishaps.again = count;
    }

    /// Forgets all events and makes all replay ids invalid, as a move to another instance may.
    pub fn reset_events(&self) {
        let now_ms = self.now_ms();
        let mut state = self.settled_events();
        let bus = &mut state.events;
        bus.events.clear();
        bus.ids.jump();
        bus.store(now_ms, now_ms, What::Mark);
        bus.announce();
    }
}

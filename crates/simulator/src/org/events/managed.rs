//! Managed subscriptions: the org keeps how far a subscriber has come.

use super::topic::TopicRefused;
use super::{ManagedSubscription, replay};
use crate::org::Org;
use crate::org::event_bus::Managed;

/// What a stream of a managed subscription needs to know.
pub(crate) struct ManagedTarget {
    pub developer_name: String,
    pub topic: String,
    pub from_earliest: bool,
    pub committed: Option<Vec<u8>>,
}

impl Org {
    /// Defines a managed subscription, or anew the one of this name; its id.
    pub fn define_managed_subscription(&self, definition: ManagedSubscription) -> String {
        let mut state = self.lock();
        let number = state.events.managed.len() + 1;
        let known = state.events.managed.get(&definition.developer_name);
        let id = match known {
            Some(known) => known.id.clone(),
            None => format!("18x000000{number:06}AAA"),
        };
        let managed = Managed {
            id: id.clone(),
            definition: definition.clone(),
            committed: None,
        };
        state
            .events
            .managed
            .insert(definition.developer_name, managed);
        id
    }

    /// The subscription with this id or name.
    pub(crate) fn managed_subscription(&self, name: &str) -> Result<ManagedTarget, TopicRefused> {
        let state = self.read();
        let mut all = state.events.managed.values();
        let found = all.find(|m| m.id == name || m.definition.developer_name == name);
        let found = found.ok_or(TopicRefused::Unknown)?;
        Ok(ManagedTarget {
            developer_name: found.definition.developer_name.clone(),
            topic: found.definition.topic.clone(),
            from_earliest: found.definition.from_earliest,
            committed: found.committed.map(replay::to_bytes),
        })
    }

    /// Keeps that everything up to this replay id is done; false where it is no replay id.
    pub(crate) fn commit_replay(&self, developer_name: &str, replay: &[u8]) -> bool {
        let mut state = self.settled_events();
        let bus = &mut state.events;
        let known = replay::from_bytes(replay)
            .filter(|id| bus.events.binary_search_by_key(id, |e| e.replay).is_ok());
        match (known, bus.managed.get_mut(developer_name)) {
            (Some(id), Some(managed)) => {
                managed.committed = Some(id);
                true
            }
            _ => false,
        }
    }
}

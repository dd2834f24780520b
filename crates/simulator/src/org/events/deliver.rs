//! What a subscriber gets: where it starts, and what comes after that.

use super::topic::Topic;
use super::{payload, replay};
use crate::org::Org;
use crate::org::event_bus::{Stored, What};
use crate::org::id::RecordId;
use crate::org::state::State;

/// Where a subscriber wants to start.
pub(crate) enum Start<'a> {
    Latest,
    Earliest,
    /// Strictly after this replay id.
    After(&'a [u8]),
}

/// The replay id is not one that can be replayed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StartRefused;

/// One event on its way out.
pub(crate) struct Delivered {
    pub replay: u64,
    pub id: String,
    pub schema_id: String,
    pub payload: Vec<u8>,
}

/// What there is now.
pub(crate) struct Batch {
    pub events: Vec<Delivered>,
    /// Everything up to here was seen or is not for this subscriber.
    pub latest: u64,
    /// The next event is late: it is due in so many milliseconds.
    pub due_in_ms: Option<i64>,
}

/// A mark this old is renewed, so that an id from a quiet stream can still be replayed from.
const MARK_MS_MAX: i64 = 3_600_000;

impl Org {
    /// The place to read on from.
    pub(crate) fn event_start(
        &self,
        topic: &Topic,
        start: &Start<'_>,
    ) -> Result<u64, StartRefused> {
        let now_ms = self.now_ms();
        let mut state = self.settled_events();
        let bus = &mut state.events;
        match start {
            Start::Latest => {
                let fresh = bus.events.back().filter(|e| e.at_ms > now_ms - MARK_MS_MAX);
                match fresh.map(|e| e.replay) {
                    Some(replay) => Ok(replay),
                    None => Ok(bus.store(now_ms, now_ms, What::Mark)),
                }
            }
            Start::Earliest => Ok(bus.events.front().map_or(0, |e| e.replay - 1)),
            Start::After(bytes) => {
                let id = replay::from_bytes(bytes).ok_or(StartRefused)?;
                let known = bus.events.binary_search_by_key(&id, |e| e.replay);
                let at = known.map_err(|_| StartRefused)?;
                let again = std::mem::take(&mut bus.mishaps.again);
                let earlier = bus.events.range(..=at).rev();
                let earlier = earlier.filter(|e| topic.holds(&e.what));
                let from = earlier.take(again).last();
                Ok(from.map_or(id, |event| event.replay - 1))
            }
        }
    }

    /// At most `limit` events of a topic after a place.
    pub(crate) fn events_after(
        &self,
        user: &RecordId,
        topic: &Topic,
        after: u64,
        limit: usize,
    ) -> Batch {
        let now_ms = self.now_ms();
        let state = self.settled_events();
        let mut batch = Batch {
            events: Vec::new(),
            latest: after,
            due_in_ms: None,
        };
        let bus = &state.events;
        let from = bus.events.partition_point(|e| e.replay <= after);
        for stored in bus.events.range(from..) {
            if stored.due_ms > now_ms {
                batch.due_in_ms = Some(stored.due_ms - now_ms);
                break;
            }
            if topic.holds(&stored.what) {
                if batch.events.len() >= limit {
                    break;
                }
                batch.events.extend(delivered(&state, user, stored));
            }
            batch.latest = stored.replay;
        }
        batch
    }

    /// A replay id for a stream that has nothing to say; renewed when the last one is old.
    pub(crate) fn fresh_replay_id(&self, seen: u64) -> u64 {
        let now_ms = self.now_ms();
        let mut state = self.settled_events();
        let bus = &mut state.events;
        let newest = bus.events.back();
        match newest {
            Some(event) if event.replay > seen => seen,
            Some(event) if event.at_ms > now_ms - MARK_MS_MAX => event.replay,
            _ => bus.store(now_ms, now_ms, What::Mark),
        }
    }
}

fn delivered(state: &State, user: &RecordId, stored: &Stored) -> Option<Delivered> {
    match &stored.what {
        What::Mark => None,
        What::Published(event) => Some(Delivered {
            replay: stored.replay,
            id: event.id.clone(),
            schema_id: event.schema_id.clone(),
            payload: event.payload.clone(),
        }),
        What::Change(change) => {
            let def = state.store.schema.object(&change.object)?;
            if !state.view(user).object(def.index).read {
                return None;
            }
            Some(Delivered {
                replay: stored.replay,
                id: payload::uuid(state.events.seed, stored.replay),
                schema_id: change.shape.id.clone(),
                payload: payload::encode(state, user, change)?,
            })
        }
    }
}

//! What a user looked at or changed lately.

use serde_json::{Value as Json, json};

use super::id::RecordId;
use super::state::State;
use super::store::attributes;
use super::{Call, Org};

/// Records that the org remembers for a user.
const REMEMBERED: usize = 200;

impl Org {
    /// The records that the user viewed or changed, the latest first: of one object, or of all.
    pub fn recent(&self, call: &Call, object: Option<&str>, limit: usize) -> Vec<Json> {
        let state = self.read();
        let object = object.and_then(|name| state.store.schema.object(name));
        let wanted = |(of, _): &(usize, u32)| object.is_none_or(|o| o.index == *of);
        let places = state.recent_places(&call.user).into_iter().filter(wanted);
        let shown = places.take(limit).map(|(object, slot)| {
            let name = state.store.def(object).name_field();
            let name = name.map_or(Json::Null, |f| state.store.read_json(object, slot, f));
            json!({
                "attributes": attributes(&state.store, object, slot, &call.version),
                "Id": state.store.id_at(object, slot).to_string(),
                "Name": name,
            })
        });
        shown.collect()
    }

    /// Whether the user looked at this record lately.
    pub fn was_viewed(&self, call: &Call, id: &RecordId) -> bool {
        let state = self.read();
        let viewed = state.viewed.get(&call.user);
        viewed.is_some_and(|viewed| viewed.iter().any(|(_, other)| other == id))
    }

    /// Remembers that the user looked at a record.
    pub fn mark_viewed(&self, call: &Call, id: &str) {
        let now_ms = self.now_ms();
        let Some(id) = RecordId::parse(id) else {
            return;
        };
        let mut state = self.lock();
        let viewed = state.viewed.entry(call.user).or_default();
        viewed.retain(|(_, other)| *other != id);
        viewed.push((now_ms, id));
        if viewed.len() > REMEMBERED {
            viewed.remove(0);
        }
    }
}

impl State {
    /// The places of live records that the user may see, the latest first.
    pub fn recent_places(&self, user: &RecordId) -> Vec<(usize, u32)> {
        let (view, mine) = (self.view(user), user.to_string());
        let changed = self
            .changes
            .iter()
            .rev()
            .filter(|c| c.user == mine && !c.by_system);
        let changed = changed.filter_map(|c| Some((c.at_ms, RecordId::parse(&c.id)?)));
        let mut marks: Vec<(i64, RecordId)> = changed.take(REMEMBERED * 4).collect();
        marks.extend(self.viewed.get(user).into_iter().flatten());
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.0));
        let mut places = Vec::new();
        for (_, id) in marks {
            let place = self.store.live(&id).filter(|place| !places.contains(place));
            let shown = |(object, _): &(usize, u32)| {
                self.store.def(*object).layoutable && view.object(*object).read
            };
            if let Some(place) = place.filter(shown) {
                places.push(place);
            }
            if places.len() == REMEMBERED {
                break;
            }
        }
        places
    }
}

//! Counts of records as the org's statistics have them: taken now and then, and only for the
//! objects that people work with.

use super::schema::ObjectDef;
use super::state::State;
use super::{Call, Org};

impl Org {
    /// `limits/recordCount`: object and count, by name; all objects unless some are named.
    /// Objects without statistics are left out.
    pub fn record_counts(&self, call: &Call, wanted: Option<&[String]>) -> Vec<(String, usize)> {
        let now = self.now_ms().div_euclid(1_000);
        let state = self.read();
        let taken_at = match i64::from(state.settings.record_count_every_seconds) {
            0 => now + 1,
            every => now - now.rem_euclid(every),
        };
        let view = state.view(&call.user);
        let named = |object: &&ObjectDef| {
            wanted.is_none_or(|names| names.iter().any(|n| n.eq_ignore_ascii_case(&object.name)))
        };
        let objects = state.store.schema.objects.iter();
        let mut counts: Vec<(String, usize)> = objects
            .filter(|object| object.layoutable && view.object(object.index).read)
            .filter(named)
            .map(|object| (object.name.clone(), state.count_at(object, taken_at)))
            .collect();
        counts.sort();
        counts
    }
}

impl State {
    /// Records that were there before a moment, in epoch seconds.
    fn count_at(&self, object: &ObjectDef, at: i64) -> usize {
        let table = self.store.table(object.index);
        let there = |slot: &u32| {
            let record = table.record(*slot);
            record.created < at && record.deleted_at().is_none_or(|gone| gone >= at)
        };
        (0..table.len() as u32).filter(there).count()
    }
}

//! The recycle bin: what was deleted, when, and by the deletion of which record. Kept beside the
//! records, since only few of them are ever in it.

use std::collections::{BTreeMap, BTreeSet};

use super::Slot;
use crate::org::id::RecordId;

/// A place in the tables.
pub(crate) type Place = (usize, Slot);

/// How a record came into the bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binned {
    /// When, epoch seconds.
    pub at: i64,
    /// The record that was deleted: itself, or the parent that took it along.
    pub root: RecordId,
}

/// What is in the recycle bin.
#[derive(Clone, Default)]
pub(crate) struct Bin {
    entries: BTreeMap<Place, Binned>,
    by_time: BTreeSet<(i64, Place)>,
    by_root: BTreeSet<(RecordId, Place)>,
}

impl Bin {
    pub fn get(&self, place: Place) -> Option<Binned> {
        self.entries.get(&place).copied()
    }

    /// Puts a record in or takes it out; what stood there before.
    pub(super) fn set(&mut self, place: Place, binned: Option<Binned>) -> Option<Binned> {
        let old = match binned {
            Some(binned) => self.entries.insert(place, binned),
            None => self.entries.remove(&place),
        };
        if let Some(old) = old {
            self.by_time.remove(&(old.at, place));
            self.by_root.remove(&(old.root, place));
        }
        if let Some(new) = binned {
            self.by_time.insert((new.at, place));
            self.by_root.insert((new.root, place));
        }
        old
    }

    /// All that one deletion took along, the deleted record too, in the order of the tables.
    pub fn taken_by(&self, root: RecordId) -> Vec<Place> {
        let from = self.by_root.range((root, (0, 0))..);
        from.take_while(|(of, _)| *of == root)
            .map(|(_, place)| *place)
            .collect()
    }

    /// What came in at or before `at`, the oldest first.
    pub fn until(&self, at: i64) -> impl Iterator<Item = Place> + '_ {
        let upto = (at, (usize::MAX, Slot::MAX));
        self.by_time.range(..=upto).map(|(_, place)| *place)
    }

    /// The latest first.
    pub fn latest(&self) -> impl Iterator<Item = (Place, Binned)> + '_ {
        let each = self.by_time.iter().rev();
        each.filter_map(|(_, place)| Some((*place, self.get(*place)?)))
    }
}

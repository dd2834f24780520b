//! A sorted index that holds millions of entries in few bytes: one sorted array for what was there
//! at the last rebuild, small trees for what came and went since.

use std::collections::BTreeSet;
use std::ops::{Bound, RangeBounds};

use super::Slot;

/// Changes that an index of any size takes before it is rebuilt.
const CHANGES_MIN: usize = 4_096;

/// Slots sorted by key, then by slot.
#[derive(Clone)]
pub(crate) struct SortedIndex<K> {
    /// In step with `slots`, so that no byte is lost between a key and its slot.
    keys: Vec<K>,
    slots: Vec<Slot>,
    added: BTreeSet<(K, Slot)>,
    /// Entries of the arrays that are gone.
    removed: BTreeSet<(K, Slot)>,
}

impl<K: Copy + Ord> SortedIndex<K> {
    pub fn new() -> Self {
        Self {
            keys: Vec::new(),
            slots: Vec::new(),
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
        }
    }

    /// Takes many entries at once.
    pub fn extend(&mut self, entries: Vec<(K, Slot)>) {
        let mut all: Vec<(K, Slot)> = self.range(..).collect();
        all.extend(entries);
        all.sort_unstable();
        all.dedup();
        self.keys = all.iter().map(|(key, _)| *key).collect();
        self.slots = all.into_iter().map(|(_, slot)| slot).collect();
        self.added.clear();
        self.removed.clear();
    }

    /// Puts an entry in or takes it out.
    pub fn put(&mut self, entry: (K, Slot), present: bool) {
        let settled = self.is_settled(entry);
        match (settled, present) {
            (true, true) => drop(self.removed.remove(&entry)),
            (true, false) => drop(self.removed.insert(entry)),
            (false, true) => drop(self.added.insert(entry)),
            (false, false) => drop(self.added.remove(&entry)),
        }
        let changes = self.added.len() + self.removed.len();
        if changes > CHANGES_MIN.max(self.slots.len() / 4) {
            self.extend(Vec::new());
        }
    }

    /// The entries between two of them, in order.
    pub fn range(
        &self,
        range: impl RangeBounds<(K, Slot)>,
    ) -> impl DoubleEndedIterator<Item = (K, Slot)> + '_ {
        let (low, high) = (range.start_bound().cloned(), range.end_bound().cloned());
        let from = match low {
            Bound::Unbounded => 0,
            Bound::Included(entry) => self.first_place(|at| at < entry),
            Bound::Excluded(entry) => self.first_place(|at| at <= entry),
        };
        let to = match high {
            Bound::Unbounded => self.slots.len(),
            Bound::Included(entry) => self.first_place(|at| at <= entry),
            Bound::Excluded(entry) => self.first_place(|at| at < entry),
        };
        let settled = (from..to.max(from)).map(|place| self.at(place));
        let settled = settled.filter(|entry| !self.removed.contains(entry));
        Merged::new(settled, self.added.range((low, high)).copied())
    }

    fn at(&self, place: usize) -> (K, Slot) {
        (self.keys[place], self.slots[place])
    }

    fn is_settled(&self, entry: (K, Slot)) -> bool {
        let place = self.first_place(|at| at < entry);
        place < self.slots.len() && self.at(place) == entry
    }

    /// The first place in the arrays whose entry is not `before`.
    fn first_place(&self, before: impl Fn((K, Slot)) -> bool) -> usize {
        let (mut low, mut high) = (0, self.slots.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match before(self.at(middle)) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

/// Two sorted iterators as one, from both ends.
struct Merged<A: Iterator, B: Iterator> {
    left: Side<A>,
    right: Side<B>,
}

/// An iterator with the entries that were looked at and not yet taken.
struct Side<I: Iterator> {
    rest: I,
    front: Option<I::Item>,
    back: Option<I::Item>,
}

impl<A, B> Merged<A, B>
where
    A: DoubleEndedIterator,
    B: DoubleEndedIterator<Item = A::Item>,
{
    fn new(left: A, right: B) -> Self {
        Self {
            left: Side::new(left),
            right: Side::new(right),
        }
    }
}

impl<I: DoubleEndedIterator> Side<I> {
    fn new(rest: I) -> Self {
        Self {
            rest,
            front: None,
            back: None,
        }
    }

    /// Looks at the first entry: where the rest is empty, the last one may be it.
    fn first(&mut self) -> Option<&I::Item> {
        if self.front.is_none() {
            self.front = self.rest.next().or_else(|| self.back.take());
        }
        self.front.as_ref()
    }

    fn last(&mut self) -> Option<&I::Item> {
        if self.back.is_none() {
            self.back = self.rest.next_back().or_else(|| self.front.take());
        }
        self.back.as_ref()
    }
}

impl<A, B> Iterator for Merged<A, B>
where
    A: DoubleEndedIterator,
    B: DoubleEndedIterator<Item = A::Item>,
    A::Item: Ord,
{
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match (self.left.first(), self.right.first()) {
            (Some(left), Some(right)) if right < left => self.right.front.take(),
            (Some(_), _) => self.left.front.take(),
            (None, _) => self.right.front.take(),
        }
    }
}

impl<A, B> DoubleEndedIterator for Merged<A, B>
where
    A: DoubleEndedIterator,
    B: DoubleEndedIterator<Item = A::Item>,
    A::Item: Ord,
{
    fn next_back(&mut self) -> Option<A::Item> {
        match (self.left.last(), self.right.last()) {
            (Some(left), Some(right)) if right > left => self.right.back.take(),
            (Some(_), _) => self.left.back.take(),
            (None, _) => self.right.back.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_sorted_set_whatever_comes_and_goes(
            loaded in proptest::collection::vec((0u8..20, 0u32..20), 0..40),
            changes in proptest::collection::vec(((0u8..20, 0u32..20), any::<bool>()), 0..80),
            (low, high) in (0u8..20, 0u8..20),
            ends in proptest::collection::vec(any::<bool>(), 0..100),
        ) {
            let mut index = SortedIndex::new();
            let mut set: BTreeSet<(u8, Slot)> = loaded.iter().copied().collect();
            index.extend(loaded);
            for (entry, present) in changes {
                index.put(entry, present);
                match present {
                    true => set.insert(entry),
                    false => set.remove(&entry),
                };
            }
            let high = high.max(low);
            let range = (Bound::Included((low, 0)), Bound::Excluded((high, 5)));
            let (mut ours, mut theirs) = (index.range(range), set.range(range).copied());
            for front in ends {
                match front {
                    true => prop_assert_eq!(ours.next(), theirs.next()),
                    false => prop_assert_eq!(ours.next_back(), theirs.next_back()),
                }
            }
            prop_assert!(index.range(..).eq(set.iter().copied()));
        }
    }

    #[test]
    fn many_changes_end_in_the_array() {
        let mut index = SortedIndex::new();
        for slot in 0..3 * CHANGES_MIN as Slot {
            index.put((slot % 7, slot), true);
        }
        assert!(index.added.len() <= CHANGES_MIN);
        assert_eq!(index.range(..).count(), 3 * CHANGES_MIN);
        assert!(index.range(..).is_sorted());
    }
}

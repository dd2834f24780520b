//! The records of one object, with the indexes by which they are found.

use std::ops::{Bound, RangeBounds};

use super::Slot;
use super::index::SortedIndex;
use crate::org::id::RecordId;
use crate::org::record::{Record, Shapes};
use crate::org::schema::{ObjectDef, Role};
use crate::org::value::Value;

/// The records of one object.
#[derive(Clone)]
pub(crate) struct Table {
    stem: RecordId,
    first_serial: u64,
    records: Vec<Record>,
    shapes: Shapes,
    by_stamp: SortedIndex<i64>,
    hashes: Vec<HashIndex>,
    person: Option<PersonParts>,
}

/// Where the parts of a person's name are.
#[derive(Clone)]
struct PersonParts {
    first: u16,
    middle: Option<u16>,
    last: u16,
    suffix: Option<u16>,
}

/// Slots by the hash of a field's value; a hit is checked against the record itself.
#[derive(Clone)]
struct HashIndex {
    field: u16,
    role: Role,
    entries: SortedIndex<u32>,
}

impl Table {
    pub(super) fn new(stem: RecordId, first_serial: u64) -> Self {
        Self {
            stem,
            first_serial,
            records: Vec::new(),
            shapes: Shapes::default(),
            by_stamp: SortedIndex::new(),
            hashes: Vec::new(),
            person: None,
        }
    }

    /// Follows the object's fields: a new index takes in the records that are there already,
    /// unless they are all taken in later.
    pub(super) fn fit(&mut self, object: &ObjectDef, filling: bool) {
        self.person = object.is_person().then(|| PersonParts {
            first: object.at("FirstName"),
            middle: object.field_index("MiddleName"),
            last: object.at("LastName"),
            suffix: object.field_index("Suffix"),
        });
        for field in object.fields.iter().filter(|f| f.indexed) {
            if self.hashes.iter().any(|h| h.field == field.index) {
                continue;
            }
            self.hashes.push(HashIndex {
                field: field.index,
                role: field.role,
                entries: SortedIndex::new(),
            });
            if !filling {
                self.build_index(self.hashes.len() - 1);
            }
        }
    }

    /// Number of records, deleted ones too.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn record(&self, slot: Slot) -> &Record {
        &self.records[slot as usize]
    }

    pub fn id_at(&self, slot: Slot) -> RecordId {
        self.stem.with_serial(self.first_serial + u64::from(slot))
    }

    pub fn slot_of(&self, id: &RecordId) -> Option<Slot> {
        let place = id.serial().checked_sub(self.first_serial)?;
        let known = id.stem() == self.stem.stem() && place < self.records.len() as u64;
        known.then_some(place as Slot)
    }

    /// The first slot whose id is not below `id`; the table's length when all are.
    pub fn slot_from(&self, id: &RecordId) -> Slot {
        let records = self.records.len() as u64;
        match id.stem().cmp(self.stem.stem()) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => records as Slot,
            std::cmp::Ordering::Equal => {
                id.serial().saturating_sub(self.first_serial).min(records) as Slot
            }
        }
    }

    /// Slots by (SystemModstamp, Id) for stamps in `range`.
    pub fn by_stamp(
        &self,
        range: impl RangeBounds<i64>,
    ) -> impl DoubleEndedIterator<Item = Slot> + '_ {
        let low = match range.start_bound() {
            Bound::Included(stamp) => Bound::Included((*stamp, 0)),
            Bound::Excluded(stamp) => Bound::Excluded((*stamp, Slot::MAX)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let high = match range.end_bound() {
            Bound::Included(stamp) => Bound::Included((*stamp, Slot::MAX)),
            Bound::Excluded(stamp) => Bound::Excluded((*stamp, 0)),
            Bound::Unbounded => Bound::Unbounded,
        };
        self.by_stamp.range((low, high)).map(|(_, slot)| slot)
    }

    /// Slots that may hold the value with this key in an indexed field.
    pub fn with_key(&self, field: u16, key: u64) -> impl Iterator<Item = Slot> + '_ {
        let index = self.hashes.iter().find(|h| h.field == field);
        let key = narrow(key);
        index
            .into_iter()
            .flat_map(move |h| h.entries.range((key, 0)..=(key, Slot::MAX)))
            .map(|(_, slot)| slot)
    }

    /// First and last name, joined; with middle name and suffix where the org has them.
    pub fn person_name(&self, record: &Record) -> Value {
        let Some(parts) = &self.person else {
            return Value::Null;
        };
        let text = |field: u16| record.cell(field).as_str();
        let (middle, suffix) = (parts.middle.and_then(text), parts.suffix.and_then(text));
        match (text(parts.first), middle, text(parts.last), suffix) {
            (Some(first), None, Some(last), None) => Value::text(&format!("{first} {last}")),
            (first, middle, last, suffix) => {
                let known = [first, middle, last, suffix].into_iter().flatten();
                Value::text(&known.collect::<Vec<_>>().join(" "))
            }
        }
    }

    pub(super) fn push(&mut self, mut record: Record) -> Slot {
        record.pack(&mut self.shapes);
        self.records.push(record);
        (self.records.len() - 1) as Slot
    }

    pub(super) fn replace(&mut self, slot: Slot, mut record: Record) -> Record {
        record.pack(&mut self.shapes);
        self.index(slot, false);
        let old = std::mem::replace(&mut self.records[slot as usize], record);
        self.index(slot, true);
        old
    }

    pub(super) fn remove_last(&mut self) {
        if let Some(last) = self.records.len().checked_sub(1) {
            self.index(last as Slot, false);
            self.records.pop();
        }
    }

    /// Puts a record's entries into all indexes, or takes them out.
    pub(super) fn index(&mut self, slot: Slot, present: bool) {
        let stamp = self.record(slot).stamp;
        self.by_stamp.put((stamp, slot), present);
        for at in 0..self.hashes.len() {
            if let Some(key) = self.key_in(&self.hashes[at], slot) {
                self.hashes[at].entries.put((key, slot), present);
            }
        }
    }

    /// Sorts each index once instead of keeping it sorted record by record.
    pub(super) fn build_indexes(&mut self) {
        self.records.shrink_to_fit();
        let slots = 0..self.records.len() as Slot;
        let stamps = slots.map(|slot| (self.record(slot).stamp, slot));
        let stamps = stamps.collect();
        self.by_stamp.extend(stamps);
        for at in 0..self.hashes.len() {
            self.build_index(at);
        }
    }

    fn build_index(&mut self, at: usize) {
        let slots = 0..self.records.len() as Slot;
        let entry = |slot| Some((self.key_in(&self.hashes[at], slot)?, slot));
        let entries = slots.filter_map(entry).collect();
        self.hashes[at].entries.extend(entries);
    }

    fn key_in(&self, index: &HashIndex, slot: Slot) -> Option<u32> {
        let record = self.record(slot);
        let name;
        let value = match index.role {
            Role::PersonName => {
                name = self.person_name(record);
                &name
            }
            _ => record.cell(index.field),
        };
        (!value.is_null()).then(|| narrow(value.index_key()))
    }
}

/// Half of a hash: enough to tell millions apart, in half the room.
fn narrow(key: u64) -> u32 {
    key as u32
}

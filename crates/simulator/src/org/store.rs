//! All records of the org with their indexes. A record's place in its table and the serial number
//! of its id are the same number, so an id needs no index and "ordered by id" is the table's order.

mod bin;
mod index;
mod read;

use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use super::id::RecordId;
use super::record::{Record, Shapes};
use super::schema::{ObjectDef, Role, Schema};
use super::value::Value;
use crate::clock::Clock;
pub(crate) use bin::{Bin, Binned, Place};
use index::SortedIndex;

/// Place of a record in its table.
pub(crate) type Slot = u32;

/// The tables of all objects.
#[derive(Clone)]
pub(crate) struct Store {
    pub schema: Arc<Schema>,
    clock: Arc<dyn Clock>,
    instance: [u8; 2],
    first_serial: u64,
    tables: Vec<Table>,
    bin: Bin,
    undo: Vec<Undo>,
    /// Where in `undo` each open transaction began; the inner ones last.
    begun: Vec<usize>,
    /// While the org is filled, records go in without their entries in indexes.
    filling: bool,
}

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

#[derive(Clone)]
enum Undo {
    Insert(usize),
    Replace(usize, Slot, Box<Record>),
    Bin(Place, Option<Binned>),
}

impl Store {
    /// Empty tables; `instance` and `first_serial` shape the ids.
    pub fn new(
        schema: Arc<Schema>,
        clock: Arc<dyn Clock>,
        (instance, first_serial): ([u8; 2], u64),
    ) -> Self {
        let mut store = Self {
            schema,
            clock,
            instance,
            first_serial,
            tables: Vec::new(),
            bin: Bin::default(),
            undo: Vec::new(),
            begun: Vec::new(),
            filling: false,
        };
        store.fit_tables();
        store
    }

    /// The org's time in epoch seconds.
    pub fn now(&self) -> i64 {
        self.clock.now_ms().div_euclid(1_000)
    }

    /// The schema, to be added to; `fit_tables` must follow.
    pub fn schema_mut(&mut self) -> &mut Schema {
        Arc::make_mut(&mut self.schema)
    }

    /// Gives every object its table and every indexed field its index.
    pub fn fit_tables(&mut self) {
        for object in &self.schema.objects[self.tables.len()..] {
            let stem = RecordId::new(object.prefix_str(), self.instance, 0);
            self.tables.push(Table::new(stem, self.first_serial));
        }
        for (table, object) in self.tables.iter_mut().zip(&self.schema.objects) {
            table.fit(object, self.filling);
        }
    }

    /// Tables for the same objects and ids, without records.
    pub fn emptied(&self) -> Self {
        let ids = (self.instance, self.first_serial);
        Self::new(Arc::clone(&self.schema), Arc::clone(&self.clock), ids)
    }

    pub fn table(&self, object: usize) -> &Table {
        &self.tables[object]
    }

    pub fn def(&self, object: usize) -> &ObjectDef {
        &self.schema.objects[object]
    }

    /// Object and slot of an id, records in the recycle bin too; what left it is not known any more.
    pub fn locate(&self, id: &RecordId) -> Option<(usize, Slot)> {
        let object = self.schema.object_of_prefix(id.prefix())?.index;
        let slot = self.tables[object].slot_of(id)?;
        (!self.record((object, slot)).purged).then_some((object, slot))
    }

    /// The record of an id, unless it is deleted.
    pub fn live(&self, id: &RecordId) -> Option<(usize, Slot)> {
        let found = self.locate(id)?;
        (!self.record(found).deleted).then_some(found)
    }

    pub fn record(&self, (object, slot): (usize, Slot)) -> &Record {
        self.tables[object].record(slot)
    }

    pub fn id_at(&self, object: usize, slot: Slot) -> RecordId {
        self.tables[object].id_at(slot)
    }

    pub fn insert(&mut self, object: usize, record: Record) -> Slot {
        if !self.begun.is_empty() {
            self.undo.push(Undo::Insert(object));
        }
        let filling = self.filling;
        let table = &mut self.tables[object];
        let slot = table.push(record);
        if !filling {
            table.index(slot, true);
        }
        slot
    }

    /// Starts the filling of a new org: until its end nothing may be looked up by an index.
    pub fn fill(&mut self) {
        self.filling = true;
    }

    /// Ends the filling of a new org: from here on every index is whole.
    pub fn filled(&mut self) {
        self.filling = false;
        for table in &mut self.tables {
            table.build_indexes();
        }
    }

    pub fn replace(&mut self, object: usize, slot: Slot, record: Record) {
        let old = self.tables[object].replace(slot, record);
        if !self.begun.is_empty() {
            self.undo.push(Undo::Replace(object, slot, Box::new(old)));
        }
    }

    pub fn bin(&self) -> &Bin {
        &self.bin
    }

    /// Puts a record into the recycle bin's list, or takes it out.
    pub fn set_binned(&mut self, place: Place, binned: Option<Binned>) {
        let old = self.bin.set(place, binned);
        if !self.begun.is_empty() {
            self.undo.push(Undo::Bin(place, old));
        }
    }

    /// Starts remembering, so that everything until the end of the transaction can be taken back.
    /// Transactions may stand inside one another.
    pub fn begin(&mut self) {
        self.begun.push(self.undo.len());
    }

    /// Ends the innermost transaction; without `keep`, all its changes are undone.
    pub fn end(&mut self, keep: bool) {
        let from = self.begun.pop().unwrap_or_default();
        if keep {
            if self.begun.is_empty() {
                self.undo.clear();
            }
            return;
        }
        let steps = self.undo.split_off(from.min(self.undo.len()));
        for step in steps.into_iter().rev() {
            match step {
                Undo::Insert(object) => self.tables[object].remove_last(),
                Undo::Replace(object, slot, old) => {
                    self.tables[object].replace(slot, *old);
                }
                Undo::Bin(place, old) => {
                    self.bin.set(place, old);
                }
            }
        }
    }

    /// Live children of `parent` through a lookup, in the order of their ids.
    pub fn children(&self, child: usize, field: u16, parent: &RecordId) -> Vec<Slot> {
        let mut slots = self.children_with_deleted(child, field, parent);
        slots.retain(|slot| !self.tables[child].record(*slot).deleted);
        slots
    }

    /// Children of `parent`, those in the recycle bin too.
    pub fn children_with_deleted(&self, child: usize, field: u16, parent: &RecordId) -> Vec<Slot> {
        let table = &self.tables[child];
        let wanted = Value::Id(*parent);
        let slots = table.with_key(field, wanted.index_key());
        slots
            .filter(|slot| *table.record(*slot).cell(field) == wanted)
            .collect()
    }
}

impl Table {
    fn new(stem: RecordId, first_serial: u64) -> Self {
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
    fn fit(&mut self, object: &ObjectDef, filling: bool) {
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

    fn push(&mut self, mut record: Record) -> Slot {
        record.pack(&mut self.shapes);
        self.records.push(record);
        (self.records.len() - 1) as Slot
    }

    fn replace(&mut self, slot: Slot, mut record: Record) -> Record {
        record.pack(&mut self.shapes);
        self.index(slot, false);
        let old = std::mem::replace(&mut self.records[slot as usize], record);
        self.index(slot, true);
        old
    }

    fn remove_last(&mut self) {
        if let Some(last) = self.records.len().checked_sub(1) {
            self.index(last as Slot, false);
            self.records.pop();
        }
    }

    /// Puts a record's entries into all indexes, or takes them out.
    fn index(&mut self, slot: Slot, present: bool) {
        let stamp = self.record(slot).stamp;
        self.by_stamp.put((stamp, slot), present);
        for at in 0..self.hashes.len() {
            if let Some(key) = self.key_in(&self.hashes[at], slot) {
                self.hashes[at].entries.put((key, slot), present);
            }
        }
    }

    /// Sorts each index once instead of keeping it sorted record by record.
    fn build_indexes(&mut self) {
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

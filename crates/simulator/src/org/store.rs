//! All records of the org with their indexes. A record's place in its table and the serial number
//! of its id are the same number, so an id needs no index and "ordered by id" is the table's order.

mod index;
mod read;

use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use super::id::RecordId;
use super::record::{Record, Shapes};
use super::schema::{ObjectDef, Role, Schema};
use super::value::Value;
use index::SortedIndex;

/// Place of a record in its table.
pub(crate) type Slot = u32;

/// The tables of all objects.
#[derive(Clone)]
pub(crate) struct Store {
    pub schema: Arc<Schema>,
    tables: Vec<Table>,
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
    person: Option<(u16, u16)>,
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
}

impl Store {
    /// Empty tables; `instance` and `first_serial` shape the ids.
    pub fn new(schema: Arc<Schema>, instance: [u8; 2], first_serial: u64) -> Self {
        let table = |o: &ObjectDef| Table::new(o, instance, first_serial);
        let tables = schema.objects.iter().map(table).collect();
        Self {
            schema,
            tables,
            undo: Vec::new(),
            begun: Vec::new(),
            filling: false,
        }
    }

    /// Tables for the same objects and ids, without records.
    pub fn emptied(&self) -> Self {
        let stem = self.tables.first().map(|t| (t.stem, t.first_serial));
        let (stem, first_serial) = stem.unwrap_or((RecordId::new("000", *b"00", 0), 0));
        let instance = [stem.stem()[3], stem.stem()[4]];
        Self::new(Arc::clone(&self.schema), instance, first_serial)
    }

    pub fn table(&self, object: usize) -> &Table {
        &self.tables[object]
    }

    pub fn def(&self, object: usize) -> &ObjectDef {
        &self.schema.objects[object]
    }

    /// Object and slot of an id, deleted records too.
    pub fn locate(&self, id: &RecordId) -> Option<(usize, Slot)> {
        let object = self.schema.object_of_prefix(id.prefix())?.index;
        let slot = self.tables[object].slot_of(id)?;
        Some((object, slot))
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
    fn new(object: &ObjectDef, instance: [u8; 2], first_serial: u64) -> Self {
        let index = |f: &super::schema::FieldDef| HashIndex {
            field: f.index,
            role: f.role,
            entries: SortedIndex::new(),
        };
        let person = object.is_person();
        Self {
            stem: RecordId::new(object.prefix_str(), instance, 0),
            first_serial,
            records: Vec::new(),
            shapes: Shapes::default(),
            by_stamp: SortedIndex::new(),
            hashes: object
                .fields
                .iter()
                .filter(|f| f.indexed)
                .map(index)
                .collect(),
            person: person.then(|| (object.at("FirstName"), object.at("LastName"))),
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

    /// First and last name, joined.
    pub fn person_name(&self, record: &Record) -> Value {
        let Some((first, last)) = self.person else {
            return Value::Null;
        };
        match (record.cell(first).as_str(), record.cell(last).as_str()) {
            (Some(first), Some(last)) => Value::text(&format!("{first} {last}")),
            (one, other) => Value::text(one.or(other).unwrap_or_default()),
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
        let stamps = slots.clone().map(|slot| (self.record(slot).stamp, slot));
        let stamps = stamps.collect();
        self.by_stamp.extend(stamps);
        for at in 0..self.hashes.len() {
            let entry = |slot| Some((self.key_in(&self.hashes[at], slot)?, slot));
            let entries = slots.clone().filter_map(entry).collect();
            self.hashes[at].entries.extend(entries);
        }
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

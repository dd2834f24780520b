//! All records of the org with their indexes. A record's place in its table and the serial number
//! of its id are the same number, so an id needs no index and "ordered by id" is the table's order.

mod attributes;
mod bin;
mod index;
mod table;

use std::sync::Arc;

use super::id::RecordId;
use super::record::Record;
use super::schema::{ObjectDef, Schema};
use super::value::Value;
use crate::clock::Clock;
pub(super) use attributes::attributes;
pub(crate) use bin::{Bin, Binned, Place};
pub(crate) use table::Table;

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

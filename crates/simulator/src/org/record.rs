//! One record: its system fields in place, all other fields only where they hold something. A
//! contact fills a quarter of its sixty fields, so leaving the rest out is what lets an org hold a
//! million of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::id::RecordId;
use super::value::Value;

/// A record as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// CreatedDate, epoch seconds.
    pub created: i64,
    /// LastModifiedDate, epoch seconds.
    pub modified: i64,
    /// SystemModstamp, epoch seconds; moves on the org's own changes too.
    pub stamp: i64,
    pub created_by: RecordId,
    pub modified_by: RecordId,
    pub deleted: bool,
    /// Gone from the recycle bin as well: only its place is left, so that no id is used twice.
    pub purged: bool,
    cells: Cells,
}

/// Values by field position, sorted; null and false are left out.
#[derive(Debug, Clone)]
enum Cells {
    /// While somebody works on them.
    Loose(Vec<(u16, Value)>),
    /// At rest: which fields these are is kept once for all records that fill the same ones.
    Packed(Arc<[u16]>, Box<[Value]>),
}

/// The sets of fields that records of one object fill.
#[derive(Clone, Default)]
pub(crate) struct Shapes(HashSet<Arc<[u16]>>);

impl Record {
    /// An empty record made by `user` at `now` (epoch seconds).
    pub fn new(user: RecordId, now: i64) -> Self {
        Self {
            created: now,
            modified: now,
            stamp: now,
            created_by: user,
            modified_by: user,
            deleted: false,
            purged: false,
            cells: Cells::Loose(Vec::new()),
        }
    }

    pub fn cell(&self, field: u16) -> &Value {
        let found = match &self.cells {
            Cells::Loose(cells) => {
                let at = cells.binary_search_by_key(&field, |(f, _)| *f);
                at.map(|at| &cells[at].1)
            }
            Cells::Packed(fields, values) => fields.binary_search(&field).map(|at| &values[at]),
        };
        found.unwrap_or(&Value::Null)
    }

    pub fn set(&mut self, field: u16, value: Value) {
        let empty = matches!(value, Value::Null | Value::Bool(false));
        let mut cells = self.cells.take();
        match cells.binary_search_by_key(&field, |(f, _)| *f) {
            Ok(at) if empty => drop(cells.remove(at)),
            Ok(at) => cells[at].1 = value,
            Err(_) if empty => {}
            Err(at) => cells.insert(at, (field, value)),
        }
        self.cells = Cells::Loose(cells);
    }

    /// A user's change: all three marks move.
    pub fn touch(&mut self, user: RecordId, now: i64) {
        self.modified = now;
        self.modified_by = user;
        self.stamp = now;
    }

    /// When it was put into the recycle bin, epoch seconds: nobody changes it there, and once it has
    /// left the bin nobody is told.
    pub fn deleted_at(&self) -> Option<i64> {
        (self.deleted && !self.purged).then_some(self.modified)
    }

    /// Leaves the place and nothing in it.
    pub fn purge(&mut self) {
        self.deleted = true;
        self.purged = true;
        self.cells = Cells::Loose(Vec::new());
    }

    /// Puts the cells to rest in as little room as they need.
    pub fn pack(&mut self, shapes: &mut Shapes) {
        if let Cells::Loose(cells) = &self.cells {
            let fields: Vec<u16> = cells.iter().map(|(field, _)| *field).collect();
            let values = self.cells.take().into_iter().map(|(_, value)| value);
            self.cells = Cells::Packed(shapes.shared(fields), values.collect());
        }
    }
}

impl Cells {
    /// The cells for working on them, out of their place.
    fn take(&mut self) -> Vec<(u16, Value)> {
        match std::mem::replace(self, Cells::Loose(Vec::new())) {
            Cells::Loose(cells) => cells,
            Cells::Packed(fields, values) => {
                let values = values.into_vec();
                fields.iter().copied().zip(values).collect()
            }
        }
    }
}

impl Shapes {
    fn shared(&mut self, fields: Vec<u16>) -> Arc<[u16]> {
        if let Some(known) = self.0.get(fields.as_slice()) {
            return Arc::clone(known);
        }
        let new: Arc<[u16]> = Arc::from(fields);
        self.0.insert(Arc::clone(&new));
        new
    }
}

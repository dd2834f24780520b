//! One record: its system fields in place, all other fields only where they hold something. A
//! contact fills a quarter of its sixty fields, so leaving the rest out is what lets an org hold a
//! million of them.

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
    /// Field position and value, sorted; null and false are left out.
    cells: Vec<(u16, Value)>,
}

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
            cells: Vec::new(),
        }
    }

    pub fn cell(&self, field: u16) -> &Value {
        match self.cells.binary_search_by_key(&field, |(f, _)| *f) {
            Ok(at) => &self.cells[at].1,
            Err(_) => &Value::Null,
        }
    }

    pub fn set(&mut self, field: u16, value: Value) {
        let empty = matches!(value, Value::Null | Value::Bool(false));
        match self.cells.binary_search_by_key(&field, |(f, _)| *f) {
            Ok(at) if empty => drop(self.cells.remove(at)),
            Ok(at) => self.cells[at].1 = value,
            Err(_) if empty => {}
            Err(at) => self.cells.insert(at, (field, value)),
        }
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
        self.cells = Vec::new();
    }

    pub fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }
}

//! How records come into an org that is being made.

use std::collections::HashMap;
use std::sync::Arc;

use super::id::RecordId;
use super::record::Record;
use super::schema::{ObjectDef, Schema};
use super::store::Store;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Puts records straight into the store, without rules or log: they were always there.
pub(super) struct Maker {
    pub store: Store,
    pub schema: Arc<Schema>,
    /// The administrator, who made the sample records.
    pub admin: RecordId,
    /// The org's time, epoch seconds.
    pub now: i64,
    /// Records by object and name, for lookups in tables that come later.
    pub named: HashMap<(usize, String), RecordId>,
}

impl Maker {
    pub fn def(&self, object: &str) -> &ObjectDef {
        &self.schema.objects[self.schema.index(object)]
    }

    /// Inserts a record of an object whose fields the caller has set.
    pub fn insert(&mut self, object: &str, record: Record) -> RecordId {
        let object = self.schema.index(object);
        let slot = self.store.insert(object, record);
        self.store.id_at(object, slot)
    }

    /// A record of the administrator's, made some days ago.
    pub fn record(&self, days_ago: i64) -> Record {
        Record::new(self.admin, self.now - days_ago * DAY)
    }
}

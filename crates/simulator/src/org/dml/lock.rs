//! Somebody else at work: in a busy org a write to a child of an account or a campaign sometimes
//! finds the parent locked by another transaction.

use super::Writer;
use crate::org::error::ApiError;
use crate::org::record::Record;
use crate::org::schema::{FieldKind, ObjectDef};

/// Parents whose row a write to a child locks.
const LOCKING: [&str; 2] = ["Account", "Campaign"];

impl Writer<'_> {
    /// Refuses a share of the writes, as the settings say.
    pub(super) fn contend(&mut self, object: usize, record: &Record) -> Result<(), ApiError> {
        let percent = u64::from(self.state.settings.lock_contention_percent);
        if percent == 0 {
            return Ok(());
        }
        let store = &self.state.store;
        let locks = |def: &ObjectDef| LOCKING.contains(&def.name.as_str());
        let lookups = store.def(object).fields.iter();
        let parent = lookups
            .filter(|field| field.kind == FieldKind::Reference)
            .filter_map(|field| record.cell(field.index).as_id())
            .find(|id| store.locate(id).is_some_and(|(of, _)| locks(store.def(of))));
        let Some(parent) = parent else {
            return Ok(());
        };
        match self.state.contention.percent(percent) {
            true => Err(ApiError::unable_to_lock_row(&parent)),
            false => Ok(()),
        }
    }
}

//! Deleting puts a record into the recycle bin together with what hangs on it: an account takes
//! its contacts, deals and activities along. Lookups that merely point at it are emptied, which
//! moves the pointing record's SystemModstamp and nothing else.

use super::Writer;
use crate::org::error::ApiError;
use crate::org::schema::OnDelete;
use crate::org::sharing::RecordAccess;
use crate::org::store::Slot;
use crate::org::value::Value;

impl Writer<'_> {
    pub(super) fn delete_at(&mut self, object: usize, slot: Slot) -> Result<(), ApiError> {
        let def = self.state.store.def(object);
        let may = self.state.view(&self.call.user).object(object).delete;
        if !def.deletable || !may {
            return Err(ApiError::no_access_to_object());
        }
        self.check_shared((object, slot), RecordAccess::Delete)?;
        self.refuse_won_deals(object, slot)?;
        self.bin(object, slot, false);
        Ok(())
    }

    /// An account whose deals were won stays, as the org's own pages insist.
    fn refuse_won_deals(&self, object: usize, slot: Slot) -> Result<(), ApiError> {
        let store = &self.state.store;
        if store.def(object).name != "Account" {
            return Ok(());
        }
        let deals = store.schema.index("Opportunity");
        let by_account = store.def(deals).at("AccountId");
        let children = store.children(deals, by_account, &store.id_at(object, slot));
        let won: Vec<String> = children
            .into_iter()
            .filter(|deal| store.read_named(deals, *deal, "IsWon").is_true())
            .filter_map(|deal| {
                store
                    .read_named(deals, deal, "Name")
                    .as_str()
                    .map(str::to_owned)
            })
            .collect();
        if won.is_empty() {
            return Ok(());
        }
        let name = store.read_named(object, slot, "Name");
        let name = name.as_str().unwrap_or_default();
        let text = format!(
            "Your attempt to delete {name} could not be completed because some opportunities in \
             {name} were closed won. The opportunities in question are: {}",
            won.join(", ")
        );
        Err(ApiError::record("DELETE_FAILED", text, &[]))
    }

    fn bin(&mut self, object: usize, slot: Slot, by_system: bool) {
        let schema = self.schema();
        let id = self.state.store.id_at(object, slot);
        let mut record = self.state.store.table(object).record(slot).clone();
        if record.deleted {
            return;
        }
        record.deleted = true;
        record.touch(self.call.user, self.now());
        self.commit_change(object, slot, record, by_system);
        for relation in &schema.objects[object].children {
            if relation.on_delete == OnDelete::Keep {
                continue;
            }
            for child in self
                .state
                .store
                .children(relation.child, relation.field, &id)
            {
                match relation.on_delete {
                    OnDelete::Cascade => self.bin(relation.child, child, true),
                    OnDelete::Clear => self.clear(relation.child, child, relation.field),
                    OnDelete::Keep => {}
                }
            }
        }
    }

    fn clear(&mut self, object: usize, slot: Slot, field: u16) {
        let mut record = self.state.store.table(object).record(slot).clone();
        record.set(field, Value::Null);
        record.stamp = record.stamp.max(self.now());
        self.commit_change(object, slot, record, true);
    }
}

//! Deleting puts a record into the recycle bin together with what hangs on it: an account takes
//! its contacts, deals and activities along. Lookups that merely point at it are emptied, which
//! moves the pointing record's SystemModstamp and nothing else.

use super::Writer;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::OnDelete;
use crate::org::sharing_rules::RecordAccess;
use crate::org::store::{Binned, Slot};
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
        self.refuse_held(object, slot)?;
        self.refuse_person_contact(object, slot)?;
        let parents = self.state.store.record((object, slot)).clone();
        self.contend(object, &parents)?;
        let id = self.state.store.id_at(object, slot);
        self.bin((object, slot), id);
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

    /// A required lookup holds on to its parent.
    fn refuse_held(&self, object: usize, slot: Slot) -> Result<(), ApiError> {
        let store = &self.state.store;
        let relations = store.def(object).children.iter();
        for relation in relations.filter(|r| r.on_delete == OnDelete::Restrict) {
            let id = store.id_at(object, slot);
            let held = store.children(relation.child, relation.field, &id);
            if held.is_empty() {
                continue;
            }
            let child = store.def(relation.child);
            let ids = held.iter().map(|slot| store.id_at(child.index, *slot));
            let ids: Vec<String> = ids.map(|id| id.short().to_owned()).collect();
            let text = format!(
                "Your attempt to delete {} could not be completed because it is associated with \
                 the following {}: {}",
                id.short(),
                child.label_plural,
                ids.join(", ")
            );
            return Err(ApiError::record("DELETE_FAILED", text, &[]));
        }
        Ok(())
    }

    /// Deletes a record, itself or along with `root`.
    pub(super) fn bin(&mut self, (object, slot): (usize, Slot), root: RecordId) {
        let schema = self.schema();
        let id = self.state.store.id_at(object, slot);
        let at = self.now();
        let mut record = self.state.store.table(object).record(slot).clone();
        if record.deleted {
            return;
        }
        record.deleted = true;
        record.touch(self.call.user, at);
        self.commit_change(object, slot, record, root != id);
        let binned = Binned { at, root };
        self.state.store.set_binned((object, slot), Some(binned));
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
                    OnDelete::Cascade => self.bin((relation.child, child), root),
                    OnDelete::Clear => self.clear(relation.child, child, relation.field),
                    OnDelete::Keep | OnDelete::Restrict => {}
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

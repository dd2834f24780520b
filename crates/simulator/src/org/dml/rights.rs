//! What writing has to do with rights: who may touch the record at hand, and records that are
//! themselves rights.

use super::Writer;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::record::Record;
use crate::org::schema::ObjectDef;
use crate::org::sharing_rules::RecordAccess;
use crate::org::store::Slot;

impl Writer<'_> {
    /// A record that the user does not even see is refused as a reference is.
    pub(super) fn check_shared(
        &self,
        (object, slot): (usize, Slot),
        needed: RecordAccess,
    ) -> Result<(), ApiError> {
        match self.state.shared(&self.call.user, object, slot) {
            access if access >= needed => Ok(()),
            RecordAccess::None => {
                let id = self.state.store.id_at(object, slot);
                Err(ApiError::no_access_to_reference(&id))
            }
            _ => Err(ApiError::no_access_to_object()),
        }
    }

    /// A user has the permission set of the own profile, whatever it was before; one who left has
    /// no session any more.
    pub(super) fn settle_rights(&mut self, def: &ObjectDef, slot: Slot) {
        if def.name != "User" {
            return;
        }
        let now = self.now();
        self.state.settle_user(slot, self.call.user, now);
        let store = &self.state.store;
        if !store.read_named(def.index, slot, "IsActive").is_true() {
            let user = store.id_at(def.index, slot);
            self.state.left_ms.insert(user, self.now_ms);
        }
    }

    /// ObjectPermissions and FieldPermissions are not kept as records: saving one gives the right.
    pub(super) fn grant(&mut self, def: &ObjectDef, record: &Record) -> Result<RecordId, ApiError> {
        self.state.grant(&def.name, record)
    }
}

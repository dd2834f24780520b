//! ObjectPermissions and FieldPermissions. A right that is not given has no record, as in a real
//! org; its place stays empty, so that the ids of the others do not move.

use super::Row;
use crate::org::id::RecordId;
use crate::org::record::Record;
use crate::org::rights::{Rights, SETUP_OBJECTS};
use crate::org::schema::{FieldDef, ObjectDef};
use crate::org::state::State;
use crate::org::store::Slot;
use crate::org::user::{FieldAccess, ObjectAccess};
use crate::org::value::Value;

/// One profile or set: the id of its PermissionSet record, its rights, its two great permissions.
struct Holder {
    set: RecordId,
    rights: Rights,
    views_all: bool,
    modifies_all: bool,
}

impl State {
    pub(super) fn make_object_permissions(&self, made: &mut State) {
        let schema = &self.store.schema;
        let def = &schema.objects[schema.index("ObjectPermissions")];
        for holder in self.holders_of_rights() {
            for object in &schema.objects {
                let record = holder.object_row(def, object);
                made.store.insert(def.index, record);
            }
        }
    }

    pub(super) fn make_field_permissions(&self, made: &mut State) {
        let schema = &self.store.schema;
        let def = &schema.objects[schema.index("FieldPermissions")];
        for holder in self.holders_of_rights() {
            for object in &schema.objects {
                for field in object.fields.iter().filter(|f| f.permissionable()) {
                    let access = holder.rights.field(object.index, field);
                    let name = format!("{}.{}", object.name, field.name);
                    let mut row = Row::new(def, holder.set)
                        .set("ParentId", Value::Id(holder.set))
                        .text("SobjectType", &object.name)
                        .text("Field", &name)
                        .flag("PermissionsRead", access != FieldAccess::Hidden)
                        .flag("PermissionsEdit", access == FieldAccess::Full);
                    row.record.deleted = access == FieldAccess::Hidden || is_setup(object);
                    made.store.insert(def.index, row.record);
                }
            }
        }
    }

    /// The id of the made record that stands for a right.
    pub(in crate::org) fn right_id(
        &self,
        def: &ObjectDef,
        set: &RecordId,
        (object, field): (&ObjectDef, Option<&FieldDef>),
    ) -> RecordId {
        let schema = &self.store.schema;
        let holders = self.holders_of_rights();
        let holder = holders.iter().position(|holder| holder.set == *set);
        let rows = |object: &ObjectDef| match field {
            None => 1,
            Some(_) => object.fields.iter().filter(|f| f.permissionable()).count(),
        };
        let all: usize = schema.objects.iter().map(rows).sum();
        let before: usize = schema.objects[..object.index].iter().map(rows).sum();
        let fields = object.fields.iter().filter(|f| f.permissionable());
        let within = field.map_or(0, |field| {
            fields.take_while(|f| f.index < field.index).count()
        });
        let slot = holder.unwrap_or_default() * all + before + within;
        self.store.id_at(def.index, slot as Slot)
    }

    fn holders_of_rights(&self) -> Vec<Holder> {
        let object = self.store.schema.index("PermissionSet");
        let table = self.store.table(object);
        let live = (0..table.len() as Slot).filter(|slot| !table.record(*slot).deleted);
        let holder = |slot: Slot| {
            let set = self.store.id_at(object, slot);
            let flag = |name: &str| self.store.read_named(object, slot, name).is_true();
            let ground = match flag("IsOwnedByProfile") {
                true => ObjectAccess::FULL,
                false => ObjectAccess::NONE,
            };
            let kept = self.rights.get(&self.rights_key(&set)).cloned();
            Holder {
                set,
                rights: kept.unwrap_or_else(|| Rights::on(ground)),
                views_all: flag("PermissionsViewAllData"),
                modifies_all: flag("PermissionsModifyAllData"),
            }
        };
        live.map(holder).collect()
    }
}

impl Holder {
    fn object_row(&self, def: &ObjectDef, object: &ObjectDef) -> Record {
        let access = self.rights.object(object.index);
        let modify_all = access.modify_all || self.modifies_all;
        let view_all = access.view_all || self.views_all || modify_all;
        let mut row = Row::new(def, self.set)
            .set("ParentId", Value::Id(self.set))
            .text("SobjectType", &object.name)
            .flag("PermissionsRead", access.read)
            .flag("PermissionsCreate", access.create && object.createable)
            .flag("PermissionsEdit", access.edit && object.updateable)
            .flag("PermissionsDelete", access.delete && object.deletable)
            .flag("PermissionsViewAllRecords", view_all)
            .flag("PermissionsModifyAllRecords", modify_all);
        row.record.deleted = !access.read || is_setup(object);
        row.record
    }
}

/// Objects of setup are governed by system permissions, not by rights of their own.
fn is_setup(object: &ObjectDef) -> bool {
    SETUP_OBJECTS.contains(&object.name.as_str()) || object.name == "ListView"
}

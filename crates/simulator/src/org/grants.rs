//! How an administrator gives and takes rights: permission sets, their assignment, and access to
//! objects, fields and system permissions.

use serde_json::{Map, json};

use super::error::ApiError;
use super::id::RecordId;
use super::record::Record;
use super::rights::Rights;
use super::state::State;
use super::user::{FieldAccess, ObjectAccess};
use super::value::Value;
use super::{ApiErrors, Call, Org};

impl Org {
    /// A permission set without any rights.
    pub fn create_permission_set(&self, name: &str, label: &str) -> Result<RecordId, ApiErrors> {
        let body = Map::from_iter([
            ("Name".to_owned(), json!(name)),
            ("Label".to_owned(), json!(label)),
        ]);
        self.create(&self.as_administrator(), "PermissionSet", &body)
    }

    /// Gives a user a permission set.
    pub fn assign_permission_set(&self, set: &str, user: &RecordId) -> Result<(), ApiErrors> {
        let set = self.holder(set).map_err(|e| vec![e])?;
        let body = Map::from_iter([
            ("PermissionSetId".to_owned(), json!(set.to_string())),
            ("AssigneeId".to_owned(), json!(user.to_string())),
        ]);
        let call = self.as_administrator();
        self.create(&call, "PermissionSetAssignment", &body)
            .map(drop)
    }

    /// Takes a permission set from a user.
    pub fn unassign_permission_set(&self, set: &str, user: &RecordId) -> Result<(), ApiErrors> {
        let set = self.holder(set).map_err(|e| vec![e])?;
        let assignment = self.read().assignment_of(&set, user);
        let assignment = assignment.ok_or_else(|| vec![ApiError::not_found()])?;
        let call = self.as_administrator();
        self.delete(&call, "PermissionSetAssignment", &assignment.to_string())
    }

    /// Changes what the users of a profile or permission set may do with an object.
    pub fn set_object_access(
        &self,
        holder: &str,
        object: &str,
        access: ObjectAccess,
    ) -> Result<(), ApiError> {
        let object = self.known(object)?;
        self.change_rights(holder, |rights| rights.set_object(object, access))
    }

    /// Changes what the users of a profile or permission set may do with a field.
    pub fn set_field_access(
        &self,
        holder: &str,
        object: &str,
        field: &str,
        access: FieldAccess,
    ) -> Result<(), ApiError> {
        let object = self.known(object)?;
        let schema = self.schema();
        let def = &schema.objects[object];
        let field = def
            .field(field)
            .ok_or_else(|| ApiError::no_such_column(field, &def.name))?;
        self.change_rights(holder, |rights| {
            rights.set_field(object, field.index, access);
        })
    }

    /// Gives or takes a system permission such as `ApiEnabled`, by profile or permission set.
    pub fn set_system_permission(
        &self,
        holder: &str,
        permission: &str,
        granted: bool,
    ) -> Result<(), ApiError> {
        let holder = self.holder(holder)?;
        let field = format!("Permissions{permission}");
        let mut state = self.lock();
        let owned = state.set_owned_by(&holder);
        for id in [Some(holder), owned].into_iter().flatten() {
            let found = state.store.locate(&id).ok_or_else(ApiError::not_found)?;
            let def = state.store.def(found.0);
            let field = def
                .field_index(&field)
                .ok_or_else(|| ApiError::no_such_column(&field, &def.name))?;
            let mut record = state.store.record(found).clone();
            record.set(field, Value::Bool(granted));
            state.store.replace(found.0, found.1, record);
        }
        Ok(())
    }

    /// Whether a user has a system permission such as `ApiEnabled`.
    pub fn has_permission(&self, user: &RecordId, permission: &str) -> bool {
        self.read().has_permission(user, permission)
    }

    fn as_administrator(&self) -> Call {
        let state = self.read();
        Call::of(state.store.id_at(state.store.schema.index("User"), 0))
    }

    fn holder(&self, name: &str) -> Result<RecordId, ApiError> {
        let found = self.read().holder_named(name);
        found.ok_or_else(ApiError::not_found)
    }

    fn change_rights(
        &self,
        holder: &str,
        change: impl FnOnce(&mut Rights),
    ) -> Result<(), ApiError> {
        let holder = self.holder(holder)?;
        change(self.lock().rights_of_mut(holder));
        Ok(())
    }
}

impl State {
    /// A profile or a permission set by name.
    fn holder_named(&self, name: &str) -> Option<RecordId> {
        ["Profile", "PermissionSet"].iter().find_map(|object| {
            let object = self.store.schema.index(object);
            let table = self.store.table(object);
            let named = |slot: &u32| {
                let called = self.store.read_named(object, *slot, "Name");
                !table.record(*slot).deleted && called.as_str() == Some(name)
            };
            let slot = (0..table.len() as u32).find(named)?;
            Some(self.store.id_at(object, slot))
        })
    }

    fn assignment_of(&self, set: &RecordId, user: &RecordId) -> Option<RecordId> {
        let object = self.store.schema.index("PermissionSetAssignment");
        let field = self.store.def(object).at("PermissionSetId");
        let of_set = |slot: &u32| {
            let record = self.store.table(object).record(*slot);
            record.cell(field).as_id().as_ref() == Some(set)
        };
        let slot = self.assignments(user).into_iter().find(of_set)?;
        Some(self.store.id_at(object, slot))
    }

    /// Where the rights of a profile or a set are kept: a profile's own set shares the profile's.
    pub(super) fn rights_key(&self, holder: &RecordId) -> RecordId {
        let found = self.store.locate(holder);
        let profile = found.and_then(|(o, s)| self.store.read_named(o, s, "ProfileId").as_id());
        profile.unwrap_or(*holder)
    }

    fn rights_of_mut(&mut self, holder: RecordId) -> &mut Rights {
        let key = self.rights_key(&holder);
        let is_profile = self
            .store
            .locate(&key)
            .is_some_and(|(object, _)| self.store.def(object).name == "Profile");
        let ground = match is_profile {
            true => ObjectAccess::FULL,
            false => ObjectAccess::NONE,
        };
        let before = self.rights.get(&key).cloned();
        self.rights_before.push((key, before));
        self.rights.entry(key).or_insert_with(|| Rights::on(ground))
    }

    /// What follows the creation of a record that stands for a right.
    pub fn grant(&mut self, object: &str, record: &Record) -> Result<RecordId, ApiError> {
        let schema = std::sync::Arc::clone(&self.store.schema);
        let def = &schema.objects[schema.index(object)];
        let text = |name: &str| record.cell(def.at(name)).as_str().unwrap_or_default();
        let flag = |name: &str| record.cell(def.at(name)).is_true();
        let parent = record.cell(def.at("ParentId")).as_id();
        let parent = parent.ok_or_else(|| ApiError::required_missing(&["ParentId"]))?;
        let target = schema.object(text("SobjectType"));
        let target = target.ok_or_else(|| bad_value("SobjectType", text("SobjectType")))?;
        if object == "ObjectPermissions" {
            let access = ObjectAccess {
                read: flag("PermissionsRead"),
                create: flag("PermissionsCreate"),
                edit: flag("PermissionsEdit"),
                delete: flag("PermissionsDelete"),
                view_all: flag("PermissionsViewAllRecords"),
                modify_all: flag("PermissionsModifyAllRecords"),
            };
            check_depends(access)?;
            self.rights_of_mut(parent).set_object(target.index, access);
            return Ok(self.right_id(def, &parent, (target, None)));
        }
        let (owner, name) = text("Field").split_once('.').unwrap_or_default();
        let field = target
            .field(name)
            .filter(|f| owner.eq_ignore_ascii_case(&target.name) && f.permissionable());
        let field = field.ok_or_else(|| bad_value("Field", text("Field")))?;
        let access = match (flag("PermissionsRead"), flag("PermissionsEdit")) {
            (_, true) => FieldAccess::Full,
            (true, false) => FieldAccess::ReadOnly,
            (false, false) => FieldAccess::Hidden,
        };
        self.rights_of_mut(parent)
            .set_field(target.index, field.index, access);
        Ok(self.right_id(def, &parent, (target, Some(field))))
    }
}

/// Who may edit must be able to read, and so on up.
fn check_depends(access: ObjectAccess) -> Result<(), ApiError> {
    let read = access.create || access.edit || access.view_all;
    let sound = (access.read || !read)
        && (access.edit || !access.delete)
        && (!access.modify_all || (access.view_all && access.delete));
    match sound {
        true => Ok(()),
        false => {
            let text = "A right depends on others that are not granted with it: create, edit and \
                        view all need read, delete needs edit, modify all needs all of them";
            Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", text, &[]))
        }
    }
}

fn bad_value(field: &str, value: &str) -> ApiError {
    let text = format!("{field}: bad value for restricted picklist field: {value}");
    let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
    ApiError::record(code, text, &[field])
}

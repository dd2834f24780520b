//! What the running user may do: the profile's rights, and on top of them those of every permission
//! set that is assigned to the user.

use super::id::RecordId;
use super::rights::Rights;
use super::schema::{FieldDef, ObjectDef};
use super::state::State;
use super::store::Slot;
use super::user::{FieldAccess, ObjectAccess};

/// What one user sees of the schema.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    state: &'a State,
    user: RecordId,
    profile: Option<&'a Rights>,
    has_sets: bool,
}

impl State {
    /// The schema as the user's profile and permission sets show it.
    pub fn view(&self, user: &RecordId) -> View<'_> {
        let profile = self.profile_of(user);
        View {
            state: self,
            user: *user,
            profile: profile.and_then(|p| self.rights.get(&p)),
            has_sets: self.sets_of(user).next().is_some(),
        }
    }

    pub(super) fn profile_of(&self, user: &RecordId) -> Option<RecordId> {
        let (object, slot) = self.store.locate(user)?;
        self.store.read_named(object, slot, "ProfileId").as_id()
    }

    /// Whether a system permission such as `ApiEnabled` comes with the profile or with a set. A
    /// caller that is no user is the org itself, which may do everything.
    pub fn has_permission(&self, user: &RecordId, permission: &str) -> bool {
        let Some(profile) = self.profile_of(user) else {
            return true;
        };
        let field = format!("Permissions{permission}");
        let says = |id: RecordId| {
            let found = self.store.live(&id);
            found.is_some_and(|(o, s)| self.store.read_named(o, s, &field).is_true())
        };
        says(profile) || self.assigned(user).into_iter().any(says)
    }

    /// Permission sets assigned to a user, that of the profile too.
    pub(super) fn assigned(&self, user: &RecordId) -> Vec<RecordId> {
        let assignments = self.assignments(user);
        let object = self.store.schema.index("PermissionSetAssignment");
        let set = |slot: Slot| {
            let set = self.store.read_named(object, slot, "PermissionSetId");
            set.as_id()
        };
        assignments.into_iter().filter_map(set).collect()
    }

    pub(super) fn assignments(&self, user: &RecordId) -> Vec<Slot> {
        let object = self.store.schema.index("PermissionSetAssignment");
        let field = self.store.def(object).at("AssigneeId");
        self.store.children(object, field, user)
    }

    /// Rights of the assigned sets; a profile's own set has its rights under the profile.
    fn sets_of<'s>(&'s self, user: &RecordId) -> impl Iterator<Item = &'s Rights> + use<'s> {
        let sets = self.assigned(user).into_iter();
        sets.filter_map(|set| self.rights.get(&set))
    }
}

impl<'a> View<'a> {
    pub fn object(&self, object: usize) -> ObjectAccess {
        let ground = self
            .profile
            .map_or(ObjectAccess::FULL, |r| r.object(object));
        let mut access = self
            .sets()
            .fold(ground, |access, set| access.or(set.object(object)));
        let name = &self.state.store.def(object).name;
        if name == "Campaign" && (access.create || access.edit) && !self.is_marketing_user() {
            (access.create, access.edit, access.delete) = (false, false, false);
        }
        access
    }

    pub fn access(&self, object: usize, field: u16) -> FieldAccess {
        let def = &self.state.store.def(object).fields[usize::from(field)];
        let ground = self
            .profile
            .map_or(FieldAccess::Full, |r| r.field(object, def));
        let said = self.sets().filter_map(|set| set.said_of(object, field));
        said.fold(ground, FieldAccess::max)
    }

    pub fn sees(&self, object: usize, field: &FieldDef) -> bool {
        self.access(object, field.index) != FieldAccess::Hidden
    }

    /// The visible field of this name.
    pub fn field<'d>(&self, object: &'d ObjectDef, name: &str) -> Option<&'d FieldDef> {
        object.field(name).filter(|f| self.sees(object.index, f))
    }

    pub fn may_create(&self, object: &ObjectDef, field: &FieldDef) -> bool {
        let full = self.access(object.index, field.index) == FieldAccess::Full;
        full && field.createable && self.object(object.index).create
    }

    pub fn may_update(&self, object: &ObjectDef, field: &FieldDef) -> bool {
        let full = self.access(object.index, field.index) == FieldAccess::Full;
        full && field.updateable && self.object(object.index).edit
    }

    /// Whether sharing rules do not bind the user for this object.
    pub fn sees_all(&self, object: usize) -> bool {
        let access = self.object(object);
        access.view_all
            || access.modify_all
            || self.state.has_permission(&self.user, "ViewAllData")
            || self.modifies_all(object)
    }

    pub fn modifies_all(&self, object: usize) -> bool {
        let all = self.object(object).modify_all;
        all || self.state.has_permission(&self.user, "ModifyAllData")
    }

    fn sets(&self) -> impl Iterator<Item = &'a Rights> + use<'a> {
        let state = self.has_sets.then_some(self.state);
        let user = self.user;
        state
            .into_iter()
            .flat_map(move |state| state.sets_of(&user))
    }

    fn is_marketing_user(&self) -> bool {
        let store = &self.state.store;
        let marketing = |(object, slot)| {
            let checked = store.read_named(object, slot, "UserPermissionsMarketingUser");
            checked.is_true()
        };
        store.locate(&self.user).is_none_or(marketing)
    }
}

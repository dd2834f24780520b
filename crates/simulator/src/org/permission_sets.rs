//! Permission sets that belong to profiles, and who has been given which set. A user always has
//! exactly the set of the own profile, so that one query over assignments finds all rights.

use super::error::ApiError;
use super::id::RecordId;
use super::record::Record;
use super::state::State;
use super::store::Slot;
use super::value::Value;

impl State {
    /// Makes the set of every profile, and gives it to the profile's users.
    pub fn settle_profiles(&mut self, by: RecordId, now: i64) {
        let schema = std::sync::Arc::clone(&self.store.schema);
        let (profiles, users) = (schema.index("Profile"), schema.index("User"));
        for slot in 0..self.store.table(profiles).len() as Slot {
            let set = self.set_of_profile(slot, by, now);
            let object = schema.index("PermissionSet");
            self.store.insert(object, set);
        }
        for slot in 0..self.store.table(users).len() as Slot {
            self.settle_user(slot, by, now);
        }
    }

    /// Gives a user the set of the own profile and takes that of another profile away.
    pub fn settle_user(&mut self, slot: Slot, by: RecordId, now: i64) {
        let schema = std::sync::Arc::clone(&self.store.schema);
        let object = schema.index("PermissionSetAssignment");
        let def = &schema.objects[object];
        let user = self.store.id_at(schema.index("User"), slot);
        let wanted = self.profile_of(&user).and_then(|p| self.set_owned_by(&p));
        let mut there = false;
        for slot in self.assignments(&user) {
            let record = self.store.table(object).record(slot);
            let set = record.cell(def.at("PermissionSetId")).as_id();
            there |= set == wanted;
            if set != wanted && set.is_some_and(|set| self.is_owned(&set)) {
                let mut record = record.clone();
                record.deleted = true;
                record.touch(by, now);
                self.store.replace(object, slot, record);
            }
        }
        if let (false, Some(set)) = (there, wanted) {
            let mut record = Record::new(by, now);
            record.set(def.at("PermissionSetId"), Value::Id(set));
            record.set(def.at("AssigneeId"), Value::Id(user));
            record.set(def.at("IsActive"), Value::Bool(true));
            self.store.insert(object, record);
        }
    }

    /// The set that belongs to a profile.
    pub fn set_owned_by(&self, profile: &RecordId) -> Option<RecordId> {
        let object = self.store.schema.index("PermissionSet");
        let field = self.store.def(object).at("ProfileId");
        let sets = self.store.children(object, field, profile);
        sets.first().map(|slot| self.store.id_at(object, *slot))
    }

    fn is_owned(&self, set: &RecordId) -> bool {
        let found = self.store.locate(set);
        found.is_some_and(|(o, s)| self.store.read_named(o, s, "IsOwnedByProfile").is_true())
    }

    /// Refuses to hand out a profile's own set, or a set twice.
    pub fn check_assignment(&self, record: &Record) -> Result<(), ApiError> {
        let object = self.store.schema.index("PermissionSetAssignment");
        let def = self.store.def(object);
        let (set, user) = (
            record.cell(def.at("PermissionSetId")).as_id(),
            record.cell(def.at("AssigneeId")).as_id(),
        );
        let (Some(set), Some(user)) = (set, user) else {
            return Ok(());
        };
        if self.is_owned(&set) {
            let text = "You can't assign a permission set that is owned by a profile";
            return Err(ApiError::record(
                "INVALID_CROSS_REFERENCE_KEY",
                text,
                &["PermissionSetId"],
            ));
        }
        if self.assigned(&user).contains(&set) {
            let text = format!(
                "Duplicate PermissionSetAssignment. Assignee: {}; Permission Set: {}",
                user.short(),
                set.short()
            );
            return Err(ApiError::record("DUPLICATE_VALUE", text, &[]));
        }
        Ok(())
    }

    fn set_of_profile(&self, profile: Slot, by: RecordId, now: i64) -> Record {
        let schema = &self.store.schema;
        let (profiles, sets) = (
            &schema.objects[schema.index("Profile")],
            &schema.objects[schema.index("PermissionSet")],
        );
        let mut record = Record::new(by, now);
        let id = self.store.id_at(profiles.index, profile);
        let label = format!("00e{:012}", profile);
        record.set(
            sets.at("Name"),
            Value::text(&format!("X{}", label.to_uppercase())),
        );
        record.set(sets.at("Label"), Value::text(&label));
        record.set(sets.at("ProfileId"), Value::Id(id));
        record.set(sets.at("IsOwnedByProfile"), Value::Bool(true));
        record.set(sets.at("Type"), Value::text("Profile"));
        for field in sets.fields.iter().filter(|f| is_permission(&f.name)) {
            let value = self.store.read_named(profiles.index, profile, &field.name);
            record.set(field.index, value);
        }
        record
    }
}

fn is_permission(field: &str) -> bool {
    field.starts_with("Permissions")
}

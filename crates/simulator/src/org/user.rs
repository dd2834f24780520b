//! The people and programs that may sign in to the org, and what their profile lets them see.

use std::collections::HashMap;

use super::id::RecordId;

/// A user, as sign-in and the pages need it. The User record itself is read by query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Record id of the user.
    pub id: RecordId,
    /// Sign-in name, shaped like an e-mail address.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// First name, empty when there is none.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// First and last name as shown.
    pub name: String,
    /// False after deactivation: no sign-in, no new ownership.
    pub active: bool,
    /// Record id of the profile.
    pub profile_id: RecordId,
    /// Name of the profile.
    pub profile: String,
    /// Language key, for example `en_US`.
    pub language: String,
    /// Locale key, for example `en_GB`.
    pub locale: String,
    /// Time zone name, for example `Europe/London`.
    pub time_zone: String,
    /// Kind of licence, for example `Standard`.
    pub user_type: String,
    /// When the record last changed, in epoch milliseconds.
    pub modified_ms: i64,
}

/// What a profile may do with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldAccess {
    /// The field does not exist for this profile.
    Hidden,
    /// The field can be read only.
    ReadOnly,
    /// The field can be read and, where the object allows it, written.
    Full,
}

/// What a profile may do with one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectAccess {
    /// May read records; without it the object does not exist for the profile.
    pub read: bool,
    /// May create records.
    pub create: bool,
    /// May change records.
    pub edit: bool,
    /// May delete records.
    pub delete: bool,
}

impl ObjectAccess {
    /// Everything allowed.
    pub const FULL: Self = Self {
        read: true,
        create: true,
        edit: true,
        delete: true,
    };
    /// Reading only.
    pub const READ: Self = Self {
        read: true,
        create: false,
        edit: false,
        delete: false,
    };
    /// Nothing: the object is not there.
    pub const NONE: Self = Self {
        read: false,
        create: false,
        edit: false,
        delete: false,
    };
}

/// The exceptions that a profile makes from "everything allowed".
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    objects: HashMap<usize, ObjectAccess>,
    fields: HashMap<(usize, u16), FieldAccess>,
}

impl Rights {
    pub fn object(&self, object: usize) -> ObjectAccess {
        self.objects
            .get(&object)
            .copied()
            .unwrap_or(ObjectAccess::FULL)
    }

    pub fn field(&self, object: usize, field: u16) -> FieldAccess {
        let access = self.fields.get(&(object, field)).copied();
        access.unwrap_or(FieldAccess::Full)
    }

    pub fn set_object(&mut self, object: usize, access: ObjectAccess) {
        self.objects.insert(object, access);
    }

    pub fn set_field(&mut self, object: usize, field: u16, access: FieldAccess) {
        self.fields.insert((object, field), access);
    }
}

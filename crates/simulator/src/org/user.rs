//! The people and programs that may sign in to the org, and what their profile lets them see.

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

/// What a profile or permission set may do with one field; more comes later.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FieldAccess {
    /// The field does not exist for this profile.
    Hidden,
    /// The field can be read only.
    ReadOnly,
    /// The field can be read and, where the object allows it, written.
    Full,
}

/// What a profile or permission set may do with one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ObjectAccess {
    /// May read records; without it the object does not exist for the profile.
    pub read: bool,
    /// May create records.
    pub create: bool,
    /// May change records.
    pub edit: bool,
    /// May delete records.
    pub delete: bool,
    /// May read every record, whoever owns it.
    pub view_all: bool,
    /// May do everything with every record, whoever owns it.
    pub modify_all: bool,
}

impl ObjectAccess {
    /// Everything that the sharing of records allows.
    pub const FULL: Self = Self {
        read: true,
        create: true,
        edit: true,
        delete: true,
        view_all: false,
        modify_all: false,
    };
    /// Reading only.
    pub const READ: Self = Self {
        read: true,
        create: false,
        edit: false,
        delete: false,
        view_all: false,
        modify_all: false,
    };
    /// Nothing: the object is not there.
    pub const NONE: Self = Self {
        read: false,
        create: false,
        edit: false,
        delete: false,
        view_all: false,
        modify_all: false,
    };

    /// What either of two allows.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            create: self.create || other.create,
            edit: self.edit || other.edit,
            delete: self.delete || other.delete,
            view_all: self.view_all || other.view_all,
            modify_all: self.modify_all || other.modify_all,
        }
    }
}

//! The org's users, as sign-in and the administrator need them.

use serde_json::{Map, json};

use super::{ApiErrors, Call, Org, RecordId, User};

impl Org {
    /// All users, inactive ones too, in a fixed order; the first is the administrator.
    pub fn users(&self) -> Vec<User> {
        let state = self.read();
        let count = state.store.table(state.store.schema.index("User")).len() as u32;
        (0..count).map(|slot| state.user_at(slot)).collect()
    }

    /// The user with this record id.
    pub fn user(&self, id: &RecordId) -> Option<User> {
        let state = self.read();
        let (object, slot) = state.store.locate(id)?;
        (object == state.store.schema.index("User")).then(|| state.user_at(slot))
    }

    /// The user with this sign-in name, whatever its case.
    pub fn user_by_username(&self, username: &str) -> Option<User> {
        let mut users = self.users().into_iter();
        users.find(|u| u.username.eq_ignore_ascii_case(username))
    }

    /// When a user was last saved as inactive, in epoch milliseconds: older sessions are over.
    pub fn left_ms(&self, user: &RecordId) -> Option<i64> {
        self.read().left_ms.get(user).copied()
    }

    /// Deactivates or reactivates a user, as an administrator would on the user's page.
    pub fn set_user_active(
        &self,
        call: &Call,
        user: &RecordId,
        active: bool,
    ) -> Result<(), ApiErrors> {
        let body = Map::from_iter([("IsActive".to_owned(), json!(active))]);
        self.update(call, "User", &user.to_string(), &body)
    }
}

//! Keys of programs.

use super::names::StaffName;
use super::text::Text;
use serde::{Deserialize, Serialize};
use tieline_domain::access::{Reach, Right};
use tieline_domain::id::{ApiKeyId, InboxId};
use tieline_domain::time::Timestamp;
use tieline_storage::api_key;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    pub items: Vec<Key>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Key {
    pub id: ApiKeyId,
    pub name: String,
    pub rights: Vec<Right>,
    /// Whether it reaches the conversations of all inboxes, also of those to come.
    pub all_inboxes: bool,
    /// The inboxes whose conversations it reaches; empty where it reaches all.
    pub inboxes: Vec<InboxId>,
    /// Null if it was the operator, or another key.
    pub created_by: Option<StaffName>,
    pub created_at: Timestamp,
    /// To the hour.
    pub last_used_at: Option<Timestamp>,
    /// Opens nothing from then on; null for one without an end.
    pub expires_at: Option<Timestamp>,
    /// Opens nothing since then.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NewKey {
    pub key: Key,
    /// To be sent as `Authorization: Bearer …`, and shown only here.
    pub secret: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyCreate {
    /// Of the keys that live only one has it.
    pub name: Text<100>,
    /// At least one; none that you do not have.
    #[schema(min_items = 1)]
    pub rights: Vec<Right>,
    /// The inboxes whose conversations it reaches.
    #[serde(default)]
    pub inboxes: Vec<InboxId>,
    /// All inboxes, also those to come.
    #[serde(default)]
    pub all_inboxes: bool,
    /// Opens nothing from then on; without it the key lives until it is revoked.
    pub expires_at: Option<Timestamp>,
}

impl Key {
    pub fn of(key: &api_key::ApiKey, created_by: Option<StaffName>) -> Key {
        let inboxes = match &key.inboxes {
            Reach::All => Vec::new(),
            Reach::Only(inboxes) => inboxes.iter().copied().collect(),
        };
        Key {
            id: key.id,
            name: key.name.clone(),
            rights: key.rights.iter().collect(),
            all_inboxes: key.inboxes == Reach::All,
            inboxes,
            created_by,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

//! On whose word something is written, and from where.

use crate::id::{ApiKeyId, StaffId};
use crate::words::words;

/// Every write begins with one, so that a privileged act can leave an audit row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub by: By,
    /// The network address that the request came from, as text; of the operator the user of the
    /// machine; none for the hub's own work.
    pub from: Option<String>,
}

/// Who may stand behind a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A user.
    Staff(StaffId),
    /// A program with a key, perhaps on behalf of a user.
    ApiKey(ApiKeyId, Option<StaffId>),
    /// Whoever has a shell on the hub's machine.
    Operator,
    /// Somebody who is not signed in, or not yet.
    Nobody,
    /// The hub itself: background work that a fact asked for.
    System,
}

words! {
    /// The kinds of [`By`].
    ActorKind {
        /// A user.
        Staff = "staff",
        /// A program.
        ApiKey = "api_key",
        /// Whoever has a shell on the hub's machine.
        Operator = "operator",
        /// Somebody who is not signed in, or not yet.
        Nobody = "nobody",
        /// The hub itself.
        System = "system",
    }
}

impl By {
    /// Which kind of actor it is.
    pub fn kind(self) -> ActorKind {
        match self {
            By::Staff(_) => ActorKind::Staff,
            By::ApiKey(..) => ActorKind::ApiKey,
            By::Operator => ActorKind::Operator,
            By::Nobody => ActorKind::Nobody,
            By::System => ActorKind::System,
        }
    }

    /// The user, where there is one.
    pub fn staff(self) -> Option<StaffId> {
        match self {
            By::Staff(staff) => Some(staff),
            By::ApiKey(_, staff) => staff,
            By::Operator | By::Nobody | By::System => None,
        }
    }

    /// The key, where there is one.
    pub fn api_key(self) -> Option<ApiKeyId> {
        match self {
            By::ApiKey(key, _) => Some(key),
            _ => None,
        }
    }
}

impl Actor {
    /// The hub itself.
    pub fn system() -> Actor {
        By::System.at(None)
    }
}

impl By {
    /// This one, at an address.
    pub fn at(self, from: Option<String>) -> Actor {
        Actor { by: self, from }
    }
}

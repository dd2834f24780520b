//! Who may see and do what.
//!
//! A request carries a [`Principal`]; [`Principal::scope`] turns it into a [`Scope`], and every
//! reader of contacts, conversations, messages and events puts that scope into its WHERE clause.

use crate::id::{InboxId, StaffId};
use serde::{Deserialize, Serialize};

/// What a member of staff may do beyond conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Talks with contacts.
    Staff,
    /// Also invites and deactivates users.
    UserAdministrator,
    /// Also connects orgs and changes settings.
    SystemAdministrator,
}

impl Role {
    /// The word kept in the database and shown by the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Staff => "staff",
            Role::UserAdministrator => "user_administrator",
            Role::SystemAdministrator => "system_administrator",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Role> {
        [
            Role::Staff,
            Role::UserAdministrator,
            Role::SystemAdministrator,
        ]
        .into_iter()
        .find(|role| role.as_str() == text)
    }
}

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in user and the inboxes they are a member of.
    Staff {
        /// Who.
        id: StaffId,
        /// With which rights.
        role: Role,
        /// Member of these inboxes.
        inboxes: Vec<InboxId>,
    },
    /// The hub itself: background work that a fact asked for.
    System,
}

impl Principal {
    /// What this principal may read.
    pub fn scope(&self) -> Scope {
        match self {
            Principal::Staff {
                role: Role::SystemAdministrator,
                id,
                ..
            } => Scope {
                inboxes: Inboxes::All,
                staff: Some(*id),
            },
            Principal::Staff { id, inboxes, .. } => Scope {
                inboxes: Inboxes::Some(inboxes.clone()),
                staff: Some(*id),
            },
            Principal::System => Scope {
                inboxes: Inboxes::All,
                staff: None,
            },
        }
    }
}

/// On whose word something is written, and from where: every write begins with one, so that a
/// privileged act can leave an audit row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub by: By,
    /// The network address that the request came from, as text; none for the hub's own work.
    pub from: Option<String>,
}

/// Who may stand behind a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A user.
    Staff(StaffId),
    /// Whoever has a shell on the hub's machine.
    Operator,
    /// The hub itself: background work that a fact asked for.
    System,
}

impl Actor {
    /// The hub itself.
    pub fn system() -> Actor {
        Actor {
            by: By::System,
            from: None,
        }
    }
}

/// Which inboxes a scope opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inboxes {
    /// Every inbox.
    All,
    /// Only these.
    Some(Vec<InboxId>),
}

/// What may be read: handed to every reader, made only from a [`Principal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Conversations of these inboxes.
    pub inboxes: Inboxes,
    /// On whose behalf, if it is a person.
    pub staff: Option<StaffId>,
}

impl Scope {
    /// The hub's own scope, for background work.
    pub fn system() -> Scope {
        Principal::System.scope()
    }

    /// Whether conversations of this inbox are within the scope.
    pub fn sees_inbox(&self, inbox: InboxId) -> bool {
        match &self.inboxes {
            Inboxes::All => true,
            Inboxes::Some(list) => list.contains(&inbox),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn staff_see_their_own_inboxes_and_administrators_all() {
        let (mine, other) = (InboxId::from_uuid(1), InboxId::from_uuid(2));
        let staff = |role| Principal::Staff {
            id: StaffId::from_uuid(3),
            role,
            inboxes: vec![mine],
        };
        assert!(staff(Role::Staff).scope().sees_inbox(mine));
        assert!(!staff(Role::Staff).scope().sees_inbox(other));
        assert!(staff(Role::SystemAdministrator).scope().sees_inbox(other));
    }
}

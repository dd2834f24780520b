//! Rights: single acts that may be open to somebody; roles are named sets of them.

use crate::words::words;

words! {
    /// What a member of staff is.
    Role {
        /// Talks with contacts.
        Staff = "staff",
        /// Also invites and deactivates users.
        UserAdministrator = "user_administrator",
        /// Also connects orgs and changes settings.
        SystemAdministrator = "system_administrator",
    }
}

words! {
    /// An act that may be open to somebody.
    Right {
        /// Read conversations within the scope.
        ReadConversations = "read_conversations",
        /// Write, assign, close and tie conversations within the scope.
        Converse = "converse",
        /// Read contacts within the scope.
        ReadContacts = "read_contacts",
        /// Add, change and delete contacts within the scope.
        EditContacts = "edit_contacts",
        /// See how the org and the hub stand, and what runs did.
        ReadSync = "read_sync",
        /// Start and stop runs.
        RunSync = "run_sync",
        /// Change mappings and connections.
        ConfigureSync = "configure_sync",
        /// Change what holds for the whole organisation, and the fields that contacts have.
        ManageSettings = "manage_settings",
        /// See users and their sessions; add, change and deactivate those who have no right beyond one's own.
        ManageStaff = "manage_staff",
        /// Change inboxes and who is a member of them.
        ManageInboxes = "manage_inboxes",
        /// See and drop background work that gave up.
        ManageJobs = "manage_jobs",
        /// Make and end keys of programs.
        ManageKeys = "manage_keys",
        /// Let somebody else read beyond their own inboxes.
        GiveReview = "give_review",
        /// Read the audit.
        ReadAudit = "read_audit",
        /// Read conversations beyond one's own inboxes; each such reading is audited. No role has it by birth.
        Review = "review",
    }
}

impl Right {
    /// The right to read what an act is answered with.
    pub const fn to_read(self) -> Right {
        match self {
            Right::Converse => Right::ReadConversations,
            Right::EditContacts | Right::ManageSettings => Right::ReadContacts,
            Right::RunSync | Right::ConfigureSync => Right::ReadSync,
            other => other,
        }
    }
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u32);

impl Rights {
    /// No right at all.
    pub const NONE: Rights = Rights(0);

    /// These.
    pub const fn of(rights: &[Right]) -> Rights {
        let mut bits = 0;
        let mut at = 0;
        while at < rights.len() {
            bits |= 1 << rights[at] as u32;
            at += 1;
        }
        Rights(bits)
    }

    /// Every right there is.
    pub const fn all() -> Rights {
        Rights::of(Right::ALL)
    }

    /// Whether a right is in it.
    pub const fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u32) != 0
    }

    /// With the other's rights as well.
    pub const fn with(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    /// What both hold.
    pub const fn intersect(self, other: Rights) -> Rights {
        Rights(self.0 & other.0)
    }

    /// Whether the other holds nothing that this one lacks.
    pub const fn covers(self, other: Rights) -> bool {
        other.0 & !self.0 == 0
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL
            .iter()
            .copied()
            .filter(move |right| self.has(*right))
    }
}

impl Role {
    /// What comes with the role.
    pub const fn rights(self) -> Rights {
        const STAFF: Rights = Rights::of(&[
            Right::ReadConversations,
            Right::Converse,
            Right::ReadContacts,
            Right::EditContacts,
            Right::ReadSync,
            Right::RunSync,
        ]);
        const USERS: Rights = STAFF.with(Rights::of(&[Right::ManageStaff, Right::ManageInboxes]));
        const SYSTEM: Rights = USERS.with(Rights::of(&[
            Right::ConfigureSync,
            Right::ManageSettings,
            Right::ManageJobs,
            Right::ManageKeys,
            Right::GiveReview,
            Right::ReadAudit,
        ]));
        match self {
            Role::Staff => STAFF,
            Role::UserAdministrator => USERS,
            Role::SystemAdministrator => SYSTEM,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_holds_the_rights_of_the_one_below_it_and_none_reviews_by_birth() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[1].rights().covers(pair[0].rights()), "{pair:?}");
            assert!(!pair[0].rights().covers(pair[1].rights()), "{pair:?}");
        }
        for role in Role::ALL {
            assert!(!role.rights().has(Right::Review), "{role:?}");
        }
    }

    #[test]
    fn each_role_has_these_rights_beyond_the_one_below_it() {
        use Right::*;
        let mut below = Rights::NONE;
        for (role, own) in [
            (
                Role::Staff,
                &[
                    ReadConversations,
                    Converse,
                    ReadContacts,
                    EditContacts,
                    ReadSync,
                    RunSync,
                ][..],
            ),
            (Role::UserAdministrator, &[ManageStaff, ManageInboxes]),
            (
                Role::SystemAdministrator,
                &[
                    ConfigureSync,
                    ManageSettings,
                    ManageJobs,
                    ManageKeys,
                    GiveReview,
                    ReadAudit,
                ],
            ),
        ] {
            below = below.with(Rights::of(own));
            assert_eq!(role.rights(), below, "{role:?}");
        }
    }

    #[test]
    fn what_an_act_is_answered_with_takes_the_right_to_read_it() {
        use Right::*;
        for right in Right::ALL {
            let reading = match right {
                ReadConversations | Converse => ReadConversations,
                ReadContacts | EditContacts | ManageSettings => ReadContacts,
                ReadSync | RunSync | ConfigureSync => ReadSync,
                own => *own,
            };
            assert_eq!(right.to_read(), reading, "{right:?}");
        }
    }

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        for right in Right::ALL {
            let set = Rights::of(&[*right]);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*right]);
            assert!(!Rights::NONE.has(*right) && Rights::all().has(*right));
        }
        let both = Rights::of(&[Right::Converse, Right::Review]);
        let other = Rights::of(&[Right::Converse, Right::ReadSync]);
        assert_eq!(both.intersect(other), Rights::of(&[Right::Converse]));
    }

    #[test]
    fn a_word_reads_back_as_itself() {
        for right in Right::ALL {
            assert_eq!(Right::parse(right.as_str()), Some(*right));
            assert_eq!(serde_json::json!(right), right.as_str());
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(serde_json::json!(role), role.as_str());
        }
    }
}

//! What may be read: handed to every reader, made only from a [`super::Principal`].
//!
//! Each part can only narrow; two scopes intersect. A reader that cannot express a part shows
//! nothing rather than everything.

use crate::id::{ContactId, ConversationId, InboxId, StaffId, VisitorId};
use std::collections::BTreeSet;

/// How far a part of a scope goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach<T> {
    /// To everything.
    All,
    /// To these.
    Only(BTreeSet<T>),
}

impl<T: Ord + Copy> Reach<T> {
    /// To these.
    pub fn only(these: impl IntoIterator<Item = T>) -> Reach<T> {
        Reach::Only(these.into_iter().collect())
    }

    /// Whether it goes that far.
    pub fn holds(&self, it: T) -> bool {
        match self {
            Reach::All => true,
            Reach::Only(these) => these.contains(&it),
        }
    }

    /// Whether the other goes nowhere that this one does not go.
    pub fn covers(&self, other: &Reach<T>) -> bool {
        match (self, other) {
            (Reach::All, _) => true,
            (Reach::Only(_), Reach::All) => false,
            (Reach::Only(these), Reach::Only(those)) => those.is_subset(these),
        }
    }

    fn intersect(self, other: Reach<T>) -> Reach<T> {
        match (self, other) {
            (Reach::All, reach) | (reach, Reach::All) => reach,
            (Reach::Only(a), Reach::Only(b)) => Reach::Only(&a & &b),
        }
    }
}

/// Somebody who can take part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Participant {
    /// A user.
    Staff(StaffId),
    /// A contact who is signed in at the portal.
    Contact(ContactId),
    /// A visitor of a website.
    Visitor(VisitorId),
}

/// What may be read, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub(super) inboxes: Reach<InboxId>,
    pub(super) contacts: Reach<ContactId>,
    pub(super) conversations: Reach<ConversationId>,
    /// Only conversations that all of these take part in.
    pub(super) participants: BTreeSet<Participant>,
    /// Whether notes and other words among staff are within.
    pub(super) internal: bool,
    pub(super) staff: Option<StaffId>,
}

impl Scope {
    /// The hub's own scope, for background work.
    pub fn system() -> Scope {
        Scope::ALL
    }

    pub(super) const ALL: Scope = Scope {
        inboxes: Reach::All,
        contacts: Reach::All,
        conversations: Reach::All,
        participants: BTreeSet::new(),
        internal: true,
        staff: None,
    };

    /// What both show. The person behind it is this one's.
    pub fn intersect(self, other: Scope) -> Scope {
        Scope {
            inboxes: self.inboxes.intersect(other.inboxes),
            contacts: self.contacts.intersect(other.contacts),
            conversations: self.conversations.intersect(other.conversations),
            participants: &self.participants | &other.participants,
            internal: self.internal && other.internal,
            staff: self.staff.or(other.staff),
        }
    }

    /// Conversations of these inboxes.
    pub fn inboxes(&self) -> &Reach<InboxId> {
        &self.inboxes
    }

    /// These contacts, and conversations with them.
    pub fn contacts(&self) -> &Reach<ContactId> {
        &self.contacts
    }

    /// These conversations.
    pub fn conversations(&self) -> &Reach<ConversationId> {
        &self.conversations
    }

    /// Only conversations that all of these take part in.
    pub fn participants(&self) -> &BTreeSet<Participant> {
        &self.participants
    }

    /// Whether notes and other words among staff are within.
    pub fn sees_internal(&self) -> bool {
        self.internal
    }

    /// On whose behalf, if it is a user.
    pub fn staff(&self) -> Option<StaffId> {
        self.staff
    }

    /// Whether the inboxes are all that narrows it, as for those who work here.
    pub fn is_staffs(&self) -> bool {
        self.contacts == Reach::All
            && self.conversations == Reach::All
            && self.participants.is_empty()
            && self.internal
    }

    /// Whether conversations of this inbox may be within the scope.
    pub fn sees_inbox(&self, inbox: InboxId) -> bool {
        self.inboxes.holds(inbox)
    }
}

//! Whoever asks.

use super::actor::{Actor, By};
use super::rights::{Right, Rights, Role};
use super::scope::{Participant, Reach, Scope};
use crate::id::{ApiKeyId, ConnectionId, ContactId, ConversationId, InboxId, StaffId, VisitorId};
use std::collections::BTreeSet;

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in user.
    Staff(StaffMember),
    /// A program with a key of its own.
    ApiKey(ApiKey),
    /// A component on a page of the org, seen by a user of the org.
    Component(Component),
    /// A contact who is signed in at the portal.
    Client(ContactId),
    /// A visitor of a website, in the one conversation that began there.
    Visitor(VisitorId, ConversationId),
    /// Whoever has a shell on the hub's machine.
    Operator,
    /// The hub itself: background work that a fact asked for.
    System,
}

/// A principal, and where it calls from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// The network address, as text; of the operator the user of the machine; none for the hub itself.
    pub from: Option<String>,
}

impl Caller {
    /// Whoever has a shell on the hub's machine.
    pub fn operator() -> Caller {
        Caller {
            principal: Principal::Operator,
            from: None,
        }
    }

    /// Whoever has a shell on the hub's machine, by the name of that user there.
    pub fn operator_named(user: String) -> Caller {
        Caller {
            principal: Principal::Operator,
            from: Some(user),
        }
    }

    /// On whose word its writes are.
    pub fn actor(&self) -> Actor {
        self.principal.by().at(self.from.clone())
    }
}

/// A user, with what they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    pub id: StaffId,
    /// The rights that come with it.
    pub role: Role,
    /// Whether they were also given [`Right::Review`].
    pub reviewer: bool,
    /// Member of these inboxes.
    pub inboxes: Vec<InboxId>,
}

/// A key, with what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    /// What it may do.
    pub rights: Rights,
    /// For these inboxes.
    pub inboxes: Reach<InboxId>,
    /// For whom it acts: it then may do no more than both may.
    pub on_behalf_of: Option<StaffMember>,
}

/// A component on a record's page: the rights of the connector's key on that record, whatever the
/// role of the user who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The connector's key.
    pub key: ApiKey,
    /// The org.
    pub connection: ConnectionId,
    /// Who looks, for the audit.
    pub staff: Option<StaffId>,
    /// The contacts that the record is, resolved through links at each use.
    pub contacts: BTreeSet<ContactId>,
}

impl StaffMember {
    fn rights(&self) -> Rights {
        let given = if self.reviewer {
            Rights::of(&[Right::Review])
        } else {
            Rights::NONE
        };
        self.role.rights().with(given)
    }

    fn working_scope(&self) -> Scope {
        Scope {
            inboxes: Reach::only(self.inboxes.iter().copied()),
            staff: Some(self.id),
            ..Scope::ALL
        }
    }

    fn scope(&self) -> Scope {
        let mut scope = self.working_scope();
        if self.rights().has(Right::Review) {
            scope.inboxes = Reach::All;
        }
        scope
    }
}

impl ApiKey {
    fn rights(&self) -> Rights {
        match &self.on_behalf_of {
            Some(staff) => self.rights.intersect(staff.rights()),
            None => self.rights,
        }
    }

    fn narrowed(&self, theirs: fn(&StaffMember) -> Scope) -> Scope {
        let own = Scope {
            inboxes: self.inboxes.clone(),
            ..Scope::ALL
        };
        match &self.on_behalf_of {
            Some(staff) => own.intersect(theirs(staff)),
            None => own,
        }
    }
}

impl Component {
    fn on_its_record(&self, scope: Scope) -> Scope {
        let record = Scope {
            contacts: Reach::Only(self.contacts.clone()),
            staff: self.staff,
            ..Scope::ALL
        };
        record.intersect(scope)
    }
}

impl Principal {
    /// The acts that are open to it.
    pub fn rights(&self) -> Rights {
        const TALK: Rights = Rights::of(&[Right::ReadConversations, Right::Converse]);
        match self {
            Principal::Staff(staff) => staff.rights(),
            Principal::ApiKey(key) => key.rights(),
            Principal::Component(component) => component.key.rights(),
            Principal::Client(_) | Principal::Visitor(..) => TALK,
            Principal::Operator | Principal::System => Rights::all(),
        }
    }

    /// What it may read.
    pub fn scope(&self) -> Scope {
        let mut scope = match self {
            Principal::Staff(staff) => staff.scope(),
            Principal::ApiKey(key) if key.rights().has(Right::Review) => {
                key.narrowed(StaffMember::scope)
            }
            _ => self.working_scope(),
        };
        if !self.rights().has(Right::ReadConversations) {
            scope.inboxes = Reach::only([]);
        }
        scope
    }

    /// On what it may act: [`Right::Review`] lets nobody write.
    pub fn working_scope(&self) -> Scope {
        match self {
            Principal::Staff(staff) => staff.working_scope(),
            Principal::ApiKey(key) => key.narrowed(StaffMember::working_scope),
            Principal::Component(component) => {
                component.on_its_record(component.key.narrowed(StaffMember::working_scope))
            }
            Principal::Client(contact) => Scope {
                contacts: Reach::only([*contact]),
                participants: BTreeSet::from([Participant::Contact(*contact)]),
                internal: false,
                ..Scope::ALL
            },
            Principal::Visitor(visitor, conversation) => Scope {
                contacts: Reach::only([]),
                conversations: Reach::only([*conversation]),
                participants: BTreeSet::from([Participant::Visitor(*visitor)]),
                internal: false,
                ..Scope::ALL
            },
            Principal::Operator | Principal::System => Scope::ALL,
        }
    }

    /// The inboxes that it may open to others: make somebody a member, give a key, let in who is one.
    /// Whoever manages inboxes may open any; a key, none but its own.
    pub fn opens(&self) -> Reach<InboxId> {
        if !self.rights().has(Right::ManageInboxes) {
            return self.working_scope().inboxes;
        }
        match self {
            Principal::ApiKey(key) => key.inboxes.clone(),
            Principal::Component(component) => component.key.inboxes.clone(),
            _ => Reach::All,
        }
    }

    /// On whose word its writes are.
    pub fn by(&self) -> By {
        match self {
            Principal::Staff(staff) => By::Staff(staff.id),
            Principal::ApiKey(key) => {
                By::ApiKey(key.id, key.on_behalf_of.as_ref().map(|staff| staff.id))
            }
            Principal::Component(component) => By::ApiKey(component.key.id, component.staff),
            Principal::Client(_) | Principal::Visitor(..) => By::Nobody,
            Principal::Operator => By::Operator,
            Principal::System => By::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn inbox(n: u128) -> InboxId {
        InboxId::from_uuid(n)
    }

    fn contact(n: u128) -> ContactId {
        ContactId::from_uuid(n)
    }

    fn staff(role: Role, reviewer: bool) -> StaffMember {
        StaffMember {
            id: StaffId::from_uuid(3),
            role,
            reviewer,
            inboxes: vec![inbox(1)],
        }
    }

    fn key(rights: Rights, inboxes: Reach<InboxId>, behalf: Option<StaffMember>) -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_uuid(4),
            rights,
            inboxes,
            on_behalf_of: behalf,
        }
    }

    /// Which of inboxes 1 and 2 and contacts 1 and 2 are read, and whether inbox 2 is written in.
    fn check(who: &Principal, inboxes: [bool; 2], contacts: [bool; 2], writes_2: bool) {
        let scope = who.scope();
        let seen = [1, 2].map(|n| scope.sees_inbox(inbox(n)));
        assert_eq!(seen, inboxes, "inboxes of {who:?}");
        let seen = [1, 2].map(|n| scope.contacts().holds(contact(n)));
        assert_eq!(seen, contacts, "contacts of {who:?}");
        let writes = who.working_scope().sees_inbox(inbox(2));
        assert_eq!(writes, writes_2, "writing of {who:?}");
    }

    #[test]
    fn staff_see_their_own_inboxes_whatever_their_role_and_reviewers_read_all_but_write_in_none() {
        for role in Role::ALL {
            let plain = Principal::Staff(staff(*role, false));
            check(&plain, [true, false], [true, true], false);
            let reviewer = Principal::Staff(staff(*role, true));
            check(&reviewer, [true, true], [true, true], false);
            assert_eq!(plain.rights(), role.rights());
            let review = Rights::of(&[Right::Review]);
            assert_eq!(reviewer.rights(), role.rights().with(review));
        }
    }

    #[test]
    fn a_key_may_do_what_it_was_given_and_on_behalf_of_somebody_no_more_than_both() {
        let reads = Rights::of(&[Right::ReadContacts, Right::ReadConversations]);
        let given = reads.with(Rights::of(&[Right::ManageStaff]));
        let alone = Principal::ApiKey(key(given, Reach::only([inbox(2)]), None));
        check(&alone, [false, true], [true, true], true);
        assert_eq!(alone.rights(), given);

        let tom = staff(Role::Staff, false);
        let wide = Principal::ApiKey(key(given, Reach::All, Some(tom.clone())));
        check(&wide, [true, false], [true, true], false);
        assert_eq!(wide.rights(), reads);
        assert_eq!(wide.scope().staff(), Some(tom.id));

        let apart = Principal::ApiKey(key(given, Reach::only([inbox(2)]), Some(tom)));
        check(&apart, [false, false], [true, true], false);

        let reviewer = staff(Role::Staff, true);
        let without = Principal::ApiKey(key(given, Reach::All, Some(reviewer.clone())));
        check(&without, [true, false], [true, true], false);
        let review = given.with(Rights::of(&[Right::Review]));
        let with = Principal::ApiKey(key(review, Reach::All, Some(reviewer)));
        check(&with, [true, true], [true, true], false);
    }

    #[test]
    fn a_key_without_the_right_to_read_conversations_reads_none_and_still_writes_in_them() {
        let given = Rights::of(&[Right::ReadContacts, Right::Converse]);
        let writer = Principal::ApiKey(key(given, Reach::All, None));
        check(&writer, [false, false], [true, true], true);
    }

    #[test]
    fn a_component_has_the_keys_rights_on_its_record_whatever_the_role_of_who_looks() {
        let given = Rights::of(&[Right::ReadConversations]);
        let looks = |staff| {
            Principal::Component(Component {
                key: key(given, Reach::All, None),
                connection: ConnectionId::from_uuid(1),
                staff,
                contacts: BTreeSet::from([contact(1)]),
            })
        };
        for who in [looks(None), looks(Some(StaffId::from_uuid(3)))] {
            check(&who, [true, true], [true, false], true);
            assert_eq!(who.rights(), given);
        }
        let by = looks(Some(StaffId::from_uuid(3))).by();
        assert_eq!(by.staff(), Some(StaffId::from_uuid(3)));
        assert_eq!(by.api_key(), Some(ApiKeyId::from_uuid(4)));
    }

    #[test]
    fn a_client_sees_what_they_take_part_in_and_a_visitor_one_conversation_and_neither_a_note() {
        let client = Principal::Client(contact(1));
        check(&client, [true, true], [true, false], true);
        let wanted = BTreeSet::from([Participant::Contact(contact(1))]);
        assert_eq!(client.scope().participants(), &wanted);

        let (visitor, own) = (VisitorId::from_uuid(1), ConversationId::from_uuid(1));
        let visitor = Principal::Visitor(visitor, own);
        check(&visitor, [true, true], [false, false], true);
        assert!(visitor.scope().conversations().holds(own));
        let other = ConversationId::from_uuid(2);
        assert!(!visitor.scope().conversations().holds(other));
        for who in [client, visitor] {
            assert!(!who.scope().sees_internal());
            assert!(!who.rights().has(Right::ReadContacts));
        }
    }

    #[test]
    fn the_operator_and_the_hub_see_all() {
        for who in [Principal::Operator, Principal::System] {
            check(&who, [true, true], [true, true], true);
            assert_eq!(who.rights(), Rights::all());
            assert_eq!(who.scope(), Scope::system());
        }
    }

    #[test]
    fn whatever_two_scopes_are_both_show_no_more_than_each() {
        let who = [
            Principal::Staff(staff(Role::Staff, false)),
            Principal::Staff(staff(Role::SystemAdministrator, true)),
            Principal::Client(contact(1)),
            Principal::Visitor(VisitorId::from_uuid(1), ConversationId::from_uuid(1)),
            Principal::ApiKey(key(Rights::all(), Reach::only([inbox(2)]), None)),
            Principal::System,
        ];
        for (a, b) in who.iter().flat_map(|a| who.iter().map(move |b| (a, b))) {
            let both = a.scope().intersect(b.scope());
            for n in [1, 2] {
                let each =
                    |scope: Scope| scope.sees_inbox(inbox(n)) && scope.contacts().holds(contact(n));
                let (both, each) = (each(both.clone()), each(a.scope()) && each(b.scope()));
                assert_eq!(both, each, "{a:?} and {b:?}");
            }
            let internal = a.scope().sees_internal() && b.scope().sees_internal();
            assert_eq!(both.sees_internal(), internal);
            for n in [1, 2].map(ConversationId::from_uuid) {
                let holds = |scope: Scope| scope.conversations().holds(n);
                let each = holds(a.scope()) && holds(b.scope());
                assert_eq!(both.conversations().holds(n), each, "{a:?} and {b:?}");
            }
            for scope in [a.scope(), b.scope()] {
                let all = both.participants().is_superset(scope.participants());
                assert!(all, "{a:?} and {b:?}: all of them take part");
            }
        }
    }
}

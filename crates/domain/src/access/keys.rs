//! What a program's key may be given, and by whom.

use super::principal::Principal;
use super::rights::{Right, Rights};
use super::scope::Reach;
use crate::id::InboxId;

/// Why a key may not be made like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// The caller makes no keys.
    #[error("your rights do not include making keys; ask a system administrator")]
    NoKeyMaker,
    /// It would open nothing.
    #[error("a key without a right opens nothing; name at least one right")]
    NoRight,
    /// It would get a right that the caller lacks.
    #[error("the key would get the right {}, which you do not have; leave it out", .0.as_str())]
    BeyondOwnRights(Right),
    /// It would reach conversations that the caller neither has nor may give.
    #[error("the key would reach inboxes that you may not give; leave them out")]
    BeyondOwnInboxes,
    /// It would read or write conversations, and no inbox has any for it.
    #[error("the right {} is about conversations of inboxes, and the key has none; name its inboxes, or all", .0.as_str())]
    NoInbox(Right),
}

/// Whether the caller may make a key with these rights for these inboxes.
///
/// Who may make somebody a member of an inbox may open it to a key.
pub fn may_give_key(
    caller: &Principal,
    rights: Rights,
    inboxes: &Reach<InboxId>,
) -> Result<(), KeyRefusal> {
    let own = caller.rights();
    if !own.has(Right::ManageKeys) {
        return Err(KeyRefusal::NoKeyMaker);
    }
    if rights == Rights::NONE {
        return Err(KeyRefusal::NoRight);
    }
    if let Some(beyond) = rights.iter().find(|right| !own.has(*right)) {
        return Err(KeyRefusal::BeyondOwnRights(beyond));
    }
    let of_inboxes = [Right::ReadConversations, Right::Converse];
    let conversing = of_inboxes.into_iter().find(|right| rights.has(*right));
    if let (Some(right), Reach::Only(none)) = (conversing, inboxes)
        && none.is_empty()
    {
        return Err(KeyRefusal::NoInbox(right));
    }
    if !caller.opens().covers(inboxes) {
        return Err(KeyRefusal::BeyondOwnInboxes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::principal::{ApiKey, StaffMember};
    use super::super::rights::Role;
    use super::*;
    use crate::id::{ApiKeyId, Id as _, StaffId};

    fn inbox(n: u128) -> InboxId {
        InboxId::from_uuid(n)
    }

    fn staff(role: Role) -> Principal {
        Principal::Staff(StaffMember {
            id: StaffId::from_uuid(1),
            role,
            reviewer: false,
            inboxes: vec![inbox(1)],
        })
    }

    fn key(rights: &[Right]) -> Principal {
        Principal::ApiKey(ApiKey {
            id: ApiKeyId::from_uuid(1),
            rights: Rights::of(rights),
            inboxes: Reach::only([inbox(1)]),
            on_behalf_of: None,
        })
    }

    #[test]
    fn nobody_gives_a_key_rights_or_inboxes_that_are_not_theirs_to_give() {
        use Right::{Converse, ManageInboxes, ManageKeys, ManageStaff, ReadContacts, Review};
        let none = || Reach::only([]);
        let first = || Reach::only([inbox(1)]);
        let second = || Reach::only([inbox(2)]);
        let admin = || staff(Role::SystemAdministrator);
        let maker = || key(&[ManageKeys, Converse]);
        let wide = || key(&[ManageKeys, ManageInboxes, Converse]);
        let beyond = |right| Err(KeyRefusal::BeyondOwnRights(right));
        type Case<'a> = (
            Principal,
            &'a [Right],
            Reach<InboxId>,
            Result<(), KeyRefusal>,
        );
        let cases: Vec<Case<'_>> = vec![
            (
                staff(Role::Staff),
                &[ReadContacts],
                none(),
                Err(KeyRefusal::NoKeyMaker),
            ),
            (
                staff(Role::UserAdministrator),
                &[ReadContacts],
                none(),
                Err(KeyRefusal::NoKeyMaker),
            ),
            (
                key(&[ManageStaff]),
                &[ManageStaff],
                none(),
                Err(KeyRefusal::NoKeyMaker),
            ),
            (admin(), &[], Reach::All, Err(KeyRefusal::NoRight)),
            (admin(), &[ReadContacts, ManageStaff], none(), Ok(())),
            (admin(), &[Review], Reach::All, beyond(Review)),
            (
                admin(),
                &[Converse],
                none(),
                Err(KeyRefusal::NoInbox(Converse)),
            ),
            (admin(), &[Converse], second(), Ok(())),
            (admin(), &[Converse], Reach::All, Ok(())),
            (maker(), &[ManageKeys, Converse], first(), Ok(())),
            (maker(), &[ReadContacts], none(), beyond(ReadContacts)),
            (
                maker(),
                &[Converse],
                second(),
                Err(KeyRefusal::BeyondOwnInboxes),
            ),
            (
                maker(),
                &[Converse],
                Reach::All,
                Err(KeyRefusal::BeyondOwnInboxes),
            ),
            (wide(), &[Converse], first(), Ok(())),
            (
                wide(),
                &[Converse],
                second(),
                Err(KeyRefusal::BeyondOwnInboxes),
            ),
            (Principal::Operator, Right::ALL, Reach::All, Ok(())),
        ];
        for (who, rights, inboxes, expected) in cases {
            let outcome = may_give_key(&who, Rights::of(rights), &inboxes);
            assert_eq!(outcome, expected, "{who:?}: {rights:?} in {inboxes:?}");
        }
    }
}

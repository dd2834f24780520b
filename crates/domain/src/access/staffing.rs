//! Who may make whom what.

use super::principal::Principal;
use super::rights::{Right, Role};
use crate::id::{InboxId, StaffId};

/// What may be changed of a user and bears on rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// With its rights.
    pub role: Role,
    /// Whether they may read beyond their own inboxes.
    pub reviewer: bool,
    /// Whether they may sign in.
    pub active: bool,
}

/// Why a user may not be changed like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffRefusal {
    /// The caller manages nobody.
    #[error("your rights do not include managing users; ask a user administrator")]
    NoManager,
    /// They have, or would get, a right that the caller lacks.
    #[error("this user has, or would get, rights beyond yours; ask a system administrator")]
    BeyondOwnRights,
    /// They are a member of an inbox that the caller does not reach.
    #[error("this user is a member of inboxes beyond yours; ask a user administrator")]
    BeyondOwnInboxes,
    /// Only a system administrator gives it, and only to somebody else.
    #[error(
        "the right to review is given by a system administrator to somebody else; ask another one"
    )]
    Review,
    /// Nobody would be left to administrate.
    #[error("this is the last active system administrator; make somebody else one first")]
    LastAdministrator,
}

impl Standing {
    fn administrates(self) -> bool {
        self.active && self.role == Role::SystemAdministrator
    }
}

/// Whether the caller may act for a user who stands like that: set the password, make a link, end
/// sessions.
pub fn may_manage(caller: &Principal, theirs: Standing) -> Result<(), StaffRefusal> {
    let own = caller.rights();
    if !own.has(Right::ManageStaff) {
        return Err(StaffRefusal::NoManager);
    }
    // Who may give the right to review may take it, and so is above those who have it.
    let is_above = !theirs.reviewer || own.has(Right::Review) || own.has(Right::GiveReview);
    if !own.covers(theirs.role.rights()) || !is_above {
        return Err(StaffRefusal::BeyondOwnRights);
    }
    Ok(())
}

/// Whether the caller may be let in as a user who stands like that and is a member of these inboxes, as
/// who knows a link or a password of theirs is. Whoever manages inboxes may enter any.
pub fn may_open(
    caller: &Principal,
    theirs: Standing,
    inboxes: &[InboxId],
) -> Result<(), StaffRefusal> {
    may_manage(caller, theirs)?;
    let own = caller.working_scope();
    let reaches = caller.rights().has(Right::ManageInboxes);
    if !reaches && !inboxes.iter().all(|inbox| own.sees_inbox(*inbox)) {
        return Err(StaffRefusal::BeyondOwnInboxes);
    }
    Ok(())
}

/// Whether the caller may bring a user from one standing (none for a new one) to another, where so
/// many others administrate.
pub fn may_change(
    caller: &Principal,
    id: StaffId,
    before: Option<Standing>,
    after: Standing,
    other_administrators: usize,
) -> Result<(), StaffRefusal> {
    if let Some(before) = before {
        may_manage(caller, before)?;
    }
    let gets_review = after.reviewer && !before.is_some_and(|before| before.reviewer);
    let is_own = caller.by().staff() == Some(id);
    if gets_review && (is_own || !caller.rights().has(Right::GiveReview)) {
        return Err(StaffRefusal::Review);
    }
    may_manage(caller, after)?;
    let ends = before.is_some_and(Standing::administrates) && !after.administrates();
    if ends && other_administrators == 0 {
        return Err(StaffRefusal::LastAdministrator);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::principal::{ApiKey, StaffMember};
    use super::super::rights::Rights;
    use super::super::scope::Reach;
    use super::*;
    use crate::id::{ApiKeyId, Id as _};

    const OWN: u128 = 1;

    fn caller(role: Role) -> Principal {
        Principal::Staff(StaffMember {
            id: StaffId::from_uuid(OWN),
            role,
            reviewer: false,
            inboxes: Vec::new(),
        })
    }

    fn reviewing(role: Role) -> Principal {
        match caller(role) {
            Principal::Staff(staff) => Principal::Staff(StaffMember {
                reviewer: true,
                ..staff
            }),
            other => other,
        }
    }

    #[test]
    fn a_key_opens_nobody_who_is_in_an_inbox_beyond_its_own() {
        let inbox = InboxId::from_uuid;
        let key = |right: &[Right]| {
            let rights = Role::Staff.rights().with(Rights::of(right));
            Principal::ApiKey(ApiKey {
                id: ApiKeyId::from_uuid(1),
                rights,
                inboxes: Reach::only([inbox(1)]),
                on_behalf_of: None,
            })
        };
        let beyond = Err(StaffRefusal::BeyondOwnInboxes);
        let narrow = key(&[Right::ManageStaff]);
        let wide = key(&[Right::ManageStaff, Right::ManageInboxes]);
        for (who, inboxes, expected) in [
            (&narrow, vec![], Ok(())),
            (&narrow, vec![inbox(1)], Ok(())),
            (&narrow, vec![inbox(1), inbox(2)], beyond),
            (&wide, vec![inbox(2)], Ok(())),
        ] {
            assert_eq!(
                may_open(who, is(Role::Staff), &inboxes),
                expected,
                "{inboxes:?}"
            );
        }
    }

    fn is(role: Role) -> Standing {
        Standing {
            role,
            reviewer: false,
            active: true,
        }
    }

    fn check(
        who: Principal,
        id: u128,
        before: Option<Standing>,
        after: Standing,
        expected: Result<(), StaffRefusal>,
    ) {
        let outcome = may_change(&who, StaffId::from_uuid(id), before, after, 1);
        assert_eq!(outcome, expected, "{who:?}: {before:?} to {after:?}");
    }

    #[test]
    fn nobody_gives_or_takes_rights_that_they_lack() {
        use Role::{Staff, SystemAdministrator, UserAdministrator};
        let beyond = Err(StaffRefusal::BeyondOwnRights);
        let cases = [
            (Staff, None, Staff, Err(StaffRefusal::NoManager)),
            (UserAdministrator, None, Staff, Ok(())),
            (UserAdministrator, None, SystemAdministrator, beyond),
            (UserAdministrator, Some(Staff), UserAdministrator, Ok(())),
            (UserAdministrator, Some(Staff), SystemAdministrator, beyond),
            (UserAdministrator, Some(SystemAdministrator), Staff, beyond),
            (
                SystemAdministrator,
                Some(SystemAdministrator),
                Staff,
                Ok(()),
            ),
        ];
        for (own, before, after, expected) in cases {
            check(caller(own), 2, before.map(is), is(after), expected);
            // Also to oneself.
            check(caller(own), OWN, before.map(is), is(after), expected);
        }
        check(
            Principal::Operator,
            2,
            None,
            is(SystemAdministrator),
            Ok(()),
        );
    }

    #[test]
    fn the_right_to_review_comes_from_somebody_else() {
        let reviewer = |role| Standing {
            reviewer: true,
            ..is(role)
        };
        let refused = Err(StaffRefusal::Review);
        let (before, after) = (Some(is(Role::Staff)), reviewer(Role::Staff));
        check(caller(Role::SystemAdministrator), 2, before, after, Ok(()));
        check(
            caller(Role::SystemAdministrator),
            OWN,
            before,
            after,
            refused,
        );
        check(caller(Role::UserAdministrator), 2, before, after, refused);
        check(Principal::Operator, 2, before, after, Ok(()));
        // Who may give it may let it be kept, and take it; who has it may let it be kept.
        let beyond = Err(StaffRefusal::BeyondOwnRights);
        for (own, expected) in [
            (caller(Role::SystemAdministrator), Ok(())),
            (reviewing(Role::UserAdministrator), Ok(())),
            (caller(Role::UserAdministrator), beyond),
        ] {
            check(own.clone(), 2, Some(after), after, expected);
            check(own, 2, Some(after), is(Role::Staff), expected);
        }
    }

    #[test]
    fn nobody_acts_for_a_reviewer_who_could_not_make_one_or_is_none() {
        let reviewer = Standing {
            reviewer: true,
            ..is(Role::Staff)
        };
        for (own, expected) in [
            (
                caller(Role::UserAdministrator),
                Err(StaffRefusal::BeyondOwnRights),
            ),
            (reviewing(Role::UserAdministrator), Ok(())),
            (caller(Role::SystemAdministrator), Ok(())),
            (Principal::Operator, Ok(())),
        ] {
            assert_eq!(may_manage(&own, reviewer), expected, "{own:?}");
        }
    }

    #[test]
    fn the_last_administrator_stays_one_and_active() {
        let before = is(Role::SystemAdministrator);
        let gone = Standing {
            active: false,
            ..before
        };
        for (after, others, expected) in [
            (is(Role::Staff), 0, Err(StaffRefusal::LastAdministrator)),
            (gone, 0, Err(StaffRefusal::LastAdministrator)),
            (gone, 1, Ok(())),
            (before, 0, Ok(())),
        ] {
            for who in [caller(Role::SystemAdministrator), Principal::Operator] {
                let id = StaffId::from_uuid(OWN);
                let outcome = may_change(&who, id, Some(before), after, others);
                assert_eq!(outcome, expected, "{after:?} with {others} others");
            }
        }
    }
}

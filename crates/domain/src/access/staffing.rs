//! Who may make whom what.

use super::actor::By;
use super::principal::Principal;
use super::rights::{Right, Rights, Role};
use super::scope::Reach;
use crate::id::{ApiKeyId, InboxId, StaffId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    /// It is about an inbox that the caller may not open to others.
    #[error("this reaches inboxes beyond yours; ask a user administrator")]
    BeyondOwnInboxes,
    /// Only a system administrator gives it, and only to somebody else.
    #[error(
        "the right to review is given by a system administrator to somebody else; ask another one"
    )]
    Review,
    /// A link would open nothing, until somebody takes them back.
    #[error("this user is deactivated, and no link would let them in; activate them first")]
    Deactivated,
    /// Nobody would be left to administrate.
    #[error("this is the last active system administrator; make somebody else one first")]
    LastAdministrator,
}

/// Somebody who gave a user a way in, a link or a password, and so may know it themselves. Kept with
/// it: when that user rises, what was given by who might not let them in any more opens nothing; when
/// the key is revoked, or the giver may let that user in no more, neither does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Giver {
    /// The key, where a program gave it, and those that had let its giver in.
    keys: BTreeSet<ApiKeyId>,
    /// The user who gave it, or on whose behalf the program did.
    staff: Option<StaffId>,
    /// Whether its user has chosen it since, in a session that came by what was given.
    chosen_since: bool,
    /// Of a user: their role as it was then, with the rights that it has today.
    role: Option<Role>,
    /// Beside those of the role.
    rights: Vec<Right>,
    /// The inboxes that they may open to others; none for all.
    inboxes: Option<BTreeSet<InboxId>>,
}

impl Giver {
    /// Whoever asks; none for who may let in anybody for ever.
    pub fn of(caller: &Principal) -> Option<Giver> {
        let role = match caller {
            Principal::Operator | Principal::System => return None,
            Principal::Staff(staff) => Some(staff.role),
            _ => None,
        };
        let beside = |right: &Right| !role.is_some_and(|role| role.rights().has(*right));
        let by = caller.by();
        Some(Giver {
            keys: by.api_key().into_iter().collect(),
            staff: by.staff(),
            chosen_since: false,
            role,
            rights: caller.rights().iter().filter(beside).collect(),
            inboxes: match caller.opens() {
                Reach::All => None,
                Reach::Only(inboxes) => Some(inboxes),
            },
        })
    }

    /// The same, of what its user chooses in a session that came by what was given.
    pub fn before_a_choice(self) -> Giver {
        Giver {
            chosen_since: true,
            ..self
        }
    }

    /// The same, where the one who gave it may have been the other, who had let them in.
    pub fn let_in_by(mut self, other: &Giver) -> Giver {
        self.keys.extend(&other.keys);
        self
    }

    /// The first of the keys that stand behind it.
    pub fn key(&self) -> Option<ApiKeyId> {
        self.keys.first().copied()
    }

    /// Whether what was given ends with its giver. A program that was robbed of its key may have chosen
    /// for the user; a user who leaves takes along what they gave, not what others chose since.
    pub fn ends_with(&self, giver: By) -> bool {
        match giver {
            By::ApiKey(key, _) => self.keys.contains(&key),
            By::Staff(staff) => self.staff == Some(staff) && !self.chosen_since,
            _ => false,
        }
    }

    /// Whether they may let in a user who stands like that and is a member of these inboxes.
    pub fn lets_in(&self, theirs: Standing, inboxes: &[InboxId]) -> bool {
        let rights = Rights::of(&self.rights);
        let own = self.role.map_or(rights, |role| role.rights().with(rights));
        let opens = match &self.inboxes {
            None => Reach::All,
            Some(inboxes) => Reach::Only(inboxes.clone()),
        };
        is_below(own, theirs) && opens.covers(&theirs.reach(inboxes))
    }
}

impl Standing {
    fn administrates(self) -> bool {
        self.active && self.role == Role::SystemAdministrator
    }

    /// The inboxes that a user who stands like that reads, or may make themselves a member of.
    fn reach(self, inboxes: &[InboxId]) -> Reach<InboxId> {
        match self.reviewer || self.role.rights().has(Right::ManageInboxes) {
            true => Reach::All,
            false => Reach::only(inboxes.iter().copied()),
        }
    }
}

/// Whether a user who stands like that has no right beyond these.
fn is_below(own: Rights, theirs: Standing) -> bool {
    // Who may give the right to review may take it, and so is above those who have it.
    let is_above = !theirs.reviewer || own.has(Right::Review) || own.has(Right::GiveReview);
    own.covers(theirs.role.rights()) && is_above
}

/// Whether the caller may act for a user who stands like that: set the password, make a link, end
/// sessions.
pub fn may_manage(caller: &Principal, theirs: Standing) -> Result<(), StaffRefusal> {
    let own = caller.rights();
    if !own.has(Right::ManageStaff) {
        return Err(StaffRefusal::NoManager);
    }
    if !is_below(own, theirs) {
        return Err(StaffRefusal::BeyondOwnRights);
    }
    Ok(())
}

/// Whether the caller may be let in as a user who stands like that and is a member of these inboxes, as
/// who knows a link or a password of theirs is.
pub fn may_open(
    caller: &Principal,
    theirs: Standing,
    inboxes: &[InboxId],
) -> Result<(), StaffRefusal> {
    may_manage(caller, theirs)?;
    if !caller.opens().covers(&theirs.reach(inboxes)) {
        return Err(StaffRefusal::BeyondOwnInboxes);
    }
    Ok(())
}

/// Whether the caller may make users members of this inbox, and take them out.
pub fn may_change_members(caller: &Principal, inbox: InboxId) -> Result<(), StaffRefusal> {
    match caller.opens().holds(inbox) {
        true => Ok(()),
        false => Err(StaffRefusal::BeyondOwnInboxes),
    }
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
    let gets_reach = before.is_none_or(|before| before.reach(&[]) != after.reach(&[]));
    if gets_reach && !caller.opens().covers(&after.reach(&[])) {
        return Err(StaffRefusal::BeyondOwnInboxes);
    }
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

    /// A key with the rights of a role and these, for inbox 1.
    fn key(role: Role, rights: &[Right]) -> Principal {
        Principal::ApiKey(ApiKey {
            id: ApiKeyId::from_uuid(1),
            rights: role.rights().with(Rights::of(rights)),
            inboxes: Reach::only([InboxId::from_uuid(1)]),
            on_behalf_of: None,
        })
    }

    fn reviews(role: Role) -> Standing {
        Standing {
            reviewer: true,
            ..is(role)
        }
    }

    #[test]
    fn a_key_opens_nobody_who_reaches_inboxes_beyond_its_own() {
        use Role::{Staff, UserAdministrator};
        let inbox = InboxId::from_uuid;
        let beyond = Err(StaffRefusal::BeyondOwnInboxes);
        let narrow = key(Staff, &[Right::ManageStaff]);
        let managing = key(UserAdministrator, &[Right::Review]);
        for who in [&narrow, &managing] {
            for (inboxes, expected) in [
                (vec![], Ok(())),
                (vec![inbox(1)], Ok(())),
                (vec![inbox(1), inbox(2)], beyond),
            ] {
                let outcome = may_open(who, is(Staff), &inboxes);
                assert_eq!(outcome, expected, "{who:?}: {inboxes:?}");
            }
        }
        for theirs in [is(UserAdministrator), reviews(Staff)] {
            assert_eq!(may_open(&managing, theirs, &[]), beyond, "{theirs:?}");
            let person = reviewing(UserAdministrator);
            assert_eq!(may_open(&person, theirs, &[inbox(2)]), Ok(()));
        }
    }

    #[test]
    fn a_key_gives_nobody_a_reach_beyond_its_own() {
        use Role::{Staff, UserAdministrator};
        let [own, other] = [1, 2].map(InboxId::from_uuid);
        let beyond = Err(StaffRefusal::BeyondOwnInboxes);
        let narrow = key(UserAdministrator, &[Right::GiveReview]);
        assert_eq!(may_change_members(&narrow, own), Ok(()));
        assert_eq!(may_change_members(&narrow, other), beyond);
        for role in [UserAdministrator, Role::SystemAdministrator] {
            assert_eq!(may_change_members(&caller(role), other), Ok(()));
        }
        for after in [is(UserAdministrator), reviews(Staff)] {
            check(narrow.clone(), 2, Some(is(Staff)), after, beyond);
            check(narrow.clone(), 2, Some(after), after, Ok(()));
        }
        check(narrow.clone(), 2, None, is(UserAdministrator), beyond);
        check(narrow, 2, None, is(Staff), Ok(()));
    }

    #[test]
    fn who_gave_a_way_in_lets_in_whom_they_might_then() {
        use Role::{Staff, SystemAdministrator, UserAdministrator};
        let [own, other] = [1, 2].map(InboxId::from_uuid);
        for (giver, theirs, inboxes, expected) in [
            (caller(UserAdministrator), is(Staff), vec![other], true),
            (
                caller(UserAdministrator),
                is(UserAdministrator),
                vec![],
                true,
            ),
            (
                caller(UserAdministrator),
                is(SystemAdministrator),
                vec![],
                false,
            ),
            (caller(UserAdministrator), reviews(Staff), vec![], false),
            (reviewing(UserAdministrator), reviews(Staff), vec![], true),
            (
                caller(SystemAdministrator),
                reviews(SystemAdministrator),
                vec![other],
                true,
            ),
            (
                key(Staff, &[Right::ManageStaff]),
                is(Staff),
                vec![own],
                true,
            ),
            (
                key(Staff, &[Right::ManageStaff]),
                is(Staff),
                vec![own, other],
                false,
            ),
            (
                key(UserAdministrator, &[]),
                is(UserAdministrator),
                vec![],
                false,
            ),
        ] {
            let kept = Giver::of(&giver).unwrap();
            let kept = serde_json::to_string(&kept).unwrap();
            let kept: Giver = serde_json::from_str(&kept).unwrap();
            assert_eq!(
                kept.lets_in(theirs, &inboxes),
                expected,
                "{kept:?}: {theirs:?}"
            );
        }
        assert_eq!(Giver::of(&Principal::Operator), None);
    }

    #[test]
    fn what_was_given_ends_with_the_key_or_the_user_who_gave_it() {
        let kept = |caller: &Principal| Giver::of(caller).unwrap();
        let ApiKey { id, rights, .. } = match key(Role::Staff, &[Right::ManageStaff]) {
            Principal::ApiKey(key) => key,
            other => panic!("{other:?}"),
        };
        let StaffMember { id: own, .. } = match caller(Role::UserAdministrator) {
            Principal::Staff(staff) => staff,
            other => panic!("{other:?}"),
        };
        let by_key = kept(&key(Role::Staff, &[Right::ManageStaff]));
        let by_user = kept(&caller(Role::UserAdministrator));
        let for_user = kept(&Principal::ApiKey(ApiKey {
            id,
            rights,
            inboxes: Reach::All,
            on_behalf_of: Some(StaffMember {
                id: own,
                role: Role::UserAdministrator,
                reviewer: false,
                inboxes: Vec::new(),
            }),
        }));
        let (key, user) = (By::ApiKey(id, None), By::Staff(own));
        let others = [
            By::ApiKey(ApiKeyId::from_uuid(9), Some(own)),
            By::Staff(StaffId::from_uuid(9)),
            By::Operator,
            By::System,
        ];
        for (given, ends_with_key, ends_with_user) in [
            (by_key.clone(), true, false),
            (by_key.before_a_choice(), true, false),
            (by_user.clone(), false, true),
            (by_user.before_a_choice(), false, false),
            (for_user, true, true),
        ] {
            assert_eq!(given.ends_with(key), ends_with_key, "{given:?}");
            assert_eq!(given.ends_with(user), ends_with_user, "{given:?}");
            assert!(!others.iter().any(|it| given.ends_with(*it)), "{given:?}");
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

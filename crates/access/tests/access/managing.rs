//! Who may act for whom: nobody for a user whose rights go beyond their own.

use super::world::{PASSWORD, World};
use std::time::Duration;
use tieline_access::{AccessError, Result, StaffChange, Which};
use tieline_domain::access::{Actor, Caller, Right, Role, StaffRefusal};
use tieline_domain::id::{Id as _, InboxId, SessionId, StaffId};
use tieline_storage::inbox;
use tieline_storage::staff::{self, Staff};

#[derive(Debug, Clone, Copy)]
enum Act {
    SetPassword,
    MakeLink,
    ListSessions,
    EndOne(SessionId),
    EndAll,
    Rename,
}

async fn act(world: &World, caller: &Caller, whose: StaffId, act: Act) -> Result<()> {
    let access = &world.access;
    match act {
        Act::SetPassword => access.set_password(caller, whose, PASSWORD).await,
        Act::MakeLink => access.sign_in_link(caller, whose, 60_000).await.map(drop),
        Act::ListSessions => access.sessions(caller, whose).await.map(drop),
        Act::EndOne(one) => access.end_sessions(caller, whose, Which::One(one)).await,
        Act::EndAll => {
            let all = Which::AllBut(None);
            access.end_sessions(caller, whose, all).await
        }
        Act::Rename => {
            let change = StaffChange {
                name: Some("Another".to_owned()),
                ..StaffChange::default()
            };
            access.change_staff(caller, whose, &change).await.map(drop)
        }
    }
}

#[tokio::test]
async fn nobody_acts_for_a_user_whose_rights_go_beyond_their_own() {
    use Role::{Staff, SystemAdministrator, UserAdministrator};
    let world = World::new().await;
    for (own, theirs, allowed) in [
        (Staff, Staff, false),
        (UserAdministrator, Staff, true),
        (UserAdministrator, UserAdministrator, true),
        (UserAdministrator, SystemAdministrator, false),
        (SystemAdministrator, SystemAdministrator, true),
    ] {
        let name = format!("{}-of-{}", own.as_str(), theirs.as_str());
        let caller = world.hire(&format!("by-{name}"), own).await;
        let caller = world.signed_in(caller.id).await.caller();
        let user = world.hire(&name, theirs).await;
        let session = world.session(user.id).await;
        let id = world.holder(&session).await.unwrap().session;
        for it in [
            Act::ListSessions,
            Act::MakeLink,
            Act::Rename,
            Act::EndOne(id),
            Act::EndAll,
            Act::SetPassword,
        ] {
            let outcome = act(&world, &caller, user.id, it).await;
            let refused = matches!(outcome, Err(AccessError::Refused(_)));
            assert_eq!(
                (outcome.is_ok(), refused),
                (allowed, !allowed),
                "{name}: {it:?} {outcome:?}"
            );
        }
        let lives = world.holder(&session).await.is_some();
        assert_eq!(lives, !allowed, "{name}");
    }
}

#[tokio::test]
async fn nobody_sets_the_password_of_a_user_who_rose_above_them_while_it_was_made() {
    let world = World::new().await;
    let manager = world.hire("manager", Role::UserAdministrator).await;
    let manager = world.signed_in(manager.id).await.caller();
    let ann = world.hire("ann", Role::Staff).await;
    let mut tx = world.store.begin(&Actor::system()).await.unwrap();
    let risen = Staff {
        role: Role::SystemAdministrator,
        ..ann.clone()
    };
    staff::update(&mut tx, &risen).await.unwrap();
    let set = world.access.set_password(&manager, ann.id, PASSWORD);
    let rises = async {
        // Meanwhile she is looked at as she was.
        tokio::time::sleep(Duration::from_millis(100)).await;
        tx.commit().await.unwrap();
    };
    let (set, ()) = tokio::join!(set, rises);
    assert!(matches!(set, Err(AccessError::Refused(_))), "{set:?}");
    let mut reader = world.store.reader().await.unwrap();
    let kept = staff::by_id(&mut reader, ann.id).await.unwrap();
    assert_eq!(kept, risen);
}

#[tokio::test]
async fn everybody_sees_and_ends_their_own_sessions() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let other = world.session(ann.id).await;
    let me = world.signed_in(ann.id).await;
    let seen = world.access.sessions(&me.caller(), ann.id).await.unwrap();
    assert_eq!(seen.len(), 2);
    let others = Which::AllBut(Some(me.session));
    let ended = world
        .access
        .end_sessions(&me.caller(), ann.id, others)
        .await;
    ended.unwrap();
    assert!(world.holder(&other).await.is_none());
    let seen = world.access.sessions(&me.caller(), ann.id).await.unwrap();
    assert_eq!(
        seen.iter().map(|it| it.id).collect::<Vec<_>>(),
        [me.session]
    );
}

#[tokio::test]
async fn the_last_active_administrator_stays_one() {
    let world = World::new().await;
    let first = world.hire("first", Role::SystemAdministrator).await;
    let second = world.hire("second", Role::SystemAdministrator).await;
    let change = |role, active| StaffChange {
        role,
        active,
        ..StaffChange::default()
    };
    let operator = Caller::operator();
    world.set_active(second.id, false).await;
    for last in [change(None, Some(false)), change(Some(Role::Staff), None)] {
        let outcome = world.access.change_staff(&operator, first.id, &last).await;
        let refused = AccessError::Refused(StaffRefusal::LastAdministrator);
        let words = outcome.map(drop).unwrap_err().to_string();
        assert_eq!(words, refused.to_string(), "{last:?}");
    }
    world.set_active(second.id, true).await;
    let gone = change(None, Some(false));
    assert!(
        world
            .access
            .change_staff(&operator, first.id, &gone)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn members_are_changed_by_who_manages_inboxes() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let me = world.signed_in(ann.id).await.caller();
    let inbox = InboxId::from_uuid(1);
    for outcome in [
        world.access.add_member(&me, inbox, ann.id).await,
        world.access.remove_member(&me, inbox, ann.id).await,
    ] {
        assert!(
            matches!(outcome, Err(AccessError::NotAllowed)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_key_makes_members_of_its_own_inboxes_alone() {
    let world = World::new().await;
    let [own, other] = world.inboxes().await;
    let caller = world.key(&[Right::ManageInboxes], own).await;
    let ann = world.hire("ann", Role::Staff).await;
    let beyond = AccessError::Refused(StaffRefusal::BeyondOwnInboxes).to_string();
    let access = &world.access;
    access.add_member(&caller, own, ann.id).await.unwrap();
    let refused = access.add_member(&caller, other, ann.id).await;
    assert_eq!(refused.unwrap_err().to_string(), beyond);
    let operator = Caller::operator();
    access.add_member(&operator, other, ann.id).await.unwrap();
    let refused = access.remove_member(&caller, other, ann.id).await;
    assert_eq!(refused.unwrap_err().to_string(), beyond);
    access.remove_member(&caller, own, ann.id).await.unwrap();
    assert_eq!(members(&world, other).await, [ann.id]);
    assert_eq!(members(&world, own).await, []);
}

async fn members(world: &World, inbox: InboxId) -> Vec<StaffId> {
    let mut reader = world.store.reader().await.unwrap();
    inbox::members(&mut reader, inbox).await.unwrap()
}

#[tokio::test]
async fn nobody_is_let_into_an_inbox_that_they_do_not_reach_as_one_of_its_members() {
    let world = World::new().await;
    let operator = Caller::operator();
    let [own, other] = world.inboxes().await;
    let caller = world.key(&[Right::ManageStaff], own).await;
    let ann = world.hire("ann", Role::Staff).await;
    let joined = world.access.add_member(&operator, own, ann.id).await;
    joined.unwrap();
    for it in [Act::MakeLink, Act::SetPassword] {
        let outcome = act(&world, &caller, ann.id, it).await;
        assert!(outcome.is_ok(), "{it:?} {outcome:?}");
    }
    let joined = world.access.add_member(&operator, other, ann.id).await;
    joined.unwrap();
    for it in [Act::MakeLink, Act::SetPassword] {
        let outcome = act(&world, &caller, ann.id, it).await;
        let beyond = AccessError::Refused(StaffRefusal::BeyondOwnInboxes).to_string();
        let words = outcome.unwrap_err().to_string();
        assert_eq!(words, beyond, "{it:?}");
    }
}

//! Who may act for whom: nobody for a user whose rights go beyond their own.

use super::world::{PASSWORD, World, from};
use std::time::Duration;
use tieline_access::{AccessError, Result, StaffChange, Which};
use tieline_domain::access::{
    Actor, ApiKey, Caller, Principal, Reach, Right, Rights, Role, StaffRefusal,
};
use tieline_domain::channel::Channel;
use tieline_domain::id::{ApiKeyId, Id as _, InboxId, SessionId, StaffId};
use tieline_storage::inbox::{self, Inbox};
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

/// Two inboxes.
async fn inboxes(world: &World) -> [InboxId; 2] {
    let ids = [1, 2].map(InboxId::from_uuid);
    let operator = Caller::operator();
    let mut tx = world.store.begin(&operator.actor()).await.unwrap();
    for id in ids {
        let inbox = Inbox {
            id,
            channel: Channel::Sms,
            name: id.to_string(),
            country: "GB".to_owned(),
        };
        inbox::create(&mut tx, &inbox).await.unwrap();
    }
    tx.commit().await.unwrap();
    ids
}

/// A key with the rights of staff and these, for one inbox.
fn key(rights: &[Right], inbox: InboxId) -> Caller {
    let key = ApiKey {
        id: ApiKeyId::from_uuid(1),
        rights: Role::Staff.rights().with(Rights::of(rights)),
        inboxes: Reach::only([inbox]),
        on_behalf_of: None,
    };
    Caller {
        principal: Principal::ApiKey(key),
        from: None,
    }
}

#[tokio::test]
async fn a_key_makes_members_of_its_own_inboxes_alone() {
    let world = World::new().await;
    let [own, other] = inboxes(&world).await;
    let caller = key(&[Right::ManageInboxes], own);
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
    let [own, other] = inboxes(&world).await;
    let caller = key(&[Right::ManageStaff], own);
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

/// What opens a user's account.
#[derive(Debug, Clone, Copy)]
enum Way {
    Link,
    SessionByLink,
    Password,
    SessionByPassword,
    /// Which whoever gave the one before may have chosen.
    OwnPassword,
    /// Chosen where they came in by what the operator gave them.
    OwnPasswordElsewhere,
}

/// What is given or opened by it; asked later whether it opens anything.
enum Given {
    Link(String),
    Password(&'static str),
    Session(String),
}

async fn give(world: &World, caller: &Caller, whose: &Staff, way: Way) -> Given {
    let (access, visit) = (&world.access, from(&whose.name));
    if let Way::Link | Way::SessionByLink = way {
        let link = access.sign_in_link(caller, whose.id, 60_000).await;
        let link = link.unwrap().token;
        return match way {
            Way::Link => Given::Link(link),
            _ => Given::Session(access.use_link(&link, &visit).await.unwrap()),
        };
    }
    let set = access.set_password(caller, whose.id, PASSWORD).await;
    set.unwrap();
    if let Way::Password = way {
        return Given::Password(PASSWORD);
    }
    let session = match way {
        Way::OwnPasswordElsewhere => {
            let operator = Caller::operator();
            let link = access.sign_in_link(&operator, whose.id, 60_000).await;
            access.use_link(&link.unwrap().token, &visit).await
        }
        _ => access.sign_in(&whose.email, PASSWORD, &visit).await,
    };
    let session = session.unwrap();
    if let Way::OwnPassword | Way::OwnPasswordElsewhere = way {
        let me = world.holder(&session).await.unwrap();
        let own = "a password of their own";
        let changed = access.change_own_password(&me, PASSWORD, own, &visit).await;
        changed.unwrap();
        assert!(opens(world, whose, Given::Session(session)).await);
        return Given::Password(own);
    }
    Given::Session(session)
}

async fn opens(world: &World, whose: &Staff, given: Given) -> bool {
    let (access, visit) = (&world.access, from(&whose.name));
    match given {
        Given::Link(link) => access.use_link(&link, &visit).await.is_ok(),
        Given::Password(word) => access.sign_in(&whose.email, word, &visit).await.is_ok(),
        Given::Session(session) => world.holder(&session).await.is_some(),
    }
}

#[tokio::test]
async fn what_somebody_with_fewer_rights_gave_a_user_ends_when_they_rise() {
    let world = World::new().await;
    let giver = world.hire("giver", Role::UserAdministrator).await;
    let giver = world.signed_in(giver.id).await.caller();
    let first = world.hire("first", Role::SystemAdministrator).await;
    let first = world.signed_in(first.id).await.caller();
    let operator = Caller::operator();
    let to = |role, reviewer| StaffChange {
        role,
        reviewer,
        ..StaffChange::default()
    };
    let system = to(Some(Role::SystemAdministrator), None);
    let ways = [
        Way::Link,
        Way::SessionByLink,
        Way::Password,
        Way::SessionByPassword,
        Way::OwnPassword,
        Way::OwnPasswordElsewhere,
    ];
    let all = ways.into_iter();
    for (number, way) in all.enumerate() {
        for (case, (by, change, stays)) in [
            (&giver, &to(Some(Role::UserAdministrator), None), true),
            (&giver, &system, false),
            (&giver, &to(None, Some(true)), false),
            (&first, &system, true),
            (&operator, &system, true),
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("user-{number}-{case}");
            let who = world.hire(&name, Role::Staff).await;
            let given = give(&world, by, &who, way).await;
            let risen = world.access.change_staff(&operator, who.id, change).await;
            let has_password = risen.unwrap().password_hash.is_some();
            let stays = stays || matches!(way, Way::OwnPasswordElsewhere);
            assert_eq!(opens(&world, &who, given).await, stays, "{way:?}: {name}");
            let by_password = !matches!(way, Way::Link | Way::SessionByLink);
            assert_eq!(has_password, stays && by_password, "{way:?}: {name}");
        }
    }
}

#[tokio::test]
async fn what_a_key_gave_a_user_ends_when_they_join_an_inbox_beyond_its_own() {
    let world = World::new().await;
    let [own, other] = inboxes(&world).await;
    let caller = key(&[Right::ManageStaff], own);
    let operator = Caller::operator();
    for way in [Way::Link, Way::SessionByLink, Way::Password] {
        for (inbox, stays) in [(own, true), (other, false)] {
            let name = format!("{way:?}-{stays}");
            let who = world.hire(&name, Role::Staff).await;
            let given = give(&world, &caller, &who, way).await;
            let joined = world.access.add_member(&operator, inbox, who.id).await;
            joined.unwrap();
            assert_eq!(opens(&world, &who, given).await, stays, "{name}");
        }
    }
}

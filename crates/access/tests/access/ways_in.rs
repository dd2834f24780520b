//! What somebody gave a user, a link, a password or the session that one opened, and when it ends.

use super::world::{PASSWORD, World, from};
use tieline_access::{AccessError, NewKey, StaffChange};
use tieline_domain::access::{AuditedAct, Caller, Reach, Right, Rights, Role};
use tieline_domain::id::InboxId;
use tieline_storage::audit;
use tieline_storage::staff::Staff;

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
            let has_password = risen.unwrap().0.password_hash.is_some();
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
    let [own, other] = world.inboxes().await;
    let caller = world.key(&[Right::ManageStaff], own).await;
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

/// Who gave it, in what way, what then becomes of the giver, and whether it still opens.
async fn check_after_giver(way: Way, change: Option<&StaffChange>, stays: bool) {
    let world = World::new().await;
    let (access, operator) = (&world.access, Caller::operator());
    let giver = world.hire("giver", Role::UserAdministrator).await;
    let other = world.hire("other", Role::UserAdministrator).await;
    let other = world.signed_in(other.id).await.caller();
    let theirs = world.signed_in(giver.id).await.caller();
    let who = world.hire("who", Role::Staff).await;
    let beside = world.hire("beside", Role::Staff).await;
    let given = give(&world, &theirs, &who, way).await;
    let given_by_another = give(&world, &other, &beside, way).await;
    if let Some(change) = change {
        let changed = access.change_staff(&operator, giver.id, change).await;
        changed.unwrap();
    }
    assert_eq!(
        opens(&world, &who, given).await,
        stays,
        "{way:?}: {change:?}"
    );
    assert!(opens(&world, &beside, given_by_another).await, "{way:?}");
    let mut reader = world.store.reader().await.unwrap();
    let entries = audit::page(&mut reader, None, 100).await.unwrap();
    let told = entries
        .iter()
        .any(|it| it.entry.act == AuditedAct::EndSessions && it.entry.target == who.id.to_string());
    // The session in which they chose their own was opened by what was given.
    let ended = !stays || matches!(way, Way::OwnPassword);
    assert_eq!(told, ended, "{way:?}: {change:?}");
}

#[tokio::test]
async fn what_a_user_gave_ends_once_they_may_let_nobody_in_any_more() {
    let gone = StaffChange {
        active: Some(false),
        ..StaffChange::default()
    };
    let fallen = StaffChange {
        role: Some(Role::Staff),
        ..StaffChange::default()
    };
    let renamed = StaffChange {
        name: Some("Another".to_owned()),
        ..StaffChange::default()
    };
    let risen = StaffChange {
        role: Some(Role::SystemAdministrator),
        ..StaffChange::default()
    };
    for way in [
        Way::Link,
        Way::SessionByLink,
        Way::Password,
        Way::SessionByPassword,
    ] {
        for change in [&gone, &fallen] {
            check_after_giver(way, Some(change), false).await;
        }
        for change in [None, Some(&renamed), Some(&risen)] {
            check_after_giver(way, change, true).await;
        }
    }
    for way in [Way::OwnPassword, Way::OwnPasswordElsewhere] {
        check_after_giver(way, Some(&gone), true).await;
    }
}

#[tokio::test]
async fn whoever_lets_an_administrator_go_stays_and_hears_who_was_let_out_with_them() {
    let world = World::new().await;
    let access = &world.access;
    let first = world.hire("first", Role::SystemAdministrator).await;
    let caller = world.signed_in(first.id).await.caller();
    let second = world.hire("second", Role::SystemAdministrator).await;
    let given = give(&world, &caller, &second, Way::SessionByPassword).await;
    let Given::Session(session) = &given else {
        panic!("it is a session");
    };
    let user = world.hire("user", Role::Staff).await;
    give(&world, &caller, &user, Way::Password).await;
    let me = world.holder(session).await.unwrap().caller();
    let gone = StaffChange {
        active: Some(false),
        ..StaffChange::default()
    };
    let (_, let_out) = access.change_staff(&me, first.id, &gone).await.unwrap();
    assert_eq!(let_out, [user.id]);
    assert!(opens(&world, &second, given).await);
    let their_password = Given::Password(PASSWORD);
    assert!(opens(&world, &second, their_password).await);
}

#[tokio::test]
async fn what_somebody_whom_a_key_let_in_gave_others_ends_with_the_key() {
    let world = World::new().await;
    let [own, _] = world.inboxes().await;
    let (access, operator) = (&world.access, Caller::operator());
    let manages = [
        Right::ManageStaff,
        Right::ManageInboxes,
        Right::ManageKeys,
        Right::Review,
    ];
    let key = world.key_of(Role::SystemAdministrator, &manages).await;
    let between = world.hire("between", Role::SystemAdministrator).await;
    let session = give(&world, &key, &between, Way::SessionByLink).await;
    let Given::Session(session) = session else {
        panic!("it is a session");
    };
    let between = world.holder(&session).await.unwrap().caller();
    let who = world.hire("who", Role::Staff).await;
    let given = give(&world, &between, &who, Way::Password).await;
    let made = access.add_key(&between, new_key("made between", own)).await;
    let direct = access.add_key(&key, new_key("made by it", own)).await;
    let other = access.add_key(&operator, new_key("another", own)).await;
    let [made, direct, other] = [made, direct, other].map(|it| it.unwrap());
    let id = key.principal.by().api_key().unwrap();
    access.revoke_key(&operator, id).await.unwrap();
    assert!(!opens(&world, &who, given).await);
    for ((key, secret), stays) in [(made, false), (direct, false), (other, true)] {
        let holder = access.key_holder(&secret, None, &from(&key.name)).await;
        assert_eq!(holder.is_ok(), stays, "{}", key.name);
    }
}

fn new_key(name: &str, inbox: InboxId) -> NewKey {
    NewKey {
        name: name.to_owned(),
        rights: Rights::of(&[Right::ReadContacts]),
        inboxes: Reach::only([inbox]),
        expires_at: None,
    }
}

#[tokio::test]
async fn what_a_key_gave_ends_when_it_is_revoked() {
    let world = World::new().await;
    let [own, _] = world.inboxes().await;
    let (access, operator) = (&world.access, Caller::operator());
    let keys = [
        world.key(&[Right::ManageStaff], own).await,
        world.key(&[Right::ManageStaff], own).await,
    ];
    let mut all = Vec::new();
    for way in [
        Way::Link,
        Way::SessionByLink,
        Way::Password,
        Way::SessionByPassword,
        Way::OwnPassword,
        Way::OwnPasswordElsewhere,
    ] {
        for (number, key) in keys.iter().enumerate() {
            let who = world.hire(&format!("{way:?}-{number}"), Role::Staff).await;
            let given = give(&world, key, &who, way).await;
            let stays = number == 1 || matches!(way, Way::OwnPasswordElsewhere);
            all.push((way, who, given, stays));
        }
    }
    let revoked = keys[0].principal.by().api_key().unwrap();
    access.revoke_key(&operator, revoked).await.unwrap();
    for (way, who, given, stays) in all {
        assert_eq!(opens(&world, &who, given).await, stays, "{way:?}");
    }
}

#[tokio::test]
async fn nobody_gives_a_link_to_who_is_deactivated() {
    let world = World::new().await;
    let (access, operator) = (&world.access, Caller::operator());
    let who = world.hire("who", Role::Staff).await;
    for active in [false, true] {
        world.set_active(who.id, active).await;
        let link = access.sign_in_link(&operator, who.id, 60_000).await;
        assert_eq!(link.is_ok(), active, "{link:?}");
    }
}

#[tokio::test]
async fn nobody_gives_a_way_in_by_what_they_were_when_they_asked() {
    let world = World::new().await;
    let [own, _] = world.inboxes().await;
    let (access, operator) = (&world.access, Caller::operator());
    let giver = world.hire("giver", Role::UserAdministrator).await;
    let giver_as_asked = world.signed_in(giver.id).await.caller();
    let key = world.key(&[Right::ManageStaff], own).await;
    let who = world.hire("who", Role::Staff).await;
    access.sign_in_link(&key, who.id, 60_000).await.unwrap();
    let fallen = StaffChange {
        role: Some(Role::Staff),
        ..StaffChange::default()
    };
    access
        .change_staff(&operator, giver.id, &fallen)
        .await
        .unwrap();
    let id = key.principal.by().api_key().unwrap();
    access.revoke_key(&operator, id).await.unwrap();
    for caller in [&giver_as_asked, &key] {
        let link = access.sign_in_link(caller, who.id, 60_000).await.map(drop);
        let password = access.set_password(caller, who.id, PASSWORD).await;
        for outcome in [link, password] {
            let refused = matches!(
                outcome,
                Err(AccessError::Refused(_) | AccessError::WrongKey)
            );
            assert!(refused, "{outcome:?}");
        }
    }
}

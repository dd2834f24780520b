//! The audit: each act leaves one line, which says who did it, to whom, and how it stood before and
//! after; what was refused or changes nothing leaves none.

use super::world::{PASSWORD, World, from};
use serde_json::{Value, json};
use tieline_access::{AccessError, NewKey, NewStaff, StaffChange, Visit, Which};
use tieline_domain::access::{
    Actor, ActorKind, AuditedAct, Caller, KeyRefusal, Reach, Right, Rights, Role, StaffRefusal,
};
use tieline_domain::channel::Channel;
use tieline_domain::id::{Id as _, InboxId, StaffId};
use tieline_storage::audit::{self, Line};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::{StorageError, staff};

const ADDRESS: &str = "192.0.2.7";

/// The lines about somebody or something, in their order.
async fn lines_of(world: &World, target: &str) -> Vec<Line> {
    let mut reader = world.store.reader().await.unwrap();
    let mut lines = audit::page(&mut reader, None, 1_000).await.unwrap();
    lines.retain(|line| line.entry.target == target);
    lines.reverse();
    lines
}

/// Acts by the caller alone, each with what stood and what stands.
fn told(lines: &[Line], by: StaffId) -> Vec<(AuditedAct, Value, Value)> {
    let own = lines.iter().filter(|line| line.staff_id == Some(by));
    own.map(|line| {
        assert_eq!(line.address.as_deref(), Some(ADDRESS), "{line:?}");
        let entry = line.entry.clone();
        (entry.act, entry.before, entry.after)
    })
    .collect()
}

async fn administrator(world: &World) -> (StaffId, Caller) {
    let boss = world.hire("boss", Role::SystemAdministrator).await;
    let me = world.signed_in(boss.id).await;
    let caller = Caller {
        from: Some(ADDRESS.to_owned()),
        ..me.caller()
    };
    (boss.id, caller)
}

async fn an_inbox(world: &World) -> InboxId {
    let mut tx = world.store.begin(&Actor::system()).await.unwrap();
    let inbox = Inbox {
        id: tx.new_id(),
        channel: Channel::Sms,
        name: "Care".to_owned(),
        country: "GB".to_owned(),
    };
    inbox::create(&mut tx, &inbox).await.unwrap();
    tx.commit().await.unwrap();
    inbox.id
}

fn ann(email: &str, role: Role) -> NewStaff {
    NewStaff {
        name: " Ann ".to_owned(),
        email: email.to_owned(),
        role,
    }
}

#[tokio::test]
async fn each_act_on_a_user_leaves_one_line_and_what_changes_nothing_none() {
    let world = World::new().await;
    let (boss, caller) = administrator(&world).await;
    let (access, inbox) = (&world.access, an_inbox(&world).await);
    let new = ann(" Ann@Example.com", Role::Staff);
    let id = access.add_staff(&caller, &new).await.unwrap().id;
    let reviewer = StaffChange {
        reviewer: Some(true),
        ..StaffChange::default()
    };
    for _ in 0..2 {
        access.change_staff(&caller, id, &reviewer).await.unwrap();
        access.add_member(&caller, inbox, id).await.unwrap();
    }
    access.set_password(&caller, id, PASSWORD).await.unwrap();
    let link = access.sign_in_link(&caller, id, 60_000).await.unwrap();
    let visit = Visit::default();
    let session = access.use_link(&link.token, &visit).await.unwrap();
    let session = world.holder(&session).await.unwrap().session;
    let one = Which::One(session);
    access.end_sessions(&caller, id, one).await.unwrap();
    let rest = Which::AllBut(None);
    access.end_sessions(&caller, id, rest).await.unwrap();
    for _ in 0..2 {
        access.remove_member(&caller, inbox, id).await.unwrap();
    }
    let shown = |reviewer: bool| {
        json!({
            "name": "Ann", "email": "ann@example.com", "role": "staff", "reviewer": reviewer,
            "active": true, "has_password": false,
        })
    };
    let member = |member: bool| json!({"inbox": inbox, "member": member});
    let lines = told(&lines_of(&world, &id.to_string()).await, boss);
    let expected = [
        (AuditedAct::AddStaff, Value::Null, shown(false)),
        (AuditedAct::ChangeStaff, shown(false), shown(true)),
        (AuditedAct::AddMember, member(false), member(true)),
        (AuditedAct::SetPassword, Value::Null, Value::Null),
        (
            AuditedAct::MakeSignInLink,
            Value::Null,
            json!({"expires_at": link.expires_at}),
        ),
        (
            AuditedAct::EndSessions,
            json!({"session": session}),
            Value::Null,
        ),
        (AuditedAct::EndSessions, json!({"sessions": 0}), Value::Null),
        (AuditedAct::RemoveMember, member(true), member(false)),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_life_of_a_key_leaves_two_lines_and_its_name_is_free_when_it_is_over() {
    let world = World::new().await;
    let (boss, caller) = administrator(&world).await;
    let access = &world.access;
    let key = |name: &str, inboxes| NewKey {
        name: name.to_owned(),
        rights: Rights::of(&[Right::ReadContacts]),
        inboxes,
        expires_at: None,
    };
    let none = || Reach::only([]);
    let (made, secret) = access
        .add_key(&caller, key(" Reports ", none()))
        .await
        .unwrap();
    let blank = access.add_key(&caller, key("  ", none())).await;
    assert!(matches!(blank, Err(AccessError::NoName)), "{blank:?}");
    let turning = access.add_key(&caller, key("a\u{202e}b", none())).await;
    let unseen = matches!(turning, Err(AccessError::UnseenInName));
    assert!(unseen, "{turning:?}");
    let twice = access.add_key(&caller, key("Reports", none())).await;
    assert!(matches!(twice, Err(AccessError::KeyNameTaken)), "{twice:?}");
    let nowhere = Reach::only([InboxId::from_uuid(1)]);
    let lost = access.add_key(&caller, key("Lost", nowhere)).await;
    let no_inbox = matches!(lost, Err(AccessError::Storage(StorageError::NotFound(_))));
    assert!(no_inbox, "{lost:?}");

    let visit = from(ADDRESS);
    assert!(access.key_holder(&secret, None, &visit).await.is_ok());
    access.revoke_key(&caller, made.id).await.unwrap();
    let refused = access.key_holder(&secret, None, &visit).await;
    assert!(matches!(refused, Err(AccessError::WrongKey)), "{refused:?}");
    let again = access.add_key(&caller, key("Reports", none())).await;
    assert!(again.is_ok(), "{again:?}");
    let shown = json!({
        "name": "Reports", "rights": ["read_contacts"], "inboxes": [], "expires_at": null,
    });
    let lines = told(&lines_of(&world, &made.id.to_string()).await, boss);
    let expected = [
        (AuditedAct::AddKey, Value::Null, shown.clone()),
        (AuditedAct::RevokeKey, shown, Value::Null),
    ];
    assert_eq!(lines, expected);
    assert_eq!(access.keys(&caller).await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_may_make_no_keys_neither_sees_nor_revokes_one() {
    let world = World::new().await;
    let (_, caller) = administrator(&world).await;
    let access = &world.access;
    let key = NewKey {
        name: "Reports".to_owned(),
        rights: Rights::of(&[Right::ReadContacts]),
        inboxes: Reach::only([]),
        expires_at: None,
    };
    let (key, secret) = access.add_key(&caller, key).await.unwrap();
    let manager = world.hire("manager", Role::UserAdministrator).await;
    let manager = world.signed_in(manager.id).await.caller();
    for outcome in [
        access.keys(&manager).await.map(drop),
        access.revoke_key(&manager, key.id).await,
    ] {
        let refused = matches!(outcome, Err(AccessError::Key(KeyRefusal::NoKeyMaker)));
        assert!(refused, "{outcome:?}");
    }
    let holder = access.key_holder(&secret, None, &from(ADDRESS)).await;
    assert!(holder.is_ok(), "{holder:?}");
}

#[tokio::test]
async fn a_user_is_added_once_with_a_name_an_address_and_no_more_rights_than_the_adder_has() {
    let world = World::new().await;
    let manager = world.hire("manager", Role::UserAdministrator).await;
    let manager = world.signed_in(manager.id).await.caller();
    let access = &world.access;
    let add = async |new: NewStaff| access.add_staff(&manager, &new).await.map(drop);
    let all = async || {
        let mut reader = world.store.reader().await.unwrap();
        staff::all(&mut reader).await.unwrap().len()
    };
    let added = add(ann("ann@example.com", Role::UserAdministrator)).await;
    assert!(added.is_ok(), "{added:?}");
    assert_eq!(all().await, 2);
    let nameless = NewStaff {
        name: " ".to_owned(),
        ..ann("bob@example.com", Role::Staff)
    };
    let outcome = add(nameless).await;
    assert!(matches!(outcome, Err(AccessError::NoName)), "{outcome:?}");
    for mark in ["\u{1b}", "\n", "\u{9b}", "\u{202e}", "\u{2066}"] {
        let turning = NewStaff {
            name: format!("A{mark}nn"),
            ..ann("bob@example.com", Role::Staff)
        };
        let outcome = add(turning).await;
        let unseen = matches!(outcome, Err(AccessError::UnseenInName));
        assert!(unseen, "{outcome:?}");
    }
    let outcome = add(ann("bob at home", Role::Staff)).await;
    assert!(matches!(outcome, Err(AccessError::NoAddress(_))));
    let outcome = add(ann("ANN@example.com ", Role::Staff)).await;
    assert!(matches!(outcome, Err(AccessError::AddressTaken)));
    let outcome = add(ann("bob@example.com", Role::SystemAdministrator)).await;
    let beyond = matches!(
        outcome,
        Err(AccessError::Refused(StaffRefusal::BeyondOwnRights))
    );
    assert!(beyond, "{outcome:?}");
    assert_eq!(all().await, 2, "nobody was added");
}

#[tokio::test]
async fn signing_in_and_out_is_told_and_of_failures_the_first_and_then_each_doubling() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let access = &world.access;
    let visit = Visit {
        agent: Some("x".repeat(300)),
        ..from(ADDRESS)
    };
    for _ in 0..9 {
        world.wait(60_000);
        let wrong = access.sign_in("ann@example.com", "wrong", &visit).await;
        assert!(matches!(wrong, Err(AccessError::WrongCredentials)));
    }
    let stranger = access.sign_in("nobody@example.com", "wrong", &visit).await;
    assert!(stranger.is_err());
    world.wait(60_000);
    let session = access.sign_in("ann@example.com", PASSWORD, &visit).await;
    let session = session.unwrap();
    let other = world.session(ann.id).await;
    let me = world.holder(&session).await.unwrap();
    let kept = access.sessions(&me.caller(), ann.id).await.unwrap();
    let kept = kept.iter().find(|it| it.id == me.session).unwrap();
    assert_eq!(kept.address.as_deref(), Some(ADDRESS));
    assert_eq!(kept.agent.as_ref().map(String::len), Some(200));
    let from = Some(ADDRESS.to_owned());
    access.sign_out(&session, from.clone()).await.unwrap();
    // Whoever is signed out already may say so again.
    access.sign_out(&session, from).await.unwrap();
    assert!(world.holder(&session).await.is_none());
    assert!(world.holder(&other).await.is_some());

    let lines = lines_of(&world, &ann.id.to_string()).await;
    let here: Vec<&Line> = lines
        .iter()
        .filter(|line| line.address.as_deref() == Some(ADDRESS))
        .collect();
    let failed = here
        .iter()
        .filter(|line| line.entry.act == AuditedAct::SignInFailed);
    let counts = failed.map(|line| {
        assert_eq!(line.by_kind, ActorKind::Nobody, "it may be anybody");
        assert_eq!(line.staff_id, None);
        &line.entry.after["failures"]
    });
    assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 3, 4, 8]);
    let acts: Vec<(AuditedAct, Option<StaffId>)> = here[5..]
        .iter()
        .map(|line| (line.entry.act, line.staff_id))
        .collect();
    let own = [AuditedAct::SignIn, AuditedAct::SignOut];
    assert_eq!(acts, own.map(|act| (act, Some(ann.id))));
    assert_eq!(here[5].entry.after["by"], "password");
    let by_link = lines.iter().filter(|it| it.entry.after["by"] == "link");
    let by_link: Vec<Option<StaffId>> = by_link.map(|it| it.staff_id).collect();
    assert_eq!(by_link, [Some(ann.id)]);
    let mut reader = world.store.reader().await.unwrap();
    let all = audit::page(&mut reader, None, 1_000).await.unwrap();
    let failures = all
        .iter()
        .filter(|it| it.entry.act == AuditedAct::SignInFailed);
    assert_eq!(failures.count(), 5, "strangers are only logged");
}

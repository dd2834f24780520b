//! Staff, sessions, one-time links, failures, inbox members, the audit and settings.

use super::harness::{Fixture, on_both, on_postgres};
use serde_json::json;
use std::time::Duration;
use tieline_domain::access::ActorKind;
use tieline_domain::access::{Actor, AuditedAct, By, Failures, Role, Scope};
use tieline_domain::channel::Channel;
use tieline_domain::event::Event;
use tieline_domain::id::StaffId;
use tieline_storage::audit::{self, Entry};
use tieline_storage::inbox::{self, Inbox};
use tieline_storage::session::{self, Session};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{StorageError, Tx, event, setting, sign_in_failure};

const HOUR_MS: i64 = 3_600_000;

async fn hire(at: &Fixture, email: &str) -> Result<Staff, StorageError> {
    let staff = Staff {
        id: at.store.new_id(),
        email: email.to_owned(),
        name: "Eleanor".to_owned(),
        role: Role::UserAdministrator,
        reviewer: false,
        password_hash: None,
        active: true,
    };
    let mut tx = at.store.begin(&Actor::system()).await?;
    staff::create(&mut tx, &staff).await?;
    tx.commit().await?;
    Ok(staff)
}

#[tokio::test]
async fn an_e_mail_address_is_one_user_however_it_is_written() {
    on_both(|at| async move {
        let hired = hire(&at, "Ann@Example.com").await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        let found = staff::by_email(&mut conn, " aNN@example.COM ")
            .await
            .unwrap();
        assert_eq!(found.unwrap().id, hired.id);
        drop(conn);
        let refused = hire(&at, "ANN@example.com").await;
        assert!(
            matches!(refused, Err(StorageError::Duplicate(_))),
            "{refused:?}"
        );
        assert!(refused.unwrap_err().is_permanent());
    })
    .await;
}

#[tokio::test]
async fn users_who_are_locked_are_changed_by_nobody_else_until_then() {
    on_both(|at| async move {
        let hired = hire(&at, "ann@example.com").await.unwrap();
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let locked = staff::lock_all(&mut first).await.unwrap();
        assert_eq!(locked, [hired]);
        let store = at.store.clone();
        let second = tokio::spawn(async move {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            staff::lock_all(&mut tx).await.unwrap().remove(0).active
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!second.is_finished());
        let changed = Staff {
            active: false,
            ..locked[0].clone()
        };
        staff::update(&mut first, &changed).await.unwrap();
        first.commit().await.unwrap();
        assert!(!second.await.unwrap(), "who comes second sees it");
    })
    .await;
}

async fn open(at: &Fixture, tx: &mut Tx, staff: StaffId, token: &[u8]) -> Session {
    let now = at.store.now();
    let session = Session {
        id: at.store.new_id(),
        staff_id: staff,
        created_at: now,
        last_seen_at: now,
        expires_at: now + HOUR_MS,
        ends_at: now + 3 * HOUR_MS,
        address: Some("192.0.2.7".to_owned()),
        agent: None,
    };
    session::create(tx, &session, token).await.unwrap();
    session
}

async fn user(at: &Fixture, token: &[u8]) -> Option<Staff> {
    let mut conn = at.store.reader().await.unwrap();
    let found = session::by_token(&mut conn, token, at.store.now());
    found.await.unwrap().map(|(_, staff)| staff)
}

#[tokio::test]
async fn a_session_lives_until_it_is_over_or_ended_and_is_extended_only_up_to_its_end() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        open(&at, &mut tx, ann.id, b"one").await;
        let two = open(&at, &mut tx, ann.id, b"two").await;
        session::extend(&mut tx, two.id, two.ends_at + HOUR_MS)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(user(&at, b"one").await, Some(ann.clone()));
        assert_eq!(user(&at, b"three").await, None);
        at.clock.advance(HOUR_MS);
        assert_eq!(user(&at, b"one").await, None, "it was not used");
        assert_eq!(user(&at, b"two").await, Some(ann.clone()));
        at.clock.advance(2 * HOUR_MS);
        assert_eq!(user(&at, b"two").await, None, "however much it is used");
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert_eq!(session::sweep(&mut tx).await.unwrap(), 2);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_session_of_a_user_is_ended_or_all_but_one_and_nobody_elses() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let bob = hire(&at, "bob@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let one = open(&at, &mut tx, ann.id, b"one").await;
        let two = open(&at, &mut tx, ann.id, b"two").await;
        open(&at, &mut tx, ann.id, b"three").await;
        open(&at, &mut tx, bob.id, b"his").await;
        let foreign = session::end(&mut tx, bob.id, one.id).await;
        assert!(!foreign.unwrap());
        for is_there in [true, false] {
            let ended = session::end(&mut tx, ann.id, one.id).await;
            assert_eq!(ended.unwrap(), is_there);
        }
        let ended = session::end_all(&mut tx, ann.id, Some(two.id)).await;
        assert_eq!(ended.unwrap(), 1);
        let left = session::of_staff(&mut tx, ann.id, at.store.now()).await;
        assert_eq!(left.unwrap(), [two]);
        let ended = session::end_all(&mut tx, ann.id, None).await;
        assert_eq!(ended.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(user(&at, b"two").await, None);
        assert_eq!(user(&at, b"his").await, Some(bob));
    })
    .await;
}

#[tokio::test]
async fn a_user_who_is_deactivated_holds_no_session_and_uses_no_link() {
    on_both(|at| async move {
        let mut ann = hire(&at, "ann@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        open(&at, &mut tx, ann.id, b"one").await;
        let until = at.store.now() + HOUR_MS;
        session::add_link(&mut tx, b"link", ann.id, until)
            .await
            .unwrap();
        (ann.active, ann.reviewer, ann.name) = (false, true, "Ann".to_owned());
        staff::update(&mut tx, &ann).await.unwrap();
        staff::set_password(&mut tx, ann.id, "a hash")
            .await
            .unwrap();
        let used = session::use_link(&mut tx, b"link").await.unwrap();
        assert_eq!(used, None);
        session::end_links(&mut tx, ann.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(user(&at, b"one").await, None);
        let mut conn = at.store.reader().await.unwrap();
        ann.password_hash = Some("a hash".to_owned());
        assert_eq!(staff::by_id(&mut conn, ann.id).await.unwrap(), ann);
    })
    .await;
}

#[tokio::test]
async fn a_user_is_held_as_they_were_read_or_not_at_all() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert!(staff::hold(&mut tx, &ann).await.unwrap());
        staff::set_password(&mut tx, ann.id, "a hash")
            .await
            .unwrap();
        assert!(!staff::hold(&mut tx, &ann).await.unwrap());
        let now = staff::by_id(&mut tx, ann.id).await.unwrap();
        assert!(staff::hold(&mut tx, &now).await.unwrap());
        let gone = staff::Staff {
            active: false,
            ..now
        };
        staff::update(&mut tx, &gone).await.unwrap();
        assert!(!staff::hold(&mut tx, &gone).await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn who_changes_a_user_that_is_held_waits_until_what_was_begun_is_committed() {
    on_postgres(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let other = at.second_hub().await;
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        assert!(staff::hold(&mut first, &ann).await.unwrap());
        let id = ann.id;
        let late = tokio::spawn(async move {
            let mut second = other.store.begin(&Actor::system()).await.unwrap();
            let set = staff::set_password(&mut second, id, "a hash").await;
            set.unwrap();
            second.commit().await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!late.is_finished(), "the user is held");
        first.commit().await.unwrap();
        late.await.unwrap();
        let mut third = at.store.begin(&Actor::system()).await.unwrap();
        assert!(!staff::hold(&mut third, &ann).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_link_works_once_and_only_in_time_and_a_new_one_ends_the_old() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let until = at.store.now() + HOUR_MS;
        for token in [b"old", b"one"] {
            session::add_link(&mut tx, token, ann.id, until)
                .await
                .unwrap();
        }
        for (token, expected) in [(b"old", None), (b"one", Some(ann.id)), (b"one", None)] {
            let used = session::use_link(&mut tx, token).await.unwrap();
            assert_eq!(used, expected, "{token:?}");
        }
        session::add_link(&mut tx, b"two", ann.id, until)
            .await
            .unwrap();
        at.clock.advance(HOUR_MS);
        assert_eq!(session::use_link(&mut tx, b"two").await.unwrap(), None);
        assert_eq!(session::sweep(&mut tx).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_two_who_use_one_link_at_two_nodes_at_once_one_is_let_in() {
    on_postgres(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let other = at.second_hub().await;
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let until = at.store.now() + HOUR_MS;
        session::add_link(&mut tx, b"link", ann.id, until)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let used = session::use_link(&mut first, b"link").await.unwrap();
        assert_eq!(used, Some(ann.id));
        let late = tokio::spawn(async move {
            let mut second = other.store.begin(&Actor::system()).await.unwrap();
            session::use_link(&mut second, b"link").await.unwrap()
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!late.is_finished(), "it is in the first one's hand");
        first.commit().await.unwrap();
        assert_eq!(late.await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn failures_are_kept_by_key_and_forgotten_with_time() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        let keys = [b"two".to_vec(), b"one".to_vec()];
        let now = at.store.now();
        let known = sign_in_failure::lock(&mut tx, &keys).await.unwrap();
        assert_eq!(known[&keys[0]], Failures::none(now));
        let failed = known[&keys[0]].and_one(now);
        sign_in_failure::set(&mut tx, &keys[0], failed)
            .await
            .unwrap();
        let known = sign_in_failure::lock(&mut tx, &keys).await.unwrap();
        let counts = keys.each_ref().map(|key| known[key].count);
        assert_eq!(counts, [1, 0]);
        let kept = sign_in_failure::forget_before(&mut tx, now).await;
        assert_eq!(kept.unwrap(), 0);
        let forgotten = sign_in_failure::forget_before(&mut tx, now + 1).await;
        assert_eq!(forgotten.unwrap(), 2);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_audit_says_who_and_from_where_the_latest_first_page_by_page() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let actor = By::Staff(ann.id).at(Some("192.0.2.7".to_owned()));
        for (actor, role) in [(actor, "staff"), (By::Operator.at(None), "operator")] {
            let mut tx = at.store.begin(&actor).await.unwrap();
            let entry = Entry {
                act: AuditedAct::ChangeStaff,
                target: ann.id.to_string(),
                before: json!(null),
                after: json!({"role": role}),
            };
            audit::add(&mut tx, entry).await.unwrap();
            tx.commit().await.unwrap();
            at.clock.advance(1);
        }
        let mut conn = at.store.reader().await.unwrap();
        let page = audit::page(&mut conn, None, 1).await.unwrap();
        assert_eq!(page[0].by_kind, ActorKind::Operator);
        assert_eq!((page[0].staff_id, &page[0].address), (None, &None));
        let next = audit::page(&mut conn, Some(page[0].id), 5).await.unwrap();
        assert_eq!(next.len(), 1);
        assert_eq!(next[0].staff_id, Some(ann.id));
        assert_eq!(next[0].address.as_deref(), Some("192.0.2.7"));
        assert_eq!(next[0].entry.after, json!({"role": "staff"}));
        assert_eq!(next[0].at.0 + 1, page[0].at.0);
    })
    .await;
}

#[tokio::test]
async fn members_of_an_inbox_come_and_go() {
    on_both(|at| async move {
        let ann = hire(&at, "ann@example.com").await.unwrap();
        let inbox = Inbox {
            id: at.store.new_id(),
            channel: Channel::Sms,
            name: "Care".to_owned(),
            country: "GB".to_owned(),
        };
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        inbox::create(&mut tx, &inbox).await.unwrap();
        for added in [true, false] {
            let done = inbox::add_member(&mut tx, inbox.id, ann.id).await;
            assert_eq!(done.unwrap(), added);
        }
        let members = inbox::members(&mut tx, inbox.id).await.unwrap();
        assert_eq!(members, [ann.id]);
        for removed in [true, false] {
            let done = inbox::remove_member(&mut tx, inbox.id, ann.id).await;
            assert_eq!(done.unwrap(), removed);
        }
        assert_eq!(inbox::of_member(&mut tx, ann.id).await.unwrap(), []);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn whoever_may_see_more_or_less_from_now_on_is_told_to_their_streams() {
    on_both(|at| async move {
        let mut ann = hire(&at, "ann@example.com").await.unwrap();
        let inbox = Inbox {
            id: at.store.new_id(),
            channel: Channel::Sms,
            name: "Care".to_owned(),
            country: "GB".to_owned(),
        };
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        inbox::create(&mut tx, &inbox).await.unwrap();
        let one = open(&at, &mut tx, ann.id, b"one").await;
        tx.commit().await.unwrap();
        ann.reviewer = true;
        for act in 0..6 {
            let mut tx = at.store.begin(&Actor::system()).await.unwrap();
            match act {
                0 => assert!(inbox::add_member(&mut tx, inbox.id, ann.id).await.unwrap()),
                1 => assert!(
                    inbox::remove_member(&mut tx, inbox.id, ann.id)
                        .await
                        .unwrap()
                ),
                2 => staff::update(&mut tx, &ann).await.unwrap(),
                3 => staff::set_password(&mut tx, ann.id, "hash").await.unwrap(),
                4 => assert!(session::end(&mut tx, ann.id, one.id).await.unwrap()),
                _ => assert_eq!(session::end_all(&mut tx, ann.id, None).await.unwrap(), 0),
            }
            tx.commit().await.unwrap();
            let mut conn = at.store.reader().await.unwrap();
            let news = event::list_after(&mut conn, &Scope::system(), act, 9).await;
            let news = news.unwrap().expect("nothing was forgotten").0.into_iter();
            let told: Vec<Event> = news.map(|it| it.event).collect();
            assert_eq!(told, [Event::Access { staff_id: ann.id }], "act {act}");
        }
    })
    .await;
}

#[tokio::test]
async fn failures_that_are_locked_are_counted_by_nobody_else_until_then() {
    on_both(|at| async move {
        let key = || vec![7];
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        sign_in_failure::lock(&mut tx, &[key()]).await.unwrap();
        tx.commit().await.unwrap();
        let mut first = at.store.begin(&Actor::system()).await.unwrap();
        let known = sign_in_failure::lock(&mut first, &[key()]).await.unwrap();
        let store = at.store.clone();
        let second = tokio::spawn(async move {
            let mut tx = store.begin(&Actor::system()).await.unwrap();
            let known = sign_in_failure::lock(&mut tx, &[key()]).await.unwrap();
            known[&key()].count
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!second.is_finished());
        let failed = known[&key()].and_one(at.store.now());
        sign_in_failure::set(&mut first, &key(), failed)
            .await
            .unwrap();
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), 1, "who comes second sees it");
    })
    .await;
}

#[tokio::test]
async fn a_setting_keeps_its_last_value() {
    on_both(|at| async move {
        let mut tx = at.store.begin(&Actor::system()).await.unwrap();
        assert_eq!(setting::default_country(&mut tx).await.unwrap(), "US");
        for country in ["DE", "GB"] {
            setting::set(&mut tx, setting::DEFAULT_COUNTRY, &country)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let mut conn = at.store.reader().await.unwrap();
        assert_eq!(setting::default_country(&mut conn).await.unwrap(), "GB");
    })
    .await;
}

//! Signing in by a password: only the right one, and how wrong ones slow down the next.

use super::world::{PASSWORD, World, from};
use std::cell::Cell;
use std::time::Duration;
use tieline_access::{AccessError, Result, Visit};
use tieline_domain::access::{Actor, Role};
use tieline_domain::id::StaffId;
use tieline_storage::{session, staff};
use tokio::time::timeout;

const WRONG: &str = "correct horse batterz";
/// Wrong passwords of an account, and wrong ones of a network, before the next has to wait.
const FREE_OF_ACCOUNT: usize = 5;
const FREE_OF_NETWORK: usize = 30;

fn is_wrong<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(AccessError::WrongCredentials))
}

fn has_to_wait<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(AccessError::TooManyTries(_)))
}

#[tokio::test]
async fn only_the_password_of_an_active_user_signs_in() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let gone = world.with_password("gone", Role::Staff).await;
    world.hire("linked", Role::Staff).await;
    world.set_active(gone.id, false).await;
    let visit = from("192.0.2.1");
    for (email, password, right) in [
        ("ann@example.com", PASSWORD, true),
        (" Ann@Example.COM ", PASSWORD, true),
        ("ann@example.com", WRONG, false),
        ("ann@example.com", "", false),
        ("gone@example.com", PASSWORD, false),
        ("linked@example.com", "", false),
        ("linked@example.com", PASSWORD, false),
        ("nobody@example.com", PASSWORD, false),
    ] {
        let outcome = world.access.sign_in(email, password, &visit).await;
        assert_eq!(is_wrong(&outcome), !right, "{email} {password:?}");
        if right {
            let holder = world.holder(&outcome.unwrap()).await;
            assert_eq!(holder.map(|it| it.staff.id), Some(ann.id), "{email}");
        }
    }
}

#[tokio::test]
async fn wrong_passwords_slow_down_the_account_where_they_came_from_and_nowhere_else() {
    let world = World::new().await;
    world.with_password("ann", Role::Staff).await;
    world.with_password("bob", Role::Staff).await;
    let tries = Cell::new(0);
    let sign_in = async |name: &str, password: &str, network: &str| {
        let email = format!("{name}@example.com");
        // One network, of which a stranger has as many addresses as they like.
        let visit = Visit {
            from: Some(format!("{network}/{}", tries.replace(tries.get() + 1))),
            ..from(network)
        };
        world.access.sign_in(&email, password, &visit).await
    };
    for number in 0..FREE_OF_ACCOUNT {
        // However the address is spelled, it is one account.
        let name = ["ann", "Ann", " aNN"][number % 3];
        assert!(is_wrong(&sign_in(name, WRONG, "192.0.2.1").await));
    }
    let right = sign_in("ann", PASSWORD, "192.0.2.1").await;
    assert!(has_to_wait(&right), "also the right one: {right:?}");
    assert!(sign_in("ann", PASSWORD, "192.0.2.2").await.is_ok());
    assert!(sign_in("bob", PASSWORD, "192.0.2.1").await.is_ok());
    world.wait(1_000);
    assert!(sign_in("ann", PASSWORD, "192.0.2.1").await.is_ok());
    // The right one begins the count anew.
    for _ in 0..FREE_OF_ACCOUNT {
        assert!(is_wrong(&sign_in("ann", WRONG, "192.0.2.1").await));
    }
}

#[tokio::test]
async fn wrong_passwords_of_many_accounts_slow_down_their_network_and_right_ones_do_not() {
    let world = World::new().await;
    world.with_password("ann", Role::Staff).await;
    let visit = from("192.0.2.1");
    for number in 0..=FREE_OF_NETWORK {
        let right = world.access.sign_in("ann@example.com", PASSWORD, &visit);
        assert!(right.await.is_ok(), "an office of {number} people");
    }
    for number in 0..FREE_OF_NETWORK {
        let email = format!("nobody{number}@example.com");
        let wrong = world.access.sign_in(&email, WRONG, &visit).await;
        assert!(is_wrong(&wrong), "{number}: {wrong:?}");
        // Who guesses may have an account too: its password clears nothing but its own try.
        if number == FREE_OF_NETWORK / 2 {
            let right = world.access.sign_in("ann@example.com", PASSWORD, &visit);
            assert!(right.await.is_ok());
        }
    }
    let next = world.access.sign_in("ann@example.com", PASSWORD, &visit);
    assert!(has_to_wait(&next.await));
}

#[tokio::test]
async fn ones_own_password_is_changed_by_who_knows_it_and_ends_ones_link_and_other_sessions() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let other = world.session(ann.id).await;
    let me = world.signed_in(ann.id).await;
    let link = world.link(ann.id).await;
    let (access, visit, new) = (&world.access, from("192.0.2.1"), "another long password");
    let refused = access.change_own_password(&me, WRONG, new, &visit).await;
    assert!(is_wrong(&refused), "{refused:?}");
    assert!(world.holder(&other).await.is_some());
    let sign_in = async |password: &str| {
        let tried = access.sign_in("ann@example.com", password, &visit).await;
        tried.is_ok()
    };
    assert!(!sign_in(new).await && sign_in(PASSWORD).await);

    let changed = access.change_own_password(&me, PASSWORD, new, &visit);
    changed.await.unwrap();
    assert!(sign_in(new).await && !sign_in(PASSWORD).await);
    assert!(world.holder(&other).await.is_none());
    assert!(access.use_link(&link, &visit).await.is_err(), "the link");
    let sessions = access.sessions(&me.caller(), ann.id).await.unwrap();
    assert!(sessions.iter().any(|it| it.id == me.session), "one's own");
}

/// What ends all sessions of a user while a password of theirs is being weighed.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    AnotherPassword,
    Deactivation,
}

impl Meanwhile {
    async fn happen(self, world: &World, user: StaffId) {
        let is_weighed = async || {
            let mut reader = world.store.reader().await.unwrap();
            let sql = "select count(*) as n from sign_in_failure where failures > 0";
            let rows = reader.all(sql, Vec::new()).await.unwrap();
            rows[0].int("n").unwrap() > 0
        };
        let weighed = async {
            while !is_weighed().await {
                tokio::task::yield_now().await;
            }
        };
        let in_time = timeout(Duration::from_secs(60), weighed).await;
        in_time.expect("a failure is counted while a password is weighed");
        match self {
            Meanwhile::Deactivation => world.set_active(user, false).await,
            Meanwhile::AnotherPassword => {
                // As `set_password` does, but for the time that making the hash takes.
                let mut tx = world.store.begin(&Actor::system()).await.unwrap();
                staff::set_password(&mut tx, user, "another").await.unwrap();
                session::end_all(&mut tx, user, None).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn no_session_is_opened_with_what_was_right_when_the_weighing_began() {
    for meanwhile in [Meanwhile::AnotherPassword, Meanwhile::Deactivation] {
        let world = World::new().await;
        let ann = world.with_password("ann", Role::Staff).await;
        let visit = from("192.0.2.1");
        let (tried, ()) = tokio::join!(
            world.access.sign_in("ann@example.com", PASSWORD, &visit),
            meanwhile.happen(&world, ann.id),
        );
        assert!(is_wrong(&tried), "{meanwhile:?}: {tried:?}");
    }
}

#[tokio::test]
async fn who_guesses_at_their_own_password_is_slowed_down_as_in_signing_in() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let me = world.signed_in(ann.id).await;
    let visit = from("192.0.2.1");
    let guess = async |current: &str| {
        let access = &world.access;
        let changed = access.change_own_password(&me, current, "another password", &visit);
        changed.await
    };
    for _ in 0..FREE_OF_ACCOUNT {
        let guessed = guess(WRONG).await;
        assert!(is_wrong(&guessed), "{guessed:?}");
    }
    let guessed = guess(PASSWORD).await;
    assert!(has_to_wait(&guessed), "{guessed:?}");
}

#[tokio::test]
async fn a_new_password_is_not_replaced_by_who_knew_the_one_before() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let me = world.signed_in(ann.id).await;
    let visit = from("192.0.2.1");
    let (tried, ()) = tokio::join!(
        (world.access).change_own_password(&me, PASSWORD, "a password of a thief", &visit),
        Meanwhile::AnotherPassword.happen(&world, ann.id),
    );
    assert!(is_wrong(&tried), "{tried:?}");
    let mut reader = world.store.reader().await.unwrap();
    let kept = staff::by_id(&mut reader, ann.id).await.unwrap();
    assert_eq!(kept.password_hash.as_deref(), Some("another"));
}

//! How long a session lives, and what ends it.

use super::world::{DAY_MS, PASSWORD, World, from};
use tieline_access::Visit;
use tieline_access::session::{IDLE_MS, LIFE_MS};
use tieline_domain::access::{Caller, Role};

#[tokio::test]
async fn a_session_lives_on_while_it_is_used_and_no_longer_than_its_end() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let (used, idle) = (world.session(ann.id).await, world.session(ann.id).await);
    let began = world.store.now();
    for day in [10, 20, 29] {
        world.wait(day * DAY_MS - world.store.now().since(began));
        let until = began + (day * DAY_MS + IDLE_MS).min(LIFE_MS);
        // It is extended beside the request that uses it.
        for tries in 0.. {
            let holder = world.holder(&used).await;
            if holder.expect("it is used").until == until {
                break;
            }
            assert!(tries < 500, "it is not extended on day {day}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    assert!(world.holder(&idle).await.is_none(), "nobody used it");
    world.wait(DAY_MS);
    assert!(world.holder(&used).await.is_none(), "it ended");
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_that_the_browser_had_and_no_other() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    let bob = world.hire("bob", Role::Staff).await;
    let elsewhere = world.session(ann.id).await;
    let cases = [false, true].map(|by_link| [(by_link, &ann), (by_link, &bob)]);
    for (by_link, had) in cases.into_iter().flatten() {
        let before = world.session(had.id).await;
        let visit = Visit {
            session: Some(before.clone()),
            ..from("192.0.2.1")
        };
        let opened = match by_link {
            true => {
                let link = world.link(ann.id).await;
                world.access.use_link(&link, &visit).await
            }
            false => {
                let access = &world.access;
                access.sign_in("ann@example.com", PASSWORD, &visit).await
            }
        };
        assert!(world.holder(&opened.unwrap()).await.is_some());
        let (ended, whose) = (world.holder(&before).await.is_none(), &had.name);
        assert!(ended, "by link: {by_link}, of {whose}");
        assert!(world.holder(&elsewhere).await.is_some());
    }
}

#[tokio::test]
async fn what_a_user_had_before_they_were_deactivated_opens_nothing_when_they_are_back() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let (session, link) = (world.session(ann.id).await, world.link(ann.id).await);
    world.set_active(ann.id, false).await;
    assert!(world.holder(&session).await.is_none());
    world.set_active(ann.id, true).await;
    assert!(world.holder(&session).await.is_none(), "they sign in anew");
    let used = world.access.use_link(&link, &Visit::default()).await;
    assert!(used.is_err(), "nor does the link");
}

#[tokio::test]
async fn another_password_ends_the_sessions_and_the_link_of_a_user() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let (session, link) = (world.session(ann.id).await, world.link(ann.id).await);
    let operator = Caller::operator();
    let set = world.access.set_password(&operator, ann.id, PASSWORD).await;
    set.unwrap();
    assert!(world.holder(&session).await.is_none());
    let used = world.access.use_link(&link, &Visit::default()).await;
    assert!(used.is_err());
}

#[tokio::test]
async fn what_is_over_is_swept_away_and_what_lives_is_kept() {
    let world = World::new().await;
    let ann = world.with_password("ann", Role::Staff).await;
    world.session(ann.id).await;
    let visit = from("192.0.2.1");
    let tried = world.access.sign_in("ann@example.com", "wrong", &visit);
    assert!(tried.await.is_err());
    // Who guesses is slowed down for a quarter of an hour.
    world.wait(15 * 60_000);
    assert_eq!(world.access.sweep().await.unwrap(), 0);
    world.wait(IDLE_MS);
    let living = world.session(ann.id).await;
    // A session, and the failures of the account and of its network.
    assert_eq!(world.access.sweep().await.unwrap(), 3);
    assert_eq!(world.access.sweep().await.unwrap(), 0, "it was committed");
    assert!(world.holder(&living).await.is_some());
}

#[tokio::test]
async fn who_signs_out_twice_at_once_is_signed_out() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    for _ in 0..20 {
        let session = world.session(ann.id).await;
        let out = || world.access.sign_out(&session, None);
        let (one, other) = tokio::join!(out(), out());
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert!(world.holder(&session).await.is_none());
    }
}

//! What a key of a program opens: within its time, for users who are active, and no more than its
//! maker could give.

use super::world::{DAY_MS, World, from};
use std::time::Duration;
use tieline_access::{AccessError, NewKey};
use tieline_domain::access::{Actor, Caller, KeyRefusal, Reach, Right, Rights, Role};
use tieline_domain::time::Timestamp;

/// Wrong keys of a network before the next has to wait.
const FREE_OF_NETWORK: usize = 30;

fn key(name: &str, rights: &[Right], expires_at: Option<Timestamp>) -> NewKey {
    NewKey {
        name: name.to_owned(),
        rights: Rights::of(rights),
        inboxes: Reach::only([]),
        expires_at,
    }
}

async fn secret(world: &World, new: NewKey) -> String {
    let operator = Caller::operator();
    world.access.add_key(&operator, new).await.unwrap().1
}

#[tokio::test]
async fn a_key_opens_until_its_end_and_one_without_an_end_goes_on() {
    let world = World::new().await;
    let end = world.store.now() + DAY_MS;
    let rights = [Right::ReadContacts];
    let ending = secret(&world, key("ending", &rights, Some(end))).await;
    let endless = secret(&world, key("endless", &rights, None)).await;
    let visit = from("192.0.2.1");
    let opens = async |secret: &str| {
        let holder = world.access.key_holder(secret, None, &visit).await;
        holder.is_ok()
    };
    world.wait(DAY_MS - 1);
    assert!(opens(&ending).await && opens(&endless).await);
    world.wait(1);
    assert!(!opens(&ending).await && opens(&endless).await);
    let late = key("over", &rights, Some(end));
    let over = world.access.add_key(&Caller::operator(), late).await;
    assert!(matches!(over, Err(AccessError::KeyOverAtOnce)));
}

#[tokio::test]
async fn a_key_acts_for_active_users_alone() {
    let world = World::new().await;
    let ann = world.hire("ann", Role::Staff).await;
    let secret = secret(&world, key("for", &[Right::ReadContacts], None)).await;
    for active in [true, false, true] {
        world.set_active(ann.id, active).await;
        let visit = from("192.0.2.1");
        let holder = world.access.key_holder(&secret, Some(ann.id), &visit).await;
        let refused = matches!(holder, Err(AccessError::NobodyToActFor));
        assert_eq!((holder.is_ok(), refused), (active, !active), "{holder:?}");
    }
}

#[tokio::test]
async fn a_key_that_makes_keys_gives_none_more_than_it_has() {
    let world = World::new().await;
    let rights = [Right::ManageKeys, Right::ReadContacts];
    let maker = secret(&world, key("maker", &rights, None)).await;
    let visit = from("192.0.2.1");
    let holder = world.access.key_holder(&maker, None, &visit).await.unwrap();
    let caller = Caller {
        principal: holder.principal,
        from: None,
    };
    let access = &world.access;
    let wider = key("wider", &[Right::ReadContacts, Right::ManageStaff], None);
    let refused = access.add_key(&caller, wider).await.map(drop);
    let beyond = KeyRefusal::BeyondOwnRights(Right::ManageStaff);
    let AccessError::Key(refusal) = refused.unwrap_err() else {
        panic!("the key is what is refused");
    };
    assert_eq!(refusal, beyond);
    assert_eq!(
        access.keys(&caller).await.unwrap().len(),
        1,
        "none was made"
    );
    let equal = key("equal", &rights, None);
    assert!(access.add_key(&caller, equal).await.is_ok());
}

#[tokio::test]
async fn wrong_keys_slow_down_their_network_and_no_right_key() {
    let world = World::new().await;
    let right = secret(&world, key("right", &[Right::ReadContacts], None)).await;
    let try_from = async |secret: &str, network: &str| {
        let visit = from(network);
        world.access.key_holder(secret, None, &visit).await
    };
    for _ in 0..FREE_OF_NETWORK {
        let wrong = try_from("tlk_guessed", "192.0.2.1").await;
        assert!(matches!(wrong, Err(AccessError::WrongKey)), "{wrong:?}");
    }
    let next = try_from("tlk_guessed", "192.0.2.1").await;
    assert!(
        matches!(next, Err(AccessError::TooManyTries(_))),
        "{next:?}"
    );
    // Nor does anybody who signs in wait for them.
    let visit = from("192.0.2.1");
    let signs_in = world.access.sign_in("ann@example.com", "wrong", &visit);
    let signs_in = signs_in.await;
    assert!(matches!(signs_in, Err(AccessError::WrongCredentials)));
    let elsewhere = try_from("tlk_guessed", "192.0.2.2").await;
    assert!(matches!(elsewhere, Err(AccessError::WrongKey)));
    assert!(try_from(&right, "192.0.2.1").await.is_ok());
}

#[tokio::test]
async fn a_key_that_is_used_much_is_written_down_once_a_minute_at_most() {
    let world = World::new().await;
    let busy = secret(&world, key("busy", &[Right::ReadContacts], None)).await;
    let mut tx = world.store.begin(&Actor::system()).await.unwrap();
    for sql in [
        "create table touched (n integer)",
        // The use is never kept, as where the database has no time for it.
        "create trigger touch after update on api_key begin insert into touched values (1); \
         update api_key set last_used_at = null; end",
    ] {
        tx.run(sql, Vec::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let touched = async || {
        // Whoever writes it down does so beside.
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut reader = world.store.reader().await.unwrap();
        let sql = "select count(*) as n from touched";
        let rows = reader.all(sql, Vec::new()).await.unwrap();
        rows[0].int("n").unwrap()
    };
    let visit = from("192.0.2.1");
    for expected in [1, 2] {
        for _ in 0..20 {
            world.access.key_holder(&busy, None, &visit).await.unwrap();
        }
        assert_eq!(touched().await, expected);
        world.wait(60_000);
    }
}

#[tokio::test]
async fn when_a_key_was_used_last_moves_on_as_it_is_used() {
    let world = World::new().await;
    let secret = secret(&world, key("used", &[Right::ReadContacts], None)).await;
    for _ in 0..2 {
        let now = world.store.now();
        let visit = from("192.0.2.1");
        let holder = world.access.key_holder(&secret, None, &visit).await;
        assert!(holder.is_ok(), "{holder:?}");
        let used = async || {
            let keys = world.access.keys(&Caller::operator()).await.unwrap();
            keys[0].last_used_at
        };
        // It is written beside the request.
        for _ in 0..200 {
            if used().await == Some(now) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(used().await, Some(now));
        world.wait(DAY_MS);
    }
}

//! The door on the way in: how wrong passwords, and right ones of who may not come in, are answered.

use crate::corpus::Probe;
use crate::world::{Known, World};
use http::HeaderMap;
use serde_json::json;
use std::collections::BTreeMap;
use tieline_access::StaffChange;

const PASSWORD: &str = "correct horse battery";
/// Failures of an account from one network before the next has to wait.
const FREE: usize = 5;
/// Whoever makes hashes slowly may have waited long enough meanwhile, but not so often.
const TRIES_MAX: usize = 12;

fn probe(name: &str, password: &str) -> Probe {
    let email = format!("{name}@harrow-vale.example");
    let body = json!({"email": email, "password": password});
    let mut probe = Probe::new("post", "/api/v1/session");
    probe.body = Some(body.to_string().into_bytes());
    probe
}

/// Tries again and again until the hub says to wait; how many were weighed, and what it says then.
async fn try_until_told_to_wait(world: &World, probe: &Probe) -> (usize, HeaderMap) {
    let nobody = Known {
        ids: BTreeMap::new(),
        session: String::new(),
    };
    for tries in 0..TRIES_MAX {
        let answer = world.send(&nobody, probe).await;
        if answer.status == 429 {
            assert!(answer.body.contains("too_many_tries"), "{answer:?}");
            return (tries, world.headers(&nobody, probe).await);
        }
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.body.contains("wrong_credentials"), "{answer:?}");
    }
    panic!("whoever tries is never told to wait");
}

#[tokio::test]
async fn wrong_passwords_and_right_ones_of_who_may_not_come_in_are_told_when_to_come_again() {
    let world = World::start(None).await;
    let email = world.staff("tom").await.email;
    let (name, _) = email.split_once('@').unwrap();
    world.set_password("tom", PASSWORD).await;
    world.set_password("priya", PASSWORD).await;
    let over = StaffChange {
        active: Some(false),
        ..StaffChange::default()
    };
    for (password, change) in [("correct horse batterz", None), (PASSWORD, Some(over))] {
        if let Some(change) = change {
            // Once the wait is over, the right one begins the count anew.
            let right = probe(name, PASSWORD);
            while world.send_bare(&right, &[]).await.status != 204 {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            world.change_staff("tom", change).await;
        }
        let (weighed, headers) = try_until_told_to_wait(&world, &probe(name, password)).await;
        assert!(weighed >= FREE, "{weighed} of {password:?}");
        let wait = headers["retry-after"].to_str().unwrap();
        let wait: u64 = wait.parse().expect("whole seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // Nobody else waits for it.
    let priya = world.staff("priya").await.email;
    let (name, _) = priya.split_once('@').unwrap();
    let right = world.send_bare(&probe(name, PASSWORD), &[]).await;
    assert_eq!(right.status, 204, "{right:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_sign_in_link_lasts_a_quarter_of_an_hour() {
    let world = World::start(None).await;
    let known = world.people().await;
    let tom = world.staff("tom").await.id;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_millis()).unwrap();
    let path = format!("/api/v1/staff/{tom}/sign-in-link");
    let link = world.send(&known, &Probe::new("post", &path)).await;
    let link: serde_json::Value = serde_json::from_str(&link.body).unwrap();
    let lasts = link["expires_at"].as_i64().unwrap() - now;
    let quarter = 15 * 60_000;
    assert!(
        (quarter - 1_000..quarter + 30_000).contains(&lasts),
        "{lasts}"
    );
    world.stop().await;
}

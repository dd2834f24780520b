//! The door on the way in: how wrong passwords, and right ones of who may not come in, are answered.

use crate::corpus::Probe;
use crate::people::ask;
use crate::world::{Known, World};
use http::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_access::StaffChange;
use tieline_domain::access::{Right, Rights};

const PASSWORD: &str = "correct horse battery";
const DAY_MS: i64 = 86_400_000;
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
    let path = link["url"].as_str().unwrap();
    let path = path.strip_prefix(&world.url()).expect("it leads to us");
    let used = world.headers(&known, &Probe::new("post", path)).await;
    assert_eq!(used["location"], "/app");
    world.stop().await;
}

#[tokio::test]
async fn ones_own_password_is_changed_by_who_knows_the_one_before() {
    const NEW: &str = "staple horse battery";
    let world = World::start(None).await;
    world.set_password("tom", PASSWORD).await;
    let tom = world.colleague().await;
    let email = world.staff("tom").await.email;
    let (name, _) = email.split_once('@').unwrap();
    let path = "/api/v1/me/password";
    for (current, status) in [(NEW, 401), (PASSWORD, 204)] {
        let body = json!({"current": current, "password": NEW});
        let (told, problem) = ask(&world, &tom, "put", path, Some(body)).await;
        assert_eq!(told, status, "{problem}");
    }
    for (password, status) in [(PASSWORD, 401), (NEW, 204)] {
        let answer = world.send_bare(&probe(name, password), &[]).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let (told, _) = ask(&world, &tom, "get", "/api/v1/me", None).await;
    assert_eq!(told, 200, "this session goes on");
    world.stop().await;
}

#[tokio::test]
async fn who_signs_in_in_the_browser_of_another_leaves_no_session_of_theirs_behind() {
    let world = World::start(None).await;
    world.set_password("priya", PASSWORD).await;
    let email = world.staff("priya").await.email;
    let (name, _) = email.split_once('@').unwrap();
    let by_link = Probe::new("post", &world.link_of("priya").await);
    for way_in in [probe(name, PASSWORD), by_link] {
        let (here, elsewhere) = (world.colleague().await, world.colleague().await);
        let headers = world.headers(&here, &way_in).await;
        let cookie = headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("tieline=") && !cookie.starts_with("tieline=;"));
        for (known, status) in [(&here, 401), (&elsewhere, 200)] {
            let (told, _) = ask(&world, known, "get", "/api/v1/me", None).await;
            assert_eq!(told, status, "{way_in:?}");
        }
    }
    world.stop().await;
}

/// The whole of a sign-in by a link from an address: the session's cookie.
async fn sign_in_from(world: &World, address: &str, browser: &str) -> String {
    let link = Probe::new("post", &world.link_of("priya").await);
    let headers = [("user-agent", browser)];
    let (status, headers) = world.send_from(address, &link, &headers).await;
    assert_eq!(status, 303);
    let cookie = headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_and_the_audit_say_from_where_and_by_what_somebody_came() {
    let world = World::start(None).await;
    let known = world.people().await;
    let nora = world.newcomer().await;
    let key = world.key("Seats", Rights::of(&[Right::ManageInboxes]));
    let bearer = format!("Bearer {}", key.await);
    let cookie = sign_in_from(&world, "192.0.2.7", "Mosaic 1").await;
    let here = Known {
        ids: BTreeMap::new(),
        session: cookie.strip_prefix("tieline=").unwrap().to_owned(),
    };
    let (_, list) = ask(&world, &here, "get", "/api/v1/sessions", None).await;
    let mut own = list["items"].as_array().unwrap().iter();
    let own = own.find(|it| it["current"] == true).unwrap();
    assert_eq!(
        (&own["address"], &own["agent"]),
        (&json!("192.0.2.7"), &json!("Mosaic 1"))
    );
    let moment = |name: &str| own[name].as_i64().unwrap();
    let lasts = ["expires_at", "ends_at"].map(|end| moment(end) - moment("created_at"));
    assert_eq!(lasts, [14 * DAY_MS, 30 * DAY_MS]);

    let seat = format!("/api/v1/inboxes/{}/members/{nora}", known.ids["InboxId"]);
    let by_session = ("cookie", cookie.as_str());
    let by_key = ("authorization", bearer.as_str());
    for (method, path, address, header) in [
        ("put", seat.as_str(), "192.0.2.8", by_session),
        ("delete", seat.as_str(), "192.0.2.9", by_key),
        ("delete", "/api/v1/session", "192.0.2.10", by_session),
    ] {
        let probe = Probe::new(method, path);
        let (status, _) = world.send_from(address, &probe, &[header]).await;
        assert_eq!(status, 204, "{method} {path}");
    }
    let (_, audit) = ask(&world, &known, "get", "/api/v1/audit", None).await;
    let told = |n: usize| {
        let line = &audit["items"][n];
        let words = ["act", "address", "by"].map(|name| line[name].as_str().unwrap());
        (words, line["staff"]["name"].clone())
    };
    let priya = json!("Priya Nair");
    for (n, words, who) in [
        (0, ["sign_out", "192.0.2.10", "staff"], &priya),
        (1, ["remove_member", "192.0.2.9", "api_key"], &Value::Null),
        (2, ["add_member", "192.0.2.8", "staff"], &priya),
        (3, ["sign_in", "192.0.2.7", "staff"], &priya),
    ] {
        assert_eq!(told(n), (words, who.clone()));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_password_that_no_door_takes_is_given_to_nobody() {
    let world = World::start(None).await;
    let known = world.people().await;
    let tom = world.staff("tom").await;
    let (name, _) = tom.email.split_once('@').unwrap();
    let [longest, longer] = [1_000, 1_001].map(|length| "\u{df}".repeat(length));
    let given = format!("/api/v1/staff/{}/password", tom.id);
    let own = "/api/v1/me/password";
    for (method, path, body, field) in [
        (
            "put",
            given.as_str(),
            json!({"password": longer}),
            "password",
        ),
        (
            "put",
            own,
            json!({"current": longer, "password": longest}),
            "current",
        ),
        (
            "put",
            own,
            json!({"current": longest, "password": longer}),
            "password",
        ),
        (
            "post",
            "/api/v1/session",
            json!({"email": tom.email, "password": longer}),
            "password",
        ),
    ] {
        let mut probe = Probe::new(method, path);
        probe.body = Some(body.to_string().into_bytes());
        let answer = world.send(&known, &probe).await;
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, &told["field"]),
            (422, &json!(field)),
            "{told}"
        );
        assert!(!answer.body.contains(&longest), "it is not said again");
    }
    let mut probe = Probe::new("put", &given);
    probe.body = Some(json!({"password": longest}).to_string().into_bytes());
    let answer = world.send(&known, &probe).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let answer = world.send_bare(&self::probe(name, &longest), &[]).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    world.stop().await;
}

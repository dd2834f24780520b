//! Where a session may go, and what happens when an org says that it is elsewhere. The transport
//! writes down every host that a request leaves for.

use bytes::Bytes;
use http::{Method, Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tieline_salesforce::auth::App;
use tieline_salesforce::{
    BoxError, CallBudget, CallPurpose, Client, ClientOptions, Environment, Error, Grant, Hosts,
    Result, Token, TokenStore,
};
use tower::util::{BoxCloneSyncService, service_fn};

const OLD: &str = "old.my.salesforce.com";
const NEW: &str = "new.my.salesforce.com";
const LOGIN: &str = "login.salesforce.com";
const ROWS: &str = r#"{"totalSize":0,"done":true,"records":[]}"#;

type Answer = std::result::Result<Response<Bytes>, BoxError>;
type Asked = Arc<Mutex<Vec<(Method, String, String, Bytes)>>>;

/// The org's side: what it answers to the host of a request, and all that left.
struct World {
    client: Client,
    asked: Asked,
    saved: Arc<Mutex<Vec<Token>>>,
}

impl World {
    fn new(answer: fn(&str, usize) -> Answer) -> World {
        let asked = Asked::default();
        let seen = asked.clone();
        let service = service_fn(move |request: Request<Bytes>| {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let mut seen = seen.lock().unwrap();
            let before = seen.iter().filter(|(_, known, ..)| *known == host).count();
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            seen.push((method, host.clone(), path, request.into_body()));
            std::future::ready(answer(&host, before))
        });
        let tokens = Arc::new(Kept::default());
        let saved = tokens.saved.clone();
        let options = ClientOptions {
            transport: BoxCloneSyncService::new(service),
            environment: Arc::new(Still),
            app: App {
                login_url: format!("https://{LOGIN}"),
                consumer_key: "key".to_owned(),
                consumer_secret: Some("secret".into()),
                hosts: Hosts::Salesforce,
            },
            tokens,
            budget: Arc::new(Still),
            api_version: "v66.0".to_owned(),
            client_name: "test".to_owned(),
        };
        World {
            client: Client::new(options, CallPurpose::Sync),
            asked,
            saved,
        }
    }

    fn hosts(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, host, ..)| host.clone()).collect()
    }

    fn saved(&self) -> Vec<String> {
        let saved = self.saved.lock().unwrap();
        saved
            .iter()
            .map(|token| token.instance_url.clone())
            .collect()
    }
}

/// Waits for nothing and counts nothing.
struct Still;

impl Environment for Still {
    fn now_ms(&self) -> i64 {
        0
    }
    fn random(&self) -> u64 {
        1
    }
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

impl CallBudget for Still {
    fn take(
        &self,
        _: CallPurpose,
    ) -> Pin<Box<dyn Future<Output = tieline_salesforce::Result<()>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn give_back(&self, _: CallPurpose) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

#[derive(Default)]
struct Kept {
    saved: Arc<Mutex<Vec<Token>>>,
}

type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl TokenStore for Kept {
    fn load(&self) -> Later<'_, Option<Token>> {
        Box::pin(async { Ok(self.saved.lock().unwrap().last().cloned()) })
    }
    fn save(&self, token: Token) -> Later<'_, ()> {
        self.saved.lock().unwrap().push(token);
        Box::pin(async { Ok(()) })
    }
    fn grant(&self) -> Later<'_, Grant> {
        Box::pin(async { Ok(Grant::ClientCredentials) })
    }
}

fn json(status: u16, body: &str) -> Answer {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/json");
    Ok(response.body(Bytes::copy_from_slice(body.as_bytes()))?)
}

fn elsewhere(status: u16, location: &str) -> Answer {
    let response = Response::builder().status(status);
    Ok(response.header("location", location).body(Bytes::new())?)
}

fn session(number: usize, instance: &str) -> Answer {
    let id = "https://login.salesforce.com/id/00D/005";
    let body = format!(r#"{{"access_token":"{number}","instance_url":"{instance}","id":"{id}"}}"#);
    json(200, &body)
}

#[tokio::test]
async fn a_next_page_on_another_host_is_never_asked_for() {
    let world = World::new(|host, before| match host {
        LOGIN => session(before, "https://old.my.salesforce.com"),
        _ => json(200, ROWS),
    });
    for next in [
        "@127.0.0.2:99/x",
        ".evil.example/services/data/x",
        "//evil.example/services/data",
        "/secur/x",
    ] {
        let refused = world.client.next_page(next).await;
        assert!(
            matches!(refused, Err(Error::Unexpected(_))),
            "{next}: {refused:?}"
        );
    }
    assert_eq!(world.hosts(), [LOGIN]);
    world
        .client
        .next_page("/services/data/v66.0/query/01g-2000")
        .await
        .unwrap();
    assert_eq!(world.hosts(), [LOGIN, OLD]);
}

#[tokio::test]
async fn a_session_for_a_foreign_instance_is_neither_used_nor_kept() {
    let world = World::new(|host, before| match host {
        LOGIN => session(before, "https://evil.example"),
        _ => json(200, ROWS),
    });
    let refused = world.client.query("SELECT Id FROM Contact").await;
    assert!(matches!(refused, Err(Error::Unexpected(_))), "{refused:?}");
    assert_eq!(world.hosts(), [LOGIN]);
    assert!(world.saved().is_empty());
}

#[tokio::test]
async fn a_stored_session_for_a_foreign_instance_is_not_used() {
    let world = World::new(|_, _| json(200, ROWS));
    world.saved.lock().unwrap().push(Token {
        access_token: "0".to_owned().into(),
        instance_url: "https://login.salesforce.com@evil.example".to_owned(),
        identity_url: String::new(),
        refresh_token: None,
    });
    let refused = world.client.query("SELECT Id FROM Contact").await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert!(world.hosts().is_empty());
}

#[tokio::test]
async fn an_org_that_moved_is_followed_within_salesforce_with_the_same_request() {
    for status in [301, 302, 303, 307, 308, 421] {
        MOVED_WITH.with(|with| with.set(status));
        let world = World::new(|host, before| match host {
            LOGIN => session(before, "https://old.my.salesforce.com"),
            OLD => elsewhere(
                MOVED_WITH.with(std::cell::Cell::get),
                "https://new.my.salesforce.com/services/data/v66.0/query",
            ),
            _ => json(200, ROWS),
        });
        world.client.query("SELECT Id FROM Contact").await.unwrap();
        assert_eq!(world.hosts(), [LOGIN, OLD, NEW], "{status}");
        assert_eq!(
            world.saved().last().unwrap(),
            "https://new.my.salesforce.com"
        );
        world.client.query("SELECT Id FROM Contact").await.unwrap();
        assert_eq!(world.hosts(), [LOGIN, OLD, NEW, NEW], "{status}");
    }
}

thread_local! {
    static MOVED_WITH: std::cell::Cell<u16> = const { std::cell::Cell::new(0) };
}

#[tokio::test]
async fn a_write_keeps_its_method_and_body_when_the_org_moved() {
    let world = World::new(|host, before| match host {
        LOGIN => session(before, "https://old.my.salesforce.com"),
        OLD => elsewhere(302, "https://new.my.salesforce.com/"),
        _ => json(
            200,
            r#"[{"id":"003000000000001AAA","success":true,"errors":[]}]"#,
        ),
    });
    let record = serde_json::json!({"LastName": "Hale"});
    let records = vec![record.as_object().unwrap().clone()];
    world.client.create_many("Contact", records).await.unwrap();
    let asked = world.asked.lock().unwrap();
    let (first, second) = (&asked[1], &asked[2]);
    assert_eq!(
        (&first.0, &first.2, &first.3),
        (&second.0, &second.2, &second.3)
    );
    assert_eq!((&second.0, second.1.as_str()), (&Method::POST, NEW));
}

#[tokio::test]
async fn an_org_that_points_outside_salesforce_is_not_followed_but_signed_in_to_anew() {
    let world = World::new(|host, before| match host {
        LOGIN if before == 0 => session(0, "https://old.my.salesforce.com"),
        LOGIN => session(before, "https://new.my.salesforce.com"),
        OLD => elsewhere(302, "https://evil.example/services/data"),
        _ => json(200, ROWS),
    });
    world.client.query("SELECT Id FROM Contact").await.unwrap();
    assert_eq!(world.hosts(), [LOGIN, OLD, LOGIN, NEW]);
}

#[tokio::test]
async fn an_org_that_is_nowhere_is_unreachable_after_a_bounded_number_of_tries() {
    let world = World::new(|host, before| match host {
        LOGIN => session(before, "https://old.my.salesforce.com"),
        _ => elsewhere(421, ""),
    });
    let failed = world.client.query("SELECT Id FROM Contact").await;
    assert!(matches!(failed, Err(Error::Unreachable(_))), "{failed:?}");
    assert!(world.hosts().len() < 16, "{:?}", world.hosts());
}

#[tokio::test]
async fn a_sign_in_host_that_moved_is_followed_within_salesforce_alone() {
    let world = World::new(|host, before| match host {
        LOGIN => elsewhere(307, "https://acme.my.salesforce.com/services/oauth2/token"),
        "acme.my.salesforce.com" => session(before, "https://old.my.salesforce.com"),
        _ => json(200, ROWS),
    });
    world.client.query("SELECT Id FROM Contact").await.unwrap();
    assert_eq!(world.hosts(), [LOGIN, "acme.my.salesforce.com", OLD]);
    let world = World::new(|_, _| elsewhere(307, "https://evil.example/services/oauth2/token"));
    assert!(world.client.query("SELECT Id FROM Contact").await.is_err());
    assert_eq!(world.hosts(), [LOGIN]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_asked_for_again() {
    let world = World::new(|host, before| match host {
        LOGIN => session(before, "https://old.my.salesforce.com"),
        _ => Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "large").into()),
    });
    let failed = world.client.query("SELECT Id FROM Contact").await;
    assert!(matches!(failed, Err(Error::Unexpected(_))), "{failed:?}");
    assert_eq!(world.hosts(), [LOGIN, OLD]);
}

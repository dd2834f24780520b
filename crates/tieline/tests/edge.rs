//! What strangers may ask of the whole hub, and which settings it refuses to start with.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use flate2::read::GzDecoder;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tieline::figures;
use tieline::hub::{Hub, HubOptions};
use tieline::real::RealWorld;
use tieline::transport::in_process;
use tieline_access::NewStaff;
use tieline_domain::access::{Actor, Caller, Role};
use tieline_domain::connection::{ConnectionKind, ConnectionState, GrantKind};
use tieline_domain::job::{InHand, JobKind};
use tieline_org::Vault;
use tieline_storage::attachment_store::Folder;
use tieline_storage::connection::{self, Connection};
use tieline_storage::job::{self, NewJob};
use tieline_storage::{Store, StoreOptions};
use tokio::sync::watch;
use tower::ServiceExt as _;

async fn hub(folder: &TempDir, public_url: &str) -> Hub {
    let world = Arc::new(RealWorld);
    let store = Store::open(StoreOptions {
        url: format!("sqlite:{}", folder.path().join("tieline.db").display()),
        clock: world.clone(),
        ids: world.clone(),
    });
    Hub::new(HubOptions {
        store: store.await.unwrap(),
        vault: Vault::new(&[7; Vault::KEY_BYTES]),
        transport: in_process(Router::new()),
        environment: world,
        public_url: public_url.to_owned(),
        demo: None,
        attachments: Arc::new(Folder::at(folder.path().join("attachments"))),
    })
}

async fn get(router: &Router, path: &str, host: &str) -> Response {
    let request = Request::get(path).header("host", host);
    let request = request.body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8_lossy(&body).into_owned()
}

#[tokio::test]
async fn a_request_that_names_another_host_is_refused_and_health_is_told_to_all() {
    let folder = tempfile::tempdir().unwrap();
    let router = hub(&folder, "https://hub.example.com").await.router();
    for (host, path, status) in [
        ("hub.example.com", "/api/openapi.json", StatusCode::OK),
        ("127.0.0.1:4000", "/api/openapi.json", StatusCode::OK),
        (
            "evil.example",
            "/api/openapi.json",
            StatusCode::MISDIRECTED_REQUEST,
        ),
        ("evil.example", "/app", StatusCode::MISDIRECTED_REQUEST),
        (
            "evil.example",
            "/api/v1/me",
            StatusCode::MISDIRECTED_REQUEST,
        ),
        ("10.1.2.3:4000", "/healthz", StatusCode::OK),
        ("10.1.2.3:4000", "/readyz", StatusCode::OK),
    ] {
        let answer = get(&router, path, host).await;
        assert_eq!(answer.status(), status, "{host} {path}");
    }
}

#[tokio::test]
async fn https_is_asked_for_ever_after_and_only_where_it_is_spoken() {
    for (public_url, host, told) in [
        ("https://hub.example.com", "hub.example.com", true),
        ("http://127.0.0.1:4000", "127.0.0.1:4000", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let router = hub(&folder, public_url).await.router();
        for path in ["/app", "/api/v1/me", "/healthz", "/nowhere"] {
            let answer = get(&router, path, host).await;
            let header = answer.headers().get("strict-transport-security");
            assert_eq!(header.is_some(), told, "{public_url} {path}");
        }
    }
}

#[tokio::test]
async fn a_sessions_cookie_is_for_this_hub_alone_and_out_of_reach_of_scripts() {
    for (public_url, host, name, secure) in [
        (
            "https://hub.example.com",
            "hub.example.com",
            "__Host-tieline",
            true,
        ),
        ("http://127.0.0.1:4000", "127.0.0.1:4000", "tieline", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let hub = hub(&folder, public_url).await;
        let (operator, password) = (Caller::operator(), "correct horse battery");
        let ann = NewStaff {
            name: "Ann".to_owned(),
            email: "ann@example.com".to_owned(),
            role: Role::Staff,
        };
        let ann = hub.access.add_staff(&operator, &ann).await.unwrap();
        let set = hub.access.set_password(&operator, ann.id, password).await;
        set.unwrap();
        let router = hub.router();
        let sign_in = async |password: &str| {
            let body = format!(r#"{{"email":"ann@example.com","password":"{password}"}}"#);
            let request = Request::post("/api/v1/session").header("host", host);
            let request = request.header("content-type", "application/json");
            let request = request.body(Body::from(body)).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let wrong = sign_in("correct horse batterz").await;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
        assert!(wrong.headers().get("set-cookie").is_none());
        let right = sign_in(password).await;
        assert_eq!(right.status(), StatusCode::NO_CONTENT);
        let cookie = right.headers()["set-cookie"].to_str().unwrap();
        let mut parts = cookie.split("; ");
        let session = parts.next().unwrap();
        assert!(session.starts_with(&format!("{name}=")), "{cookie}");
        let flags: Vec<&str> = parts.collect();
        for (flag, set) in [
            ("HttpOnly", true),
            ("SameSite=Lax", true),
            ("Path=/", true),
            ("Secure", secure),
        ] {
            assert_eq!(flags.contains(&flag), set, "{flag}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let me = Request::get("/api/v1/me").header("host", host);
        let me = me.header("cookie", session).body(Body::empty()).unwrap();
        let me = router.clone().oneshot(me).await.unwrap();
        assert_eq!(me.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_request_that_names_two_hosts_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let router = hub(&folder, "https://hub.example.com").await.router();
    for (second, status) in [
        (None, StatusCode::OK),
        (Some("hub.example.com"), StatusCode::MISDIRECTED_REQUEST),
        (Some("evil.example"), StatusCode::MISDIRECTED_REQUEST),
    ] {
        let mut request = Request::get("/api/openapi.json").header("host", "hub.example.com");
        if let Some(second) = second {
            request = request.header("host", second);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{second:?}");
    }
}

#[tokio::test]
async fn a_file_of_the_app_is_packed_for_who_takes_that_and_not_sent_to_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let router = hub(&folder, "http://127.0.0.1:4000").await.router();
    let ask = async |path: &str, name: &str, value: &str| {
        let request = Request::get(path).header("host", "127.0.0.1:4000");
        let request = request.header(name, value).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    for path in ["/app", "/api/openapi.json"] {
        let plain = text(ask(path, "accept-encoding", "identity").await).await;
        let packed = ask(path, "accept-encoding", "br, gzip").await;
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        let packed = packed.into_body().collect().await.unwrap().to_bytes();
        assert!(packed.len() < plain.len(), "{path}");
        let mut read = String::new();
        GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
        assert_eq!(read, plain, "{path}");
    }
    let missing = get(&router, "/app/missing.js", "127.0.0.1:4000").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(missing).await, "", "it does not look like a page");
    let first = get(&router, "/app", "127.0.0.1:4000").await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(
        tag.starts_with("W/"),
        "packed or plain, it has one tag: {tag}"
    );
    let several = format!("\"another\", {tag}");
    for (named, status) in [
        (tag.as_str(), StatusCode::NOT_MODIFIED),
        (several.as_str(), StatusCode::NOT_MODIFIED),
        ("*", StatusCode::NOT_MODIFIED),
        ("W/\"another\"", StatusCode::OK),
    ] {
        let answer = ask("/app", "if-none-match", named).await;
        assert_eq!(answer.status(), status, "{named}");
        assert_eq!(answer.headers()["etag"], tag.as_str(), "{named}");
        assert_eq!(answer.headers()["cache-control"], "no-cache", "{named}");
    }
}

#[test]
fn a_hub_that_cannot_listen_or_keep_its_key_names_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let nowhere = folder.path().join("not there").join("key");
    let key = folder.path().join("key");
    for (listen, key, words) in [
        (taken.as_str(), &key, format!("listen: {taken}")),
        (
            "127.0.0.1:0",
            &nowhere,
            format!("key_file: {}", nowhere.display()),
        ),
    ] {
        let database = format!("sqlite:{}", folder.path().join("tieline.db").display());
        let ended = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(["serve", "--listen", listen, "--database", &database])
            .args(["--key-file", key.to_str().unwrap(), "--socket", "off"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains(&words), "{said}");
    }
}

#[tokio::test]
async fn metrics_are_on_a_listener_of_their_own_and_ask_nothing_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder, "http://127.0.0.1:4000").await;
    let router = hub.router();
    let public = get(&router, "/metrics", "127.0.0.1:4000").await;
    assert_eq!(public.status(), StatusCode::NOT_FOUND);
    let _ = get(&router, "/api/openapi.json", "127.0.0.1:4000").await;
    for made_up in ["/made/up/1", "/made/up/2"] {
        let _ = get(&router, made_up, "127.0.0.1:4000").await;
    }
    hub.store.close().await;
    let shown = tieline_web::metrics_router(hub.metrics());
    let shown = text(get(&shown, "/metrics", "127.0.0.1:9464").await).await;
    let counted = "tieline_http_request_seconds_count{method=\"GET\",route=\"/api/openapi.json\",class=\"2xx\"} 1";
    assert!(shown.contains(counted), "{shown}");
    let strangers = "route=\"none\",class=\"4xx\"} 3";
    assert!(shown.contains(strangers), "{shown}");
    assert!(!shown.contains("made"), "{shown}");
}

/// What the listener for metrics shows, once it holds a line.
async fn shown(hub: &Hub, line: &str) {
    let router = tieline_web::metrics_router(hub.metrics());
    for _ in 0..500 {
        let shown = text(get(&router, "/metrics", "127.0.0.1:9464").await).await;
        if shown.lines().any(|it| it == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{line} is never shown");
}

#[tokio::test]
async fn work_that_is_gone_is_shown_as_none_and_not_as_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder, "http://127.0.0.1:4000").await;
    let kind = JobKind::ActivityLog;
    let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
    let new = NewJob {
        kind,
        party: None,
        key: None,
        in_line: None,
        payload: (),
        run_at: tx.now(),
    };
    job::enqueue(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    let (look, looks) = watch::channel(false);
    let load = Arc::default();
    let keeping = figures::keep(hub.store.clone(), hub.metrics(), load, looks);
    let keeping = tokio::spawn(keeping);
    shown(
        &hub,
        "tieline_jobs{kind=\"activity.log\",state=\"ready\"} 1",
    )
    .await;
    let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
    let mut hand = InHand::of(kind.lane());
    let claimed = job::claim(&mut tx, &mut hand).await.unwrap().remove(0);
    tx.commit().await.unwrap();
    // It is woken before its time.
    look.send_replace(false);
    shown(
        &hub,
        "tieline_jobs{kind=\"activity.log\",state=\"leased\"} 1",
    )
    .await;
    shown(
        &hub,
        "tieline_jobs{kind=\"activity.log\",state=\"ready\"} 0",
    )
    .await;
    let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
    job::finish(&mut tx, &claimed).await.unwrap();
    tx.commit().await.unwrap();
    look.send_replace(false);
    shown(
        &hub,
        "tieline_jobs{kind=\"activity.log\",state=\"leased\"} 0",
    )
    .await;
    look.send_replace(true);
    keeping.await.unwrap();
}

/// A database that knows a pretend org.
async fn with_simulated_org(folder: &TempDir) {
    let hub = hub(folder, "http://127.0.0.1:4000").await;
    let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
    let org = Connection {
        id: tx.new_id(),
        name: "Harrow & Vale".to_owned(),
        kind: ConnectionKind::Simulated,
        login_url: "http://127.0.0.1:1".to_owned(),
        instance_url: "http://127.0.0.1:1".to_owned(),
        org_id: "00D000000000001AAA".to_owned(),
        org_name: "Harrow & Vale".to_owned(),
        user_id: "005000000000001AAA".to_owned(),
        username: "hub@harrow.example".to_owned(),
        grant_kind: GrantKind::ClientCredentials,
        consumer_key: "key".to_owned(),
        secrets: Vec::new(),
        access_token: None,
        token_version: 0,
        state: ConnectionState::Connected,
        state_reason: None,
        state_since: tx.now(),
        daily_budget: 1_000,
        org_calls: None,
    };
    connection::create(&mut tx, &org).await.unwrap();
    tx.commit().await.unwrap();
    hub.store.close().await;
}

#[tokio::test]
async fn a_hub_that_is_not_told_so_serves_no_pretend_org() {
    let folder = tempfile::tempdir().unwrap();
    with_simulated_org(&folder).await;
    let database = format!("sqlite:{}", folder.path().join("tieline.db").display());
    let mut hub = Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database", &database])
        .args(["--socket", "off"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while hub.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // One that serves it would never end.
    let _ = hub.kill();
    let ended = hub.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("--allow-simulated"), "{said}");
}

#[tokio::test]
async fn while_the_writer_is_held_everybody_is_answered_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder, "http://127.0.0.1:4000").await;
    let router = hub.router();
    let host = "127.0.0.1:4000";
    assert_eq!(get(&router, "/readyz", host).await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let held = hub.store.begin(&Actor::system()).await.unwrap();
    let begun = Instant::now();
    let asked = ["/readyz"; 50].map(|path| get(&router, path, host));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(
        begun.elapsed() <= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    let body = r#"{"email":"tom@example.com","password":"a long enough one"}"#;
    let sign_in = Request::post("/api/v1/session").header("content-type", "application/json");
    let sign_in = sign_in.body(Body::from(body)).unwrap();
    let answer = router.clone().oneshot(sign_in).await.unwrap();
    let waited = begun.elapsed();
    assert!(
        waited < Duration::from_secs(6),
        "{} after {waited:?}",
        answer.status()
    );
    drop(held);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(get(&router, "/readyz", host).await.status(), StatusCode::OK);
}

#[test]
fn the_help_does_not_show_the_password_of_the_database() {
    let help = Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(["serve", "--help"])
        .env("TIELINE_DATABASE", "postgres://tom:Sesame1@db.example/x")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(
        said.contains("TIELINE_DATABASE") && !said.contains("Sesame1"),
        "{said}"
    );
}

#[test]
fn a_hub_does_not_start_where_sessions_would_travel_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    for (args, reason) in [
        (&["--listen", "0.0.0.0:0"][..], "in the clear"),
        (
            &["--public-url", "http://127.0.0.1.evil.example"],
            "in the clear",
        ),
        (&["--public-url", "not a url"], "public_url"),
        (&["--public-url", ""], "public_url"),
        (&["--trusted-proxies", "everybody"], "everybody"),
        (&["--metrics-listen", "9464"], "9464"),
        (
            &["--database", "mysql://tom:Sesame1@db.example/x"],
            "database",
        ),
        (&["--database", "tom:Sesame1@db.example/x"], "database"),
        (
            &["--database", "postgres://tom:Sesame1@db.example:notaport/x"],
            "database",
        ),
        (
            &["--database", "postgres://tom:Sesame1@%zz/x?sslmode=odd"],
            "database",
        ),
    ] {
        let command = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(
                ["serve", "--listen", "127.0.0.1:0"]
                    .iter()
                    .filter(|_| args[0] != "--listen"),
            )
            .args(["serve"].iter().filter(|_| args[0] == "--listen"))
            .args(args)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&command.stderr).into_owned();
        assert!(!command.status.success(), "{args:?}");
        assert!(said.contains(reason), "{args:?}: {said}");
        assert!(!said.contains("Sesame1"), "{args:?}: {said}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing was made before the refusal");
}

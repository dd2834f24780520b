//! The demo tells where everything is: people in words, programs in one line.

mod log;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tieline::transport::{self, Reach};
use tower::ServiceExt as _;

/// A demo's process, ended with the test.
struct Demo {
    child: Child,
    told: Option<BufReader<ChildStdout>>,
}

impl Demo {
    fn start(more: &[&str]) -> Demo {
        Demo::of("5", more)
    }

    /// With so many contacts in its org.
    fn of(contacts: &str, more: &[&str]) -> Demo {
        Demo::by(Command::new(env!("CARGO_BIN_EXE_tieline")), contacts, more)
    }

    fn by(mut command: Command, contacts: &str, more: &[&str]) -> Demo {
        command.args([
            "demo",
            "--port",
            "0",
            "--leads",
            "2",
            "--contacts",
            contacts,
        ]);
        let started = command.args(more).stdout(Stdio::piped()).spawn();
        let mut child = started.expect("the program starts");
        let told = child.stdout.take().map(BufReader::new);
        Demo { child, told }
    }

    fn told(&mut self) -> &mut BufReader<ChildStdout> {
        self.told.as_mut().expect("somebody reads")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.told().read_line(&mut line).unwrap();
        line
    }

    /// Ends it as a power cut does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; what else it said.
    fn end(&mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let mut rest = String::new();
        self.told().read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text<'a>(ready: &'a Value, pointer: &str) -> &'a str {
    let found = ready.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{pointer} is missing in {ready}"))
}

async fn answer(request: http::request::Builder, body: &str) -> Response<Bytes> {
    let request = request.body(Bytes::copy_from_slice(body.as_bytes()));
    let transport = transport::http(Reach::ThisMachineToo).unwrap();
    let answer = transport.oneshot(request.unwrap()).await;
    answer.expect("somebody answers")
}

/// No two requests are one.
static KEYS: AtomicU32 = AtomicU32::new(0);

/// Somebody at a demo, with their session.
struct Visitor {
    ready: Value,
    cookie: String,
}

impl Visitor {
    async fn come(demo: &mut Demo) -> Visitor {
        let line = demo.line();
        let ready: Value = serde_json::from_str(&line).expect("the first line is JSON");
        let door = answer(Request::post(text(&ready, "/sign_in_link")), "").await;
        let cookie = door.headers()["set-cookie"].to_str().unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        let cookie = cookie.to_owned();
        Visitor { ready, cookie }
    }

    async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", text(&self.ready, "/api_url"));
        let mut request = Request::builder().method(method).uri(url);
        request = request.header("cookie", &self.cookie);
        request = request.header("idempotency-key", KEYS.fetch_add(1, Ordering::Relaxed));
        let body = match body {
            Value::Null => String::new(),
            body => {
                request = request.header("content-type", "application/json");
                body.to_string()
            }
        };
        let answer = answer(request, &body).await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        // Some answers have no body.
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }

    /// Somebody with a phone texts to the demo's inbox.
    async fn text_in(&self, words: &str) {
        let from_phone = json!({
            "from": "+447700900318",
            "to": text(&self.ready, "/inboxes/0/address"),
            "text": words,
        });
        let control = text(&self.ready, "/simulator/control_url");
        let bearer = format!("Bearer {}", text(&self.ready, "/simulator/control_token"));
        let send = Request::post(format!("{control}/texts")).header("authorization", bearer);
        assert_eq!(
            answer(send, &from_phone.to_string()).await.status(),
            StatusCode::OK
        );
    }

    /// Whether a run with the org goes on.
    async fn is_syncing(&self) -> bool {
        let runs = self.api("GET", "/sync/runs", Value::Null).await;
        runs["items"][0]["finished_at"].is_null()
    }

    /// The id of the one conversation, once it holds these texts in these states, and no others.
    async fn sees(&self, texts: &[(&str, &str)]) -> String {
        let mut seen = Value::Null;
        for _ in 0..300 {
            let list = self.api("GET", "/conversations", Value::Null).await;
            if let Some(id) = list["items"][0]["id"].as_str() {
                let path = format!("/conversations/{id}/messages");
                seen = self.api("GET", &path, Value::Null).await;
                let items = seen["items"].as_array().unwrap();
                let is = |(it, (words, state)): (&Value, &(&str, &str))| {
                    it["text"] == *words && it["state"] == *state
                };
                if items.len() == texts.len() && items.iter().zip(texts).all(is) {
                    return id.to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{texts:?} are not what is seen: {seen}");
    }
}

#[tokio::test]
async fn one_line_of_json_leads_a_program_everywhere() {
    let mut demo = Demo::start(&["--json"]);
    let ready: Value = serde_json::from_str(&demo.line()).expect("the first line is JSON");
    for pointer in [
        "/app_url",
        "/sign_in_link",
        "/phones_url",
        "/simulator/base_url",
        "/simulator/orgs/0/instance_url",
        "/simulator/carrier/url",
    ] {
        let status = answer(Request::get(text(&ready, pointer)), "")
            .await
            .status();
        assert!(status.is_success(), "{pointer}: {status}");
    }
    let me = Request::get(format!("{}/me", text(&ready, "/api_url")));
    assert_eq!(answer(me, "").await.status(), StatusCode::UNAUTHORIZED);

    // The control plane sees the inbox's number as the line names both.
    let words = json!({
        "from": "+447700900317",
        "to": text(&ready, "/inboxes/0/address"),
        "text": "Hello",
    });
    let control = text(&ready, "/simulator/control_url");
    let bearer = format!("Bearer {}", text(&ready, "/simulator/control_token"));
    let send = Request::post(format!("{control}/texts")).header("authorization", bearer);
    assert_eq!(
        answer(send, &words.to_string()).await.status(),
        StatusCode::OK
    );
    for (pointer, prefix) in [
        ("/administrator_id", "st_"),
        ("/connection_id", "cn_"),
        ("/inboxes/0/id", "ib_"),
        ("/simulator/orgs/0/org_id", "00D"),
    ] {
        let id = text(&ready, pointer);
        assert!(id.starts_with(prefix), "{pointer} is {id}");
    }
    let socket = text(&ready, "/socket").to_owned();
    let verb = Command::new(env!("CARGO_BIN_EXE_tieline"))
        .args(["staff", "list", "--socket", &socket])
        .output();
    let verb = verb.unwrap();
    let said = String::from_utf8_lossy(&verb.stdout);
    assert!(said.contains("priya.nair@harrow-vale.example"), "{verb:?}");
    assert_eq!(demo.end(), "", "nothing but the line");
    assert!(
        !std::path::Path::new(&socket).exists(),
        "it is gone with the demo"
    );
}

/// Sends these bytes to the operator's socket of a demo, and reads what comes at first, if that is waited for.
fn hang_on_the_socket(demo: &mut Demo, asked: &str, answered: bool) -> UnixStream {
    let ready: Value = serde_json::from_str(&demo.line()).unwrap();
    let mut socket = UnixStream::connect(text(&ready, "/socket")).unwrap();
    socket.write_all(asked.as_bytes()).unwrap();
    if answered {
        let mut begun = [0; 15];
        socket.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200 OK");
    }
    socket
}

/// So that a demo which waits ends nevertheless, and the test tells.
fn release_after(held: UnixStream) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(15));
        drop(held);
    })
}

#[test]
fn a_stream_on_the_operators_socket_ends_with_the_demo_at_once() {
    let mut demo = Demo::start(&["--json"]);
    let stream = "GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let held = hang_on_the_socket(&mut demo, stream, true);
    let _released = release_after(held);
    let began = Instant::now();
    demo.end();
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn whoever_sends_no_whole_request_to_the_operators_socket_holds_no_demo() {
    let mut demo = Demo::start(&["--json"]);
    let half = "POST /api/v1/staff HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 10\r\n\r\n{";
    let held = hang_on_the_socket(&mut demo, half, false);
    let _released = release_after(held);
    let began = Instant::now();
    demo.end();
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_demo_that_is_killed_in_its_first_run_goes_on_when_it_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--json", "--data", folder.path().to_str().unwrap()];
    let mut demo = Demo::of("3000", &arguments);
    let visitor = Visitor::come(&mut demo).await;
    visitor.text_in("Before").await;
    visitor.sees(&[("Before", "received")]).await;
    assert!(visitor.is_syncing().await, "it is killed in its first run");
    demo.kill();

    let mut demo = Demo::of("3000", &arguments);
    let visitor = Visitor::come(&mut demo).await;
    visitor.sees(&[("Before", "received")]).await;
    visitor.text_in("After").await;
    let heard = [("Before", "received"), ("After", "received")];
    let id = visitor.sees(&heard).await;
    let path = format!("/conversations/{id}/messages");
    visitor.api("POST", &path, json!({"text": "Here"})).await;
    let [before, after] = heard;
    visitor.sees(&[before, after, ("Here", "delivered")]).await;
}

#[test]
fn a_person_is_told_of_every_address() {
    let mut demo = Demo::start(&[]);
    let mut told = String::new();
    while !told.contains("Ctrl-C") {
        let line = demo.line();
        assert!(!line.is_empty(), "it ended after {told}");
        told += &line;
    }
    for name in ["Sign in", "Tieline", "Salesforce", "Phones", "Control"] {
        let named = |line: &&str| line.trim_start().starts_with(&format!("{name}  "));
        let line = told.lines().find(named);
        let line = line.unwrap_or_else(|| panic!("{name} is missing in {told}"));
        assert!(line.contains(" http://127.0.0.1:"), "{line}");
    }
    assert!(demo.end().contains("Stopping"));
}

#[test]
fn an_inbox_is_known_by_its_number_and_by_no_empty_word() {
    let mut demo = Demo::start(&["--json"]);
    let ready: Value = serde_json::from_str(&demo.line()).expect("the first line is JSON");
    let say = |words: &[&str]| {
        let verb = Command::new(env!("CARGO_BIN_EXE_tieline"))
            .args(["inbox"])
            .args(words)
            .args(["--socket", text(&ready, "/socket")])
            .output();
        let verb = verb.unwrap();
        let told = [&verb.stdout, &verb.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
        (verb.status.code(), told.concat())
    };
    let (user, number) = (
        "priya.nair@harrow-vale.example",
        text(&ready, "/inboxes/0/address"),
    );
    let (_, list) = say(&["list"]);
    assert!(list.contains(number), "{list}");
    for (act, is) in [("remove", "is not"), ("add", "is")] {
        let (code, told) = say(&["member", act, number, user]);
        assert_eq!(code, Some(0), "{told}");
        assert!(
            told.contains(&format!("{user} {is} a member of ")),
            "{told}"
        );
        let (code, told) = say(&["member", act, "", user]);
        assert_eq!(code, Some(2), "{told}");
    }
}

#[test]
fn a_demo_whose_reader_has_gone_still_ends_well() {
    let mut demo = Demo::start(&[]);
    loop {
        let line = demo.line();
        assert!(!line.is_empty(), "it ended");
        if line.contains("Ctrl-C") {
            break;
        }
    }
    drop(demo.told.take());
    let id = demo.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(demo.child.wait().unwrap().success());
}

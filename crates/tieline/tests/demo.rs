//! The demo tells where everything is: people in words, programs in one line.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use tieline::transport::{self, Reach};
use tower::ServiceExt as _;

/// A demo's process, ended with the test.
struct Demo {
    child: Child,
    told: Option<BufReader<ChildStdout>>,
}

impl Demo {
    fn start(more: &[&str]) -> Demo {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.args(["demo", "--port", "0", "--contacts", "5", "--leads", "2"]);
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

async fn ask(request: http::request::Builder, body: &str) -> StatusCode {
    let request = request.body(Bytes::copy_from_slice(body.as_bytes()));
    let transport = transport::http(Reach::ThisMachineToo).unwrap();
    let answer = transport.oneshot(request.unwrap()).await;
    answer.expect("somebody answers").status()
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
        let status = ask(Request::get(text(&ready, pointer)), "").await;
        assert!(status.is_success(), "{pointer}: {status}");
    }
    let me = Request::get(format!("{}/me", text(&ready, "/api_url")));
    assert_eq!(ask(me, "").await, StatusCode::UNAUTHORIZED);

    // The control plane sees the inbox's number as the line names both.
    let words = json!({
        "from": "+447700900317",
        "to": text(&ready, "/inboxes/0/address"),
        "text": "Hello",
    });
    let control = text(&ready, "/simulator/control_url");
    let bearer = format!("Bearer {}", text(&ready, "/simulator/control_token"));
    let send = Request::post(format!("{control}/texts")).header("authorization", bearer);
    assert_eq!(ask(send, &words.to_string()).await, StatusCode::OK);
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

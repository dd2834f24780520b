//! Who may call what: each route by itself, written down a second time, so that a slip in the table
//! of routes is seen. A new route gets its row here.

use crate::corpus::Probe;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use tieline_domain::access::{Right, Rights};

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asks {
    /// Nothing, or a signature of a carrier, which has tests of its own.
    Nothing,
    /// That a user is signed in, about whom it is.
    Person,
    /// A right, whoever has it.
    Right(Right),
}

const ROWS: &[(&str, &[(&str, Asks)])] = {
    use Asks::{Nothing, Person, Right as Has};
    use Right::*;
    &[
        ("/hooks/twilio/accounts/{account_id}", &[("post", Nothing)]),
        (
            "/hooks/twilio/accounts/{account_id}/status",
            &[("post", Nothing)],
        ),
        ("/hooks/twilio/{inbox_id}", &[("post", Nothing)]),
        ("/hooks/twilio/{inbox_id}/status", &[("post", Nothing)]),
        ("/api/v1/session", &[("post", Nothing), ("delete", Nothing)]),
        ("/api/v1/me", &[("get", Person)]),
        ("/api/v1/me/password", &[("put", Person)]),
        ("/api/v1/sessions", &[("get", Person), ("delete", Person)]),
        ("/api/v1/sessions/{id}", &[("delete", Person)]),
        (
            "/api/v1/staff",
            &[("get", Has(ManageStaff)), ("post", Has(ManageStaff))],
        ),
        ("/api/v1/staff/{id}", &[("patch", Has(ManageStaff))]),
        ("/api/v1/staff/{id}/password", &[("put", Has(ManageStaff))]),
        (
            "/api/v1/staff/{id}/sign-in-link",
            &[("post", Has(ManageStaff))],
        ),
        (
            "/api/v1/staff/{id}/sessions",
            &[("get", Has(ManageStaff)), ("delete", Has(ManageStaff))],
        ),
        (
            "/api/v1/staff/{id}/sessions/{session_id}",
            &[("delete", Has(ManageStaff))],
        ),
        ("/api/v1/inboxes", &[("get", Has(ManageInboxes))]),
        (
            "/api/v1/inboxes/{id}/members/{staff_id}",
            &[("put", Has(ManageInboxes)), ("delete", Has(ManageInboxes))],
        ),
        ("/api/v1/unassigned-texts", &[("get", Has(ManageInboxes))]),
        (
            "/api/v1/keys",
            &[("get", Has(ManageKeys)), ("post", Has(ManageKeys))],
        ),
        ("/api/v1/keys/{id}", &[("delete", Has(ManageKeys))]),
        ("/api/v1/audit", &[("get", Has(ReadAudit))]),
        ("/api/v1/jobs", &[("get", Has(ManageJobs))]),
        ("/api/v1/jobs/{id}", &[("delete", Has(ManageJobs))]),
        ("/api/v1/jobs/{id}/retry", &[("post", Has(ManageJobs))]),
        ("/api/v1/live", &[("get", Has(ReadConversations))]),
        (
            "/api/v1/conversations",
            &[("get", Has(ReadConversations)), ("post", Has(Converse))],
        ),
        (
            "/api/v1/conversations/{id}",
            &[("get", Has(ReadConversations)), ("patch", Has(Converse))],
        ),
        (
            "/api/v1/conversations/{id}/candidates",
            &[("get", Has(ReadContacts))],
        ),
        ("/api/v1/numbers", &[("get", Has(ReadContacts))]),
        (
            "/api/v1/conversations/{id}/read",
            &[("post", Has(Converse))],
        ),
        (
            "/api/v1/conversations/{id}/unread",
            &[("post", Has(Converse))],
        ),
        (
            "/api/v1/conversations/{id}/presence",
            &[("put", Has(Converse))],
        ),
        (
            "/api/v1/conversations/{id}/messages",
            &[("get", Has(ReadConversations)), ("post", Has(Converse))],
        ),
        ("/api/v1/messages/{id}/retry", &[("post", Has(Converse))]),
        (
            "/api/v1/attachments/{id}",
            &[("get", Has(ReadConversations))],
        ),
        (
            "/api/v1/settings",
            &[("get", Has(ReadContacts)), ("patch", Has(ManageSettings))],
        ),
        (
            "/api/v1/contact-fields",
            &[("get", Has(ReadContacts)), ("post", Has(ManageSettings))],
        ),
        (
            "/api/v1/contact-fields/{id}",
            &[("patch", Has(ManageSettings))],
        ),
        (
            "/api/v1/contacts",
            &[("get", Has(ReadContacts)), ("post", Has(EditContacts))],
        ),
        (
            "/api/v1/contacts/{id}",
            &[
                ("get", Has(ReadContacts)),
                ("patch", Has(EditContacts)),
                ("delete", Has(EditContacts)),
            ],
        ),
        (
            "/api/v1/contacts/{id}/restore",
            &[("post", Has(EditContacts))],
        ),
        ("/api/v1/sync", &[("get", Has(ReadSync))]),
        ("/api/v1/connections/{id}", &[("patch", Has(ConfigureSync))]),
        (
            "/api/v1/sync/mappings/{id}",
            &[("patch", Has(ConfigureSync))],
        ),
        (
            "/api/v1/sync/mappings/{id}/fields",
            &[("post", Has(ConfigureSync))],
        ),
        (
            "/api/v1/sync/mappings/{id}/fields/{field}",
            &[("patch", Has(ConfigureSync))],
        ),
        (
            "/api/v1/sync/runs",
            &[("get", Has(ReadSync)), ("post", Has(RunSync))],
        ),
        ("/api/v1/sync/runs/{id}", &[("get", Has(ReadSync))]),
        ("/api/v1/sync/runs/{id}/cancel", &[("post", Has(RunSync))]),
        ("/api/v1/sync/runs/{id}/changes", &[("get", Has(ReadSync))]),
    ]
};

/// The address of a route, with ids that nobody has.
fn address(path: &str) -> String {
    const NOBODY: &str = "00000000000000000000000000000001";
    let kind = match path {
        it if it.contains("/staff/") => "st",
        it if it.contains("/inboxes/") => "ib",
        it if it.contains("/keys/") => "key",
        _ => "x",
    };
    path.replace("{id}", &format!("{kind}_{NOBODY}"))
        .replace("{staff_id}", &format!("st_{NOBODY}"))
        .replace("{session_id}", &format!("se_{NOBODY}"))
        .replace("{field}", "Title")
}

fn code_of(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// A key with each right alone, and one with all rights but it.
struct Pair {
    alone: String,
    without: String,
}

async fn pairs(world: &World) -> BTreeMap<&'static str, Pair> {
    let mut pairs = BTreeMap::new();
    for right in Right::ALL {
        let others: Vec<Right> = Rights::all().iter().filter(|it| it != right).collect();
        let name = right.as_str();
        let alone = world.key(name, Rights::of(&[*right])).await;
        let without = world.key(&format!("not {name}"), Rights::of(&others)).await;
        pairs.insert(name, Pair { alone, without });
    }
    pairs
}

#[tokio::test]
async fn each_route_opens_to_its_right_and_to_nothing_else() {
    let world = World::start(None).await;
    let person = world.colleague().await;
    let all = world.key("all", Rights::all()).await;
    let pairs = pairs(&world).await;
    let mut complaints = Vec::new();
    for (path, methods) in ROWS {
        for (method, asks) in *methods {
            let probe = Probe::new(method, &address(path));
            let stranger = world.send_bare(&probe, &[]).await;
            let mut expect = |who: &str, code: String, refused: Option<&str>| {
                let is_refused = matches!(code.as_str(), "not_signed_in" | "not_allowed");
                if refused.map_or(is_refused, |it| code != it) {
                    complaints.push(format!("{method} {path} answers {who} with {code:?}"));
                }
            };
            match asks {
                Asks::Nothing => expect("a stranger", code_of(&stranger.body), None),
                Asks::Person => {
                    expect("a stranger", code_of(&stranger.body), Some("not_signed_in"));
                    let key = world.send_with_key(&all, None, &probe).await;
                    expect("a key", code_of(&key.body), Some("not_allowed"));
                    let own = world.send(&person, &probe).await;
                    expect("a person", code_of(&own.body), None);
                }
                Asks::Right(right) => {
                    expect("a stranger", code_of(&stranger.body), Some("not_signed_in"));
                    let Pair { alone, without } = &pairs[right.as_str()];
                    let with = world.send_with_key(alone, None, &probe).await;
                    expect("its right", code_of(&with.body), None);
                    let others = world.send_with_key(without, None, &probe).await;
                    expect(
                        "all other rights",
                        code_of(&others.body),
                        Some("not_allowed"),
                    );
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    world.stop().await;
}

#[tokio::test]
async fn each_route_has_its_row_here() {
    let description = tieline_web::description();
    let mut described: Vec<String> = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        described.extend(methods.map(|method| format!("{method} {path}")));
    }
    let mut rows: Vec<String> = ROWS
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .iter()
                .map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    described.sort_unstable();
    rows.sort_unstable();
    assert_eq!(
        rows, described,
        "say in ROWS what each route asks of its caller"
    );
}

#[tokio::test]
async fn a_refusal_and_each_reading_beyond_ones_own_inboxes_leave_a_line_in_the_audit() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    let audit = async || {
        let answer = world
            .send(&priya, &Probe::new("get", "/api/v1/audit"))
            .await;
        let list: Value = serde_json::from_str(&answer.body).unwrap();
        let last = list["items"][0].clone();
        assert_eq!(last["staff"]["name"], "Tom Aldridge");
        ["act", "target"].map(|name| last[name].as_str().unwrap_or_default().to_owned())
    };
    let refused = world.send(&tom, &Probe::new("get", "/api/v1/keys")).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(audit().await, ["refused", "GET /api/v1/keys"]);

    let path = format!("/api/v1/conversations/{}", priya.ids["ConversationId"]);
    let show = Probe::new("get", &path);
    assert_eq!(world.send(&tom, &show).await.status, 200);
    assert_eq!(audit().await[0], "refused", "he is a member");
    world.make_reviewer("tom").await;
    assert_eq!(world.send(&tom, &show).await.status, 200);
    assert_eq!(audit().await, ["review".to_owned(), format!("GET {path}")]);
    for shows in [
        format!("{path}/candidates"),
        format!("/api/v1/contacts/{}", priya.ids["ContactId"]),
    ] {
        let answer = world.send(&tom, &Probe::new("get", &shows)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(audit().await, ["review".to_owned(), format!("GET {shows}")]);
    }
    world.stop().await;
}

#[tokio::test]
async fn nobody_reads_beyond_their_own_inboxes_what_the_audit_cannot_be_told_of() {
    let world = World::start(None).await;
    let (priya, tom) = (world.people().await, world.colleague().await);
    world.make_reviewer("tom").await;
    let path = format!("/api/v1/conversations/{}", priya.ids["ConversationId"]);
    let show = Probe::new("get", &path);
    for breaks in [true, false] {
        world.refuse_audit(breaks).await;
        let answer = world.send(&tom, &show).await;
        assert_eq!(answer.status == 200, !breaks, "{answer:?}");
        // What the database says of it is for the operator.
        assert!(!answer.body.contains("no line of it"), "{answer:?}");
        assert_eq!(world.send(&priya, &show).await.status, 200, "her own");
    }
    world.stop().await;
}

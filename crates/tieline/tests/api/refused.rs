//! How requests are refused: the status, the code, the field, and what to do.

use crate::corpus::Probe;
use crate::world::World;
use serde_json::Value;
use tieline_access::StaffChange;

struct Case {
    method: &'static str,
    path: &'static str,
    kind: Option<&'static str>,
    body: &'static [u8],
    status: u16,
    code: &'static str,
    field: Option<&'static str>,
}

fn check(case: &Case, answer: &crate::world::Answer) {
    let what = format!(
        "{} {} {:?}",
        case.method,
        case.path,
        String::from_utf8_lossy(&case.body[..case.body.len().min(60)])
    );
    let problem: Value =
        serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{what}: {answer:?}"));
    assert_eq!(answer.content_type, "application/problem+json", "{what}");
    assert_eq!(
        (
            answer.status,
            problem["code"].as_str(),
            problem["field"].as_str()
        ),
        (case.status, Some(case.code), case.field),
        "{what}: {}",
        answer.body
    );
    assert_eq!(problem["status"], case.status, "{what}");
    assert!(problem["fix"].is_string(), "{what}: {}", answer.body);
}

#[tokio::test]
async fn every_refusal_is_a_problem_that_names_the_field_and_the_fix() {
    const JSON: Option<&str> = Some("application/json");
    let case = |method, path, body, status, code, field| Case {
        method,
        path,
        kind: JSON,
        body,
        status,
        code,
        field,
    };
    let contacts = "/api/v1/contacts";
    let nobody = "/api/v1/contacts/ct_00000000000000000000000000000001";
    let cases = [
        case("get", "/nowhere", b"", 404, "not_found", None),
        case("put", contacts, b"", 405, "method_not_allowed", None),
        case("get", nobody, b"", 404, "not_found", None),
        case(
            "get",
            "/api/v1/contacts/x",
            b"",
            422,
            "invalid_field",
            Some("id"),
        ),
        case(
            "get",
            "/api/v1/contacts/%ff",
            b"",
            400,
            "invalid_request",
            None,
        ),
        case(
            "get",
            "/api/v1/contacts?limit=0",
            b"",
            422,
            "invalid_field",
            Some("limit"),
        ),
        case(
            "get",
            "/api/v1/contacts?limit=x",
            b"",
            422,
            "invalid_field",
            Some("limit"),
        ),
        case(
            "get",
            "/api/v1/contacts?q=%00",
            b"",
            422,
            "invalid_field",
            Some("q"),
        ),
        case(
            "get",
            "/api/v1/contacts?cursor=x",
            b"",
            422,
            "invalid_field",
            Some("cursor"),
        ),
        case(
            "get",
            "/api/v1/contacts?order=1",
            b"",
            422,
            "invalid_field",
            Some("order"),
        ),
        case(
            "get",
            "/api/v1/conversations?view=x",
            b"",
            422,
            "invalid_field",
            Some("view"),
        ),
        case("post", contacts, b"{", 400, "invalid_json", None),
        case(
            "post",
            contacts,
            b"{\"fields\": {\"title\": \"\xff\"}}",
            400,
            "invalid_json",
            None,
        ),
        case(
            "post",
            contacts,
            b"{\"fields\": {\"title\": \"\\ud800\"}}",
            400,
            "invalid_json",
            None,
        ),
        case(
            "post",
            contacts,
            b"{}",
            422,
            "invalid_field",
            Some("fields"),
        ),
        case(
            "post",
            contacts,
            b"{\"fields\": {}, \"x\": 1}",
            422,
            "invalid_field",
            Some("x"),
        ),
        case(
            "post",
            contacts,
            b"{\"fields\": {\"title\": 1}}",
            422,
            "invalid_field",
            Some("fields.title"),
        ),
        case(
            "post",
            contacts,
            b"{\"fields\": {\"title\": \"\\u0000\"}}",
            422,
            "invalid_field",
            Some("fields.title"),
        ),
        case(
            "post",
            "/api/v1/session",
            b"{\"email\": \"a\\u0000\", \"password\": \"x\"}",
            422,
            "invalid_field",
            Some("email"),
        ),
        Case {
            kind: Some("text/plain"),
            ..case("post", contacts, b"{}", 415, "unsupported_media_type", None)
        },
        Case {
            kind: None,
            ..case("post", contacts, b"{}", 415, "unsupported_media_type", None)
        },
        Case {
            kind: Some("text/plain"),
            ..case(
                "post",
                "/api/v1/sync/runs",
                b"x=1",
                415,
                "unsupported_media_type",
                None,
            )
        },
        case(
            "post",
            contacts,
            &[b' '; (1 << 20) + 1],
            413,
            "body_too_large",
            None,
        ),
    ];
    let world = World::start(None).await;
    let known = world.people().await;
    for case in &cases {
        let mut probe = Probe::new(case.method, case.path);
        probe.content_type = case.kind;
        probe.body = Some(case.body.to_vec());
        check(case, &world.send(&known, &probe).await);
    }
    world.stop().await;
}

#[tokio::test]
async fn an_id_that_nobody_has_is_refused_by_the_name_of_its_field() {
    let world = World::start(None).await;
    let known = world.people().await;
    let conversation = format!("/api/v1/conversations/{}", known.ids["ConversationId"]);
    let nobody = "00000000000000000000000000000001";
    for (method, path, field, prefix) in [
        ("patch", conversation.as_str(), "assigned_to", "st_"),
        ("patch", conversation.as_str(), "contact_id", "ct_"),
        ("post", "/api/v1/conversations", "contact_id", "ct_"),
        ("post", "/api/v1/conversations", "inbox_id", "ib_"),
    ] {
        let mut probe = Probe::new(method, path);
        let address = if method == "post" {
            "\"address\": \"+447700900100\", "
        } else {
            ""
        };
        let body = format!("{{{address}\"{field}\": \"{prefix}{nobody}\"}}");
        probe.body = Some(body.into_bytes());
        let answer = world.send(&known, &probe).await;
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, problem["field"].as_str()),
            (422, Some(field)),
            "{answer:?}"
        );
    }
    // A colleague who left is not given anything either.
    let tom = world.staff("tom").await.id;
    for (active, status) in [(true, 200), (false, 422)] {
        let change = StaffChange {
            active: Some(active),
            ..StaffChange::default()
        };
        world.change_staff("tom", change).await;
        // What somebody has already stays theirs.
        let mut probe = Probe::new("patch", &conversation);
        probe.body = Some(b"{\"assigned_to\": null}".to_vec());
        assert_eq!(world.send(&known, &probe).await.status, 200);
        let mut probe = Probe::new("patch", &conversation);
        probe.body = Some(format!("{{\"assigned_to\": \"{tom}\"}}").into_bytes());
        let answer = world.send(&known, &probe).await;
        assert_eq!(answer.status, status, "active: {active}: {answer:?}");
    }
    // Nor one who could not open it.
    let stranger = world.newcomer().await;
    let mut probe = Probe::new("patch", &conversation);
    probe.body = Some(format!("{{\"assigned_to\": \"{stranger}\"}}").into_bytes());
    let answer = world.send(&known, &probe).await;
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (answer.status, problem["field"].as_str()),
        (422, Some("assigned_to")),
        "{answer:?}"
    );
    world.stop().await;
}

/// What is refused, with its status, its code, and its field if there is one.
const OF_USERS_AND_KEYS: &[&str] = &[
    r#"409 duplicate email: post staff {"name": "Tom", "email": "{address}", "role": "staff"}"#,
    r#"422 invalid_field email: post staff {"name": "Tom", "email": "tom", "role": "staff"}"#,
    r#"422 invalid_field name: post staff {"name": " ", "email": "a@b.example", "role": "staff"}"#,
    r#"422 invalid_field name: post staff {"name": "\u200b", "email": "a@b.example", "role": "staff"}"#,
    r#"422 invalid_field name: post staff {"name": " \u3164\u00ad", "email": "a@b.example", "role": "staff"}"#,
    r#"422 invalid_field name: patch staff/{tom} {"name": "\u3164"}"#,
    r#"409 last_administrator: patch staff/{priya} {"role": "staff"}"#,
    r#"409 last_administrator: patch staff/{priya} {"active": false}"#,
    r#"403 not_allowed: patch staff/{priya} {"reviewer": true}"#,
    r#"404 not_found: patch staff/st_{nobody} {"name": "Nobody"}"#,
    r#"422 invalid_field password: put staff/{tom}/password {"password": "short"}"#,
    r#"409 duplicate name: post keys {"name": "Key 0", "rights": ["read_sync"]}"#,
    r#"422 invalid_field name: post keys {"name": "\u200b", "rights": ["read_sync"]}"#,
    r#"422 invalid_field name: post keys {"name": "\ufeff\u3164", "rights": ["read_sync"]}"#,
    r#"422 invalid_field rights: post keys {"name": "None", "rights": []}"#,
    r#"422 invalid_field rights: post keys {"name": "More", "rights": ["review"]}"#,
    r#"422 invalid_field inboxes: post keys {"name": "Deaf", "rights": ["converse"]}"#,
    r#"422 invalid_field inboxes: post keys {"name": "Lost", "rights": ["converse"], "inboxes": ["ib_{nobody}"]}"#,
    r#"422 invalid_field expires_at: post keys {"name": "Over", "rights": ["read_sync"], "expires_at": 1}"#,
];

#[tokio::test]
async fn what_nobody_may_make_of_users_and_keys_is_refused_by_its_code_and_field() {
    let world = World::start(None).await;
    let known = world.people().await;
    let [tom, priya] = [world.staff("tom").await, world.staff("priya").await];
    for (number, case) in OF_USERS_AND_KEYS.iter().enumerate() {
        let case = case
            .replace("{tom}", &tom.id.to_string())
            .replace("{priya}", &priya.id.to_string())
            .replace("{address}", &tom.email.to_uppercase())
            .replace("{nobody}", &format!("{:032x}", 1));
        let (expected, request) = case.split_once(": ").unwrap();
        let [method, path, body] = request.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{case}");
        };
        let mut probe = Probe::new(method, &format!("/api/v1/{path}"));
        probe.key = Some(format!("refused {number}").into_bytes());
        probe.body = Some(body.as_bytes().to_vec());
        let answer = world.send(&known, &probe).await;
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let refused = format!("{} {} {}", answer.status, word("code"), word("field"));
        assert_eq!(refused.trim_end(), expected, "{request}");
        assert!(problem["fix"].is_string(), "{problem}");
    }
    world.stop().await;
}

#[tokio::test]
async fn nothing_personal_is_kept_by_a_browser_or_on_the_way() {
    let world = World::start(None).await;
    let known = world.people().await;
    for path in [
        "/api/v1/me",
        "/api/v1/contacts",
        "/api/v1/contacts/x",
        "/api/nowhere",
        "/api/openapi.json",
    ] {
        let headers = world.headers(&known, &Probe::new("get", path)).await;
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe"), "{policy}");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split(';').any(|it| it.trim() == part), "{policy}");
        }
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
    }
    let headers = world
        .headers(&known, &Probe::new("delete", "/api/v1/session"))
        .await;
    assert_eq!(headers["clear-site-data"], "\"cache\"");
    world.stop().await;
}

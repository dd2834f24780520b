//! Calls and words that are forbidden in some places: effects in the pure crate, secrets and
//! printing in libraries, readers that forget who is asking.

use super::source::{report, sources};

/// What the pure crate must not reach for.
const EFFECTS: &[&str] = &[
    "tokio::",
    "sqlx::",
    "rusqlite::",
    "http::",
    "reqwest::",
    "tracing::",
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "rand::",
    "async fn",
];

/// Tables that hold what people said or who they are.
const PERSONAL: &[&str] = &["contact", "conversation", "message"];

#[test]
fn the_domain_performs_nothing() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"])
        .iter()
        .filter(|file| file.in_crate() == Some("domain"))
    {
        for (number, line) in file.without_tests().lines().enumerate() {
            if let Some(effect) = EFFECTS
                .iter()
                .find(|effect| code_of(line).contains(**effect))
            {
                complaints.push(format!("{}:{}: {effect}", file.path, number + 1));
            }
        }
    }
    report("`domain` decides, drivers do:", &complaints);
}

#[test]
fn libraries_do_not_print_or_panic_on_purpose() {
    // A build script talks to cargo by printing.
    const CALLS: &[&str] = &[
        "println!",
        "eprintln!",
        "dbg!",
        "todo!",
        "unimplemented!",
        ".unwrap()",
    ];
    let mut complaints = Vec::new();
    for file in sources(&[".rs"]).iter().filter(|f| {
        !f.is_test() && !f.path.contains("/examples/") && !f.path.ends_with("/build.rs")
    }) {
        if matches!(file.in_crate(), Some("tieline" | "testkit") | None) {
            continue;
        }
        for (number, line) in file.without_tests().lines().enumerate() {
            if let Some(call) = CALLS.iter().find(|call| code_of(line).contains(**call)) {
                complaints.push(format!("{}:{}: {call}", file.path, number + 1));
            }
        }
    }
    report("A library returns an error instead:", &complaints);
}

#[test]
fn every_reader_of_people_and_what_they_said_takes_a_scope() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"])
        .iter()
        .filter(|f| f.in_crate() == Some("storage") && !f.is_test())
    {
        let module = file.path.trim_start_matches("crates/storage/src/");
        if !PERSONAL.iter().any(|noun| module.starts_with(noun))
            || module.starts_with("contact_point")
        {
            continue;
        }
        for head in heads(file.without_tests()) {
            let reads = ["get", "list", "page", "find", "search", "count"]
                .iter()
                .any(|verb| head.starts_with(verb));
            if reads && !head.contains("Scope") {
                complaints.push(format!(
                    "{}: {}",
                    file.path,
                    head.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    report("These readers do not ask who is reading:", &complaints);
}

/// What `web` reads of people and of what they said, by the module that reads it.
const READ_IN_SCOPE: &[&str] = &[
    "contact::",
    "conversation::",
    "message::",
    "link::",
    "sync_run::changes",
];

#[test]
fn the_api_reads_people_and_what_they_said_only_within_a_scope() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"])
        .iter()
        .filter(|file| file.in_crate() == Some("web") && !file.is_test())
    {
        let text = file.without_tests();
        for call in unscoped(text) {
            complaints.push(format!("{}: {call}", file.path));
        }
    }
    report("Hand these the scope of whoever asks:", &complaints);
}

/// Calls of readers of people that are handed no scope.
fn unscoped(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for module in READ_IN_SCOPE {
        for (at, _) in text.match_indices(module) {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            let call = &text[at..];
            let Some(open) =
                call.find(|it: char| !it.is_ascii_lowercase() && it != '_' && it != ':')
            else {
                continue;
            };
            if before.is_ascii_alphanumeric()
                || before == '_'
                || before == ':'
                || !call[open..].starts_with('(')
            {
                continue;
            }
            let call = &call[..call.find(';').unwrap_or(call.len())];
            if !call.to_lowercase().contains("scope") {
                found.push(call.lines().next().unwrap_or_default());
            }
        }
    }
    found
}

#[test]
fn a_reader_without_a_scope_is_seen_and_a_type_is_not() {
    let text = "x(contact::load_by_ids(&mut reader, &ids).await?; link::list(&mut r, &scope, 1); contact::Contact(1);";
    assert_eq!(
        unscoped(text),
        ["contact::load_by_ids(&mut reader, &ids).await?"]
    );
}

/// The heads of public async functions, from the name to the return type.
fn heads(text: &str) -> Vec<&str> {
    text.split("pub async fn ")
        .skip(1)
        .map(|rest| &rest[..rest.find('{').unwrap_or(rest.len())])
        .collect()
}

/// The line without a trailing comment, good enough for words that do not stand in strings.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

#[test]
fn a_head_ends_where_the_body_begins() {
    assert_eq!(
        heads("x pub async fn get(a: u8) -> u8 { 1 }"),
        ["get(a: u8) -> u8 "]
    );
}

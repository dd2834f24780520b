//! How SQLite works on what grows: by an index, however many rows there are.

use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;

/// Tables that grow with people and with what they say.
const GROWING: [&str; 13] = [
    "activity",
    "attempt",
    "audit",
    "consent",
    "consent_entry",
    "contact",
    "contact_has_point",
    "contact_point",
    "conversation",
    "link",
    "message",
    "participant",
    "unassigned_text",
];

/// Statements that go through a whole table, and why they may.
const SELDOM: [(&str, &str); 3] = [
    (
        "select 1 as one from contact where fields like",
        "a field's type changes",
    ),
    (
        "update activity set contact_id = $1 where contact_id = $2",
        "two contacts become one",
    ),
    (
        "select * from audit",
        "its columns are completed where it is asked for a page",
    ),
];

/// The statements that stand whole in our sources.
fn statements() -> Vec<String> {
    let mut folders = vec![PathBuf::from("src")];
    let mut found = Vec::new();
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(path).unwrap();
            folders.extend(inside.map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let lines = literal.split("\\\n").map(str::trim_start);
            let sql = lines.collect::<String>().replace("{in}", "$8, $9");
            let word = sql.split(' ').next().unwrap_or_default();
            if matches!(word, "select" | "update" | "delete") {
                found.push(sql);
            }
        }
    }
    found
}

#[test]
fn no_statement_goes_through_all_rows_of_a_table_that_grows() {
    let conn = Connection::open_in_memory().unwrap();
    let schema = include_str!("../../migrations/0001_hub.sql");
    conn.execute_batch(schema).unwrap();
    let mut explained = 0;
    for sql in statements() {
        // One that is put together from parts cannot be explained alone.
        let Ok(mut statement) = conn.prepare(&format!("explain query plan {sql}")) else {
            continue;
        };
        explained += 1;
        let mut steps = statement.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let step: String = step.get("detail").unwrap();
            let scanned = step
                .strip_prefix("SCAN ")
                .and_then(|it| it.split(' ').next());
            let is_seldom = SELDOM.iter().any(|(known, _)| sql.starts_with(known));
            let is_bad = scanned.is_some_and(|table| GROWING.contains(&table)) && !is_seldom;
            assert!(!is_bad, "{step}: {sql}");
        }
    }
    assert!(explained > 100, "{explained} statements were found");
}

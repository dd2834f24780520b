//! Whatever a client sends as a query or a search, the org answers it or refuses it; it never
//! falls over. Queries that once were a problem stay in `corpus/soql` and are replayed.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::soql::parse;
use tieline_simulator::org::{Call, Org, OrgKind, OrgOptions, Search};

fn org() -> (Org, Call) {
    let org = Org::new(OrgOptions {
        seed: 7,
        contacts: 20,
        leads: 10,
        kind: OrgKind::Production,
        clock: Arc::new(SetClock::new(1_795_521_600_789)),
    });
    let call = Call::of(org.users()[0].id);
    (org, call)
}

/// Asks the org in every way that reads a query, and holds print and parse against each other.
fn ask(org: &Org, call: &Call, text: &str) {
    for include_deleted in [false, true] {
        if let Ok(answer) = org.query(call, text, include_deleted) {
            assert!(org.rows(call, &answer, 0..usize::MAX).len() <= answer.total_size());
        }
    }
    let _ = org.query_columns(call, text);
    if let Ok(search) = Search::parse(text) {
        let _ = org.search(call, &search);
    }
    if let Ok(query) = parse(text) {
        let printed = query.to_string();
        assert_eq!(parse(&printed).as_ref(), Ok(&query), "{text} as {printed}");
    }
}

fn run(cases: u32, strategy: impl Strategy<Value = String>) {
    let (org, call) = org();
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(&strategy, |text| {
        ask(&org, &call, &text);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_query_of_the_corpus_is_answered_or_refused() {
    let (org, call) = org();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/soql");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        ask(&org, &call, &text);
        seen += 1;
    }
    assert!(seen > 30);
}

#[test]
fn any_text_is_answered_or_refused() {
    run(512, any::<String>());
}

#[test]
fn any_soup_of_the_languages_words_is_answered_or_refused() {
    let words = prop::sample::select(vec![
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ORDER BY",
        "GROUP BY",
        "HAVING",
        "LIMIT",
        "OFFSET",
        "USING SCOPE",
        "FOR VIEW",
        "TYPEOF",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "COUNT()",
        "FIELDS(ALL)",
        "toLabel(",
        "MAX(",
        "CALENDAR_YEAR(",
        "Id",
        "Name",
        "Account",
        "Contact",
        "Account.Name",
        "Owner.Name",
        "Who",
        "Amount",
        "CreatedDate",
        "Contacts",
        "Task",
        "(",
        ")",
        ",",
        ".",
        "=",
        "!=",
        "<",
        "'a'",
        "'%'",
        "1",
        "-1",
        "null",
        "true",
        "TODAY",
        "LAST_N_DAYS:3",
        "2026-11-24",
        "2026-11-24T12:00:00Z",
        "FIND",
        "{ab}",
        "{a* OR (b}",
        "RETURNING",
        "FIELDS",
        "ALL",
        "mine",
        "DESC",
        "NULLS LAST",
        ":",
        "\u{130}",
    ]);
    let soup = prop::collection::vec(words, 1..25);
    run(4_000, soup.prop_map(|words| words.join(" ")));
}

#[test]
fn queries_that_almost_work_are_answered_or_refused() {
    let field = prop::sample::select(vec![
        "Id",
        "Name",
        "Owner.Name",
        "MailingAddress",
        "Birthdate",
        "CreatedDate",
        "HasOptedOutOfEmail",
        "(SELECT Id FROM Tasks)",
        "COUNT(Id)",
        "MAX(CreatedDate) m",
        "toLabel(LeadSource)",
        "Nope",
        "DAY_ONLY(CreatedDate)",
        "ReportsTo.Account.Owner.Profile.Name",
    ]);
    let value = prop::sample::select(vec![
        "'x'",
        "''",
        "null",
        "true",
        "0",
        "1.5",
        "2026-11-24",
        "2026-11-24T00:00:00Z",
        "THIS_WEEK",
        "NEXT_N_YEARS:9999",
        "('a', null)",
        "(SELECT ContactId FROM CampaignMember)",
        "()",
        "\\",
    ]);
    let sign = prop::sample::select(vec![
        "=", "!=", "<", ">=", "LIKE", "IN", "NOT IN", "INCLUDES",
    ]);
    let clause = (field.clone(), sign, value).prop_map(|(f, s, v)| format!("{f} {s} {v}"));
    let clauses = prop::collection::vec(clause, 1..4).prop_map(|all| all.join(" OR "));
    let fields = prop::collection::vec(field.clone(), 1..4).prop_map(|all| all.join(", "));
    let tail = (field.clone(), field, 0_u64..3_000);
    let whole = (fields, clauses, tail).prop_map(|(fields, clauses, (group, order, number))| {
        match number % 3 {
            0 => format!(
                "SELECT {fields} FROM Contact WHERE {clauses} ORDER BY {order} LIMIT {number}"
            ),
            1 => format!("SELECT {fields} FROM Contact WHERE {clauses} GROUP BY {group}"),
            _ => format!("SELECT {fields} FROM Contact WHERE {clauses} LIMIT 5 OFFSET {number}"),
        }
    });
    run(3_000, whole);
}

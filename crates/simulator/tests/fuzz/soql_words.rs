//! Random texts made of the query language's own words, from soup to queries that almost work.

use crate::run;
use crate::targets::soql_query;
use proptest::prelude::*;

fn ask(cases: u32, texts: impl Strategy<Value = String>) {
    run(cases, texts, |text| soql_query(text.as_bytes()));
}

#[test]
fn any_text_is_answered_or_refused() {
    ask(512, any::<String>());
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
    ask(4_000, soup.prop_map(|words| words.join(" ")));
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
    ask(3_000, whole);
}

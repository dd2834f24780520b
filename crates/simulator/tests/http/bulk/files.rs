//! What a file may look like, how far one goes before the job fails, and what its rows leave behind.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;

use super::{INGEST, insert};
use crate::support::world;

#[tokio::test]
async fn every_delimiter_and_line_ending_is_read_and_written() {
    let world = world();
    let delimiters = [
        ("BACKQUOTE", "`"),
        ("CARET", "^"),
        ("COMMA", ","),
        ("PIPE", "|"),
        ("SEMICOLON", ";"),
        ("TAB", "\t"),
    ];
    for (name, sign) in delimiters {
        for (ending, end) in [("LF", "\n"), ("CRLF", "\r\n")] {
            let job = json!({"object": "Contact", "operation": "insert",
                "columnDelimiter": name, "lineEnding": ending});
            let data =
                format!("LastName{sign}Title{end}\"a{sign}\"\"b\"\"\"{sign}\"one{end}two\"{end}");
            let (path, info) = world.loaded(job, &data).await;
            assert_eq!(
                (&info["state"], &info["numberRecordsFailed"]),
                (&json!("JobComplete"), &json!(0)),
                "{name} {ending}: {info}"
            );
            assert_eq!(
                (&info["columnDelimiter"], &info["lineEnding"]),
                (&json!(name), &json!(ending))
            );
            let text = world.get(&format!("{path}/successfulResults")).await.text();
            let head =
                format!("\"sf__Id\"{sign}\"sf__Created\"{sign}\"LastName\"{sign}\"Title\"{end}");
            assert!(text.starts_with(&head), "{text:?}");
            let row = format!("{sign}\"true\"{sign}\"a{sign}\"\"b\"\"\"{sign}\"one{end}two\"{end}");
            assert!(text.ends_with(&row), "{text:?}");
        }
    }
}

#[tokio::test]
async fn mistake_31_a_file_that_breaks_the_rules_fails_the_job_and_saves_nothing() {
    let world = world();
    let long_cell = format!("LastName,Description\nx,{}\n", "d".repeat(32_001));
    let columns: Vec<String> = (0..5_001).map(|n| format!("A{n}")).collect();
    let names: Vec<String> = (0..13).map(|n| format!("F{n}")).collect();
    let cells = vec!["d".repeat(31_000); 13].join(",");
    let long_record = format!("{}\n{cells}\n", names.join(","));
    let header = format!("{}\nx\n", "L".repeat(32_001));
    let cases = [
        ("LastName\n\"open\n".to_owned(), "A quote is not closed"),
        (
            "LastName,Title\nx, \"y\"\n".to_owned(),
            "A quote stands inside of a value",
        ),
        (
            "LastName,Title\n\"x\" ,y\n".to_owned(),
            "A quote stands inside of a value",
        ),
        (
            "LastName\nO\"Neil\n".to_owned(),
            "A quote stands inside of a value",
        ),
        (
            "LastName\rOld Mac\r".to_owned(),
            "LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (long_cell, "A field or a record is too long"),
        (long_record, "A field or a record is too long"),
        (format!("{}\n", columns.join(",")), "More than 5000 columns"),
        (header, "The header has more than 32000 characters"),
        ("\n\n".to_owned(), "The file has no header"),
        (
            "Account.Nope,LastName\na,b\n".to_owned(),
            "Field name not found : Account.Nope",
        ),
    ];
    let before = world.simulator.org().changes().len();
    for (data, message) in cases {
        let (_, info) = world.loaded(insert(), &data).await;
        let said = info["errorMessage"].as_str().unwrap_or_default();
        assert_eq!(info["state"], "Failed", "{message}");
        assert!(said.ends_with(message), "{said}");
    }
    assert_eq!(world.simulator.org().changes().len(), before);
}

#[tokio::test]
async fn a_file_may_begin_with_a_mark_and_end_without_a_line_and_blanks_are_kept() {
    let world = world();
    let (path, info) = world
        .loaded(insert(), "\u{feff}LastName,Title\nMarked, Boss ")
        .await;
    assert_eq!(info["numberRecordsFailed"], 0, "{info}");
    let lines = world.lines(&format!("{path}/successfulResults")).await;
    assert!(lines[1].ends_with("\"Marked\",\" Boss \""), "{}", lines[1]);
}

#[tokio::test]
async fn a_file_of_a_header_alone_is_complete_with_no_rows() {
    let (_, info) = world().loaded(insert(), "LastName\n").await;
    assert_eq!(
        (&info["state"], &info["numberRecordsProcessed"]),
        (&json!("JobComplete"), &json!(0))
    );
}

#[tokio::test]
async fn mistake_32_rows_that_were_not_worked_off_are_the_unprocessed_ones() {
    let world = world();
    let rows: String = (0..3_000).map(|n| format!("Row {n}\n")).collect();
    let data = format!("LastName\n{rows}");
    let abort = json!({"state": "Aborted"});
    let early = world.filled(insert(), &data).await;
    world.json(Method::PATCH, &early, abort.clone()).await;
    let midway = world.filled(insert(), &data).await;
    let closed = json!({"state": "UploadComplete"});
    world.json(Method::PATCH, &midway, closed.clone()).await;
    world.clock.advance(150);
    let info = world.get(&midway).await.json();
    let done = info["numberRecordsProcessed"].as_u64().unwrap() as usize;
    assert!((200..3_000).contains(&done), "{info}");
    world.json(Method::PATCH, &midway, abort).await;
    let (failed, _) = world.loaded(insert(), "LastName,Nope\na,b\n").await;
    world.clock.advance(60_000);
    for (path, rows) in [(early, 3_000), (midway, 3_000 - done), (failed, 1)] {
        let left = world.lines(&format!("{path}/unprocessedRecords")).await;
        assert_eq!(left.len() - 1, rows, "{path}");
        let again = world.json(Method::PATCH, &path, closed.clone()).await;
        assert_eq!(again.code(), "INVALIDJOBSTATE");
    }
    let made = world.ids("SELECT Id FROM Contact WHERE LastName LIKE 'Row %'");
    assert_eq!(made.len(), done);
}

#[tokio::test]
async fn rows_are_saved_in_transactions_of_200_and_the_log_names_the_client() {
    let world = world();
    let rows: String = (0..450).map(|n| format!("Row {n}\n")).collect();
    let request = world
        .request(Method::POST, INGEST)
        .header("content-type", "application/json")
        .header("sforce-call-options", "client=loader")
        .body(Body::from(insert().to_string()));
    let made = world.send(request.unwrap()).await.json();
    let path = format!("{INGEST}/{}", made["id"].as_str().unwrap());
    world
        .put_csv(&format!("{path}/batches"), &format!("LastName\n{rows}"))
        .await;
    let closed = json!({"state": "UploadComplete"});
    world.json(Method::PATCH, &path, closed).await;
    world.clock.advance(60_000);
    world.simulator.work_jobs();
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    for change in world.simulator.org().changes() {
        if change.client.as_deref() == Some("loader") {
            *sizes.entry(change.transaction).or_default() += 1;
        }
    }
    assert_eq!(sizes.into_values().collect::<Vec<_>>(), [200, 200, 50]);
}

#[tokio::test]
async fn mistake_31_n_a_empties_a_lookup_whichever_way_the_parent_is_named() {
    let world = world();
    for column in ["AccountId", "Account.External_Id__c"] {
        let soql = "SELECT Id FROM Contact WHERE AccountId != null LIMIT 1";
        let id = world.ids(soql).remove(0);
        let job = json!({"object": "Contact", "operation": "update"});
        let (_, info) = world
            .loaded(job, &format!("Id,{column}\n{id},#N/A\n"))
            .await;
        assert_eq!(info["numberRecordsFailed"], 0, "{column}");
        let left = format!("SELECT Id FROM Contact WHERE Id = '{id}' AND AccountId = null");
        assert_eq!(world.ids(&left), [id], "{column}");
    }
}

#[tokio::test]
async fn jobs_that_cannot_be_made_are_refused_with_the_reason() {
    let world = world();
    let cases = [
        (json!({"operation": "insert"}), "INVALIDENTITY"),
        (
            json!({"object": "Nope", "operation": "insert"}),
            "INVALIDENTITY",
        ),
        (
            json!({"object": "Contact", "operation": "query"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Contact", "operation": "upsert"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Title"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Contact", "operation": "insert", "columnDelimiter": "SPACE"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Contact", "operation": "insert", "lineEnding": "CR"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Contact", "operation": "insert", "contentType": "JSON"}),
            "INVALIDJOB",
        ),
    ];
    for (job, code) in cases {
        let reply = world.json(Method::POST, INGEST, job.clone()).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{job}"
        );
    }
}

#[tokio::test]
async fn the_list_has_pages_of_a_thousand_and_can_be_filtered() {
    let world = world();
    for _ in 0..1_001 {
        world.json(Method::POST, INGEST, insert()).await;
    }
    let first = world
        .get(&format!("{INGEST}?jobType=V2Ingest"))
        .await
        .json();
    assert_eq!(
        (first["records"].as_array().unwrap().len(), &first["done"]),
        (1_000, &json!(false))
    );
    let next = first["nextRecordsUrl"].as_str().unwrap();
    let next = next.strip_prefix("/services/data/").unwrap();
    assert!(next.ends_with("&jobType=V2Ingest"), "{next}");
    let last = world.get(next).await.json();
    assert_eq!(
        (last["records"].as_array().unwrap().len(), &last["done"]),
        (1, &json!(true))
    );
    let classic = world.get(&format!("{INGEST}?jobType=Classic")).await.json();
    assert_eq!(classic["records"], json!([]));
}

#[tokio::test]
async fn more_than_a_hundred_megabytes_are_refused_and_the_job_stays_open() {
    let world = world();
    let made = world.json(Method::POST, INGEST, insert()).await.json();
    let path = format!("{INGEST}/{}", made["id"].as_str().unwrap());
    let data = "x".repeat(100 * 1_024 * 1_024 + 1);
    let reply = world.put_csv(&format!("{path}/batches"), &data).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::BAD_REQUEST, "CLIENTINPUTERROR")
    );
    assert_eq!(world.get(&path).await.json()["state"], "Open");
}

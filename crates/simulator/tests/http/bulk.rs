//! Bulk API 2.0 over HTTP, as loaders use it.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{Reply, World, world, world_with};

mod classic;
mod files;
mod queries;
mod rows;

const INGEST: &str = "v62.0/jobs/ingest";
const QUERY: &str = "v62.0/jobs/query";

impl World {
    async fn put_csv(&self, path: &str, data: &str) -> Reply {
        let request = self
            .request(Method::PUT, path)
            .header("content-type", "text/csv")
            .body(Body::from(data.to_owned()));
        self.send(request.unwrap()).await
    }

    /// A job with its data, not closed yet: its path.
    async fn filled(&self, job: Json, data: &str) -> String {
        let made = self.json(Method::POST, INGEST, job).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text());
        let path = format!("{INGEST}/{}", made.json()["id"].as_str().unwrap());
        let put = self.put_csv(&format!("{path}/batches"), data).await;
        assert_eq!(put.status, StatusCode::CREATED);
        path
    }

    /// The same, closed and worked off: its path and what it says of itself.
    async fn loaded(&self, job: Json, data: &str) -> (String, Json) {
        let path = self.filled(job, data).await;
        let closed = json!({"state": "UploadComplete"});
        assert_eq!(
            self.json(Method::PATCH, &path, closed).await.json()["state"],
            "UploadComplete"
        );
        self.clock.advance(60_000);
        let info = self.get(&path).await.json();
        (path, info)
    }

    async fn lines(&self, path: &str) -> Vec<String> {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        reply.text().lines().map(str::to_owned).collect()
    }

    fn ids(&self, soql: &str) -> Vec<String> {
        let found = self
            .simulator
            .org()
            .query(&self.call(), soql, false)
            .unwrap();
        let rows = self
            .simulator
            .org()
            .rows(&self.call(), &found, 0..found.len());
        rows.iter()
            .map(|row| row["Id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn insert() -> Json {
    json!({"object": "contact", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"})
}

#[tokio::test]
async fn a_job_goes_from_open_to_complete_and_tells_how_far_it_is() {
    let world = world();
    let rows: String = (0..5_000).map(|n| format!("Row {n}\n")).collect();
    let path = world.filled(insert(), &format!("LastName\n{rows}")).await;
    let state = async || {
        let info = world.get(&path).await.json();
        (
            info["state"].as_str().unwrap().to_owned(),
            info["numberRecordsProcessed"].clone(),
        )
    };
    assert_eq!(state().await, ("Open".to_owned(), json!(0)));
    world
        .json(Method::PATCH, &path, json!({"state": "UploadComplete"}))
        .await;
    assert_eq!(state().await, ("UploadComplete".to_owned(), json!(0)));
    world.clock.advance(120);
    let (name, done) = state().await;
    assert_eq!(name, "InProgress");
    assert!(
        done.as_i64().unwrap() > 0 && done.as_i64().unwrap() < 5_000,
        "{done}"
    );
    world.clock.advance(10_000);
    assert_eq!(state().await, ("JobComplete".to_owned(), json!(5_000)));
    assert_eq!(
        world
            .ids("SELECT Id FROM Contact WHERE LastName LIKE 'Row %'")
            .len(),
        5_000
    );
}

#[tokio::test]
async fn mistake_09_data_is_taken_with_201_and_only_once() {
    let world = world();
    let path = world.filled(insert(), "LastName\nSato\n").await;
    let again = world
        .put_csv(&format!("{path}/batches"), "LastName\nSato\n")
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (StatusCode::BAD_REQUEST, "INVALIDJOBSTATE")
    );
}

#[tokio::test]
async fn mistake_30_pages_tell_their_rows_and_the_last_one_has_the_locator_null() {
    let world = world_with(450);
    let soql = "SELECT Id, Name, Account.Name FROM Contact";
    let made = world
        .json(
            Method::POST,
            QUERY,
            json!({"operation": "query", "query": soql}),
        )
        .await;
    let job = format!("{QUERY}/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(made.json()["state"], "UploadComplete");
    assert_eq!(
        world.get(&format!("{job}/results")).await.code(),
        "INVALIDJOBSTATE"
    );
    world.clock.advance(200);
    let total = world.get(&job).await.json()["numberRecordsProcessed"]
        .as_u64()
        .unwrap() as usize;
    let (mut locator, mut ids, mut pages) = (String::new(), Vec::new(), 0);
    while locator != "null" {
        let page = world
            .get(&format!("{job}/results?maxRecords=200&locator={locator}"))
            .await;
        let text = page.text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("\"Id\",\"Name\",\"Account.Name\""));
        let rows: Vec<String> = lines.map(|line| line[1..19].to_owned()).collect();
        assert_eq!(
            page.header("sforce-numberofrecords"),
            Some(rows.len().to_string().as_str())
        );
        ids.extend(rows);
        locator = page.header("sforce-locator").unwrap().to_owned();
        pages += 1;
    }
    assert_eq!((pages, ids.len()), (total.div_ceil(200), total));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), total);
    let other = world.get(&job.replace("v62.0", "v61.0")).await.status;
    assert_eq!(other, StatusCode::OK);
    let other = world
        .get(&format!("{}/results", job.replace("v62.0", "v61.0")))
        .await
        .status;
    assert_eq!(other, StatusCode::CONFLICT);
}

#[tokio::test]
async fn mistake_31_results_are_not_in_the_order_of_the_upload_and_one_bad_row_fails_alone() {
    let world = world();
    let rows: String = (0..300)
        .map(|n| {
            if n == 7 {
                ",no name\n".to_owned()
            } else {
                format!("Row {n},\n")
            }
        })
        .collect();
    let (path, info) = world
        .loaded(insert(), &format!("LastName,Title\n{rows}"))
        .await;
    assert_eq!(info["state"], "JobComplete");
    assert_eq!(
        (
            &info["numberRecordsProcessed"],
            &info["numberRecordsFailed"]
        ),
        (&json!(300), &json!(1))
    );
    let done = world.lines(&format!("{path}/successfulResults/")).await;
    assert_eq!(done[0], "\"sf__Id\",\"sf__Created\",\"LastName\",\"Title\"");
    assert_eq!(done.len(), 300);
    assert!(
        !done[1].contains("\"Row 0\"") || !done[2].contains("\"Row 1\""),
        "in order of upload"
    );
    for line in &done[1..] {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        let soql = format!("SELECT Id FROM Contact WHERE LastName = '{}'", cells[2]);
        assert_eq!(world.ids(&soql), [cells[0]]);
    }
    let failed = world.lines(&format!("{path}/failedResults")).await;
    let wanted = "\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --\",\"\",\"no name\"";
    assert_eq!(failed[1..], [wanted]);
}

#[tokio::test]
async fn mistake_31_an_empty_cell_leaves_a_field_alone_and_only_n_a_empties_it() {
    let world = world();
    let ids = world.ids("SELECT Id FROM Contact WHERE Title != null AND Phone != null LIMIT 1");
    let job = json!({"object": "Contact", "operation": "update"});
    let (_, info) = world
        .loaded(job, &format!("Id,Title,Phone\n{},,#N/A\n", ids[0]))
        .await;
    assert_eq!(info["numberRecordsFailed"], 0);
    let record = world
        .get(&format!(
            "v62.0/sobjects/Contact/{}?fields=Title,Phone",
            ids[0]
        ))
        .await
        .json();
    assert!(record["Title"].is_string());
    assert_eq!(record["Phone"], Json::Null);
}

#[tokio::test]
async fn mistake_31_what_makes_the_file_unreadable_fails_the_job() {
    let world = world();
    let crlf = json!({"object": "Contact", "operation": "insert", "lineEnding": "CRLF"});
    let delete = json!({"object": "Contact", "operation": "delete"});
    let cases = [
        (
            insert(),
            "LastName,Foo\nSato,1\n",
            "InvalidBatch : Field name not found : Foo",
        ),
        (insert(), "", "InvalidBatch : The file has no header"),
        (
            insert(),
            "LastName,lastname\na,b\n",
            "InvalidBatch : Field name is a duplicate : lastname",
        ),
        (
            insert(),
            "LastName,Title\nSato\n",
            "InvalidBatch : The number of columns in a row is 1, the header has 2",
        ),
        (
            insert(),
            "LastName\r\nSato\r\n",
            "LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            crlf,
            "LastName\nSato\n",
            "LineEnding is invalid on user data. Current LineEnding setting is CRLF",
        ),
        (
            delete,
            "Id,LastName\n003000000000001,a\n",
            "InvalidBatch : A delete takes the column Id and no other",
        ),
    ];
    for (job, data, message) in cases {
        let (path, info) = world.loaded(job, data).await;
        assert_eq!(
            (info["state"].as_str(), info["errorMessage"].as_str()),
            (Some("Failed"), Some(message))
        );
        assert_eq!(
            world.get(&format!("{path}/successfulResults")).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn mistake_32_the_path_of_unprocessed_records_has_any_case_and_content_url_no_first_slash() {
    let world = world();
    let made = world.json(Method::POST, INGEST, insert()).await.json();
    let url = made["contentUrl"].as_str().unwrap();
    assert_eq!(
        url,
        format!(
            "services/data/v62.0/jobs/ingest/{}/batches",
            made["id"].as_str().unwrap()
        )
    );
    assert_eq!(made["apiVersion"], json!(62.0));
    let path = world.filled(insert(), "LastName\nOne\nTwo\n").await;
    world
        .json(Method::PATCH, &path, json!({"state": "UploadComplete"}))
        .await;
    assert_eq!(
        world
            .json(Method::PATCH, &path, json!({"state": "Aborted"}))
            .await
            .json()["state"],
        "Aborted"
    );
    world.clock.advance(60_000);
    for name in ["unprocessedrecords", "unprocessedRecords"] {
        assert_eq!(
            world.get(&format!("{path}/{name}/")).await.status,
            StatusCode::OK
        );
    }
    assert_eq!(world.get(&path).await.json()["state"], "Aborted");
    assert_eq!(
        world
            .ids("SELECT Id FROM Contact WHERE LastName = 'One'")
            .len(),
        0
    );
}

#[tokio::test]
async fn upserts_find_records_by_the_key_and_parents_by_theirs() {
    let world = world();
    let job = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "External_Id__c",
        "columnDelimiter": "SEMICOLON"});
    let data =
        "External_Id__c;LastName;Account.External_Id__c\nup-1;\"O\"\"Neil; Jr\";acc-1\nup-2;Two;\n";
    let account = world.ids("SELECT Id FROM Account LIMIT 1");
    let key = json!({"External_Id__c": "acc-1"});
    world
        .json(
            Method::PATCH,
            &format!("v62.0/sobjects/Account/{}", account[0]),
            key,
        )
        .await;
    let created = async || {
        let (path, info) = world.loaded(job.clone(), data).await;
        assert_eq!(
            info["numberRecordsFailed"],
            0,
            "{}",
            world.get(&format!("{path}/failedResults")).await.text()
        );
        let lines = world.lines(&format!("{path}/successfulResults")).await;
        lines[1..]
            .iter()
            .filter(|line| line.contains(";\"true\";"))
            .count()
    };
    assert_eq!((created().await, created().await), (2, 0));
    let found = world.ids(&format!(
        "SELECT Id FROM Contact WHERE AccountId = '{}' AND LastName = 'O\"Neil; Jr'",
        account[0]
    ));
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn deletes_go_to_the_recycle_bin_and_a_hard_delete_needs_its_right() {
    let world = world();
    let ids = world.ids("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 2");
    let job = |operation: &str| json!({"object": "Lead", "operation": operation});
    let data = format!("Id\n{}\n{}\n", ids[0], ids[1]);
    assert_eq!(
        world.loaded(job("delete"), &data).await.1["numberRecordsFailed"],
        0
    );
    assert_eq!(
        world.loaded(job("delete"), &data).await.1["numberRecordsFailed"],
        2
    );
    let hard = world.json(Method::POST, INGEST, job("hardDelete")).await;
    assert_eq!(hard.code(), "FEATURENOTENABLED");
}

#[tokio::test]
async fn small_data_may_come_with_the_job_in_one_request() {
    let world = world();
    let body = "--B\r\nContent-Disposition: form-data; name=\"job\"\r\nContent-Type: application/json\r\n\r\n\
        {\"object\":\"Contact\",\"operation\":\"insert\"}\r\n--B\r\nContent-Disposition: form-data; name=\"content\"; \
        filename=\"content\"\r\nContent-Type: text/csv\r\n\r\nLastName\nMulti\n\r\n--B--\r\n";
    let request = world
        .request(Method::POST, INGEST)
        .header("content-type", "multipart/form-data; boundary=B")
        .body(Body::from(body));
    let made = world.send(request.unwrap()).await;
    assert_eq!(made.json()["state"], "UploadComplete", "{}", made.text());
    world.clock.advance(1_000);
    let path = format!("{INGEST}/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.json()["numberRecordsProcessed"], 1);
}

#[tokio::test]
async fn queries_that_bulk_does_not_run_are_refused_with_the_reason() {
    let world = world();
    let cases = [
        ("SELECT COUNT(Id) FROM Contact", "API_ERROR"),
        (
            "SELECT LastName FROM Contact GROUP BY LastName",
            "API_ERROR",
        ),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "API_ERROR",
        ),
        ("SELECT Id FROM Contact OFFSET 3", "API_ERROR"),
        (
            "SELECT TYPEOF Who WHEN Contact THEN Id END FROM Task",
            "API_ERROR",
        ),
        ("SELECT MailingAddress FROM Contact", "FEATURENOTENABLED"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT FROM", "MALFORMED_QUERY"),
    ];
    for (soql, code) in cases {
        let reply = world
            .json(
                Method::POST,
                QUERY,
                json!({"operation": "query", "query": soql}),
            )
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{soql}"
        );
    }
}

#[tokio::test]
async fn a_bulk_query_says_what_a_query_says() {
    let world = world_with(50);
    let soql = "SELECT Id, FirstName, Email, HasOptedOutOfEmail, Birthdate, CreatedDate, Account.Name, Owner.Name FROM Contact ORDER BY Id";
    let made = world
        .json(
            Method::POST,
            QUERY,
            json!({"operation": "query", "query": soql}),
        )
        .await;
    world.clock.advance(200);
    let job = format!("{QUERY}/{}/results", made.json()["id"].as_str().unwrap());
    let csv = world.get(&job).await;
    let mut reader = csv::Reader::from_reader(csv.body.as_ref());
    let heads = reader.headers().unwrap().clone();
    let found = world
        .simulator
        .org()
        .query(&world.call(), soql, false)
        .unwrap();
    let rows = world
        .simulator
        .org()
        .rows(&world.call(), &found, 0..found.len());
    let mut count = 0;
    for (row, record) in rows.iter().zip(reader.records()) {
        for (head, cell) in heads.iter().zip(record.unwrap().iter()) {
            let shown = match row.pointer(&format!("/{}", head.replace('.', "/"))) {
                None | Some(Json::Null) => String::new(),
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            assert_eq!(cell, shown, "{head}");
        }
        count += 1;
    }
    assert_eq!(count, rows.len());
}

#[tokio::test]
async fn jobs_and_batches_count_against_the_day_and_are_forgotten_after_a_week() {
    let world = world();
    let left = async |name: &str| {
        world.get("v62.0/limits").await.json()[name]["Remaining"]
            .as_i64()
            .unwrap()
    };
    let before = (
        left("DailyBulkApiBatches").await,
        left("DailyBulkV2QueryJobs").await,
    );
    let (path, _) = world.loaded(insert(), "LastName\nSato\n").await;
    world
        .json(
            Method::POST,
            QUERY,
            json!({"operation": "query", "query": "SELECT Id FROM Lead"}),
        )
        .await;
    let after = (
        left("DailyBulkApiBatches").await,
        left("DailyBulkV2QueryJobs").await,
    );
    assert_eq!(after, (before.0 - 1, before.1 - 1));
    assert_eq!(
        world.get(INGEST).await.json()["records"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        world.json(Method::DELETE, &path, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND);
}

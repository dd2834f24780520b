//! Several requests in one, with references between them and all-or-none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tieline_simulator::org::Act;

use crate::support::{Reply, World, world};

const PATH: &str = "v62.0/composite";
/// Tries to meet a job at work.
const TRANSACTIONS: usize = 60;

async fn composite(world: &World, all_or_none: bool, subrequests: Json) -> Reply {
    let body = json!({"allOrNone": all_or_none, "compositeRequest": subrequests});
    world.json(Method::POST, PATH, body).await
}

fn create(reference: &str, object: &str, body: Json) -> Json {
    let url = format!("/services/data/v62.0/sobjects/{object}");
    json!({"method": "POST", "url": url, "referenceId": reference, "body": body})
}

fn get(reference: &str, path: &str) -> Json {
    let url = format!("/services/data/v62.0/{path}");
    json!({"method": "GET", "url": url, "referenceId": reference})
}

#[tokio::test]
async fn later_subrequests_use_the_answers_of_earlier_ones() {
    let world = world();
    let reply = composite(
        &world,
        true,
        json!([
            create("account", "Account", json!({"Name": "Lumen"})),
            create(
                "contact",
                "Contact",
                json!({"LastName": "Ito", "AccountId": "@{account.id}"})
            ),
            get(
                "one",
                "sobjects/Contact/@{contact.id}?fields=LastName,AccountId"
            ),
            get(
                "found",
                "query?q=SELECT+Id+FROM+Contact+WHERE+AccountId='@{account.id}'"
            ),
            get(
                "many",
                "composite/sobjects/Contact?ids=@{found.records[0].Id}&fields=Name"
            ),
            get("again", "sobjects/Contact/@{many[0].Id}?fields=Name"),
        ]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    let json = reply.json();
    let answers = json["compositeResponse"].as_array().unwrap();
    let statuses: Vec<u64> = answers
        .iter()
        .map(|a| a["httpStatusCode"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 201, 200, 200, 200, 200], "{json}");
    let account = answers[0]["body"]["id"].as_str().unwrap();
    assert_eq!(answers[2]["body"]["AccountId"], account);
    assert_eq!(answers[5]["body"]["Name"], "Ito");
    assert_eq!(
        answers[0]["httpHeaders"]["Location"],
        format!("/services/data/v62.0/sobjects/Account/{account}")
    );
    assert_eq!(answers[0]["referenceId"], "account");
    assert_eq!(world.simulator.calls_used(), 1, "one call counts");
}

#[tokio::test]
async fn mistake_12_a_composite_whose_parts_fail_is_still_200() {
    let world = world();
    let reply = composite(
        &world,
        false,
        json!([
            create("bad", "Contact", json!({"FirstName": "No last name"})),
            create("child", "Task", json!({"WhoId": "@{bad.id}"})),
            create("good", "Contact", json!({"LastName": "Kept"})),
            get("gone", "sobjects/Nope"),
        ]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    let json = reply.json();
    let answers = &json["compositeResponse"];
    assert_eq!(answers[0]["httpStatusCode"], 400);
    assert_eq!(answers[0]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(answers[0]["body"][0]["fields"], json!(["LastName"]));
    assert_eq!(
        answers[1]["body"],
        json!([{
            "errorCode": "PROCESSING_HALTED",
            "message": "Invalid reference specified. No value for bad.id found in bad",
        }])
    );
    assert_eq!(answers[1]["httpStatusCode"], 400);
    assert_eq!(answers[2]["httpStatusCode"], 201, "the others go on");
    assert_eq!(answers[3]["httpStatusCode"], 404);
}

#[tokio::test]
async fn mistake_13_all_or_none_takes_everything_back_and_says_so_to_each_sibling() {
    let world = world();
    let before = world.simulator.org().changes().len();
    let reply = composite(
        &world,
        true,
        json!([
            create("first", "Account", json!({"Name": "Undone"})),
            create("bad", "Contact", json!({"FirstName": "No last name"})),
            create("never", "Account", json!({"Name": "Never"})),
        ]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    let json = reply.json();
    let halted = |at: usize| {
        let answer = &json["compositeResponse"][at];
        assert_eq!(answer["httpStatusCode"], 400);
        let error = &answer["body"][0];
        (error["errorCode"].clone(), error["message"].clone())
    };
    let text = "The transaction was rolled back since another operation in the same transaction \
                failed.";
    assert_eq!(halted(0), (json!("PROCESSING_HALTED"), json!(text)));
    assert_eq!(halted(1).0, json!("REQUIRED_FIELD_MISSING"));
    assert_eq!(halted(2), (json!("PROCESSING_HALTED"), json!(text)));
    let org = world.simulator.org();
    let soql = "SELECT count() FROM Account WHERE Name IN ('Undone', 'Never')";
    assert_eq!(
        org.query(&world.call(), soql, true).unwrap().total_size(),
        0
    );
    assert_eq!(org.changes().len(), before, "the log knows nothing of it");
}

#[tokio::test]
async fn a_collection_inside_decides_for_itself_unless_it_is_all_or_none_too() {
    for (inner, kept) in [(false, true), (true, false)] {
        let world = world();
        let records = json!([
            {"attributes": {"type": "Contact"}, "LastName": "Row"},
            {"attributes": {"type": "Contact"}, "Title": "No name"},
        ]);
        let reply = composite(
            &world,
            true,
            json!([
                create("account", "Account", json!({"Name": "Whole"})),
                {
                    "method": "POST",
                    "url": "/services/data/v62.0/composite/sobjects",
                    "referenceId": "rows",
                    "body": {"allOrNone": inner, "records": records},
                },
            ]),
        )
        .await;
        let json = reply.json();
        assert_eq!(json["compositeResponse"][1]["httpStatusCode"], 200);
        let soql = "SELECT count() FROM Account WHERE Name = 'Whole'";
        let found = world.simulator.org().query(&world.call(), soql, false);
        assert_eq!(found.unwrap().total_size() == 1, kept, "{json}");
    }
}

#[tokio::test]
async fn changes_of_one_transaction_share_its_number() {
    let world = world();
    let pair = json!([
        create("a", "Account", json!({"Name": "A"})),
        create("b", "Account", json!({"Name": "B"})),
    ]);
    for all_or_none in [true, false] {
        composite(&world, all_or_none, pair.clone()).await;
    }
    let changes = world.simulator.org().changes();
    assert!(changes.iter().all(|change| change.act == Act::Create));
    let numbers: Vec<u64> = changes.iter().map(|change| change.transaction).collect();
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[2], numbers[3]);
}

#[tokio::test]
async fn an_update_has_no_body_and_headers_reach_the_subrequest() {
    let world = world();
    let soql = "SELECT Id FROM Account LIMIT 1";
    let org = world.simulator.org();
    let found = org.query(&world.call(), soql, false).unwrap();
    let id = org.rows(&world.call(), &found, 0..1)[0]["Id"].clone();
    let path = format!(
        "/services/data/v62.0/sobjects/Account/{}",
        id.as_str().unwrap()
    );
    let later = "Wed, 25 Nov 2026 00:00:00 GMT";
    let reply = composite(
        &world,
        false,
        json!([
            {"method": "PATCH", "url": path, "referenceId": "change", "body": {"Site": "HQ"}},
            {
                "method": "GET",
                "url": "/services/data/v62.0/sobjects/Contact/describe",
                "referenceId": "describe",
                "httpHeaders": {"If-Modified-Since": later},
            },
        ]),
    )
    .await;
    let json = reply.json();
    let (changed, described) = (&json["compositeResponse"][0], &json["compositeResponse"][1]);
    assert_eq!(changed["httpStatusCode"], 204);
    assert_eq!(changed["body"], Json::Null);
    assert_eq!(described["httpStatusCode"], 304);
    assert_eq!(described["body"], Json::Null);
}

#[tokio::test]
async fn requests_that_are_wrong_as_a_whole_are_refused_as_a_whole() {
    let world = world();
    let query = get("q", "query?q=SELECT+Id+FROM+Account");
    let named = |sub: &Json, name: String| {
        let mut sub = sub.clone();
        sub["referenceId"] = json!(name);
        sub
    };
    let many = |sub: &Json, count: usize| -> Json {
        (0..count).map(|n| named(sub, format!("r{n}"))).collect()
    };
    let limits = get("l", "limits");
    let cases = [
        ("no list", json!("x")),
        ("an empty one", json!([])),
        ("26 of them", many(&limits, 26)),
        ("6 queries", many(&query, 6)),
        (
            "no reference",
            json!([{"method": "GET", "url": "/services/data/v62.0/limits"}]),
        ),
        (
            "a strange reference",
            json!([named(&limits, "a-b".to_owned())]),
        ),
        ("one reference twice", json!([limits, limits])),
        (
            "a method in small letters",
            json!([{"method": "get", "url": "/", "referenceId": "a"}]),
        ),
        (
            "its own Accept",
            json!([{
                "method": "GET",
                "url": "/services/data/v62.0/limits",
                "referenceId": "a",
                "httpHeaders": {"Accept": "application/json"},
            }]),
        ),
    ];
    for (case, subrequests) in cases {
        let reply = composite(&world, false, subrequests).await;
        assert_eq!(
            reply.status,
            StatusCode::BAD_REQUEST,
            "{case}: {}",
            reply.text()
        );
    }
    let reply = composite(&world, false, many(&limits, 25)).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn a_composite_cannot_stand_in_a_composite_and_graphs_are_not_there() {
    let world = world();
    let inner = json!({"method": "POST", "url": "/services/data/v62.0/composite",
        "referenceId": "a", "body": {"compositeRequest": []}});
    let json = composite(&world, false, json!([inner])).await.json();
    assert_eq!(json["compositeResponse"][0]["httpStatusCode"], 400);
    let graph = world
        .json(Method::POST, "v62.0/composite/graph", json!({}))
        .await;
    assert_eq!(graph.status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(graph.code(), "NOT_IMPLEMENTED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_see_all_of_a_transaction_or_nothing() {
    let world = std::sync::Arc::new(world());
    let pair = |n: usize| {
        json!([
            create(
                "a",
                "Account",
                json!({"Name": "Pair", "Site": format!("{n}")})
            ),
            create(
                "b",
                "Contact",
                json!({"LastName": "Pair", "AccountId": "@{a.id}"})
            ),
            create(
                "c",
                "Contact",
                json!({"LastName": if n.is_multiple_of(2) { "Pair" } else { "" }})
            ),
        ])
    };
    let writers: Vec<_> = (0..20)
        .map(|n| {
            let world = world.clone();
            tokio::spawn(async move { composite(&world, true, pair(n)).await.status })
        })
        .collect();
    let reader = world.clone();
    let looking = tokio::spawn(async move {
        for _ in 0..50 {
            let path =
                "v62.0/query?q=SELECT+Id,(SELECT+Id+FROM+Contacts)+FROM+Account+WHERE+Name='Pair'";
            let json = reader.get(path).await.json();
            for row in json["records"].as_array().unwrap() {
                assert_eq!(row["Contacts"]["totalSize"], 1, "{json}");
            }
        }
    });
    for writer in writers {
        assert_eq!(writer.await.unwrap(), StatusCode::OK);
    }
    looking.await.unwrap();
    let soql = "SELECT count() FROM Account WHERE Name = 'Pair'";
    let found = world.simulator.org().query(&world.call(), soql, true);
    assert_eq!(found.unwrap().total_size(), 10);
}

/// A transaction keeps others off the records, so what it asks for must not be in the hands of one
/// of them: limits asked for in one, and jobs worked off beside it, once waited for each other.
#[test]
fn a_transaction_and_the_work_of_jobs_do_not_wait_for_each_other() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let world = world();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    block_on(work_off_a_job(&world));
                }
            });
            for _ in 0..TRANSACTIONS {
                let mut asked = vec![create("made", "Account", json!({"Name": "A"}))];
                asked.extend((0..20).map(|n| get(&format!("limits{n}"), "limits")));
                let reply = block_on(composite(&world, true, Json::from(asked)));
                assert_eq!(reply.status, StatusCode::OK);
            }
            over.store(true, Ordering::Relaxed);
        });
        done.send(()).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(()));
}

fn block_on<T>(act: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(act)
}

async fn work_off_a_job(world: &World) {
    let job = json!({"object": "Account", "operation": "insert"});
    let made = world.json(Method::POST, "v62.0/jobs/ingest", job).await;
    let path = format!("v62.0/jobs/ingest/{}", made.json()["id"].as_str().unwrap());
    let rows = format!("Name\n{}", "A row\n".repeat(20));
    let put = world.request(Method::PUT, &format!("{path}/batches"));
    let put = put.header("content-type", "text/csv").body(rows.into());
    world.send(put.unwrap()).await;
    let state = json!({"state": "UploadComplete"});
    world.json(Method::PATCH, &path, state).await;
    world.clock.advance(60_000);
    let reply = world.get(&path).await;
    assert_eq!(reply.json()["state"], "JobComplete");
}

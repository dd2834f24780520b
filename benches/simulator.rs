//! How fast and how large the pretend org is: a million contacts, the pages that a sync reads, and
//! the rows per second of whole queries. `CONTACTS` and `PAGES` change the sizes.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench tells what it measured"
)]

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tieline_simulator::org::Call;
use tieline_simulator::{Outgoing, Running, ServeOptions, serve};
use tower::ServiceExt as _;

const CONTACTS: usize = 1_000_000;
const PAGES: usize = 200;
const JOBS: &str = "/services/data/v62.0/jobs/query";
/// What a sync asks for.
const COLUMNS: &str = "Id, FirstName, LastName, Email, MobilePhone, Phone, AccountId, OwnerId, \
    HasOptedOutOfEmail, IsDeleted, CreatedDate, LastModifiedDate, SystemModstamp";

#[tokio::main]
async fn main() {
    // `cargo test --benches` builds and starts this too; there it has nothing to do.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    // The client over a socket needs it, though it speaks plain http here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let contacts = setting("CONTACTS", CONTACTS);
    let before_kib = resident_kib();
    let started = Instant::now();
    let small = serve(ServeOptions::new(nowhere())).await.unwrap();
    println!("ready with the sample records: {:.0?}", started.elapsed());
    drop(small);
    let started = Instant::now();
    let options = ServeOptions::new(nowhere());
    let cpu = cpu_seconds();
    let running = serve(ServeOptions {
        contacts,
        ..options
    });
    let running = running.await.unwrap();
    let (loaded, cpu) = (started.elapsed(), cpu_seconds() - cpu);
    let bytes = (resident_kib() - before_kib) * 1_024 / contacts.max(1) as u64;
    println!(
        "{contacts} contacts: loaded in {:.2} s ({cpu:.2} s of a core), {bytes} bytes each",
        loaded.as_secs_f64()
    );
    pages(&running, setting("PAGES", PAGES)).await;
    json_query(&running, contacts).await;
    bulk_query(&running, contacts).await;
}

/// Latency of one page of a sync, at stamps spread over the years.
async fn pages(running: &Running, count: usize) {
    let stamps = stamps(running, count);
    let client = || reqwest::Client::builder().no_proxy();
    let (plain, packed) = (client().no_gzip().build(), client().gzip(true).build());
    let clients = [plain.unwrap(), packed.unwrap()];
    let (mut inside, mut outside) = (Vec::new(), [Vec::new(), Vec::new()]);
    for stamp in &stamps {
        let path = query(&format!(
            "SELECT {COLUMNS} FROM Contact WHERE SystemModstamp >= {stamp} ORDER BY SystemModstamp, Id LIMIT 2000"
        ));
        let started = Instant::now();
        let bytes = ask(running, &path).await;
        inside.push(started.elapsed());
        let access = &running.info.orgs[0];
        for (client, times) in clients.iter().zip(&mut outside) {
            let started = Instant::now();
            let url = format!("{}{path}", access.instance_url);
            let reply = client.get(url).bearer_auth(&access.access_token);
            let body = reply.send().await.unwrap().bytes().await.unwrap();
            times.push(started.elapsed());
            assert_eq!(body.len(), bytes.len());
        }
    }
    println!("page of 2000 in process: {}", spread(&mut inside));
    let [mut plain, mut packed] = outside;
    println!("page of 2000 by socket:  {}", spread(&mut plain));
    println!("the same with gzip:      {}", spread(&mut packed));
}

/// Rows per second of a whole query, page after page, on one thread.
async fn json_query(running: &Running, contacts: usize) {
    let cpu = cpu_seconds();
    let mut path = query(&format!("SELECT {COLUMNS} FROM Contact"));
    let mut pages = 0;
    loop {
        let page = ask(running, &path).await;
        pages += 1;
        // The way to the next page is looked for without reading the rows.
        let Some(next) = next_records_url(&page) else {
            break;
        };
        path = next;
    }
    let seconds = cpu_seconds() - cpu;
    println!(
        "JSON query: {:.0} rows/s of a core in {pages} pages",
        contacts as f64 / seconds
    );
}

/// Rows per second of a query job, from its creation to the last page.
async fn bulk_query(running: &Running, contacts: usize) {
    let job = json!({"operation": "query", "query": format!("SELECT {COLUMNS} FROM Contact")});
    let cpu = cpu_seconds();
    let made = send(running, Method::POST, JOBS, job.to_string()).await;
    let made: Value = serde_json::from_slice(&made.1).unwrap();
    let job = format!("{JOBS}/{}", made["id"].as_str().unwrap());
    let state = async || send(running, Method::GET, &job, String::new()).await.1;
    while !String::from_utf8_lossy(&state().await).contains("\"JobComplete\"") {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut locator, mut bytes) = (String::new(), 0);
    while locator != "null" {
        let path = format!("{job}/results?maxRecords=100000{locator}");
        let (headers, page) = send(running, Method::GET, &path, String::new()).await;
        bytes += page.len();
        locator = match headers["sforce-locator"].to_str().unwrap() {
            "null" => "null".to_owned(),
            next => format!("&locator={next}"),
        };
    }
    let seconds = cpu_seconds() - cpu;
    println!(
        "Bulk query: {:.0} rows/s of a core, {} bytes each",
        contacts as f64 / seconds,
        bytes / contacts.max(1)
    );
}

fn next_records_url(page: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\"nextRecordsUrl\":\"";
    let at = page.windows(KEY.len()).position(|part| part == KEY)? + KEY.len();
    let end = page[at..].iter().position(|byte| *byte == b'"')?;
    Some(String::from_utf8_lossy(&page[at..at + end]).into_owned())
}

async fn ask(running: &Running, path: &str) -> Bytes {
    send(running, Method::GET, path, String::new()).await.1
}

async fn send(running: &Running, method: Method, path: &str, body: String) -> (HeaderMap, Bytes) {
    let token = &running.info.orgs[0].access_token;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = running.simulator.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let (parts, body) = response.into_parts();
    (parts.headers, body.collect().await.unwrap().to_bytes())
}

fn query(soql: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
    format!("/services/data/v62.0/query?q={encoded}")
}

/// Moments over the last years, in the form that SOQL reads.
fn stamps(running: &Running, count: usize) -> Vec<String> {
    let org = running.simulator.org();
    let call = Call::of(org.users()[0].id);
    let soql = "SELECT SystemModstamp FROM Contact ORDER BY SystemModstamp, Id";
    let answer = org.query(&call, soql, false).unwrap();
    let at = |number: usize| {
        let row = number * answer.len() / count;
        let row = org.rows(&call, &answer, row..row + 1);
        let stamp = row[0]["SystemModstamp"].as_str().unwrap().to_owned();
        stamp.replace("+0000", "Z")
    };
    (0..count).map(at).collect()
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!("p50 {:.1?}, p99 {:.1?}", at(50), at(99))
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// Time that this process had a core, which other programs do not blur; in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| behind_name.split_whitespace().nth(at)?.parse::<f64>().ok();
    (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
}

fn setting(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given.map_or(usual, |text| text.parse().expect("a number"))
}

fn nowhere() -> Outgoing {
    Outgoing::new(tower::util::service_fn(|_| async {
        Ok(Response::new(Bytes::new()))
    }))
}

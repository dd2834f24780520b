//! How long a signed text takes to be acknowledged while strangers read whatever is public as fast
//! as they can: alone and beside them, in turns, on a fresh hub each time. Hub, readers and sender
//! are processes of their own. `cargo bench -p tieline --bench readers` runs it.
//!
//! The bound is a ratio with a little room: three times alone, and 50 ms.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench tells what it measured"
)]

#[path = "figures.rs"]
mod figures;
#[path = "inbound/load.rs"]
#[allow(dead_code, reason = "this bench looks at one figure")]
mod load;
#[path = "inbound/servers.rs"]
#[allow(dead_code, reason = "this bench asks the hub alone")]
mod servers;

use figures::{asked, line, median};
use load::{Target, load};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tieline_web::Credential;
use tieline_web::router::ROUTES;

const ROUNDS: usize = 5;
const SECONDS: usize = 5;
const READERS: usize = 100;
const TIMES_MAX: f64 = 3.0;
const MORE_MS_MAX: f64 = 50.0;

struct Round {
    alone_ms: f64,
    beside_ms: f64,
}

#[tokio::main]
async fn main() {
    // Refused where another came first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("hub") => servers::hub().await,
        Some("readers") => read(&words[2]).await,
        // `cargo test --benches` builds and starts this too; there it has nothing to do.
        _ if !words.iter().any(|word| word == "--bench") => {}
        _ => {
            let (rounds, seconds) = (asked("ROUNDS", ROUNDS), asked("SECONDS", SECONDS));
            let time = Duration::from_secs(seconds as u64);
            let mut measured = Vec::new();
            for number in 1..=rounds {
                eprintln!("round {number} of {rounds}");
                measured.push(Round {
                    alone_ms: measure(time, false).await,
                    beside_ms: measure(time, true).await,
                });
            }
            report(&measured);
        }
    }
}

/// All but one in a hundred texts are acknowledged within so many milliseconds.
async fn measure(time: Duration, beside: bool) -> f64 {
    let mut hub = start(&["hub"]);
    let out = hub.stdout.take().expect("its output is piped");
    let mut said = String::new();
    let read = BufReader::new(out).read_line(&mut said);
    read.expect("it says where it listens");
    let target: Target = serde_json::from_str(&said).expect("it is JSON");
    let mut readers = beside.then(|| start(&["readers", &target.address]));
    if beside {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let outcome = load(&target, 1, time).await;
    assert_eq!(outcome.refused, 0, "every text is taken");
    let ended = readers
        .as_mut()
        .map(|it| it.try_wait().expect("it is known"));
    assert_eq!(ended.flatten(), None, "the readers read all the time");
    for process in [Some(&mut hub), readers.as_mut()].into_iter().flatten() {
        process.kill().expect("it can be stopped");
        process.wait().expect("it ends");
    }
    outcome.p99_ms
}

fn start(words: &[&str]) -> Child {
    let this = std::env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(this);
    let started = command.args(words).stdout(Stdio::piped()).spawn();
    started.expect("it starts")
}

/// Each reader goes through all that is public, again and again.
async fn read(address: &str) {
    let paths: Vec<String> = ROUTES
        .iter()
        .filter(|route| route.face.credential() == Credential::None && route.method == "get")
        .map(|route| {
            format!(
                "http://{address}{}",
                route.path.replace(['{', '}', '*'], "")
            )
        })
        .collect();
    let mut all = tokio::task::JoinSet::new();
    for reader in 0..READERS {
        let paths = paths.clone();
        all.spawn(async move {
            let client = reqwest::Client::new();
            for path in paths.iter().cycle().skip(reader) {
                let answer = client.get(path).send().await.expect("it answers");
                let _ = answer.bytes().await;
            }
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.expect("a reader does not end");
    }
}

fn report(rounds: &[Round]) {
    let (alone, beside) = (
        median(rounds, |it| it.alone_ms),
        median(rounds, |it| it.beside_ms),
    );
    println!(
        "\nA text beside {READERS} readers, p99, medians of {} rounds\n",
        rounds.len()
    );
    line("alone", format!("{alone:.1} ms"));
    line("beside the readers", format!("{beside:.1} ms"));
    line("times alone", format!("{:.1}", beside / alone));
    let bound = alone * TIMES_MAX + MORE_MS_MAX;
    line("bound (3 times and 50 ms)", format!("{bound:.1} ms"));
    let holds = beside <= bound;
    line("holds", if holds { "yes" } else { "no" }.to_owned());
    if !holds {
        std::process::exit(1);
    }
}

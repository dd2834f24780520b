//! Signed texts that come in, acknowledged once they are durable: the hub beside a short receiver in
//! Node that does the same (http, signature, better-sqlite3 with group commit), and beside a bare
//! server of our own stack that checks the signature and stores nothing. Each in a process of its own,
//! in turns, from one load generator. `benches/inbound.sh` runs it.
//!
//! Only ratios mean something; the rates depend on the machine and on what else it does.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench tells what it measured"
)]

#[path = "figures.rs"]
mod figures;
#[path = "inbound/load.rs"]
mod load;
#[path = "inbound/servers.rs"]
mod servers;

use figures::{asked, line, median, probe};
use load::{Outcome, Target, load};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ROUNDS: usize = 5;
const SECONDS: usize = 5;
/// Senders that each wait for the answer to a text before they send the next.
const SENDERS: usize = 128;

/// Who answers.
#[derive(Clone, Copy)]
enum Server {
    Hub,
    Receiver,
    Bare,
}

/// One of a round's outcomes.
type Of = fn(&Round) -> &Outcome;

/// What one round measured.
struct Round {
    hub: Outcome,
    receiver: Outcome,
    bare: Outcome,
    one_by_one: Outcome,
    writes_per_second: f64,
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("hub") => servers::hub().await,
        Some("bare") => servers::bare().await,
        // `cargo test --benches` builds and starts this too; there it has nothing to do.
        _ if !words.iter().any(|word| word == "--bench") => {}
        _ => {
            let (rounds, seconds) = (asked("ROUNDS", ROUNDS), asked("SECONDS", SECONDS));
            let mut measured = Vec::new();
            for number in 1..=rounds {
                eprintln!("round {number} of {rounds}");
                measured.push(measure(Duration::from_secs(seconds as u64)).await);
            }
            report(&measured);
        }
    }
}

async fn measure(time: Duration) -> Round {
    let writes_per_second = probe();
    let run = async |server, senders| {
        let (mut process, target) = start(server);
        let outcome = load(&target, senders, time).await;
        process.kill().expect("it can be stopped");
        process.wait().expect("it ends");
        outcome
    };
    Round {
        hub: run(Server::Hub, SENDERS).await,
        receiver: run(Server::Receiver, SENDERS).await,
        bare: run(Server::Bare, SENDERS).await,
        one_by_one: run(Server::Hub, 1).await,
        writes_per_second,
    }
}

/// Starts a server; each prints where it listens, and with which token it checks, as one JSON line.
fn start(server: Server) -> (Child, Target) {
    let this = std::env::current_exe().expect("a program knows where it is");
    let mut command = match server {
        Server::Hub => Command::new(this),
        Server::Bare => Command::new(this),
        Server::Receiver => Command::new("node"),
    };
    match server {
        Server::Hub => command.arg("hub"),
        Server::Bare => command.arg("bare"),
        Server::Receiver => command.arg(std::env::var("RECEIVER").expect("inbound.sh names it")),
    };
    let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let out = process.stdout.take().expect("its output is piped");
    let mut said = String::new();
    BufReader::new(out)
        .read_line(&mut said)
        .expect("it says where it listens");
    (process, serde_json::from_str(&said).expect("it is JSON"))
}

fn report(rounds: &[Round]) {
    println!(
        "\nSigned texts, {SENDERS} senders, medians of {} rounds\n",
        rounds.len()
    );
    let each: [(&str, Of); 4] = [
        ("hub", |it| &it.hub),
        ("receiver in Node", |it| &it.receiver),
        ("bare server, nothing stored", |it| &it.bare),
        ("hub, one sender", |it| &it.one_by_one),
    ];
    for (name, of) in each {
        let figure = |what: fn(&Outcome) -> f64| median(rounds, |round| what(of(round)));
        line(
            &format!("{name}, acked a second"),
            format!("{:.0}", figure(|it| it.per_second)),
        );
        line(
            &format!("{name}, p50 and p99"),
            format!(
                "{:.1} {:.1} ms",
                figure(|it| it.p50_ms),
                figure(|it| it.p99_ms)
            ),
        );
        let refused: u64 = rounds.iter().map(|round| of(round).refused).sum();
        line(&format!("{name}, refused"), refused.to_string());
    }
    let ratio = |of: fn(&Round) -> f64| format!("{:.2} times", median(rounds, of));
    line(
        "hub against the receiver",
        ratio(|it| it.hub.per_second / it.receiver.per_second),
    );
    line(
        "hub against the bare server",
        ratio(|it| it.hub.per_second / it.bare.per_second),
    );
    line(
        "synced writes a second (probe)",
        format!("{:.0}", median(rounds, |it| it.writes_per_second)),
    );
}

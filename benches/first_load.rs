//! The first and the second sync of many contacts, beside a short script that copies the same
//! contacts into a plain table, in turns on the same pretend org. `benches/run.sh` runs it.
//!
//! Only ratios mean something; the seconds depend on the machine and on what else it does.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench tells what it measured"
)]

#[path = "figures.rs"]
mod figures;
#[path = "../crates/tieline/tests/lab/served.rs"]
mod served;

use figures::{asked, line, median, probe};
use served::World;
use std::process::Command;
use tieline_domain::sync::mapping::default_fields;
use tieline_domain::sync::run::RunState;
use tieline_storage::sync_run::SyncRun;

const CONTACTS: usize = 100_000;
const ROUNDS: usize = 5;

/// What one round measured.
struct Round {
    first: SyncRun,
    second: SyncRun,
    peak_kib: u64,
    script_first: f64,
    script_second: f64,
    writes_per_second: f64,
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` builds and starts this too; there it has nothing to do.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let contacts = asked("CONTACTS", CONTACTS);
    let mut rounds = Vec::new();
    for number in 1..=asked("ROUNDS", ROUNDS) {
        eprintln!("round {number}: {contacts} contacts");
        rounds.push(measure(contacts).await);
    }
    report(&rounds, contacts);
}

async fn measure(contacts: usize) -> Round {
    let writes_per_second = probe();
    let mut world = World::new(contacts).await;
    world.start().await;
    let first = world.ask_run().await.expect("none is going on");
    world.end_of(first).await;
    let peak_kib = peak_kib(world.process_id());
    let second = world.ask_run().await.expect("none is going on");
    world.end_of(second).await;
    world.kill();
    let (first, second) = (world.row(first).await, world.row(second).await);
    assert_eq!(
        (first.state, second.state),
        (RunState::Done, RunState::Done)
    );
    let script = script(&world);
    let people = world.count("SELECT count() FROM Contact");
    assert_eq!(first.counts.0["Contact"].to_hub.created, people as i64);
    assert_eq!(script["rows"], people);
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    Round {
        first,
        second,
        peak_kib,
        script_first: number(&script["seconds"][0]),
        script_second: number(&script["seconds"][1]),
        writes_per_second,
    }
}

fn script(world: &World) -> serde_json::Value {
    let mapped = default_fields("Contact").expect("contacts have a mapping");
    let python = std::env::var("PYTHON").expect("benches/run.sh says where Python is");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let info = serde_json::to_string(&world.running.info).expect("it is JSON");
    let output = Command::new(python)
        .arg(format!("{root}/benches/plain_copy.py"))
        .args(["Id", "SystemModstamp"])
        .args(mapped.into_iter().map(|pair| pair.field))
        .env("PYTHONPATH", format!("{root}/tests/clients"))
        .env("TIELINE_SIMULATOR", info)
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// The highest resident size of a process so far.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line
        .expect("the kernel counts it")
        .split_whitespace()
        .next();
    words.expect("a number").parse().expect("a number")
}

fn seconds(run: &SyncRun) -> f64 {
    let ended = run.finished_at.expect("it has ended");
    (ended.0 - run.started_at.0) as f64 / 1_000.0
}

fn report(rounds: &[Round], contacts: usize) {
    let middle = |of: fn(&Round) -> f64| median(rounds, of);
    println!(
        "\n{contacts} contacts, medians of {} rounds\n",
        rounds.len()
    );
    let first = middle(|it| seconds(&it.first));
    let second = middle(|it| seconds(&it.second));
    line("first sync", format!("{first:.2} s"));
    line(
        "records a second",
        format!("{:.0}", contacts as f64 / first),
    );
    line(
        "script, first copy",
        format!("{:.2} s", middle(|it| it.script_first)),
    );
    let ratio = middle(|it| seconds(&it.first) / it.script_first);
    line(
        "first sync against the script",
        format!("{ratio:.2} times as long"),
    );
    line("second sync, nothing changed", format!("{second:.2} s"));
    line(
        "script, all again",
        format!("{:.2} s", middle(|it| it.script_second)),
    );
    let ratio = middle(|it| it.script_second / seconds(&it.second));
    line(
        "second sync against the script",
        format!("{ratio:.0} times faster"),
    );
    let mib = |kib: f64| format!("{:.0} MiB", kib / 1_024.0);
    line(
        "peak memory of the hub",
        mib(middle(|it| it.peak_kib as f64)),
    );
    let calls = |run: &SyncRun| format!("{} of {}", run.api_calls, run.api_calls_minimum);
    line(
        "API calls of the first, of the minimum",
        calls(&rounds[0].first),
    );
    line(
        "API calls of the second, of the minimum",
        calls(&rounds[0].second),
    );
    line(
        "synced writes a second (probe)",
        format!("{:.0}", middle(|it| it.writes_per_second)),
    );
}

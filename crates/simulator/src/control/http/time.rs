//! Time and state: the clock, late commits, knobs, snapshots.

use super::lookup::changed;
use super::request::{Given, Refusal, Seat};
use crate::control::UnknownSnapshot;
use crate::org::{CommitLag, OrgSettings};
use crate::simulator::Simulator;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Times that the clock may be put to: what follows from them has years of four digits, too.
const TIMES_MS: std::ops::Range<i64> = 0..221_845_392_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    advance_ms: Option<u64>,
    set_ms: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lag {
    seconds: u32,
    #[serde(default = "once")]
    times: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Name {
    name: String,
}

pub(super) async fn show(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"now_ms": simulator.now_ms()}))
}

pub(super) async fn change(
    State(simulator): State<Simulator>,
    Given(time): Given<Time>,
) -> Result<Json<Value>, Refusal> {
    match (time.advance_ms, time.set_ms) {
        (Some(by_ms), None) => {
            let after = simulator.now_ms().saturating_add_unsigned(by_ms);
            check_time("advance_ms", after)?;
            simulator.advance(by_ms);
        }
        (None, Some(now_ms)) => {
            check_time("set_ms", now_ms)?;
            simulator.set_time(now_ms);
        }
        _ => {
            let text = "advance_ms: send either advance_ms or set_ms";
            return Err(Refusal::bad(text));
        }
    }
    Ok(show(State(simulator)).await)
}

pub(super) fn check_time(field: &str, now_ms: i64) -> Result<(), Refusal> {
    match TIMES_MS.contains(&now_ms) {
        true => Ok(()),
        false => Err(Refusal::bad(format!("{field}: the years 1970 to 8999"))),
    }
}

pub(super) async fn commit_lag(Seat(simulator): Seat) -> Json<Value> {
    let lag = simulator.org().commit_lag();
    Json(json!({"seconds": lag.seconds, "times": lag.times}))
}

pub(super) async fn set_commit_lag(Seat(simulator): Seat, Given(lag): Given<Lag>) -> Json<Value> {
    let (seconds, times) = (lag.seconds, lag.times);
    simulator.org().set_commit_lag(CommitLag { seconds, times });
    commit_lag(Seat(simulator)).await
}

pub(super) async fn knobs(Seat(simulator): Seat) -> Json<OrgSettings> {
    Json(simulator.org().settings())
}

pub(super) async fn set_knobs(
    Seat(simulator): Seat,
    Given(given): Given<Map<String, Value>>,
) -> Result<Json<OrgSettings>, Refusal> {
    let settings = changed(&simulator.org().settings(), given)?;
    simulator.org().set_settings(settings);
    Ok(knobs(Seat(simulator)).await)
}

pub(super) async fn snapshots(Seat(simulator): Seat) -> Json<Value> {
    Json(json!({"snapshots": simulator.snapshots()}))
}

pub(super) async fn take_snapshot(
    Seat(simulator): Seat,
    Given(given): Given<Name>,
) -> Result<Json<Value>, Refusal> {
    if given.name.is_empty() || given.name.contains('/') {
        return Err(Refusal::bad("name: give one without slashes"));
    }
    simulator.snapshot(&given.name);
    Ok(snapshots(Seat(simulator)).await)
}

pub(super) async fn restore(
    Seat(simulator): Seat,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    let restored = simulator.restore(&name);
    done(&simulator, restored)
}

pub(super) async fn forget_snapshot(
    Seat(simulator): Seat,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    let gone = simulator.forget_snapshot(&name);
    done(&simulator, gone)
}

fn done(
    simulator: &Simulator,
    outcome: Result<(), UnknownSnapshot>,
) -> Result<StatusCode, Refusal> {
    let unknown = |error: UnknownSnapshot| {
        let known = json!(simulator.snapshots());
        Refusal::missing(format!("name: {error}")).with("snapshots", known)
    };
    outcome.map(|()| StatusCode::NO_CONTENT).map_err(unknown)
}

fn once() -> u32 {
    1
}

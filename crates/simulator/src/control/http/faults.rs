//! Planning faults and asking how they fare.

use super::request::{Given, Refusal, Seat};
use crate::faults::{Aim, Fault, FaultState, Mishap};
use axum::Json;
use axum::extract::Path;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the status of an answer may be.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    #[serde(default)]
    method: String,
    path: String,
    #[serde(default)]
    skip: u32,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    percent: u64,
    client: Option<String>,
    #[serde(default)]
    every: u32,
    mishap: Value,
}

pub(super) async fn list(Seat(simulator): Seat) -> Json<Value> {
    let faults = simulator.faults();
    let rows = faults.iter().enumerate();
    let rows: Vec<Value> = rows.map(|(number, state)| row(number, state)).collect();
    Json(json!({"faults": rows}))
}

pub(super) async fn plan(
    Seat(simulator): Seat,
    Given(planned): Given<Planned>,
) -> Result<Json<Value>, Refusal> {
    let mishap = serde_json::from_value(planned.mishap);
    let mishap = mishap.map_err(|error| Refusal::bad(format!("mishap: {error}")))?;
    check(&planned.method, planned.percent, &mishap)?;
    let fault = Fault {
        method: planned.method,
        path: planned.path,
        skip: planned.skip,
        times: planned.times,
        percent: planned.percent,
        mishap,
    };
    let (client, every) = (planned.client, planned.every);
    let number = simulator.plan_aimed(fault, Aim { client, every });
    Ok(Json(json!({"fault": number})))
}

pub(super) async fn clear(Seat(simulator): Seat) -> StatusCode {
    simulator.clear_faults();
    StatusCode::NO_CONTENT
}

pub(super) async fn show(
    Seat(simulator): Seat,
    Path(number): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let faults = simulator.faults();
    let parsed: Option<usize> = number.parse().ok();
    let found = parsed.and_then(|n| Some((n, faults.get(n)?)));
    let (number, state) = found.ok_or_else(|| unknown(&number))?;
    Ok(Json(row(number, state)))
}

pub(super) async fn cancel(
    Seat(simulator): Seat,
    Path(number): Path<String>,
) -> Result<StatusCode, Refusal> {
    match number.parse().is_ok_and(|n| simulator.cancel_fault(n)) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown(&number)),
    }
}

fn row(number: usize, state: &FaultState) -> Value {
    let mut row = json!(state);
    row["fault"] = json!(number);
    row
}

fn check(method: &str, percent: u64, mishap: &Mishap) -> Result<(), Refusal> {
    if !method.is_empty() && Method::from_bytes(method.as_bytes()).is_err() {
        let text = "method: name an HTTP method, or leave it empty for any";
        return Err(Refusal::bad(text));
    }
    if percent > 100 {
        return Err(Refusal::bad("percent: at most 100"));
    }
    match mishap {
        Mishap::LockedRate { percent } if *percent > 100 => {
            Err(Refusal::bad("mishap: percent is at most 100"))
        }
        Mishap::InstanceMoved { status, .. } if ![302, 420, 421].contains(status) => {
            Err(Refusal::bad("mishap: status is 302, 420 or 421"))
        }
        Mishap::Busy { status, .. } if ![429, 503].contains(status) => {
            Err(Refusal::bad("mishap: status is 429 or 503"))
        }
        Mishap::Error { status, .. } | Mishap::Errors { status, .. } | Mishap::Html { status }
            if !STATUSES.contains(status) =>
        {
            Err(Refusal::bad("mishap: status is a number from 200 to 599"))
        }
        _ => Ok(()),
    }
}

fn unknown(number: &str) -> Refusal {
    let text = format!("number: there is no fault {number:?}; GET /faults lists them");
    Refusal::missing(text)
}

fn once() -> u32 {
    1
}

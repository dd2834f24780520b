//! What was asked of the org, and what it still allows.

use super::request::{Given, Parameters, Refusal, Seat};
use crate::usage::UsageReport;
use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    #[serde(rename = "DailyApiRequests")]
    daily_api_requests: Option<u64>,
    used: Option<u64>,
    long_calls_max: Option<usize>,
}

pub(super) async fn calls(
    Seat(simulator): Seat,
    parameters: Parameters,
) -> Result<Json<Value>, Refusal> {
    let after = usize::try_from(parameters.number("after")?).unwrap_or(usize::MAX);
    let calls = simulator.calls();
    let calls = calls.get(after..).unwrap_or_default();
    Ok(Json(
        json!({"used": simulator.calls_used(), "calls": calls}),
    ))
}

pub(super) async fn show(Seat(simulator): Seat) -> Json<UsageReport> {
    Json(simulator.usage())
}

pub(super) async fn set(Seat(simulator): Seat, Given(limits): Given<Limits>) -> Json<UsageReport> {
    if let Some(max) = limits.daily_api_requests {
        simulator.set_calls_max(max);
    }
    if let Some(used) = limits.used {
        simulator.set_calls_used(used);
    }
    if let Some(max) = limits.long_calls_max {
        simulator.set_long_calls_max(max);
    }
    Json(simulator.usage())
}

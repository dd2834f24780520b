//! The carrier's numbers, its failures, and the pretend phones.

use super::request::{Given, Refusal};
use super::time::check_time;
use crate::carrier::DeliveryFailure;
use crate::lock::lock;
use crate::simulator::Simulator;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    number: String,
    webhook: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    from: String,
    to: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    set_ms: Option<i64>,
    keeps_opt_outs: Option<bool>,
}

pub(super) async fn show(State(simulator): State<Simulator>) -> Json<Value> {
    let keeps_opt_outs = lock(&simulator.world.carrier).keeps_opt_outs;
    Json(json!({"now_ms": simulator.carrier_now_ms(), "keeps_opt_outs": keeps_opt_outs}))
}

pub(super) async fn change(
    State(simulator): State<Simulator>,
    Given(change): Given<Change>,
) -> Result<Json<Value>, Refusal> {
    if let Some(now_ms) = change.set_ms {
        check_time("set_ms", now_ms)?;
        simulator.set_carrier_time(now_ms);
    }
    if let Some(keeps) = change.keeps_opt_outs {
        simulator.set_keeps_opt_outs(keeps);
    }
    Ok(show(State(simulator)).await)
}

pub(super) async fn failures(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"delivery_failures": simulator.delivery_failures()}))
}

pub(super) async fn fail(
    State(simulator): State<Simulator>,
    Given(failure): Given<DeliveryFailure>,
) -> Json<Value> {
    simulator.plan_delivery_failure(failure);
    failures(State(simulator)).await
}

pub(super) async fn clear_failures(State(simulator): State<Simulator>) -> StatusCode {
    simulator.clear_delivery_failures();
    StatusCode::NO_CONTENT
}

pub(super) async fn provision(
    State(simulator): State<Simulator>,
    Given(number): Given<Number>,
) -> StatusCode {
    simulator.provision(&number.number, &number.webhook);
    StatusCode::NO_CONTENT
}

pub(super) async fn texts(State(simulator): State<Simulator>) -> Json<Value> {
    let carrier = lock(&simulator.world.carrier);
    Json(json!({"texts": carrier.texts()}))
}

pub(super) async fn send(
    State(simulator): State<Simulator>,
    Given(text): Given<Text>,
) -> Json<Value> {
    Json(json!({"sid": simulator.text_from_phone(&text.from, &text.to, &text.text)}))
}

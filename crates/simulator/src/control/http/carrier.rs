//! The carrier's numbers and the pretend phones.

use super::request::Given;
use crate::simulator::{Simulator, lock};
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

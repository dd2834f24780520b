//! How strict the org is at sign-in, and the apps that it knows.

use super::lookup::changed;
use super::request::{Given, Refusal, Seat};
use crate::oauth::{ConnectedApp, SignInSettings};
use axum::Json;
use serde_json::{Map, Value, json};

pub(super) async fn show(Seat(simulator): Seat) -> Json<SignInSettings> {
    Json(simulator.sign_in_settings())
}

pub(super) async fn change(
    Seat(simulator): Seat,
    Given(given): Given<Map<String, Value>>,
) -> Result<Json<SignInSettings>, Refusal> {
    let settings = changed(&simulator.sign_in_settings(), given)?;
    simulator.set_sign_in_settings(settings);
    Ok(show(Seat(simulator)).await)
}

pub(super) async fn apps(Seat(simulator): Seat) -> Json<Value> {
    Json(json!({"apps": simulator.apps()}))
}

/// An app with a known key keeps what the request does not name.
pub(super) async fn put_app(
    Seat(simulator): Seat,
    Given(given): Given<Map<String, Value>>,
) -> Result<Json<ConnectedApp>, Refusal> {
    let key = given.get("consumer_key").and_then(Value::as_str);
    let mut apps = simulator.apps().into_iter();
    let known = apps.find(|app| Some(app.consumer_key.as_str()) == key);
    let app = changed(&known.unwrap_or_default(), given)?;
    Ok(Json(simulator.put_app(app)))
}

//! Users and their sessions.

use super::lookup::{self, refused};
use super::request::{Given, Parameters, Refusal, Seat};
use crate::org::Call;
use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    active: Option<bool>,
    password_expired: Option<bool>,
}

pub(super) async fn list(Seat(simulator): Seat) -> Json<Value> {
    let users = simulator.org().users();
    let row = |user: &crate::org::User| {
        json!({
            "id": user.id.to_string(), "username": user.username, "name": user.name,
            "profile": user.profile, "active": user.active,
        })
    };
    Json(json!({"users": users.iter().map(row).collect::<Vec<_>>()}))
}

pub(super) async fn change(
    Seat(simulator): Seat,
    Path(username): Path<String>,
    Given(change): Given<Change>,
) -> Result<StatusCode, Refusal> {
    let user = lookup::user(&simulator, "username", &username)?;
    if let (None, None) = (change.active, change.password_expired) {
        return Err(Refusal::bad("active: send active or password_expired"));
    }
    if let Some(active) = change.active {
        let call = Call::of(simulator.administrator().id);
        let changed = simulator.org().set_user_active(&call, &user.id, active);
        changed.map_err(|errors| refused("active", &errors))?;
    }
    match change.password_expired {
        Some(true) => simulator.expire_password(user.id),
        Some(false) => simulator.renew_password(&user.id),
        None => {}
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end_sessions(
    Seat(simulator): Seat,
    Parameters(given): Parameters,
) -> Result<StatusCode, Refusal> {
    match given.get("user") {
        None => simulator.end_sessions(),
        Some(name) => simulator.end_sessions_of(&lookup::user(&simulator, "user", name)?.id),
    }
    Ok(StatusCode::NO_CONTENT)
}

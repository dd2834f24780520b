//! The org's own log of all changes.

use super::request::{Parameters, Refusal, Seat};
use crate::org::RecordedChange;
use axum::Json;
use serde_json::{Value, json};

pub(super) async fn list(
    Seat(simulator): Seat,
    parameters: Parameters,
) -> Result<Json<Value>, Refusal> {
    let after = parameters.number("after")?;
    let changes: Vec<RecordedChange> = simulator.org().changes_after(after);
    Ok(Json(json!({"changes": changes})))
}

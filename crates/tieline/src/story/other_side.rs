//! The other side: what somebody in Salesforce does, and what the org itself says.

use super::api::Error;
use serde_json::{Map, Value};
use tieline_simulator::Simulator;
use tieline_simulator::org::Call;

/// Somebody in Salesforce: the administrator, without any client name.
pub(super) fn call(simulator: &Simulator) -> Call {
    Call::of(simulator.org().users()[0].id)
}

pub(super) fn create(simulator: &Simulator, object: &str, fields: Value) -> Result<String, Error> {
    let id = simulator
        .org()
        .create(&call(simulator), object, &map(fields))
        .map_err(|errors| errors[0].message.clone())?;
    Ok(id.to_string())
}

pub(super) fn edit(
    simulator: &Simulator,
    object: &str,
    id: &str,
    fields: Value,
) -> Result<(), Error> {
    simulator
        .org()
        .update(&call(simulator), object, id, &map(fields))
        .map_err(|errors| errors[0].message.clone().into())
}

pub(super) fn edit_delete(simulator: &Simulator, object: &str, id: &str) -> Result<(), Error> {
    simulator
        .org()
        .delete(&call(simulator), object, id)
        .map_err(|errors| errors[0].message.clone().into())
}

pub(super) fn count(simulator: &Simulator, object: &str) -> Result<i64, Error> {
    let soql = format!("SELECT count() FROM {object}");
    let answer = simulator
        .org()
        .query(&call(simulator), &soql, false)
        .map_err(|error| error.message)?;
    Ok(answer.total_size() as i64)
}

pub(super) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

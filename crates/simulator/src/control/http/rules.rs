//! Rules that an administrator sets up: validation rules, failing triggers, duplicate rules, the
//! assignment of new leads.

use super::lookup::{self, told, told_of_column};
use super::request::{Given, Refusal, Seat};
use crate::org::{DuplicateSetting, NewValidationRule, RecordId};
use axum::extract::Path;
use http::StatusCode;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Active {
    active: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerError {
    condition: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spelling {
    misspelt: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// Null switches the rule off; it must be said.
    #[serde(deserialize_with = "nullable")]
    queue: Option<String>,
}

pub(super) async fn add_validation(
    Seat(simulator): Seat,
    Path(object): Path<String>,
    Given(rule): Given<NewValidationRule>,
) -> Result<StatusCode, Refusal> {
    let object = lookup::object(&simulator, &object)?;
    if rule.name.is_empty() {
        return Err(Refusal::bad("name: give the rule one"));
    }
    let outcome = simulator.org().add_validation_rule(&object, &rule);
    told_of_column(("field", "condition"), outcome)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn switch_validation(
    Seat(simulator): Seat,
    Path((object, rule)): Path<(String, String)>,
    Given(given): Given<Active>,
) -> Result<StatusCode, Refusal> {
    let (org, object) = (simulator.org(), lookup::object(&simulator, &object)?);
    told(
        "rule",
        org.set_validation_rule_active(&object, &rule, given.active),
    )?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn add_trigger_error(
    Seat(simulator): Seat,
    Path(object): Path<String>,
    Given(given): Given<TriggerError>,
) -> Result<StatusCode, Refusal> {
    let (org, object) = (simulator.org(), lookup::object(&simulator, &object)?);
    told(
        "condition",
        org.add_trigger_error(&object, &given.condition, &given.message),
    )?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn clear(
    Seat(simulator): Seat,
    Path(object): Path<String>,
) -> Result<StatusCode, Refusal> {
    told("object", simulator.org().clear_rules(&object))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn set_duplicate(
    Seat(simulator): Seat,
    Path(rule): Path<String>,
    Given(setting): Given<DuplicateSetting>,
) -> Result<StatusCode, Refusal> {
    told("rule", simulator.org().set_duplicate_rule(&rule, setting))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn misspell(Seat(simulator): Seat, Given(given): Given<Spelling>) -> StatusCode {
    simulator.org().misspell_duplicate_result(given.misspelt);
    StatusCode::NO_CONTENT
}

pub(super) async fn assign_leads(
    Seat(simulator): Seat,
    Given(given): Given<Assignment>,
) -> Result<StatusCode, Refusal> {
    let unreadable = || Refusal::bad("queue: send the id of a queue, or null");
    let queue = match &given.queue {
        Some(id) => Some(RecordId::parse(id).ok_or_else(unreadable)?),
        None => None,
    };
    told("queue", simulator.org().assign_new_leads_to(queue))?;
    Ok(StatusCode::NO_CONTENT)
}

fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

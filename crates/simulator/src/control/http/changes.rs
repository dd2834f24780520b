//! Changes made by people in the org, and the org's own log of all changes.

use super::people::refused;
use super::request::{Given, Parameters, Refusal, Seat, read};
use crate::org::{ApiError, ApiErrors, Call, Origin, RecordedChange};
use crate::simulator::Simulator;
use axum::Json;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Acts of a real org's screens that this route does not have.
const MISSING_ACTS: [&str; 4] = ["undelete", "convert", "merge", "purge"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The user's sign-in name; the administrator when absent.
    user: Option<String>,
    /// What the log names as the origin.
    client: Option<String>,
    /// `create`, `update`, `delete` or `owner`; told from the rest when absent.
    act: Option<String>,
    object: String,
    /// Without an id a record is created; without fields one is deleted.
    id: Option<String>,
    fields: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    edits: Vec<Value>,
    /// All or nothing.
    #[serde(default)]
    transaction: bool,
}

enum Deed {
    Create(Map<String, Value>),
    Update(String, Map<String, Value>),
    Delete(String),
}

/// An edit that can be carried out.
struct Prepared {
    call: Call,
    object: String,
    deed: Deed,
}

pub(super) async fn list(
    Seat(simulator): Seat,
    parameters: Parameters,
) -> Result<Json<Value>, Refusal> {
    let after = parameters.number("after")?;
    let changes: Vec<RecordedChange> = simulator.org().changes_after(after);
    Ok(Json(json!({"changes": changes})))
}

pub(super) async fn edit(
    Seat(simulator): Seat,
    Given(body): Given<Map<String, Value>>,
) -> Result<Json<Value>, Refusal> {
    let several = body.contains_key("edits");
    let body = Value::Object(body);
    if several {
        return batch(&simulator, &body);
    }
    let done = prepare(&simulator, &body)?.carry_out(&simulator);
    let id = done.map_err(|errors| refused("edit", &errors))?;
    Ok(Json(json!({"id": id})))
}

fn batch(simulator: &Simulator, body: &Value) -> Result<Json<Value>, Refusal> {
    let batch: Batch = read(body.to_string().as_bytes())?;
    let edits = batch.edits.iter().map(|edit| prepare(simulator, edit));
    let edits = edits.collect::<Result<Vec<Prepared>, Refusal>>()?;
    let all = || -> Vec<Result<String, ApiErrors>> {
        edits.iter().map(|edit| edit.carry_out(simulator)).collect()
    };
    let results = match batch.transaction {
        false => all(),
        true => simulator.org().transaction(|| {
            let results = all();
            let keep = results.iter().all(Result::is_ok);
            (results, keep)
        }),
    };
    let failed = results.iter().any(Result::is_err);
    let results = Value::from_iter(results.iter().map(shown));
    match failed && batch.transaction {
        true => {
            let text = "edits: one failed, so none was kept";
            Err(Refusal::bad(text).with("results", results))
        }
        false => Ok(Json(json!({"results": results}))),
    }
}

fn shown(result: &Result<String, ApiErrors>) -> Value {
    match result {
        Ok(id) => json!({"id": id}),
        Err(errors) => {
            let errors = Value::from_iter(errors.iter().map(ApiError::to_json));
            json!({"errors": errors})
        }
    }
}

fn prepare(simulator: &Simulator, body: &Value) -> Result<Prepared, Refusal> {
    let edit: Edit = read(body.to_string().as_bytes())?;
    let user = match &edit.user {
        None => Some(simulator.administrator()),
        Some(name) => simulator.org().user_by_username(name),
    };
    let user = user.ok_or_else(|| Refusal::bad("user: there is no such sign-in name"))?;
    let call = Call {
        version: "66.0".to_owned(),
        client: edit.client,
        origin: Origin::Page,
        ..Call::of(user.id)
    };
    Ok(Prepared {
        call,
        object: edit.object,
        deed: deed(edit.act.as_deref(), edit.id, edit.fields)?,
    })
}

fn deed(
    act: Option<&str>,
    id: Option<String>,
    fields: Option<Map<String, Value>>,
) -> Result<Deed, Refusal> {
    match (act, id, fields) {
        (None | Some("create"), None, fields) => Ok(Deed::Create(fields.unwrap_or_default())),
        (None | Some("update"), Some(id), Some(fields)) => Ok(Deed::Update(id, fields)),
        (None | Some("delete"), Some(id), None) => Ok(Deed::Delete(id)),
        (Some("owner"), Some(id), Some(fields)) if fields.contains_key("OwnerId") => {
            Ok(Deed::Update(id, fields))
        }
        (Some("create" | "update" | "delete" | "owner"), _, _) => {
            let text = "create takes fields, update id and fields, delete id, owner id and OwnerId";
            Err(Refusal::bad(format!("act: {text}")))
        }
        (Some(act), _, _) if MISSING_ACTS.contains(&act) => {
            let text = format!("act: the control plane does not have {act} yet");
            Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, text))
        }
        _ => {
            let known = "create, update, delete, owner, undelete, convert, merge, purge";
            Err(Refusal::bad(format!("act: one of {known}")))
        }
    }
}

impl Prepared {
    /// The id of the record.
    fn carry_out(&self, simulator: &Simulator) -> Result<String, ApiErrors> {
        let (org, call, object) = (simulator.org(), &self.call, &self.object);
        match &self.deed {
            Deed::Create(fields) => {
                let made = org.create(call, object, fields);
                made.map(|id| id.to_string())
            }
            Deed::Update(id, fields) => {
                let changed = org.update(call, object, id, fields);
                changed.map(|()| id.clone())
            }
            Deed::Delete(id) => org.delete(call, object, id).map(|()| id.clone()),
        }
    }
}

//! Users, their sessions and what their profiles may do.

use super::request::{Given, Refusal, Seat};
use crate::org::{ApiError, Call, FieldAccess, ObjectAccess};
use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    active: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rights {
    profile: String,
    object: String,
    field: Option<String>,
    access: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    read: bool,
    create: bool,
    edit: bool,
    delete: bool,
    #[serde(default)]
    view_all: bool,
    #[serde(default)]
    modify_all: bool,
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
    let org = simulator.org();
    let user = org.user_by_username(&username);
    let user = user.ok_or_else(|| {
        let text = format!("username: there is no {username:?}; GET /users lists them");
        Refusal::missing(text)
    })?;
    let call = Call::of(simulator.administrator().id);
    let changed = org.set_user_active(&call, &user.id, change.active);
    changed.map_err(|errors| refused("active", &errors))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn rights(
    Seat(simulator): Seat,
    Given(rights): Given<Rights>,
) -> Result<StatusCode, Refusal> {
    let (org, profile, object) = (simulator.org(), &rights.profile, &rights.object);
    let outcome = match &rights.field {
        Some(field) => org.set_field_access(profile, object, field, of_field(&rights.access)?),
        None => org.set_object_access(profile, object, of_object(&rights.access)?),
    };
    let unknown = |error: ApiError| {
        let text = "profile, object or field: not in this org";
        Refusal::missing(text).with("errors", json!([error.to_json()]))
    };
    outcome.map(|()| StatusCode::NO_CONTENT).map_err(unknown)
}

pub(super) async fn end_sessions(Seat(simulator): Seat) -> StatusCode {
    simulator.end_sessions();
    StatusCode::NO_CONTENT
}

/// What the org refused, as it says so itself.
pub(super) fn refused(field: &str, errors: &[ApiError]) -> Refusal {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let entries: Vec<Value> = errors.iter().map(ApiError::to_json).collect();
    Refusal::bad(format!("{field}: {}", texts.join("; "))).with("errors", json!(entries))
}

fn of_field(value: &Value) -> Result<FieldAccess, Refusal> {
    match value.as_str() {
        Some("hidden") => Ok(FieldAccess::Hidden),
        Some("read_only") => Ok(FieldAccess::ReadOnly),
        Some("full") => Ok(FieldAccess::Full),
        _ => {
            let text = "access: hidden, read_only or full for a field";
            Err(Refusal::bad(text))
        }
    }
}

fn of_object(value: &Value) -> Result<ObjectAccess, Refusal> {
    match value.as_str() {
        Some("none") => Ok(ObjectAccess::NONE),
        Some("read") => Ok(ObjectAccess::READ),
        Some("full") => Ok(ObjectAccess::FULL),
        _ => {
            let allowed = serde_json::from_value(value.clone());
            let allowed: Allowed = allowed.map_err(|error| {
                let wanted = "none, read, full or an object of read, create, edit and delete";
                Refusal::bad(format!("access: {wanted} ({error})"))
            })?;
            Ok(ObjectAccess {
                read: allowed.read,
                create: allowed.create,
                edit: allowed.edit,
                delete: allowed.delete,
                view_all: allowed.view_all,
                modify_all: allowed.modify_all,
            })
        }
    }
}

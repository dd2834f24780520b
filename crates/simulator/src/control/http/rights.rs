//! What profiles and permission sets allow, who has which set, and who sees which record.

use super::lookup::{self, refused, told, told_of_column};
use super::request::{Given, Refusal, Seat};
use crate::org::{FieldAccess, ObjectAccess, RecordAccess, RecordId, Sharing};
use crate::simulator::Simulator;
use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rights {
    profile: Option<String>,
    permission_set: Option<String>,
    object: Option<String>,
    field: Option<String>,
    access: Option<Value>,
    permission: Option<String>,
    granted: Option<bool>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSet {
    name: String,
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    username: String,
    assigned: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectSharing {
    object: String,
    sharing: Sharing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    record: String,
    user: String,
    level: RecordAccess,
}

pub(super) async fn change(
    Seat(simulator): Seat,
    Given(rights): Given<Rights>,
) -> Result<StatusCode, Refusal> {
    let (holder, place) = match (&rights.profile, &rights.permission_set) {
        (Some(name), None) => (name, "profile"),
        (None, Some(name)) => (name, "permission_set"),
        _ => {
            return Err(Refusal::bad(
                "profile: send either profile or permission_set",
            ));
        }
    };
    match (
        &rights.object,
        &rights.access,
        &rights.permission,
        rights.granted,
    ) {
        (Some(object), Some(access), None, None) => {
            let target = (object.as_str(), rights.field.as_deref());
            access_to(&simulator, (place, holder), target, access)?;
        }
        (None, None, Some(permission), Some(granted)) if rights.field.is_none() => {
            let org = simulator.org();
            let outcome = org.set_system_permission(holder, permission, granted);
            told_of_column(("permission", place), outcome)?;
        }
        _ => {
            let text =
                "access: send object and access, with a field or not, or permission and granted";
            return Err(Refusal::bad(text));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn access_to(
    simulator: &Simulator,
    (place, holder): (&str, &str),
    (object, field): (&str, Option<&str>),
    access: &Value,
) -> Result<(), Refusal> {
    let org = simulator.org();
    let object = lookup::object(simulator, object)?;
    let outcome = match field {
        Some(field) => org.set_field_access(holder, &object, field, of_field(access)?),
        None => org.set_object_access(holder, &object, of_object(access)?),
    };
    told_of_column(("field", place), outcome)
}

pub(super) async fn create_set(
    Seat(simulator): Seat,
    Given(set): Given<NewSet>,
) -> Result<Json<Value>, Refusal> {
    let made = simulator.org().create_permission_set(&set.name, &set.label);
    let id = made.map_err(|errors| refused("name", &errors))?;
    Ok(Json(json!({"id": id.to_string()})))
}

pub(super) async fn assign(
    Seat(simulator): Seat,
    Path(set): Path<String>,
    Given(given): Given<Assignment>,
) -> Result<StatusCode, Refusal> {
    let org = simulator.org();
    let user = lookup::user(&simulator, "username", &given.username)?;
    let outcome = match given.assigned {
        true => org.assign_permission_set(&set, &user.id),
        false => org.unassign_permission_set(&set, &user.id),
    };
    outcome.map_err(|errors| refused("set", &errors))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn set_sharing(
    Seat(simulator): Seat,
    Given(given): Given<ObjectSharing>,
) -> Result<StatusCode, Refusal> {
    told(
        "object",
        simulator.org().set_sharing(&given.object, given.sharing),
    )?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn share(
    Seat(simulator): Seat,
    Given(share): Given<Share>,
) -> Result<StatusCode, Refusal> {
    let org = simulator.org();
    let user = lookup::user(&simulator, "user", &share.user)?;
    let record = RecordId::parse(&share.record).filter(|id| org.last_modified(id).is_some());
    let unknown = || Refusal::missing("record: there is no record with this id");
    org.share(&record.ok_or_else(unknown)?, &user.id, share.level);
    Ok(StatusCode::NO_CONTENT)
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

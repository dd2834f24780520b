//! What an administrator sets up: objects, fields, person accounts and list views.

use super::lookup::{self, told, told_of_column};
use super::request::{Given, Refusal, Seat};
use crate::org::{ApiError, Call, ListView, ListViewScope, NewField, NewObject, PicklistValue};
use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters that the longest text of an org has.
const LENGTH_MAX: usize = 131_072;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectChange {
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldChange {
    required: Option<bool>,
    unique: Option<bool>,
    label: Option<String>,
    length: Option<usize>,
    picklist: Option<Picklist>,
    formula: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Picklist {
    values: Vec<PicklistValue>,
    #[serde(default)]
    restricted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewListView {
    object: String,
    developer_name: String,
    label: Option<String>,
    #[serde(default = "yes")]
    soql_compatible: bool,
    #[serde(default = "everything")]
    scope: ListViewScope,
    columns: Vec<String>,
    #[serde(default)]
    filter: String,
    #[serde(default)]
    order: Vec<String>,
}

pub(super) async fn add_object(
    Seat(simulator): Seat,
    Given(new): Given<NewObject>,
) -> Result<Json<Value>, Refusal> {
    told("name", simulator.org().add_object(&new))?;
    Ok(Json(json!({"object": new.name})))
}

pub(super) async fn change_object(
    Seat(simulator): Seat,
    Path(object): Path<String>,
    Given(change): Given<ObjectChange>,
) -> Result<StatusCode, Refusal> {
    let outcome = simulator.org().set_label(&object, None, &change.label);
    told("object", outcome)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn add_field(
    Seat(simulator): Seat,
    Path(object): Path<String>,
    Given(new): Given<NewField>,
) -> Result<Json<Value>, Refusal> {
    let object = lookup::object(&simulator, &object)?;
    let place = match &new.formula {
        Some(_) => "formula",
        None => "field",
    };
    let named = |error: &ApiError| error.code == "DUPLICATE_DEVELOPER_NAME";
    let outcome = simulator.org().add_field(&object, &new);
    match outcome {
        Err(error) if named(&error) => told("name", Err(error)),
        outcome => told(place, outcome),
    }?;
    Ok(Json(json!({"object": object, "field": new.name})))
}

pub(super) async fn change_field(
    Seat(simulator): Seat,
    Path((object, field)): Path<(String, String)>,
    Given(change): Given<FieldChange>,
) -> Result<StatusCode, Refusal> {
    let org = simulator.org();
    let object = lookup::object(&simulator, &object)?;
    let (object, field) = (object.as_str(), field.as_str());
    let done = |place: &str, outcome| told_of_column(("field", place), outcome);
    if let Some(label) = &change.label {
        done("label", org.set_label(object, Some(field), label))?;
    }
    if let Some(length) = change.length {
        if length > LENGTH_MAX {
            return Err(Refusal::bad(format!("length: at most {LENGTH_MAX}")));
        }
        done("length", org.set_length(object, field, length))?;
    }
    if let Some(picklist) = &change.picklist {
        if picklist.values.is_empty() {
            return Err(Refusal::bad("values: give at least one"));
        }
        let (values, restricted) = (&picklist.values, picklist.restricted);
        done(
            "picklist",
            org.set_picklist(object, field, values, restricted),
        )?;
    }
    if let Some(formula) = &change.formula {
        done("formula", org.set_formula(object, field, formula))?;
    }
    if let Some(unique) = change.unique {
        done("unique", org.set_unique(object, field, unique))?;
    }
    if let Some(required) = change.required {
        done("required", org.set_required(object, field, required))?;
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn enable_person_accounts(Seat(simulator): Seat) -> StatusCode {
    simulator.org().enable_person_accounts();
    StatusCode::NO_CONTENT
}

pub(super) async fn enable_name_parts(Seat(simulator): Seat) -> StatusCode {
    simulator.org().enable_middle_names_and_suffixes();
    StatusCode::NO_CONTENT
}

pub(super) async fn define_list_view(
    Seat(simulator): Seat,
    Given(new): Given<NewListView>,
) -> Result<Json<Value>, Refusal> {
    let view = ListView {
        object: lookup::object(&simulator, &new.object)?,
        label: new.label.unwrap_or_else(|| new.developer_name.clone()),
        developer_name: new.developer_name,
        soql_compatible: new.soql_compatible,
        scope: new.scope,
        columns: new.columns,
        filter: new.filter,
        order: new.order,
    };
    let call = Call::of(simulator.administrator().id);
    let org = simulator.org();
    let columns = format!("SELECT {} FROM {}", view.columns.join(", "), view.object);
    told("columns", org.query_columns(&call, &columns))?;
    let id = told("filter", org.define_list_view(&call, view))?;
    Ok(Json(json!({"id": id.to_string()})))
}

fn yes() -> bool {
    true
}

fn everything() -> ListViewScope {
    ListViewScope::Everything
}

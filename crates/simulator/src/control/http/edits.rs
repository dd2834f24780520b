//! Changes made by people in the org, alone or several as one transaction.

use super::lookup::{self, refused};
use super::request::{Given, Refusal, Seat, read};
use crate::org::{
    ApiError, ApiErrors, Call, LeadConvert, MergeRequest, Origin, RecordId, SaveResult,
};
use crate::simulator::Simulator;
use axum::Json;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const ACTS: &str = "create takes fields, update id and fields, delete id, owner id and OwnerId, \
                    undelete and purge id, convert id and conversion, merge id, losers and fields";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The user's sign-in name; the administrator when absent.
    user: Option<String>,
    /// What the log names as the origin.
    client: Option<String>,
    /// Told from the rest when absent: `create`, `update` or `delete`.
    act: Option<String>,
    object: String,
    /// Without an id a record is created; without fields one is deleted.
    id: Option<String>,
    fields: Option<Map<String, Value>>,
    /// How to convert a lead.
    conversion: Option<LeadConvert>,
    /// The records that a merge takes away.
    losers: Option<Vec<String>>,
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
    Undelete(String),
    Purge(String),
    Convert(LeadConvert),
    Merge(MergeRequest),
}

/// An edit that can be carried out.
struct Prepared {
    call: Call,
    object: String,
    deed: Deed,
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
    done.map(Json).map_err(|errors| refused("edit", &errors))
}

fn batch(simulator: &Simulator, body: &Value) -> Result<Json<Value>, Refusal> {
    let batch: Batch = read(body.to_string().as_bytes())?;
    let edits = batch.edits.iter().map(|edit| prepare(simulator, edit));
    let edits = edits.collect::<Result<Vec<Prepared>, Refusal>>()?;
    let all = || -> Vec<Result<Value, ApiErrors>> {
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
    let results = results.into_iter().map(|result| {
        result.unwrap_or_else(|errors| {
            let errors: Vec<Value> = errors.iter().map(ApiError::to_json).collect();
            json!({"errors": errors})
        })
    });
    let results = Value::from_iter(results);
    match failed && batch.transaction {
        true => {
            let text = "edits: one failed, so none was kept";
            Err(Refusal::bad(text).with("results", results))
        }
        false => Ok(Json(json!({"results": results}))),
    }
}

fn prepare(simulator: &Simulator, body: &Value) -> Result<Prepared, Refusal> {
    let edit: Edit = read(body.to_string().as_bytes())?;
    let user = match &edit.user {
        None => simulator.administrator(),
        Some(name) => lookup::user(simulator, "user", name)?,
    };
    let call = Call {
        version: "66.0".to_owned(),
        client: edit.client.clone(),
        origin: Origin::Page,
        ..Call::of(user.id)
    };
    let object = edit.object.clone();
    if matches!(edit.act.as_deref(), Some("undelete" | "purge" | "convert")) {
        check_object(simulator, &object, edit.id.as_deref())?;
    }
    let deed = deed(simulator, edit)?;
    Ok(Prepared { call, object, deed })
}

/// These acts go by the id alone in the org, so that a wrong object would not be noticed.
fn check_object(simulator: &Simulator, object: &str, id: Option<&str>) -> Result<(), Refusal> {
    let id = id.and_then(RecordId::parse);
    match id.and_then(|id| simulator.org().object_of(&id)) {
        Some(name) if !name.eq_ignore_ascii_case(object) => {
            Err(Refusal::bad(format!("object: the id is that of a {name}")))
        }
        _ => Ok(()),
    }
}

fn deed(simulator: &Simulator, edit: Edit) -> Result<Deed, Refusal> {
    let wrong = || Refusal::bad(format!("act: {ACTS}"));
    let act = edit.act.as_deref();
    match (act, &edit.losers, &edit.conversion) {
        (Some("merge"), Some(_), None) | (Some("convert"), None, _) | (_, None, None) => {}
        _ => return Err(wrong()),
    }
    Ok(match (act, edit.id, edit.fields) {
        (None | Some("create"), None, fields) => Deed::Create(fields.unwrap_or_default()),
        (None | Some("update"), Some(id), Some(fields)) => Deed::Update(id, fields),
        (Some("owner"), Some(id), Some(fields)) if fields.contains_key("OwnerId") => {
            Deed::Update(id, fields)
        }
        (None | Some("delete"), Some(id), None) => Deed::Delete(id),
        (Some("undelete"), Some(id), None) => Deed::Undelete(id),
        (Some("purge"), Some(id), None) => Deed::Purge(id),
        (Some("convert"), Some(id), None) => {
            Deed::Convert(conversion(simulator, id, edit.conversion))
        }
        (Some("merge"), Some(master), fields) => Deed::Merge(MergeRequest {
            object: edit.object,
            master,
            fields: fields.unwrap_or_default(),
            losers: edit.losers.ok_or_else(wrong)?,
        }),
        _ => return Err(wrong()),
    })
}

fn conversion(simulator: &Simulator, id: String, given: Option<LeadConvert>) -> LeadConvert {
    let mut conversion = given.unwrap_or_default();
    conversion.lead_id = id;
    if conversion.converted_status.is_empty() {
        let usual = simulator.org().converted_status();
        conversion.converted_status = usual.unwrap_or_default();
    }
    conversion
}

impl Prepared {
    /// The id of the record, and of what else came of it.
    fn carry_out(&self, simulator: &Simulator) -> Result<Value, ApiErrors> {
        let (org, call, object) = (simulator.org(), &self.call, &self.object);
        match &self.deed {
            Deed::Create(fields) => {
                let made = org.create(call, object, fields);
                made.map(|id| json!({"id": id.to_string()}))
            }
            Deed::Update(id, fields) => {
                let changed = org.update(call, object, id, fields);
                changed.map(|()| json!({"id": id}))
            }
            Deed::Delete(id) => org.delete(call, object, id).map(|()| json!({"id": id})),
            Deed::Undelete(id) => only(org.undelete(call, std::slice::from_ref(id))),
            Deed::Purge(id) => self.purge(simulator, id),
            Deed::Convert(conversion) => {
                let done = org.convert_lead(call, conversion)?;
                let text = |id: Option<RecordId>| id.map(|id| id.to_string());
                Ok(json!({
                    "id": text(done.lead_id), "account_id": text(done.account_id),
                    "contact_id": text(done.contact_id), "opportunity_id": text(done.opportunity_id),
                }))
            }
            Deed::Merge(request) => {
                let done = org.merge(call, request)?;
                let texts =
                    |ids: &[RecordId]| Value::from_iter(ids.iter().map(RecordId::to_string));
                Ok(json!({
                    "id": done.id.to_string(), "merged": texts(&done.merged),
                    "updated_related": texts(&done.updated_related),
                }))
            }
        }
    }

    /// A record that lives is deleted without a stay in the bin, one of the bin leaves it.
    fn purge(&self, simulator: &Simulator, id: &str) -> Result<Value, ApiErrors> {
        let (org, ids) = (simulator.org(), [id.to_owned()]);
        let purged = only(org.hard_delete_many(&self.call, &ids, true));
        let is_binned = |error: &ApiError| error.code == "ENTITY_IS_DELETED";
        match purged {
            Err(errors) if errors.iter().any(is_binned) => {
                only(org.empty_recycle_bin(&self.call, &ids))
            }
            purged => purged,
        }
    }
}

/// The answer for the only record of a call that takes several.
fn only(outcome: Result<Vec<SaveResult>, ApiError>) -> Result<Value, ApiErrors> {
    let results = outcome.map_err(|error| vec![error])?;
    let id = results.iter().find_map(|result| result.id);
    let errors: ApiErrors = results.into_iter().flat_map(|r| r.errors).collect();
    match errors.is_empty() {
        true => Ok(json!({"id": id.map(|id| id.to_string())})),
        false => Err(errors),
    }
}

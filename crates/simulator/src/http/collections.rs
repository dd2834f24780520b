//! Up to 200 records in one call, each with a result of its own.

use super::ask::{Answer, Answered, Ask, listed};
use crate::org::{ApiError, SaveResult};
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Map, Value, json};

/// Records that one call may write.
const RECORDS_MAX: usize = 200;
/// Runs of records of one object that one call may write.
const RUNS_MAX: usize = 10;
/// Records that one call may read.
const IDS_MAX: usize = 2_000;

/// `composite/sobjects` and what stands behind it.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    match (rest, &ask.method) {
        ([], &Method::DELETE) => delete(simulator, ask),
        ([], &Method::POST | &Method::PATCH) | ([_, _], &Method::PATCH) => {
            write(simulator, ask, rest)
        }
        ([], _) => Err(ask.not_allowed(&[Method::DELETE, Method::PATCH, Method::POST])),
        ([object], &Method::GET | &Method::POST) => read(simulator, ask, object),
        ([_], _) => Err(ask.not_allowed(&[Method::GET, Method::POST])),
        ([_, _], _) => Err(ask.not_allowed(&[Method::PATCH])),
        _ => Err(ApiError::not_found().into()),
    }
}

fn delete(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    let ids = listed(ask.query.get("ids"));
    if ids.is_empty() {
        let text = "The ids parameter is required and must not be empty";
        return Err(ApiError::request(400, "REQUIRED_FIELD_MISSING", text).into());
    }
    check_size(ids.len(), RECORDS_MAX)?;
    let org = simulator.org();
    let saved = org.delete_many(&ask.call, &ids, ask.flag("allOrNone"))?;
    Ok(results(saved))
}

fn read(simulator: &Simulator, ask: &Ask<'_>, object: &str) -> Answered {
    let (ids, fields) = match ask.method {
        Method::GET => (
            listed(ask.query.get("ids")),
            listed(ask.query.get("fields")),
        ),
        _ => {
            let body = ask.json()?;
            (texts(&body, "ids"), texts(&body, "fields"))
        }
    };
    check_size(ids.len(), IDS_MAX)?;
    let org = simulator.org();
    let rows = org.retrieve_many(&ask.call, object, &ids, &fields)?;
    Ok(Answer::ok(Value::from(rows)))
}

fn write(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    let body = ask.json()?;
    let all_or_none = body.get("allOrNone").and_then(Value::as_bool);
    let all_or_none = all_or_none.unwrap_or(false);
    let Some(records) = body.get("records").and_then(Value::as_array) else {
        let text = "The records parameter is required";
        return Err(ApiError::request(400, "REQUIRED_FIELD_MISSING", text).into());
    };
    check_size(records.len(), RECORDS_MAX)?;
    check_runs(records)?;
    let (org, call) = (simulator.org(), &ask.call);
    let saved = match (&ask.method, rest) {
        (_, [object, field]) => org.upsert_many(call, (*object, *field), records, all_or_none)?,
        (&Method::POST, _) => org.create_many(call, records, all_or_none)?,
        _ => org.update_many(call, records, all_or_none)?,
    };
    Ok(results(saved))
}

fn results(saved: Vec<SaveResult>) -> Answer {
    let row = |result: &SaveResult| {
        let errors = result.errors.iter().map(ApiError::to_collection_json);
        let errors: Vec<Value> = errors.collect();
        let mut row = json!({"success": errors.is_empty(), "errors": errors});
        if let Some(id) = result.id {
            row["id"] = Value::from(id.to_string());
        }
        if let Some(created) = result.created {
            row["created"] = Value::from(created);
        }
        row
    };
    Answer::ok(saved.iter().map(row).collect())
}

fn check_size(count: usize, most: usize) -> Answered<()> {
    if count <= most {
        return Ok(());
    }
    let text =
        format!("record limit reached. cannot submit more than {most} records into this call");
    Err(ApiError::request(400, "EXCEEDED_ID_LIMIT", text).into())
}

/// Records of different objects may be mixed, as long as they are not shuffled too much.
fn check_runs(records: &[Value]) -> Answered<()> {
    let object = |record: &Value| {
        let object = record["attributes"]["type"].as_str().unwrap_or_default();
        object.to_ascii_lowercase()
    };
    let changes = records
        .windows(2)
        .filter(|pair| object(&pair[0]) != object(&pair[1]));
    if changes.count() < RUNS_MAX {
        return Ok(());
    }
    let text = format!(
        "Cannot have more than {RUNS_MAX} chunks in a single operation. Please rearrange the data \
         to reduce chunking."
    );
    Err(ApiError::request(400, "LIMIT_EXCEEDED", text).into())
}

fn texts(body: &Map<String, Value>, key: &str) -> Vec<String> {
    let values = body.get(key).and_then(Value::as_array);
    let texts = values.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

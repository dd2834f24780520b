//! The resources behind the version: one match over method and path.

use super::query::page_size;
use super::rest::{Answer, Ask};
use crate::org::{ApiError, ExternalKey, RecordId, SaveResult, Upserted};
use crate::simulator::{Simulator, lock};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::atomic::Ordering;

/// Records that one collection call may carry.
const COLLECTION_MAX: usize = 200;

type Result<T> = std::result::Result<T, Vec<ApiError>>;

pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>) -> Answer {
    let found = match ask.path.as_slice() {
        [] => Ok(root(simulator, ask)),
        ["limits"] => Ok(Answer::Json(StatusCode::OK, limits(simulator))),
        ["query" | "queryAll", rest @ ..] => query(simulator, ask, rest),
        ["sobjects", rest @ ..] => sobjects(simulator, ask, rest),
        ["composite", "sobjects", rest @ ..] => collection(simulator, ask, rest),
        [first, ..] if MISSING.contains(first) => Err(vec![ApiError::request(
            501,
            "NOT_IMPLEMENTED",
            format!("the simulator does not have the resource {first} yet"),
        )]),
        _ => Err(vec![ApiError::not_found()]),
    };
    found.unwrap_or_else(Answer::Errors)
}

/// Resources of a real org that answer with a clear error instead of a wrong success.
const MISSING: &[&str] = &[
    "composite",
    "jobs",
    "search",
    "parameterizedSearch",
    "tooling",
    "analytics",
    "actions",
    "recent",
    "event",
    "ui-api",
];

fn root(simulator: &Simulator, ask: &Ask<'_>) -> Answer {
    let at = |path: &str| format!("/services/data/v{}/{path}", ask.call.version);
    let host = &simulator.host;
    Answer::Json(
        StatusCode::OK,
        json!({
            "composite": at("composite"), "identity": format!("{}/id/{}/{}", host.base_url, host.org.id(), ask.call.user),
            "limits": at("limits"), "query": at("query"), "queryAll": at("queryAll"), "search": at("search"),
            "sobjects": at("sobjects"), "recent": at("recent"),
        }),
    )
}

fn limits(simulator: &Simulator) -> Value {
    let max = simulator.host.calls_max.load(Ordering::SeqCst);
    let left = max - simulator.host.used.load(Ordering::SeqCst) as i64;
    let full = |max: i64| json!({"Max": max, "Remaining": max});
    json!({
        "DailyApiRequests": {"Max": max, "Remaining": left}, "DailyBulkApiBatches": full(15_000),
        "DailyBulkV2QueryJobs": full(10_000), "DailyAsyncApexExecutions": full(250_000),
        "DailyStreamingApiEvents": full(10_000), "DataStorageMB": full(1_073), "FileStorageMB": full(1_073),
        "HourlyPublishedPlatformEvents": full(50_000), "SingleEmail": full(15), "MassEmail": full(10),
    })
}

fn query(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer> {
    only(ask, &[Method::GET])?;
    let size = page_size(
        ask.headers
            .get("sforce-query-options")
            .and_then(|value| value.to_str().ok()),
    );
    let org = simulator.org();
    if let [locator] = rest {
        let page = lock(&simulator.host.locators)
            .next(org, &ask.call, locator, size)
            .map_err(one)?;
        return Ok(Answer::Json(StatusCode::OK, page));
    }
    let missing = || {
        vec![ApiError::request(
            400,
            "MALFORMED_QUERY",
            "A query string has to be specified",
        )]
    };
    let soql = ask.query.get("q").ok_or_else(missing)?;
    if ask
        .query
        .get("columns")
        .is_some_and(|asked| asked == "true")
    {
        let columns = org.query_columns(&ask.call, soql).map_err(one)?;
        return Ok(Answer::Json(StatusCode::OK, columns));
    }
    let found = org
        .query(&ask.call, soql, ask.path[0] == "queryAll")
        .map_err(one)?;
    let page = lock(&simulator.host.locators).first(org, &ask.call, found, size);
    Ok(Answer::Json(StatusCode::OK, page))
}

fn sobjects(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer> {
    let org = simulator.org();
    let ok = |value| Ok(Answer::Json(StatusCode::OK, value));
    match (&ask.method, rest) {
        (&Method::GET, []) => ok(org.describe_global(&ask.call)),
        (&Method::GET, [object]) => ok(org.basic_describe(&ask.call, object).map_err(one)?),
        (&Method::POST, [object]) => {
            let id = org.create(&ask.call, object, &body(ask)?)?;
            Ok(Answer::Json(
                StatusCode::CREATED,
                json!({"id": id.to_string(), "success": true, "errors": []}),
            ))
        }
        (&Method::GET, [object, "describe"]) => ok(org.describe(&ask.call, object).map_err(one)?),
        (_, [object, id]) => record(simulator, ask, object, id),
        (_, [object, field, value]) => by_key(simulator, ask, object, field, value),
        (_, [] | [_]) => Err(not_allowed(&ask.method)),
        _ => Err(vec![ApiError::not_found()]),
    }
}

fn record(simulator: &Simulator, ask: &Ask<'_>, object: &str, id: &str) -> Result<Answer> {
    let org = simulator.org();
    match ask.method {
        Method::GET => {
            let wanted: Option<Vec<String>> = ask.query.get("fields").map(|list| {
                list.split(',')
                    .map(|field| field.trim().to_owned())
                    .collect()
            });
            Ok(Answer::Json(
                StatusCode::OK,
                org.get(&ask.call, object, id, wanted.as_deref())
                    .map_err(one)?,
            ))
        }
        Method::PATCH => {
            org.update(&ask.call, object, id, &body(ask)?)?;
            Ok(Answer::Empty(StatusCode::NO_CONTENT))
        }
        Method::DELETE => {
            org.delete(&ask.call, object, id)?;
            Ok(Answer::Empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(&ask.method)),
    }
}

fn by_key(
    simulator: &Simulator,
    ask: &Ask<'_>,
    object: &str,
    field: &str,
    value: &str,
) -> Result<Answer> {
    let org = simulator.org();
    let value = decode(value);
    let key = ExternalKey {
        object,
        field,
        value: &value,
    };
    match ask.method {
        Method::GET => {
            let ids = org.find_by_external_id(&ask.call, key).map_err(one)?;
            match ids.as_slice() {
                [id] => Ok(Answer::Json(
                    StatusCode::OK,
                    org.get(&ask.call, object, &id.to_string(), None)
                        .map_err(one)?,
                )),
                ids => Ok(several(ask, object, ids)),
            }
        }
        Method::PATCH => {
            let update_only = ask
                .query
                .get("updateOnly")
                .is_some_and(|value| value == "true");
            let saved = |status, id: RecordId, created: bool| {
                Answer::Json(
                    status,
                    json!({"id": id.to_string(), "success": true, "errors": [], "created": created}),
                )
            };
            Ok(
                match org.upsert(&ask.call, key, &body(ask)?, update_only)? {
                    Upserted::Created(id) => saved(StatusCode::CREATED, id, true),
                    Upserted::Updated(id) => saved(StatusCode::OK, id, false),
                    Upserted::Ambiguous(ids) => several(ask, object, &ids),
                },
            )
        }
        Method::DELETE => {
            let ids = org.find_by_external_id(&ask.call, key).map_err(one)?;
            for id in &ids {
                org.delete(&ask.call, object, &id.to_string())?;
            }
            Ok(Answer::Empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(&ask.method)),
    }
}

fn several(ask: &Ask<'_>, object: &str, ids: &[RecordId]) -> Answer {
    let urls: Vec<Value> = ids
        .iter()
        .map(|id| {
            Value::from(format!(
                "/services/data/v{}/sobjects/{object}/{id}",
                ask.call.version
            ))
        })
        .collect();
    Answer::Json(StatusCode::MULTIPLE_CHOICES, Value::from(urls))
}

fn collection(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer> {
    let org = simulator.org();
    let call = &ask.call;
    if ask.method == Method::DELETE {
        let ids: Vec<String> = list(ask.query.get("ids"));
        check_size(ids.len())?;
        let all_or_none = ask
            .query
            .get("allOrNone")
            .is_some_and(|value| value == "true");
        return Ok(results(
            org.delete_many(call, &ids, all_or_none).map_err(one)?,
        ));
    }
    let body = body(ask)?;
    let texts = |key: &str| -> Vec<String> {
        let values = body
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        values
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    if let ([object], true) = (
        rest,
        ask.method == Method::POST || ask.method == Method::GET,
    ) {
        let rows = org
            .retrieve_many(call, object, &texts("ids"), &texts("fields"))
            .map_err(one)?;
        return Ok(Answer::Json(StatusCode::OK, Value::from(rows)));
    }
    let all_or_none = body
        .get("allOrNone")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let records = body
        .get("records")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    check_size(records.len())?;
    let saved = match (&ask.method, rest) {
        (&Method::POST, []) => org.create_many(call, &records, all_or_none),
        (&Method::PATCH, []) => org.update_many(call, &records, all_or_none),
        (&Method::PATCH, [object, field]) => {
            org.upsert_many(call, (*object, *field), &records, all_or_none)
        }
        _ => return Err(not_allowed(&ask.method)),
    };
    Ok(results(saved.map_err(one)?))
}

fn results(saved: Vec<SaveResult>) -> Answer {
    let rows: Vec<Value> = saved
        .iter()
        .map(|result| {
            let errors: Vec<Value> = result
                .errors
                .iter()
                .map(ApiError::to_collection_json)
                .collect();
            let mut row = json!({"success": errors.is_empty(), "errors": errors});
            if let Some(id) = result.id {
                row["id"] = Value::from(id.to_string());
            }
            if let Some(created) = result.created {
                row["created"] = Value::from(created);
            }
            row
        })
        .collect();
    Answer::Json(StatusCode::OK, Value::from(rows))
}

fn check_size(count: usize) -> Result<()> {
    if count <= COLLECTION_MAX {
        return Ok(());
    }
    let message = format!(
        "record limit reached. cannot submit more than {COLLECTION_MAX} records into this call"
    );
    Err(vec![ApiError::request(400, "EXCEEDED_ID_LIMIT", message)])
}

fn body(ask: &Ask<'_>) -> Result<Map<String, Value>> {
    let text = String::from_utf8_lossy(&ask.body);
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(vec![ApiError::request(
            400,
            "JSON_PARSER_ERROR",
            "The HTTP entity body must be an object",
        )]),
        Err(_) if text.trim().is_empty() => Err(vec![ApiError::request(
            400,
            "JSON_PARSER_ERROR",
            "The HTTP entity body is required, but this request has no entity body.",
        )]),
        Err(error) => {
            let message = format!(
                "Unexpected character at [line:{}, column:{}]",
                error.line(),
                error.column()
            );
            Err(vec![ApiError::request(400, "JSON_PARSER_ERROR", message)])
        }
    }
}

fn only(ask: &Ask<'_>, allowed: &[Method]) -> Result<()> {
    if allowed.contains(&ask.method) {
        Ok(())
    } else {
        Err(not_allowed(&ask.method))
    }
}

fn not_allowed(method: &Method) -> Vec<ApiError> {
    let message = format!("HTTP Method '{method}' not allowed.");
    vec![ApiError::request(405, "METHOD_NOT_ALLOWED", message)]
}

fn list(value: Option<&String>) -> Vec<String> {
    value
        .map(|list| list.split(',').map(|id| id.trim().to_owned()).collect())
        .unwrap_or_default()
}

fn decode(segment: &str) -> String {
    let joined = format!("v={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(joined.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn one(error: ApiError) -> Vec<ApiError> {
    vec![error]
}

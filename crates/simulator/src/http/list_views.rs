//! Saved views over HTTP, and what the user saw lately.

use super::ask::{Answer, Answered, Ask};
use crate::org::{ApiError, ListView, RecordId};
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Value, json};

/// Rows of a view's results, unless the client says how many.
const ROWS_DEFAULT: usize = 25;
const ROWS_MAX: usize = 2_000;
/// Records that `recent` shows, unless the client says how many.
const RECENT_MAX: usize = 200;

/// `sobjects/X/listviews` and everything behind it.
pub(super) fn answer(
    simulator: &Simulator,
    ask: &Ask<'_>,
    object: &str,
    rest: &[&str],
) -> Answered {
    ask.only(&[Method::GET])?;
    let (org, call) = (simulator.org(), &ask.call);
    let body = match rest {
        [] => listed(ask, object, &org.list_views(call, object)?),
        ["recent"] => {
            let mut views = org.list_views(call, object)?;
            views.retain(|(id, _)| org.was_viewed(call, id));
            listed(ask, object, &views)
        }
        [id] => {
            let (id, view) = org.list_view(call, object, id)?;
            let mut entry = entry(ask, id, &view);
            entry["sobjectType"] = json!(view.object);
            entry
        }
        [id, "describe"] => {
            let (id, view) = org.list_view(call, object, id)?;
            org.describe_list_view(call, (id, &view))?
        }
        [id, "results"] => {
            let (id, view) = org.list_view(call, object, id)?;
            let window = (
                number(ask, "offset", 0, usize::MAX)?,
                number(ask, "limit", ROWS_DEFAULT, ROWS_MAX)?,
            );
            org.mark_viewed(call, &id.to_string());
            org.list_view_results(call, (id, &view), window)?
        }
        _ => return Err(ApiError::not_found().into()),
    };
    Ok(Answer::ok(body))
}

/// `recent`: the user's records, the latest first.
pub(super) fn recent(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::GET])?;
    let limit = number(ask, "limit", RECENT_MAX, RECENT_MAX)?;
    let records = simulator.org().recent(&ask.call, None, limit);
    Ok(Answer::ok(Value::from(records)))
}

fn listed(ask: &Ask<'_>, object: &str, views: &[(RecordId, ListView)]) -> Value {
    let object = views
        .first()
        .map_or(object, |(_, view)| view.object.as_str());
    let entries: Vec<Value> = views
        .iter()
        .map(|(id, view)| entry(ask, *id, view))
        .collect();
    json!({
        "done": true,
        "listviews": entries,
        "nextRecordsUrl": null,
        "size": views.len(),
        "sobjectType": object,
    })
}

fn entry(ask: &Ask<'_>, id: RecordId, view: &ListView) -> Value {
    let url = ask.at(&format!("sobjects/{}/listviews/{id}", view.object));
    let described = view.soql_compatible.then(|| format!("{url}/describe"));
    json!({
        "describeUrl": described,
        "developerName": view.developer_name,
        "id": id.to_string(),
        "label": view.label,
        "resultsUrl": format!("{url}/results"),
        "soqlCompatible": view.soql_compatible,
        "url": url,
    })
}

fn number(ask: &Ask<'_>, name: &str, default: usize, most: usize) -> Answered<usize> {
    let Some(text) = ask.query.get(name) else {
        return Ok(default);
    };
    let number = text.parse::<usize>().ok().filter(|number| *number <= most);
    number.ok_or_else(|| {
        let text = format!("The parameter {name} must be a number of at most {most}: {text}");
        ApiError::request(400, "INVALID_QUERY_VALUE", text).into()
    })
}

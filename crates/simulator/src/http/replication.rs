//! Which records changed or vanished in a span of time, for programs that copy the org.

use super::ask::{Answer, Answered, Ask};
use crate::org::ApiError;
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Value, json};

/// `sobjects/X/updated`.
pub(super) fn updated(simulator: &Simulator, ask: &Ask<'_>, object: &str) -> Answered {
    ask.only(&[Method::GET])?;
    let org = simulator.org();
    let updated = org.updated(&ask.call, object, span(ask)?)?;
    let ids: Vec<String> = updated.ids.iter().map(ToString::to_string).collect();
    Ok(Answer::ok(
        json!({"ids": ids, "latestDateCovered": updated.latest_date_covered}),
    ))
}

/// `sobjects/X/deleted`.
pub(super) fn deleted(simulator: &Simulator, ask: &Ask<'_>, object: &str) -> Answered {
    ask.only(&[Method::GET])?;
    let deleted = simulator.org().deleted(&ask.call, object, span(ask)?)?;
    let record = |(id, date): &(crate::org::RecordId, String)| json!({"id": id.to_string(), "deletedDate": date});
    let records: Vec<Value> = deleted.records.iter().map(record).collect();
    Ok(Answer::ok(json!({
        "deletedRecords": records,
        "earliestDateAvailable": deleted.earliest_date_available,
        "latestDateCovered": deleted.latest_date_covered,
    })))
}

fn span<'a>(ask: &'a Ask<'_>) -> Answered<(&'a str, &'a str)> {
    let given = |name: &str| {
        let missing = || {
            let text = format!("The parameter {name} is required");
            Answer::from(ApiError::request(400, "MISSING_ARGUMENT", text))
        };
        ask.query.get(name).map(String::as_str).ok_or_else(missing)
    };
    Ok((given("start")?, given("end")?))
}

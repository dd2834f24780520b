//! Search over HTTP: in the search language, or by parameters.

use super::ask::{Answer, Answered, Ask, listed};
use crate::org::{ApiError, Search, SearchIn};
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Map, Value, json};

/// The first version whose answer is an object; before, it is the bare list.
const ANSWERS_OBJECT: u32 = 37;

/// `search?q=FIND …`.
pub(super) fn sosl(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::GET])?;
    let sosl = ask.query.get("q").map_or("FIND", String::as_str);
    let search = Search::parse(sosl)?;
    let records = simulator.org().search(&ask.call, &search)?;
    Ok(Answer::ok(match ask.version() >= ANSWERS_OBJECT {
        true => json!({"searchRecords": records}),
        false => Value::from(records),
    }))
}

/// `parameterizedSearch`, by URL or by body.
pub(super) fn parameterized(simulator: &Simulator, ask: &Ask<'_>) -> Answered {
    ask.only(&[Method::GET, Method::POST])?;
    let search = match ask.method {
        Method::GET => by_url(ask)?,
        _ => by_body(&ask.json()?)?,
    };
    let records = simulator.org().search(&ask.call, &search)?;
    Ok(Answer::ok(json!({"searchRecords": records})))
}

fn by_url(ask: &Ask<'_>) -> Answered<Search> {
    let given = |name: &str| ask.query.get(name).map(String::as_str);
    let mut search = started(given("q"), given("in"))?;
    if let Some(limit) = given("overallLimit") {
        search.limit = number(limit)?;
    }
    for object in listed(ask.query.get("sobject")) {
        let own = |what: &str| given(&format!("{object}.{what}"));
        let fields = own("fields").or(given("fields")).unwrap_or("Id");
        let mut clauses = fields.to_owned();
        if let Some(filter) = own("where") {
            clauses.push_str(&format!(" WHERE {filter}"));
        }
        if let Some(limit) = own("limit").or(given("defaultLimit")) {
            clauses.push_str(&format!(" LIMIT {}", number(limit)?));
        }
        search.returning.push((object, clauses));
    }
    Ok(search)
}

fn by_body(body: &Map<String, Value>) -> Answered<Search> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let mut search = started(text("q"), text("in"))?;
    if let Some(limit) = body.get("overallLimit").filter(|limit| !limit.is_null()) {
        search.limit = count(limit)?;
    }
    let objects = body.get("sobjects").and_then(Value::as_array);
    for object in objects.into_iter().flatten() {
        let name = object.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| refused("each of the sobjects needs a name"))?;
        let names = |of: Option<&Value>| {
            let names = of.and_then(Value::as_array)?;
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let fields = names(object.get("fields")).or_else(|| names(body.get("fields")));
        let mut clauses = fields.unwrap_or_else(|| "Id".to_owned());
        for (key, word) in [("where", "WHERE"), ("orderBy", "ORDER BY")] {
            if let Some(text) = object.get(key).and_then(Value::as_str) {
                clauses.push_str(&format!(" {word} {text}"));
            }
        }
        let limit = object.get("limit").or(body.get("defaultLimit"));
        if let Some(limit) = limit.filter(|limit| !limit.is_null()) {
            clauses.push_str(&format!(" LIMIT {}", count(limit)?));
        }
        search.returning.push((name.to_owned(), clauses));
    }
    Ok(search)
}

fn started(find: Option<&str>, within: Option<&str>) -> Answered<Search> {
    let find = find.ok_or_else(|| refused("No search term found. The parameter q is required."))?;
    let group = SearchIn::named(within.unwrap_or("ALL"));
    let within = group.ok_or_else(|| refused("unknown group of fields in the parameter in"))?;
    Ok(Search {
        within,
        ..Search::of(find)
    })
}

fn number(text: &str) -> Answered<usize> {
    text.parse()
        .map_err(|_| refused("a limit must be a number"))
}

fn count(value: &Value) -> Answered<usize> {
    match value {
        Value::String(text) => number(text),
        other => number(&other.to_string()),
    }
}

fn refused(text: &str) -> Answer {
    ApiError::request(400, "MALFORMED_SEARCH", text).into()
}

//! "Someone in Salesforce": plain pages to look at records and edit them as a user of the org.

mod activity;
pub(super) mod life;

use super::html::{escape, page};
use super::sign_in::{fields, to};
use crate::org::{ApiError, Call, Origin};
use crate::simulator::Simulator;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const OBJECTS: &[(&str, &[&str])] = &[
    (
        "Contact",
        &[
            "FirstName",
            "LastName",
            "Title",
            "Email",
            "MobilePhone",
            "Phone",
            "MailingCity",
        ],
    ),
    (
        "Lead",
        &[
            "FirstName",
            "LastName",
            "Company",
            "Title",
            "Email",
            "MobilePhone",
            "Phone",
        ],
    ),
    ("Account", &["Name", "Phone", "Industry"]),
    (
        "Task",
        &["Subject", "Status", "ActivityDate", "Description", "WhoId"],
    ),
];
const CHANGES_SHOWN: usize = 25;

pub(super) async fn home(State(simulator): State<Simulator>) -> Html<String> {
    let links: String = OBJECTS
        .iter()
        .map(|(object, _)| format!("<a href=/records/{object}>{object}s</a> · "))
        .collect();
    let changes = simulator.org().changes();
    let rows: String = changes
        .iter()
        .rev()
        .take(CHANGES_SHOWN)
        .map(|change| {
            let fields: Vec<String> = change
                .fields
                .iter()
                .map(|field| format!("{}: {} → {}", field.field, field.old, field.new))
                .collect();
            format!(
                "<tr><td>{:?}<td><a href=\"/lightning/r/{2}/{3}/view\">{2}</a><td>{1}<td>{4}</tr>",
                change.act,
                escape(change.client.as_deref().unwrap_or("somebody here")),
                escape(&change.object),
                escape(&change.id),
                escape(&fields.join(", "))
            )
        })
        .collect();
    let changes = match rows.is_empty() {
        true => "<p class=quiet>Nobody changed anything yet.</p>".to_owned(),
        false => format!("<table><tr><th>Act<th>Record<th>By<th>Fields</tr>{rows}</table>"),
    };
    let body = format!(
        "<h1>{}</h1><p>{links}<a href=/recycle-bin>Recycle bin</a> · <a href=/phones>Phones</a></p><h2>Latest changes</h2>{changes}",
        escape(&simulator.org().name())
    );
    Html(page("The org", &body, true))
}

pub(super) async fn list(
    State(simulator): State<Simulator>,
    Path(object): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let Some(columns) = columns_of(&object) else {
        return to("/");
    };
    let words = query.get("q").cloned().unwrap_or_default();
    let name = if object == "Task" { "Subject" } else { "Name" };
    let condition = if words.is_empty() {
        String::new()
    } else {
        format!(
            " WHERE {name} LIKE '%{}%'",
            words.replace('\\', "\\\\").replace('\'', "\\'")
        )
    };
    let soql = format!(
        "SELECT Id, {} FROM {object}{condition} ORDER BY LastModifiedDate DESC LIMIT 50",
        columns.join(", ")
    );
    let call = call(&simulator);
    let rows = match simulator.org().query(&call, &soql, false) {
        Ok(found) => simulator.org().rows(&call, &found, 0..50),
        Err(error) => return problem(&[error]),
    };
    let head: String = columns
        .iter()
        .map(|column| format!("<th>{column}"))
        .collect();
    let lines: String = rows
        .iter()
        .map(|row| {
            let cells: String = columns
                .iter()
                .map(|column| format!("<td>{}", escape(&text(&row[*column]))))
                .collect();
            format!(
                "<tr><td><a href=\"/lightning/r/{object}/{}/view\">Open</a>{cells}</tr>",
                escape(&text(&row["Id"]))
            )
        })
        .collect();
    let body = format!(
        "<h1>{object}s</h1><form><input name=q value=\"{}\" placeholder=Search aria-label=Search> <button>Search</button></form>\
         <table><tr><th>{head}</tr>{lines}</table><h2>New {object}</h2>{}",
        escape(&words),
        form(columns, &Value::Null, "Create")
    );
    Html(page(&object, &body, true)).into_response()
}

pub(super) async fn create(
    State(simulator): State<Simulator>,
    Path(object): Path<String>,
    body: String,
) -> Response {
    match simulator
        .org()
        .create(&call(&simulator), &object, &values(&body, false))
    {
        Ok(id) => to(&format!("/lightning/r/{object}/{id}/view")),
        Err(errors) => problem(&errors),
    }
}

pub(super) async fn record(
    State(simulator): State<Simulator>,
    Path((object, id)): Path<(String, String)>,
) -> Response {
    let Some(columns) = columns_of(&object) else {
        return to("/");
    };
    match simulator.org().get(&call(&simulator), &object, &id, None) {
        Ok(row) => {
            let body = format!(
                "<p><a href=/records/{object}>All {object}s</a></p><h1>{object} {}</h1>{}{}{}",
                escape(&text(&row["Name"])),
                form(columns, &row, "Save"),
                life::buttons(&object),
                activity::of(&simulator, &text(&row["Id"]))
            );
            Html(page(&object, &body, true)).into_response()
        }
        Err(error) => problem(&[error]),
    }
}

pub(super) async fn save(
    State(simulator): State<Simulator>,
    Path((object, id)): Path<(String, String)>,
    body: String,
) -> Response {
    if let Some(answer) = life::press(&simulator, (&object, &id), &fields(&body)) {
        return answer;
    }
    let values = values(&body, true);
    match simulator
        .org()
        .update(&call(&simulator), &object, &id, &values)
    {
        Ok(()) => to(&format!("/lightning/r/{object}/{id}/view")),
        Err(errors) => problem(&errors),
    }
}

fn call(simulator: &Simulator) -> Call {
    Call {
        version: "66.0".to_owned(),
        origin: Origin::Page,
        ..Call::of(simulator.administrator().id)
    }
}

fn columns_of(object: &str) -> Option<&'static [&'static str]> {
    OBJECTS
        .iter()
        .find(|(known, _)| *known == object)
        .map(|(_, columns)| *columns)
}

fn form(columns: &[&str], row: &Value, verb: &str) -> String {
    let inputs: String = columns
        .iter()
        .map(|column| {
            format!(
                "<label>{column} <input name={column} value=\"{}\"></label>",
                escape(&text(&row[*column]))
            )
        })
        .collect();
    format!("<form method=post class=fields>{inputs}<button>{verb}</button></form>")
}

fn values(body: &str, blanks: bool) -> Map<String, Value> {
    let given = fields(body)
        .into_iter()
        .filter(|(_, value)| blanks || !value.is_empty());
    given
        .map(|(name, value)| {
            (
                name,
                if value.is_empty() {
                    Value::Null
                } else {
                    Value::from(value)
                },
            )
        })
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn problem(errors: &[ApiError]) -> Response {
    let lines: String = errors
        .iter()
        .map(|error| format!("<p class=bad>{}</p>", escape(&error.message)))
        .collect();
    Html(page(
        "That did not work",
        &format!("<h1>That did not work</h1>{lines}<p><a href=/>Back</a></p>"),
        false,
    ))
    .into_response()
}

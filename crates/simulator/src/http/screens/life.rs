//! What people do with whole records on the plain pages: convert a lead, merge two, look into the
//! recycle bin and bring something back.

use super::{call, problem};
use crate::http::html::{escape, page};
use crate::http::sign_in::{fields, to};
use crate::org::{LeadConvert, MergeRequest, SaveResult};
use crate::simulator::Simulator;
use axum::extract::State;
use axum::response::{Html, Response};
use std::collections::BTreeMap;

/// Objects of which two records can be made one.
const MERGEABLE: [&str; 3] = ["Account", "Contact", "Lead"];

/// The buttons of a record's page.
pub(super) fn buttons(object: &str) -> String {
    let mut forms =
        "<form method=post class=act><button name=__act value=delete>Delete</button></form>"
            .to_owned();
    if object == "Lead" {
        forms.push_str(
            "<form method=post class=act><button name=__act value=convert>Convert</button></form>",
        );
    }
    if MERGEABLE.contains(&object) {
        forms.push_str(
            "<form method=post><label>Id of the record to merge into this one <input name=other></label>\
             <button name=__act value=merge>Merge</button></form>",
        );
    }
    forms
}

/// Carries out one of the buttons, if the form was sent by one.
pub(super) fn press(
    simulator: &Simulator,
    (object, id): (&str, &str),
    form: &BTreeMap<String, String>,
) -> Option<Response> {
    let (org, call) = (simulator.org(), call(simulator));
    let outcome = match form.get("__act")?.as_str() {
        "delete" => {
            let deleted = org.delete(&call, object, id);
            deleted.map(|()| format!("/records/{object}"))
        }
        "convert" => {
            let conversion = LeadConvert {
                lead_id: id.to_owned(),
                converted_status: org.converted_status().unwrap_or_default(),
                ..LeadConvert::default()
            };
            let converted = org.convert_lead(&call, &conversion);
            let contact = converted.map(|made| made.contact_id.map(|id| id.to_string()));
            contact.map(|id| format!("/lightning/r/Contact/{}/view", id.unwrap_or_default()))
        }
        "merge" => {
            let request = MergeRequest {
                object: object.to_owned(),
                master: id.to_owned(),
                losers: form.get("other").cloned().into_iter().collect(),
                ..MergeRequest::default()
            };
            let merged = org.merge(&call, &request);
            merged.map(|won| format!("/lightning/r/{object}/{}/view", won.id))
        }
        _ => return None,
    };
    Some(match outcome {
        Ok(next) => to(&next),
        Err(errors) => problem(&errors),
    })
}

/// `GET /recycle-bin`.
pub(in crate::http) async fn bin(State(simulator): State<Simulator>) -> Html<String> {
    let entries = simulator.org().recycle_bin(&call(&simulator));
    let rows: String = entries
        .iter()
        .map(|entry| {
            let id = entry.id;
            format!(
                "<tr><td>{}<td>{}<td>{id}<td><form method=post><input type=hidden name=id value={id}>\
                 <button name=__act value=undelete>Undelete</button> \
                 <button name=__act value=purge>Delete for good</button></form></tr>",
                escape(&entry.object),
                escape(&entry.name)
            )
        })
        .collect();
    let body =
        format!("<h1>Recycle bin</h1><table><tr><th>Object<th>Name<th>Id<th></tr>{rows}</table>");
    Html(page("Recycle bin", &body, false))
}

/// `POST /recycle-bin`.
pub(in crate::http) async fn empty(State(simulator): State<Simulator>, body: String) -> Response {
    let form = fields(&body);
    let ids = [form.get("id").cloned().unwrap_or_default()];
    let (org, call) = (simulator.org(), call(&simulator));
    let done = match form.get("__act").map(String::as_str) {
        Some("purge") => org.empty_recycle_bin(&call, &ids),
        _ => org.undelete(&call, &ids),
    };
    let refused = |result: &SaveResult| !result.errors.is_empty();
    match done {
        Ok(results) => match results.into_iter().find(refused) {
            Some(result) => problem(&result.errors),
            None => to("/recycle-bin"),
        },
        Err(error) => problem(&[error]),
    }
}

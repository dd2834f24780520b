//! What was done with a person, below the fields of their record: the Tasks that name them.

use super::{call, text};
use crate::http::html::escape;
use crate::simulator::Simulator;

const SHOWN: usize = 20;

/// The Tasks of a person as part of their page; nothing while there are none.
pub(super) fn of(simulator: &Simulator, id: &str) -> String {
    let soql = format!(
        "SELECT Id, Subject, Status, ActivityDate, Description FROM Task WHERE WhoId = '{id}' \
         ORDER BY LastModifiedDate DESC LIMIT {SHOWN}"
    );
    let (org, call) = (simulator.org(), call(simulator));
    let Ok(found) = org.query(&call, &soql, false) else {
        return String::new();
    };
    let tasks: String = org
        .rows(&call, &found, 0..SHOWN)
        .iter()
        .map(|task| {
            format!(
                "<li><a href=\"/lightning/r/Task/{}/view\">{}</a> <small>{} {}</small><p class=said>{}</p></li>",
                escape(&text(&task["Id"])),
                escape(&text(&task["Subject"])),
                escape(&text(&task["Status"])),
                escape(&text(&task["ActivityDate"])),
                escape(&text(&task["Description"]))
            )
        })
        .collect();
    match tasks.is_empty() {
        true => String::new(),
        false => format!("<h2>Activity</h2><ul class=rows>{tasks}</ul>"),
    }
}

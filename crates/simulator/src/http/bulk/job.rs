//! What requests may do to a job of either kind, and how jobs are found and listed.

use super::{no_such_job, refused};
use crate::bulk::{Head, State};
use crate::http::ask::Answered;
use crate::org::RecordId;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Jobs on one page of a list.
const LIST_PAGE: usize = 1_000;

impl Head {
    /// Ends it before its time.
    pub(super) fn abort(&mut self, now_ms: i64) -> Answered<()> {
        if self.state.is_over() {
            let text = format!("A job in the state {} cannot be aborted", self.state.name());
            return Err(refused("INVALIDJOBSTATE", text));
        }
        self.enter(State::Aborted, now_ms);
        Ok(())
    }

    /// Whether it may be deleted now.
    pub(super) fn deletable(&self) -> Answered<()> {
        match self.state {
            State::InProgress | State::Open => {
                let text = format!("A job in the state {} cannot be deleted", self.state.name());
                Err(refused("INVALIDJOBSTATE", text))
            }
            _ => Ok(()),
        }
    }
}

/// A job by its 15- or 18-character id.
pub(super) fn find<'j, J>(jobs: &'j mut BTreeMap<String, J>, id: &str) -> Answered<&'j mut J> {
    let id = RecordId::parse(id).map(|id| id.to_string());
    id.and_then(|id| jobs.get_mut(&id)).ok_or_else(no_such_job)
}

/// One page of a list of jobs, from the locator of an earlier page on.
pub(super) fn list(
    mut infos: Vec<Value>,
    asked: &BTreeMap<String, String>,
    url: &str,
) -> Answered<Value> {
    let mut filters = String::new();
    for filter in ["jobType", "concurrencyMode"] {
        if let Some(wanted) = asked.get(filter) {
            infos.retain(|info| info[filter] == json!(wanted));
            filters.push_str(&format!("&{filter}={wanted}"));
        }
    }
    if asked.get("isPkChunkingEnabled").map(String::as_str) == Some("true") {
        infos.clear();
    }
    let from = match asked.get("queryLocator") {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            refused(
                "INVALID_QUERY_LOCATOR",
                "queryLocator: it is none of this list",
            )
        })?,
    };
    let total = infos.len();
    let page: Vec<Value> = infos.into_iter().skip(from).take(LIST_PAGE).collect();
    let next = from.saturating_add(page.len());
    let more = next < total && !page.is_empty();
    Ok(json!({
        "done": !more,
        "nextRecordsUrl": more.then(|| format!("{url}?queryLocator={next}{filters}")),
        "records": page,
    }))
}

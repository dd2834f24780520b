//! `tieline jobs` and `tieline audit`.

use super::show::{Shown, moment, table};
use super::{items, text};
use crate::operator::line::{Failure, Line};
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

/// What to do with work that gave up.
#[derive(Subcommand)]
pub enum Act {
    /// Work that gave up, the newest first
    List {
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
        /// Go on behind the job of this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Try it again
    Retry {
        /// Ids of `tieline jobs list`
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Drop it for good
    Drop {
        /// Ids of `tieline jobs list`
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

impl Act {
    pub async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Act::List { limit, after } => list(line, *limit, after.as_deref()).await,
            Act::Retry { ids } => {
                for id in ids {
                    let path = format!("/api/v1/jobs/{}/retry", in_path(id)?);
                    line.ask(Method::POST, &path, None).await?;
                }
                Ok(Shown::new(
                    json!({"ids": ids}),
                    format!("{} will be tried again.", ids.join(", ")),
                ))
            }
            Act::Drop { ids } => {
                for id in ids {
                    let path = format!("/api/v1/jobs/{}", in_path(id)?);
                    line.ask(Method::DELETE, &path, None).await?;
                }
                Ok(Shown::new(
                    json!({"ids": ids}),
                    format!("{} dropped.", ids.join(", ")),
                ))
            }
        }
    }
}

/// An id as a part of a path.
pub fn in_path(id: &str) -> Result<&str, Failure> {
    let is_plain = id
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || it == b'_');
    match is_plain && !id.is_empty() {
        true => Ok(id),
        false => Err(Failure::argument(
            "<ID>",
            format!("{id:?} is no id"),
            "copy it from the list",
        )),
    }
}

fn page(path: &str, limit: u16, after: Option<&str>) -> Result<String, Failure> {
    Ok(match after {
        Some(id) => format!("{path}?limit={limit}&cursor={}", in_path(id)?),
        None => format!("{path}?limit={limit}"),
    })
}

async fn list(line: &Line, limit: u16, after: Option<&str>) -> Result<Shown, Failure> {
    let path = page("/api/v1/jobs", limit, after)?;
    let all = line.ask(Method::GET, &path, None).await?;
    let rows: Vec<Vec<String>> = items(&all)
        .iter()
        .map(|it| {
            vec![
                text(it, "id").to_owned(),
                text(it, "kind").to_owned(),
                text(it, "party").to_owned(),
                moment(&it["gave_up_at"]),
                text(it, "error").to_owned(),
            ]
        })
        .collect();
    let headings = ["ID", "KIND", "FOR", "GAVE UP (UTC)", "ERROR"];
    let words = table(&headings, &rows, "No work gave up.");
    Ok(Shown::new(all, words))
}

/// Lines of the audit.
pub async fn audit(line: &Line, limit: u16, after: Option<&str>) -> Result<Shown, Failure> {
    let path = page("/api/v1/audit", limit, after)?;
    let all = line.ask(Method::GET, &path, None).await?;
    let rows: Vec<Vec<String>> = items(&all)
        .iter()
        .map(|it| {
            vec![
                moment(&it["at"]),
                who(it),
                text(it, "address").to_owned(),
                text(it, "act").to_owned(),
                text(it, "target").to_owned(),
                change(it),
            ]
        })
        .collect();
    let headings = ["AT (UTC)", "BY", "FROM", "ACT", "ON", "CHANGE"];
    let mut words = table(&headings, &rows, "Nothing privileged was done yet.");
    if let Some(next) = all["next_cursor"].as_str() {
        words.push_str(&format!("\nMore: tieline audit --after {next}\n"));
    }
    Ok(Shown::new(all, words))
}

fn who(it: &Value) -> String {
    let (key, staff) = (text(&it["key"], "name"), text(&it["staff"], "name"));
    match (key, staff) {
        ("", "") => text(it, "by").to_owned(),
        ("", staff) => staff.to_owned(),
        (key, "") => format!("key {key}"),
        (key, staff) => format!("key {key} for {staff}"),
    }
}

/// What differs; all of it where there was nothing before or is nothing since.
fn change(it: &Value) -> String {
    let none = serde_json::Map::new();
    let map = |name: &str| it[name].as_object().unwrap_or(&none);
    let (before, after) = (map("before"), map("after"));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changes = names
        .into_iter()
        .filter_map(|name| match (before.get(name), after.get(name)) {
            (Some(was), Some(is)) if was == is => None,
            (Some(was), Some(is)) => Some(format!("{name} {was} → {is}")),
            (Some(was), None) => Some(format!("{name} was {was}")),
            (None, Some(is)) => Some(format!("{name} {is}")),
            (None, None) => None,
        });
    changes.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_audit_names_who_and_shows_what_changed() {
        let line = json!({
            "by": "api_key", "key": {"name": "payroll"}, "staff": {"name": "Ann"},
            "before": {"role": "staff", "name": "Bo"}, "after": {"role": "user_administrator", "name": "Bo"},
        });
        assert_eq!(who(&line), "key payroll for Ann");
        assert_eq!(change(&line), "role \"staff\" → \"user_administrator\"");
        assert_eq!(who(&json!({"by": "operator"})), "operator");
    }

    #[test]
    fn an_id_that_would_be_another_path_is_refused() {
        for id in ["", "job_1/retry", "..", "job_1?x=1", "job 1"] {
            assert!(in_path(id).is_err(), "{id:?}");
        }
        assert_eq!(in_path("job_1f"), Ok("job_1f"));
    }
}

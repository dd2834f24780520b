//! `tieline key`.

use super::show::{Shown, moment, table};
use super::{find, items, text};
use crate::operator::line::{Failure, Line};
use crate::real::RealWorld;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use http::Method;
use serde_json::{Value, json};
use tieline_domain::access::Right;
use tieline_domain::time::Clock as _;

const DAY_MS: i64 = 86_400_000;

/// What to do with keys.
#[derive(Subcommand)]
pub enum Act {
    /// Keys, the newest first
    List {
        /// Also those that were revoked
        #[arg(long)]
        all: bool,
    },
    /// Make a key; its secret is shown once
    Add {
        /// What to call it; of the keys that live only one has it
        name: String,
        /// What it may do; may be given again
        #[arg(long = "right", value_name = "RIGHT", required = true, value_parser = rights())]
        rights: Vec<String>,
        /// An inbox whose conversations it reaches: its name, number or id; may be given again
        #[arg(long = "inbox", value_name = "INBOX", conflicts_with = "all_inboxes")]
        inboxes: Vec<String>,
        /// Let it reach the conversations of all inboxes, also of those to come
        #[arg(long)]
        all_inboxes: bool,
        /// How long it is good
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        /// Let it be good until it is revoked
        #[arg(long, conflicts_with = "days")]
        forever: bool,
    },
    /// Revoke a key: it opens nothing any more, at once
    Revoke {
        /// Its name or id
        key: String,
    },
}

fn rights() -> PossibleValuesParser {
    PossibleValuesParser::new(Right::ALL.iter().map(|right| right.as_str()))
}

impl Act {
    pub async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Act::List { all } => list(line, *all).await,
            Act::Add {
                name,
                rights,
                inboxes,
                all_inboxes,
                days,
                forever,
            } => {
                let mut reached = Vec::new();
                for word in inboxes {
                    reached.push(find::inbox(line, word).await?["id"].clone());
                }
                let until = RealWorld.now().0 + i64::from(*days) * DAY_MS;
                let new = json!({
                    "name": name, "rights": rights, "inboxes": reached, "all_inboxes": all_inboxes,
                    "expires_at": (!forever).then_some(until),
                });
                add(line, new).await
            }
            Act::Revoke { key } => revoke(line, key).await,
        }
    }
}

async fn list(line: &Line, all: bool) -> Result<Shown, Failure> {
    let mut told = line.ask(Method::GET, "/api/v1/keys", None).await?;
    if let Some(items) = told["items"].as_array_mut().filter(|_| !all) {
        items.retain(|it| it["revoked_at"].is_null());
    }
    let rows: Vec<Vec<String>> = items(&told)
        .iter()
        .map(|it| {
            let rights = it["rights"].as_array().into_iter().flatten();
            let rights: Vec<&str> = rights.filter_map(Value::as_str).collect();
            let reached = match it["all_inboxes"].as_bool() {
                Some(true) => "all".to_owned(),
                _ => it["inboxes"].as_array().map_or(0, Vec::len).to_string(),
            };
            vec![
                text(it, "name").to_owned(),
                rights.join(" "),
                reached,
                moment(&it["last_used_at"]),
                moment(&it["expires_at"]),
                moment(&it["revoked_at"]),
                text(it, "id").to_owned(),
            ]
        })
        .collect();
    let headings = [
        "NAME",
        "RIGHTS",
        "INBOXES",
        "LAST USED",
        "UNTIL (UTC)",
        "REVOKED",
        "ID",
    ];
    let words = table(&headings, &rows, "There are no keys.");
    Ok(Shown::new(told, words))
}

async fn add(line: &Line, new: Value) -> Result<Shown, Failure> {
    let told = line.ask(Method::POST, "/api/v1/keys", Some(new)).await?;
    let until = match moment(&told["key"]["expires_at"]) {
        none if none.is_empty() => "it is revoked".to_owned(),
        until => format!("{until} UTC"),
    };
    let words = format!(
        "The key {} is good until {until}. Send it as the header\n\n  Authorization: Bearer {}\n\nIt is shown only here.\n",
        text(&told["key"], "name"),
        text(&told, "secret")
    );
    Ok(Shown::new(told, words))
}

async fn revoke(line: &Line, word: &str) -> Result<Shown, Failure> {
    let all = line.ask(Method::GET, "/api/v1/keys", None).await?;
    let living = items(&all).iter().filter(|it| it["revoked_at"].is_null());
    let with = |field| living.clone().find(|it| text(it, field) == word);
    let Some(found) = with("id").or_else(|| with("name")) else {
        return Err(Failure::argument(
            "<KEY>",
            format!("there is no key {word:?} that lives"),
            "give a name or id of `tieline key list`",
        ));
    };
    let path = format!("/api/v1/keys/{}", text(found, "id"));
    line.ask(Method::DELETE, &path, None).await?;
    let words = format!("The key {} opens nothing any more.", text(found, "name"));
    Ok(Shown::new(json!({"id": found["id"]}), words))
}

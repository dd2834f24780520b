//! `tieline session`.

use super::jobs::in_path;
use super::show::{Shown, moment, table};
use super::{find, items, text};
use crate::operator::line::{Failure, Line};
use clap::Subcommand;
use http::Method;
use serde_json::json;

/// What to do with sessions.
#[derive(Subcommand)]
pub enum Act {
    /// Where a user is signed in
    List {
        /// E-mail address or id
        user: String,
    },
    /// Sign a user out
    #[command(group = clap::ArgGroup::new("which").required(true).args(["session", "all"]))]
    End {
        /// E-mail address or id
        user: String,
        /// The id of one session, of `tieline session list`
        session: Option<String>,
        /// All of the user's sessions
        #[arg(long)]
        all: bool,
    },
}

impl Act {
    pub async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Act::List { user } => list(line, user).await,
            Act::End { user, session, .. } => end(line, user, session.as_deref()).await,
        }
    }
}

async fn list(line: &Line, user: &str) -> Result<Shown, Failure> {
    let found = find::user(line, user).await?;
    let path = format!("/api/v1/staff/{}/sessions", text(&found, "id"));
    let all = line.ask(Method::GET, &path, None).await?;
    let rows: Vec<Vec<String>> = items(&all)
        .iter()
        .map(|it| {
            vec![
                text(it, "id").to_owned(),
                moment(&it["created_at"]),
                moment(&it["last_seen_at"]),
                text(it, "address").to_owned(),
                text(it, "agent").to_owned(),
            ]
        })
        .collect();
    let headings = ["ID", "SINCE (UTC)", "LAST SEEN", "FROM", "BROWSER"];
    let words = table(&headings, &rows, "They are signed in nowhere.");
    Ok(Shown::new(all, words))
}

async fn end(line: &Line, user: &str, session: Option<&str>) -> Result<Shown, Failure> {
    let found = find::user(line, user).await?;
    let all = format!("/api/v1/staff/{}/sessions", text(&found, "id"));
    let (path, what) = match session {
        Some(id) => (format!("{all}/{}", in_path(id)?), "One session"),
        None => (all, "All sessions"),
    };
    line.ask(Method::DELETE, &path, None).await?;
    let words = format!("{what} of {} ended.", text(&found, "email"));
    Ok(Shown::new(
        json!({"staff": found["id"], "session": session}),
        words,
    ))
}

//! `tieline inbox`.

use super::find;
use super::show::{Shown, table};
use super::{items, text};
use crate::operator::line::{Failure, Line};
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

/// What to do with inboxes.
#[derive(Subcommand)]
pub enum Act {
    /// All inboxes and their members
    List,
    /// Who is a member of an inbox
    #[command(subcommand)]
    Member(Member),
}

/// What to do with members.
#[derive(Subcommand)]
pub enum Member {
    /// Make a user a member of an inbox
    Add {
        /// Its name, number or id
        inbox: String,
        /// E-mail address or id
        user: String,
    },
    /// Take a user out of an inbox
    Remove {
        /// Its name, number or id
        inbox: String,
        /// E-mail address or id
        user: String,
    },
}

impl Act {
    pub async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Act::List => list(line).await,
            Act::Member(Member::Add { inbox, user }) => {
                let (inbox, user) = (
                    find::inbox(line, inbox).await?,
                    find::user(line, user).await?,
                );
                find::join(line, &inbox, &user).await?;
                Ok(changed(&inbox, &user, true))
            }
            Act::Member(Member::Remove { inbox, user }) => {
                let (inbox, user) = (
                    find::inbox(line, inbox).await?,
                    find::user(line, user).await?,
                );
                let path = find::membership(&inbox, &user);
                line.ask(Method::DELETE, &path, None).await?;
                Ok(changed(&inbox, &user, false))
            }
        }
    }
}

fn changed(inbox: &Value, user: &Value, member: bool) -> Shown {
    let told = json!({"inbox": inbox["id"], "staff": user["id"], "member": member});
    let is = if member { "is" } else { "is not" };
    let words = format!(
        "{} {is} a member of {}.",
        text(user, "email"),
        text(inbox, "name")
    );
    Shown::new(told, words)
}

async fn list(line: &Line) -> Result<Shown, Failure> {
    let all = line.ask(Method::GET, "/api/v1/inboxes", None).await?;
    let rows: Vec<Vec<String>> = items(&all)
        .iter()
        .map(|it| {
            let members = it["members"].as_array().into_iter().flatten();
            let names: Vec<&str> = members.map(|member| text(member, "name")).collect();
            vec![
                text(it, "name").to_owned(),
                find::numbers(it).join(", "),
                names.join(", "),
                text(it, "id").to_owned(),
            ]
        })
        .collect();
    let headings = ["NAME", "NUMBER", "MEMBERS", "ID"];
    let words = table(&headings, &rows, "There are no inboxes yet.");
    Ok(Shown::new(all, words))
}

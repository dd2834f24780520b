//! `tieline staff`.

use super::show::{Shown, table};
use super::{find, items, password, text};
use crate::operator::line::{Failure, Line};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use http::Method;
use serde_json::{Value, json};
use tieline_domain::access::Role;

/// What to do with users.
#[derive(Subcommand)]
pub enum Act {
    /// All users
    List,
    /// Add a user
    Add {
        /// Signs in with it
        email: String,
        /// What to call this user
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = roles(), default_value = Role::Staff.as_str())]
        role: String,
        /// Make the user a member of this inbox: its name, number or id; may be given again
        #[arg(long = "inbox", value_name = "INBOX")]
        inboxes: Vec<String>,
        /// Make a sign-in link as well: whoever opens it first is signed in as that user
        #[arg(long)]
        link: bool,
    },
    /// Give a user another role, or the right to read beyond their own inboxes
    Role {
        /// E-mail address or id
        user: String,
        #[arg(value_parser = roles())]
        role: String,
        /// Whether they may read beyond their own inboxes, which is audited each time
        #[arg(long, value_name = "YES|NO", value_parser = ["yes", "no"])]
        reviewer: Option<String>,
    },
    /// Sign a user out everywhere and let them in no more
    Deactivate {
        /// E-mail address or id
        user: String,
    },
    /// Let a user in again who was deactivated
    Activate {
        /// E-mail address or id
        user: String,
    },
    /// Give a user another password, read from the terminal or the input; their sessions end
    Password {
        /// E-mail address or id
        user: String,
        /// Make one, and print it
        #[arg(long)]
        generate: bool,
    },
    /// Make a link that signs a user in once; the one before it is over
    Link {
        /// E-mail address or id
        user: String,
    },
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str()))
}

impl Act {
    pub async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Act::List => list(line).await,
            Act::Add {
                email,
                name,
                role,
                inboxes,
                link,
            } => {
                let new = json!({"email": email, "name": name, "role": role});
                add(line, new, inboxes, *link).await
            }
            Act::Role {
                user,
                role,
                reviewer,
            } => {
                let mut change = json!({"role": role});
                if let Some(word) = reviewer {
                    change["reviewer"] = json!(word == "yes");
                }
                patch(line, user, change).await
            }
            Act::Deactivate { user } => patch(line, user, json!({"active": false})).await,
            Act::Activate { user } => patch(line, user, json!({"active": true})).await,
            Act::Password { user, generate } => set_password(line, user, *generate).await,
            Act::Link { user } => link(line, user).await,
        }
    }
}

async fn list(line: &Line) -> Result<Shown, Failure> {
    let all = line.ask(Method::GET, "/api/v1/staff", None).await?;
    let rows: Vec<Vec<String>> = items(&all)
        .iter()
        .map(|it| {
            let is = |name: &str| it[name].as_bool().unwrap_or_default();
            let mut remarks = Vec::new();
            remarks.extend((!is("active")).then_some("deactivated"));
            remarks.extend(is("reviewer").then_some("reviewer"));
            remarks.extend((!is("has_password")).then_some("no password"));
            vec![
                text(it, "email").to_owned(),
                text(it, "name").to_owned(),
                text(it, "role").to_owned(),
                remarks.join(", "),
                text(it, "id").to_owned(),
            ]
        })
        .collect();
    let words = table(
        &["EMAIL", "NAME", "ROLE", "REMARKS", "ID"],
        &rows,
        "There are no users yet; add one with `tieline staff add`.",
    );
    Ok(Shown::new(all, words))
}

async fn add(
    line: &Line,
    new: Value,
    inboxes: &[String],
    with_link: bool,
) -> Result<Shown, Failure> {
    // Looked up first, so that a slip leaves no half of it behind.
    let mut joined = Vec::new();
    for word in inboxes {
        joined.push(find::inbox(line, word).await?);
    }
    let mut told = line.ask(Method::POST, "/api/v1/staff", Some(new)).await?;
    let mut words = format!(
        "Added {} <{}> as {}.\n",
        text(&told, "name"),
        text(&told, "email"),
        text(&told, "role")
    );
    for inbox in &joined {
        find::join(line, inbox, &told).await?;
        words.push_str(&format!("A member of {}.\n", text(inbox, "name")));
    }
    if with_link {
        let link = make_link(line, &told).await?;
        words.push_str(&words_of(&link));
        told["sign_in_link"] = link;
    } else {
        words.push_str(&format!(
            "To let them in: tieline staff link {}\n",
            text(&told, "email")
        ));
    }
    Ok(Shown::new(told, words))
}

async fn patch(line: &Line, user: &str, change: Value) -> Result<Shown, Failure> {
    let found = find::user(line, user).await?;
    let path = format!("/api/v1/staff/{}", text(&found, "id"));
    let told = line.ask(Method::PATCH, &path, Some(change)).await?;
    let is = |name: &str| told[name].as_bool().unwrap_or_default();
    let mut words = format!(
        "{} <{}> is {}{}{}.",
        text(&told, "name"),
        text(&told, "email"),
        text(&told, "role"),
        if is("reviewer") { ", reviewer" } else { "" },
        if is("active") {
            ", active"
        } else {
            ", deactivated"
        },
    );
    if found["has_password"] == json!(true) && !is("has_password") {
        words.push_str(&format!(
            "\nTheir password came from somebody who may not let them in any more, and opens nothing now. \
             To let them in: tieline staff link {}",
            text(&told, "email")
        ));
    }
    for other in told["signed_out"].as_array().into_iter().flatten() {
        words.push_str(&format!(
            "\n{} came in by what they gave, and is signed out. To let them in: tieline staff link {}",
            text(other, "name"),
            text(other, "id")
        ));
    }
    Ok(Shown::new(told, words))
}

async fn set_password(line: &Line, user: &str, generate: bool) -> Result<Shown, Failure> {
    let found = find::user(line, user).await?;
    let new = match generate {
        true => password::generate(),
        false => password::read()?,
    };
    let path = format!("/api/v1/staff/{}/password", text(&found, "id"));
    let body = json!({"password": new});
    line.ask(Method::PUT, &path, Some(body)).await?;
    let email = text(&found, "email");
    Ok(match generate {
        true => Shown::new(
            json!({"id": found["id"], "password": new}),
            format!("The password of {email}, shown only here:\n\n  {new}\n"),
        ),
        false => Shown::new(
            json!({"id": found["id"]}),
            format!("{email} has another password and is signed out everywhere."),
        ),
    })
}

async fn link(line: &Line, user: &str) -> Result<Shown, Failure> {
    let found = find::user(line, user).await?;
    if found["active"] == json!(false) {
        return Err(Failure::argument(
            "<USER>",
            format!(
                "{} is deactivated, and no link would let them in",
                text(&found, "email")
            ),
            "tieline staff activate comes first",
        ));
    }
    let told = make_link(line, &found).await?;
    let words = words_of(&told);
    Ok(Shown::new(told, words))
}

async fn make_link(line: &Line, user: &Value) -> Result<Value, Failure> {
    let path = format!("/api/v1/staff/{}/sign-in-link", text(user, "id"));
    line.ask(Method::POST, &path, None).await
}

fn words_of(link: &Value) -> String {
    format!(
        "Signs in once, whoever opens it, until {} UTC; shown only here:\n\n  {}\n",
        super::show::moment(&link["expires_at"]),
        text(link, "url")
    )
}

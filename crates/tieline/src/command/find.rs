//! Users and inboxes by the words that people have for them.

use super::{items, text};
use crate::operator::line::{Failure, Line};
use http::Method;
use serde_json::Value;

/// The user of an address or id.
pub async fn user(line: &Line, word: &str) -> Result<Value, Failure> {
    let all = line.ask(Method::GET, "/api/v1/staff", None).await?;
    let wanted = word.trim();
    let found = items(&all)
        .iter()
        .find(|it| text(it, "id") == wanted || text(it, "email").eq_ignore_ascii_case(wanted));
    found.cloned().ok_or_else(|| {
        Failure::argument(
            "<USER>",
            format!("there is no user {word:?}"),
            "give an e-mail address or id of `tieline staff list`",
        )
    })
}

/// The inbox of a name, number or id.
pub async fn inbox(line: &Line, word: &str) -> Result<Value, Failure> {
    let all = line.ask(Method::GET, "/api/v1/inboxes", None).await?;
    let wanted = word.trim();
    let fits = |it: &&Value| {
        text(it, "id") == wanted
            || numbers(it).contains(&wanted)
            || text(it, "name").to_lowercase() == wanted.to_lowercase()
    };
    let found: Vec<&Value> = items(&all).iter().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::argument(
            "<INBOX>",
            format!("there is no inbox {word:?}"),
            "give a name, number or id of `tieline inbox list`",
        )),
        _ => Err(Failure::argument(
            "<INBOX>",
            format!("several inboxes are called {word:?}"),
            "give the number or id of `tieline inbox list`",
        )),
    }
}

/// The numbers of an inbox.
pub fn numbers(inbox: &Value) -> Vec<&str> {
    let numbers = inbox["addresses"].as_array().into_iter().flatten();
    numbers.filter_map(Value::as_str).collect()
}

/// Makes a user a member.
pub async fn join(line: &Line, inbox: &Value, user: &Value) -> Result<(), Failure> {
    let path = membership(inbox, user);
    line.ask(Method::PUT, &path, None).await.map(|_| ())
}

/// Where a membership stands in the API.
pub fn membership(inbox: &Value, user: &Value) -> String {
    let (inbox, user) = (text(inbox, "id"), text(user, "id"));
    format!("/api/v1/inboxes/{inbox}/members/{user}")
}

//! The pretend phones: a plain page where one reads and answers as the people of the sample do.

use super::html::{escape, page};
use crate::lock::lock;
use crate::org::Call;
use crate::simulator::Simulator;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use serde_json::Value;
use std::collections::BTreeSet;

/// All phones that have texts, by whose they are as far as the org knows.
pub(crate) async fn phones(State(simulator): State<Simulator>) -> Html<String> {
    let rows: String = latest(&simulator)
        .iter()
        .map(|(phone, said)| {
            format!(
                "<li><a href=\"/phones/{0}\"><b>{0}</b></a> {1}<p>{2}</p></li>",
                escape(phone),
                escape(&owner(&simulator, phone).unwrap_or_default()),
                escape(said)
            )
        })
        .collect();
    let list = if rows.is_empty() {
        "<p class=quiet>No phone has a text yet. Send one from Tieline, or open a phone by its number.</p>".to_owned()
    } else {
        format!("<ul class=rows>{rows}</ul>")
    };
    let open = "<form action=/phones method=post><label>Open a phone <input name=phone placeholder=\"+447700900317\" required></label> <button>Open</button></form>";
    Html(page(
        "Pretend phones",
        &format!("<h1>Pretend phones</h1>{open}{list}"),
        true,
    ))
}

/// Phones with their last text, the latest first.
fn latest(simulator: &Simulator) -> Vec<(String, String)> {
    let carrier = lock(&simulator.world.carrier);
    let mut seen = BTreeSet::new();
    let texts = carrier.texts.iter().rev();
    texts
        .filter_map(|text| {
            let phone = match text.direction == "inbound" {
                true => &text.from,
                false => &text.to,
            };
            let is_new = seen.insert(phone.clone());
            is_new.then(|| (phone.clone(), text.body.clone()))
        })
        .take(PHONES_SHOWN)
        .collect()
}

/// More are opened by their number.
const PHONES_SHOWN: usize = 50;
/// Digits by which numbers are told apart, however their country is written.
const TELLING: usize = 9;

/// Whose number it is, in the org's Contacts and Leads.
fn owner(simulator: &Simulator, phone: &str) -> Option<String> {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let tail = |text: &str| -> String {
        let all = digits(text);
        all[all.len().saturating_sub(TELLING)..].to_owned()
    };
    let wanted = tail(phone);
    let last_two = &wanted[wanted.len().saturating_sub(2)..];
    if wanted.len() < TELLING {
        return None;
    }
    let org = simulator.org();
    let call = Call::of(simulator.administrator().id);
    ["Contact", "Lead"].iter().find_map(|object| {
        let soql = format!(
            "SELECT Name, MobilePhone, Phone FROM {object} \
             WHERE MobilePhone LIKE '%{last_two}' OR Phone LIKE '%{last_two}'"
        );
        let found = org.query(&call, &soql, false).ok()?;
        let rows = org.rows(&call, &found, 0..found.len());
        let has = |row: &&Value| {
            ["MobilePhone", "Phone"]
                .iter()
                .any(|field| row[*field].as_str().is_some_and(|it| tail(it) == wanted))
        };
        rows.iter().find(has)?["Name"].as_str().map(str::to_owned)
    })
}

/// Goes to a phone by its number.
pub(crate) async fn open(body: String) -> Redirect {
    Redirect::to(&page_of(&field(&body, "phone")))
}

/// One phone: its texts, and a line to write.
pub(crate) async fn phone(
    State(simulator): State<Simulator>,
    Path(phone): Path<String>,
) -> Html<String> {
    let owner = owner(&simulator, &phone);
    let carrier = lock(&simulator.world.carrier);
    let bubbles: String = carrier
        .texts
        .iter()
        .filter(|text| text.from == phone || text.to == phone)
        .map(|text| {
            let side = if text.from == phone { "mine" } else { "theirs" };
            format!(
                "<p class=\"bubble {side}\">{}<small>{}</small></p>",
                escape(&text.body),
                escape(&text.status)
            )
        })
        .collect();
    let options: String = carrier
        .numbers
        .keys()
        .map(|number| format!("<option>{}</option>", escape(number)))
        .collect();
    let name = escape(&phone);
    let form = format!(
        "<form method=post class=answer><select name=to aria-label=To>{options}</select> \
         <input name=text aria-label=Text placeholder=\"Write a text\" required autofocus autocomplete=off> <button>Send</button></form>"
    );
    let body = format!(
        "<p><a href=/phones>All phones</a></p><h1>{name}</h1><p>{}</p><div class=phone>{bubbles}</div>{form}",
        escape(&owner.unwrap_or_default())
    );
    Html(page(&phone, &body, true))
}

/// Sends what was written.
pub(crate) async fn answer(
    State(simulator): State<Simulator>,
    Path(phone): Path<String>,
    body: String,
) -> Redirect {
    simulator.text_from_phone(&phone, &field(&body, "to"), &field(&body, "text"));
    Redirect::to(&page_of(&phone))
}

/// Where a phone is; numbers and names of senders have nothing but this, whatever was typed.
fn page_of(phone: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '+';
    format!(
        "/phones/{}",
        phone.chars().filter(plain).collect::<String>()
    )
}

fn field(body: &str, name: &str) -> String {
    let found = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

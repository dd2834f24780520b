//! The pretend phones: a plain page where one reads and answers as the people of the sample do.

use crate::http::html::{escape, page};
use crate::simulator::{Simulator, lock};
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use std::collections::BTreeSet;

/// All phones that have texts, and the customers' numbers.
pub(crate) async fn phones(State(simulator): State<Simulator>) -> Html<String> {
    let carrier = lock(&simulator.world.carrier);
    let mut seen = BTreeSet::new();
    let rows: String = carrier
        .texts
        .iter()
        .rev()
        .filter_map(|text| {
            let phone = if text.direction == "inbound" {
                &text.from
            } else {
                &text.to
            };
            seen.insert(phone.clone()).then(|| {
                format!(
                    "<li><a href=\"/phones/{0}\"><b>{0}</b></a><p>{1}</p></li>",
                    escape(phone),
                    escape(&text.body)
                )
            })
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

/// Goes to a phone by its number.
pub(crate) async fn open(body: String) -> Redirect {
    Redirect::to(&page_of(&field(&body, "phone")))
}

/// One phone: its texts, and a line to write.
pub(crate) async fn phone(
    State(simulator): State<Simulator>,
    Path(phone): Path<String>,
) -> Html<String> {
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
        "<p><a href=/phones>All phones</a></p><h1>{name}</h1><div class=phone>{bubbles}</div>{form}"
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

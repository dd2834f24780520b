//! `/2010-04-01/Accounts/{sid}/Messages`: Twilio's Message resource, as far as texts need it.

use crate::carrier::{CarrierText, DeliveryError};
use crate::lock::lock;
use crate::simulator::Simulator;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Fields = BTreeMap<String, String>;

/// Takes a text.
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let form: Fields = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return *refusal;
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let is_number = |text: &str| {
        text.strip_prefix('+')
            .is_some_and(|d| (8..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))
    };
    if field("To").is_empty() {
        return error(400, 21604, "A 'To' phone number is required.");
    }
    if !is_number(field("To")) {
        return error(
            400,
            21211,
            &format!("Invalid 'To' Phone Number: {}", field("To")),
        );
    }
    if field("Body").is_empty() {
        return error(400, 21602, "Message body is required.");
    }
    if field("Body").chars().count() > 1600 {
        return error(
            400,
            21617,
            "The concatenated message body exceeds the 1600 character limit",
        );
    }
    let mut carrier = lock(&simulator.world.carrier);
    if !carrier.numbers.contains_key(field("From")) {
        let message = format!(
            "The 'From' phone number {} is not a valid, SMS-capable number of your account",
            field("From")
        );
        return error(400, 21606, &message);
    }
    if carrier.keeps_opt_outs && carrier.opt_outs.holds(field("To"), field("From")) {
        return error(400, 21610, "Attempt to send to unsubscribed recipient");
    }
    let at_ms = simulator.world.carrier_clock.now_ms();
    let text = CarrierText {
        sid: carrier.new_sid(at_ms),
        from: field("From").to_owned(),
        to: field("To").to_owned(),
        body: field("Body").to_owned(),
        status: "queued".to_owned(),
        direction: "outbound-api".to_owned(),
        at_ms,
        error_code: None,
        callback: form
            .get("StatusCallback")
            .filter(|url| !url.is_empty())
            .cloned(),
    };
    let answer = resource(&carrier.account_sid, &text);
    carrier.take(text);
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// Lists texts, the newest first.
pub(crate) async fn list(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    Query(filter): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return *refusal;
    }
    let carrier = lock(&simulator.world.carrier);
    let wanted = |name: &str, value: &str| filter.get(name).is_none_or(|given| given == value);
    let size: usize = filter
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(50)
        .min(1000);
    let texts: Vec<Value> = carrier
        .texts
        .iter()
        .rev()
        .filter(|text| wanted("From", &text.from) && wanted("To", &text.to))
        .take(size)
        .map(|text| resource(&carrier.account_sid, text))
        .collect();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages.json");
    Json(json!({
        "messages": texts, "page": 0, "page_size": size, "start": 0, "end": texts.len().saturating_sub(1),
        "uri": uri, "first_page_uri": uri, "next_page_uri": null, "previous_page_uri": null,
    }))
    .into_response()
}

/// One text.
pub(crate) async fn read(
    State(simulator): State<Simulator>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorise(&simulator, &account, &headers) {
        return *refusal;
    }
    let sid = file.trim_end_matches(".json");
    let carrier = lock(&simulator.world.carrier);
    match carrier.texts.iter().find(|text| text.sid == sid) {
        Some(text) => Json(resource(&carrier.account_sid, text)).into_response(),
        None => error(
            404,
            20404,
            &format!("The requested resource /Messages/{sid} was not found"),
        ),
    }
}

fn authorise(
    simulator: &Simulator,
    account: &str,
    headers: &HeaderMap,
) -> Result<(), Box<Response>> {
    let carrier = lock(&simulator.world.carrier);
    let wanted = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", carrier.account_sid, carrier.auth_token))
    );
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let known = given == Some(wanted.as_str()) && account == carrier.account_sid;
    if known {
        Ok(())
    } else {
        Err(Box::new(error(401, 20003, "Authenticate")))
    }
}

fn error(status: u16, code: u32, message: &str) -> Response {
    let status_code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({
        "code": code, "message": message, "status": status,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
    });
    (status_code, Json(body)).into_response()
}

fn resource(account: &str, text: &CarrierText) -> Value {
    let created = rfc2822(text.at_ms);
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": text.body, "date_created": created,
        "date_sent": created, "date_updated": created, "direction": text.direction,
        "error_code": text.error_code, "error_message": text.error_code.map(DeliveryError::message), "from": text.from, "messaging_service_sid": null, "num_media": "0",
        "num_segments": "1", "price": null, "price_unit": "USD", "sid": text.sid, "status": text.status,
        "subresource_uris": {"media": format!("/2010-04-01/Accounts/{account}/Messages/{}/Media.json", text.sid)},
        "to": text.to, "uri": format!("/2010-04-01/Accounts/{account}/Messages/{}.json", text.sid),
    })
}

/// A date as Twilio writes it: `Tue, 24 Nov 2026 03:46:04 +0000`.
fn rfc2822(epoch_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(epoch_ms)
        .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}

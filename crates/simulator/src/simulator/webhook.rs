//! Webhooks as Twilio sends them: a form, signed over the URL and its sorted fields.

use super::Simulator;
use crate::carrier::CarrierText;
use crate::lock::lock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use std::collections::BTreeMap;
use tower::ServiceExt as _;

type Form = BTreeMap<&'static str, String>;

pub(super) fn report(simulator: &Simulator, text: &CarrierText) -> Form {
    let mut form = about(simulator, text);
    form.insert("MessageStatus", text.status.clone());
    form.insert("SmsStatus", text.status.clone());
    if let Some(error) = text.error_code {
        form.insert("ErrorCode", error.code().to_string());
    }
    form
}

pub(super) fn hand_in(simulator: &Simulator, text: &CarrierText) -> Form {
    let mut form = about(simulator, text);
    form.insert("Body", text.body.clone());
    form.insert("NumMedia", "0".to_owned());
    form.insert("NumSegments", "1".to_owned());
    form.insert("SmsStatus", "received".to_owned());
    form
}

/// Whether the program answered with success.
pub(super) async fn post(simulator: &Simulator, url: &str, form: &Form, token: &str) -> bool {
    let request = signed_request(url, form, token);
    let outgoing = lock(&simulator.world.outgoing).clone();
    match (request, outgoing) {
        (Ok(request), Some(outgoing)) => outgoing
            .oneshot(request)
            .await
            .is_ok_and(|response| response.status().is_success()),
        _ => false,
    }
}

fn signed_request(url: &str, form: &Form, token: &str) -> http::Result<Request<Bytes>> {
    let mut signed = url.to_owned();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in form {
        signed.push_str(name);
        signed.push_str(value);
        body.append_pair(name, value);
    }
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    Request::builder()
        .method(Method::POST)
        .uri(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "x-twilio-signature",
            STANDARD.encode(sign(&key, signed.as_bytes())),
        )
        .body(Bytes::from(body.finish()))
}

fn about(simulator: &Simulator, text: &CarrierText) -> Form {
    let account = lock(&simulator.world.carrier).account_sid.clone();
    BTreeMap::from([
        ("AccountSid", account),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", text.from.clone()),
        ("MessageSid", text.sid.clone()),
        ("SmsMessageSid", text.sid.clone()),
        ("SmsSid", text.sid.clone()),
        ("To", text.to.clone()),
    ])
}

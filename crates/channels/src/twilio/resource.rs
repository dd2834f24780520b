//! Requests to Twilio's Message resource, and what its answers say.

use super::Account;
use super::status::state;
use crate::error::CarrierError;
use crate::text::CarrierText;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Method, Request, Response};
use serde::{Deserialize, Deserializer};
use tieline_domain::delivery::State;
use tieline_domain::text::clean;

/// Twilio's Message resource, as far as it is read.
#[derive(Deserialize)]
pub(super) struct MessageResource {
    #[serde(deserialize_with = "cleaned")]
    pub sid: String,
    #[serde(default)]
    pub body: String,
    pub status: String,
    /// As in mails (RFC 2822).
    #[serde(default)]
    pub date_created: Option<String>,
}

#[derive(Deserialize)]
struct ErrorResource {
    #[serde(default)]
    code: i64,
    #[serde(default, deserialize_with = "cleaned")]
    message: String,
}

/// What an outside party wrote is kept without what no database takes.
fn cleaned<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(|text| clean(&text))
}

/// The code for somebody who wrote STOP to the carrier.
const OPTED_OUT: i64 = 21_610;

impl MessageResource {
    pub fn text(self) -> CarrierText {
        CarrierText {
            provider_id: self.sid,
            state: state(&self.status).unwrap_or(State::Sent),
        }
    }
}

/// Where the texts of an account are.
pub(super) fn messages(account: &Account) -> String {
    format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        account.url, account.sid
    )
}

pub(super) fn request(
    method: Method,
    url: &str,
    account: &Account,
    body: String,
) -> Result<Request<Bytes>, CarrierError> {
    let credentials = STANDARD.encode(format!("{}:{}", account.sid, account.token));
    Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Basic {credentials}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .map_err(|error| CarrierError::Refused {
            code: "address".to_owned(),
            message: error.to_string(),
        })
}

pub(super) fn read<T: serde::de::DeserializeOwned>(
    response: &Response<Bytes>,
) -> Result<T, CarrierError> {
    let status = response.status();
    if status.is_success() {
        return serde_json::from_slice(response.body())
            .map_err(|e| CarrierError::Uncertain(format!("an answer that cannot be read: {e}")));
    }
    let error: ErrorResource = serde_json::from_slice(response.body()).unwrap_or(ErrorResource {
        code: 0,
        message: format!("status {}", status.as_u16()),
    });
    Err(match status.as_u16() {
        // Too many requests: refused before anything was done.
        429 => CarrierError::Transient {
            why: error.message,
            wait_ms: wait_ms(response),
        },
        500..=599 => CarrierError::Uncertain(error.message),
        _ if error.code == OPTED_OUT => CarrierError::OptedOut {
            message: error.message,
        },
        _ => CarrierError::Refused {
            code: error.code.to_string(),
            message: error.message,
        },
    })
}

/// How long the carrier asks to be left alone; only whole seconds are read (RFC 9110, section 10.2.3).
fn wait_ms(response: &Response<Bytes>) -> Option<i64> {
    let given = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let seconds: i64 = given.trim().parse().ok()?;
    (seconds > 0).then(|| seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<MessageResource, CarrierError> {
        read(
            &Response::builder()
                .status(status)
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .unwrap(),
        )
    }

    #[test]
    fn only_what_is_certain_may_be_repeated_or_given_up() {
        assert!(answer(201, r#"{"sid":"SM1","status":"queued","body":"x"}"#).is_ok());
        assert!(matches!(
            answer(429, r#"{"code":20429,"message":"slow"}"#),
            Err(CarrierError::Transient { wait_ms: None, .. })
        ));
        assert!(matches!(
            answer(503, "<html>"),
            Err(CarrierError::Uncertain(_))
        ));
        assert!(matches!(
            answer(201, "<html>"),
            Err(CarrierError::Uncertain(_))
        ));
        assert!(matches!(
            answer(400, r#"{"code":21610,"message":"out"}"#),
            Err(CarrierError::OptedOut { .. })
        ));
        assert!(matches!(
            answer(400, r#"{"code":21211,"message":"To"}"#),
            Err(CarrierError::Refused { .. })
        ));
    }

    #[test]
    fn what_a_carrier_answers_is_kept_without_what_no_database_takes() {
        let taken = answer(201, r#"{"sid":"SM\u00001","status":"queued"}"#).unwrap();
        assert_eq!(taken.sid, "SM1");
        let refused = answer(400, r#"{"code":21211,"message":"Invalid\u0000 To"}"#);
        let said = refused.err().map(|it| it.to_string()).unwrap_or_default();
        assert!(said.contains("Invalid To"), "{said:?}");
    }

    #[test]
    fn a_carrier_says_for_how_long_it_wants_to_be_left_alone() {
        for (header, wait) in [
            ("30", Some(30_000)),
            ("1", Some(1_000)),
            (" 5 ", Some(5_000)),
            ("0", None),
            ("soon", None),
            ("-4", None),
        ] {
            let response = Response::builder()
                .status(429)
                .header("retry-after", header)
                .body(Bytes::new())
                .unwrap();
            let Err(CarrierError::Transient { wait_ms, .. }) = read::<MessageResource>(&response)
            else {
                panic!("{header}");
            };
            assert_eq!(wait_ms, wait, "{header}");
        }
    }
}

//! Sending a text, and finding one whose sending was cut off.

use super::status::state;
use crate::error::CarrierError;
use crate::{BoxError, Transport};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Deserialize;
use tieline_domain::delivery::State;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

/// An account at the carrier.
#[derive(Clone)]
pub struct Account {
    /// `https://api.twilio.com`; no slash at its end.
    pub url: String,
    /// The account's name, `AC…`.
    pub sid: String,
    /// The account's secret.
    pub token: String,
}

/// A text to be sent.
pub struct OutboundText<'a> {
    /// Their number, in E.164.
    pub to: &'a str,
    /// Our number, in E.164.
    pub from: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Where reports go; carries our own id, so that one that overtakes our commit finds its row.
    pub status_url: &'a str,
}

/// A text that the carrier has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierText {
    /// The carrier's name for it.
    pub provider_id: String,
    /// What it says.
    pub text: String,
    /// Where it is.
    pub state: State,
}

#[derive(Deserialize)]
struct MessageResource {
    sid: String,
    #[serde(default)]
    body: String,
    status: String,
}

#[derive(Deserialize)]
struct MessageList {
    messages: Vec<MessageResource>,
}

#[derive(Deserialize)]
struct ErrorResource {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// The code for somebody who wrote STOP to the carrier.
const OPTED_OUT: i64 = 21_610;

/// Hands a text to the carrier, once.
pub async fn send(
    transport: &Transport,
    account: &Account,
    text: &OutboundText<'_>,
) -> Result<CarrierText, CarrierError> {
    let form = Serializer::new(String::new())
        .append_pair("To", text.to)
        .append_pair("From", text.from)
        .append_pair("Body", text.text)
        .append_pair("StatusCallback", text.status_url)
        .finish();
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        account.url, account.sid
    );
    let request = request(Method::POST, &url, account)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .map_err(|e| CarrierError::Refused {
            code: "address".to_owned(),
            message: e.to_string(),
        })?;
    let response = transport
        .clone()
        .oneshot(request)
        .await
        .map_err(not_answered)?;
    let resource: MessageResource = read(&response)?;
    Ok(carrier_text(resource))
}

/// The texts that the carrier has from one number to another, the newest first.
pub async fn list(
    transport: &Transport,
    account: &Account,
    from: &str,
    to: &str,
) -> Result<Vec<CarrierText>, CarrierError> {
    let query = Serializer::new(String::new())
        .append_pair("From", from)
        .append_pair("To", to)
        .append_pair("PageSize", "100")
        .finish();
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages.json?{query}",
        account.url, account.sid
    );
    let request = request(Method::GET, &url, account)
        .body(Bytes::new())
        .map_err(|e| CarrierError::Refused {
            code: "address".to_owned(),
            message: e.to_string(),
        })?;
    let response = transport
        .clone()
        .oneshot(request)
        .await
        .map_err(|e| CarrierError::NotNow(e.to_string()))?;
    let list: MessageList = read(&response)?;
    Ok(list.messages.into_iter().map(carrier_text).collect())
}

/// What a request without an answer means: a connection that never stood carried nothing away.
fn not_answered(error: BoxError) -> CarrierError {
    let nothing_left = error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
    match nothing_left {
        true => CarrierError::NotNow(error.to_string()),
        false => CarrierError::Uncertain(error.to_string()),
    }
}

fn request(method: Method, url: &str, account: &Account) -> http::request::Builder {
    let credentials = STANDARD.encode(format!("{}:{}", account.sid, account.token));
    Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Basic {credentials}"))
}

fn read<T: serde::de::DeserializeOwned>(response: &Response<Bytes>) -> Result<T, CarrierError> {
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
        429 => CarrierError::NotNow(error.message),
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

fn carrier_text(resource: MessageResource) -> CarrierText {
    CarrierText {
        provider_id: resource.sid,
        text: resource.body,
        state: state(&resource.status).unwrap_or(State::Sent),
    }
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
    fn a_connection_that_never_stood_is_certain_and_one_that_broke_is_not() {
        use std::io::{Error, ErrorKind};
        for (kind, certain) in [
            (ErrorKind::ConnectionRefused, true),
            (ErrorKind::ConnectionReset, false),
            (ErrorKind::TimedOut, false),
        ] {
            let said = not_answered(Error::from(kind).into());
            assert_eq!(matches!(said, CarrierError::NotNow(_)), certain, "{kind}");
        }
        let said = not_answered("no whole answer within 20s".into());
        assert!(matches!(said, CarrierError::Uncertain(_)));
    }

    #[test]
    fn only_what_is_certain_may_be_repeated_or_given_up() {
        assert!(answer(201, r#"{"sid":"SM1","status":"queued","body":"x"}"#).is_ok());
        assert!(matches!(
            answer(429, r#"{"code":20429,"message":"slow"}"#),
            Err(CarrierError::NotNow(_))
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
}

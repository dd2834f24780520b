//! Sending a text.

use super::Account;
use super::resource::{MessageResource, messages, read, request};
use crate::error::CarrierError;
use crate::text::{CarrierText, OutboundText};
use crate::{BoxError, Transport};
use http::Method;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

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
    let request = request(Method::POST, &messages(account), account, form)?;
    let response = transport
        .clone()
        .oneshot(request)
        .await
        .map_err(not_answered)?;
    read::<MessageResource>(&response).map(MessageResource::text)
}

/// What a request without an answer means: a connection that never stood carried nothing away.
fn not_answered(error: BoxError) -> CarrierError {
    let nothing_left = error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
    match nothing_left {
        true => CarrierError::transient(error.to_string()),
        false => CarrierError::Uncertain(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_never_stood_is_certain_and_one_that_broke_is_not() {
        use std::io::{Error, ErrorKind};
        for (kind, certain) in [
            (ErrorKind::ConnectionRefused, true),
            (ErrorKind::ConnectionReset, false),
            (ErrorKind::TimedOut, false),
        ] {
            let said = not_answered(Error::from(kind).into());
            let is_certain = matches!(said, CarrierError::Transient { .. });
            assert_eq!(is_certain, certain, "{kind}");
        }
        let said = not_answered("no whole answer within 20s".into());
        assert!(matches!(said, CarrierError::Uncertain(_)));
    }
}

//! What became of a text that we sent.

use crate::error::FormError;
use crate::form::Form;
use tieline_domain::attempt::Report;
use tieline_domain::delivery::State;
use tieline_domain::failure::{Failure, FailureCode};

/// Reads the form of a report.
pub fn read(form: &Form) -> Result<Report, FormError> {
    let word = form.required("MessageStatus")?;
    let state = state(word).ok_or_else(|| FormError {
        field: "MessageStatus",
        problem: format!("{word:?} is not a status that Twilio documents"),
    })?;
    let failed = matches!(state, State::Undelivered | State::Failed);
    let code = form.get("ErrorCode").filter(|code| !code.is_empty());
    Ok(Report {
        provider_id: form.required("MessageSid")?.to_owned(),
        state,
        failure: failed.then(|| failure(code)),
    })
}

/// What a code says (Twilio's error dictionary, 30003 to 30008 and 21610).
pub(crate) fn failure(code: Option<&str>) -> Failure {
    let known = match code.unwrap_or_default() {
        "21610" => FailureCode::OptedOutAtCarrier,
        "30003" => FailureCode::PhoneUnreachable,
        "30004" => FailureCode::Blocked,
        "30005" => FailureCode::NoSuchNumber,
        "30006" => FailureCode::Landline,
        "30007" => FailureCode::Filtered,
        _ => FailureCode::NotDelivered,
    };
    Failure {
        code: known,
        detail: code.map(str::to_owned),
    }
}

/// Twilio's words for the states of a message (its Message resource).
pub(crate) fn state(word: &str) -> Option<State> {
    Some(match word {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => State::Sent,
        "delivered" | "read" | "partially_delivered" => State::Delivered,
        "undelivered" => State::Undelivered,
        "failed" | "canceled" => State::Failed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_says_is_kept_with_the_code() {
        for (form, code) in [
            (
                "MessageStatus=failed&ErrorCode=21610",
                FailureCode::OptedOutAtCarrier,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=30003",
                FailureCode::PhoneUnreachable,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=30004",
                FailureCode::Blocked,
            ),
            (
                "MessageStatus=failed&ErrorCode=30005",
                FailureCode::NoSuchNumber,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=30006",
                FailureCode::Landline,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=30007",
                FailureCode::Filtered,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=30008",
                FailureCode::NotDelivered,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=99999",
                FailureCode::NotDelivered,
            ),
            (
                "MessageStatus=undelivered&ErrorCode=",
                FailureCode::NotDelivered,
            ),
        ] {
            let form = Form::parse(format!("MessageSid=SM1&{form}").as_bytes());
            let failure = read(&form).unwrap().failure.unwrap();
            let given = form.get("ErrorCode").filter(|code| !code.is_empty());
            assert_eq!((failure.code, failure.detail.as_deref()), (code, given));
        }
        let form = Form::parse(b"MessageSid=SM1&MessageStatus=delivered&ErrorCode=30003");
        assert_eq!(read(&form).unwrap().failure, None);
        let form = Form::parse(b"MessageSid=SM1&MessageStatus=lost");
        assert_eq!(read(&form).unwrap_err().field, "MessageStatus");
    }

    #[test]
    fn each_word_of_the_carrier_has_its_state_and_only_what_failed_a_reason() {
        for (words, state, failed) in [
            (
                &["accepted", "scheduled", "queued", "sending", "sent"][..],
                State::Sent,
                false,
            ),
            (
                &["delivered", "read", "partially_delivered"],
                State::Delivered,
                false,
            ),
            (&["undelivered"], State::Undelivered, true),
            (&["failed", "canceled"], State::Failed, true),
        ] {
            for word in words {
                let form = format!("MessageSid=SM1&MessageStatus={word}");
                let report = read(&Form::parse(form.as_bytes())).unwrap();
                assert_eq!(report.state, state, "{word}");
                assert_eq!(report.failure.is_some(), failed, "{word}");
            }
        }
    }
}

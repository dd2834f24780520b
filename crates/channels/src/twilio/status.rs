//! What became of a text that we sent.

use crate::error::FormError;
use crate::form::Form;
use tieline_domain::delivery::State;

/// What the form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The carrier's name for the text.
    pub provider_id: String,
    /// Where it is.
    pub state: State,
    /// The carrier's code when it failed.
    pub error_code: Option<String>,
}

/// Reads the form of a report.
pub fn read(form: &Form) -> Result<StatusReport, FormError> {
    let word = form.required("MessageStatus")?;
    Ok(StatusReport {
        provider_id: form.required("MessageSid")?.to_owned(),
        state: state(word).ok_or_else(|| FormError {
            field: "MessageStatus",
            problem: format!("{word:?} is not a status that Twilio documents"),
        })?,
        error_code: form
            .get("ErrorCode")
            .filter(|code| !code.is_empty())
            .map(str::to_owned),
    })
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

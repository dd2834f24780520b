//! What an org, or the way to it, can answer instead of a result.

use serde::Deserialize;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// One entry of the array that an org answers with when it refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApiError {
    /// For people; in the language of the running user.
    #[serde(default)]
    pub message: String,
    /// For programs; collections call it `statusCode`.
    #[serde(alias = "errorCode", alias = "statusCode", default)]
    pub code: String,
    /// The fields it is about.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl ApiError {
    /// Whether the same write may succeed a moment later (another transaction held the row).
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.code.as_str(),
            "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "QUERY_TIMEOUT"
        )
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The org refused the request.
    #[error("Salesforce refused with {status}: {}", list(.errors))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why, in the org's words.
        errors: Vec<ApiError>,
    },
    /// The connection's grant is gone or never was: somebody must sign in again.
    #[error(
        "Salesforce does not accept the sign-in any more ({code}: {description}); connect the org again"
    )]
    SignInNeeded {
        /// The OAuth error.
        code: String,
        /// In the org's words.
        description: String,
    },
    /// The org's calls for 24 hours, or its long calls at one time, are used up.
    #[error(
        "the org's API limit is reached ({0}); wait until calls of the last 24 hours fall out of the window"
    )]
    LimitReached(String),
    /// A write may or may not have happened: look before trying again.
    #[error(
        "nobody knows whether Salesforce carried out the request ({0}); look for the record before trying again"
    )]
    Uncertain(Transient),
    /// The org could not be reached, or something between us and it answered.
    #[error("Salesforce could not be reached ({0})")]
    Unreachable(Transient),
    /// The answer is not what the API promises.
    #[error("Salesforce answered something unexpected: {0}")]
    Unexpected(String),
    /// What Tieline allows itself is used up for this purpose; nothing was sent.
    #[error(
        "the calls that Tieline allows itself in 24 hours are used up for work of this kind; it goes on at {} UTC",
        crate::time::format(*until_ms)
    )]
    BudgetSpent {
        /// When some fall out of the window, in epoch milliseconds.
        until_ms: i64,
    },
    /// Our own side failed before anything was sent.
    #[error("the hub itself failed: {0}")]
    Local(String),
    /// What the caller asked for cannot be sent.
    #[error("{0}")]
    Invalid(String),
}

/// Why a call got no answer of the org's, for now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Transient {
    /// For people.
    pub why: String,
    /// How long the other side asked us to stay away, as by Retry-After, in milliseconds.
    pub asked_ms: Option<i64>,
}

impl<T: Into<String>> From<T> for Transient {
    fn from(why: T) -> Transient {
        Transient {
            why: why.into(),
            asked_ms: None,
        }
    }
}

impl Error {
    /// How long the other side asked us to stay away, in milliseconds.
    pub fn asked_ms(&self) -> Option<i64> {
        match self {
            Error::Unreachable(transient) | Error::Uncertain(transient) => transient.asked_ms,
            _ => None,
        }
    }

    /// Whether trying the same again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            Error::Refused { errors, .. } => !errors.iter().any(ApiError::is_retryable),
            Error::SignInNeeded { .. }
            | Error::Invalid(_)
            | Error::Unexpected(_)
            | Error::Uncertain(_) => true,
            Error::LimitReached(_)
            | Error::Unreachable(_)
            | Error::BudgetSpent { .. }
            | Error::Local(_) => false,
        }
    }

    /// Whether the org said this code.
    pub fn has_code(&self, code: &str) -> bool {
        matches!(self, Error::Refused { errors, .. } if errors.iter().any(|error| error.code == code))
    }
}

fn list(errors: &[ApiError]) -> String {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| format!("{} {}", error.code, error.message))
        .collect();
    lines.join("; ")
}

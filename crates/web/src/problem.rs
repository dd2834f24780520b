//! The one place where errors become status and body: problem details (RFC 9457) that name the
//! field and the fix. What only the operator may know (a database's words) goes to the log, and
//! the caller gets the number under which it stands there.

mod code;
mod sentence;

pub(crate) use code::Code;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Instant;
use tieline_access::AccessError;
use tieline_domain::access::{KeyRefusal, StaffRefusal};
use tieline_domain::catalogue::InvalidField;
use tieline_messaging::MessagingError;
use tieline_storage::StorageError;
use tieline_sync::SyncError;
use utoipa::ToSchema;

/// The result of a handler.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// How long to stay away while too many sign in.
const BUSY_MS: i64 = 3_000;

/// Why a request failed.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    field: Option<String>,
    fix: Option<String>,
    /// Seconds to wait before the next try.
    retry_after: Option<i64>,
}

/// Problem details as they go over the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Details {
    r#type: String,
    /// The status in words.
    title: &'static str,
    status: u16,
    code: Code,
    /// For people: what is wrong, in a sentence that names the field first.
    detail: String,
    /// The field that is wrong, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// For people: what to do, in a sentence of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem {
            code,
            detail: detail.into(),
            field: None,
            fix: None,
            retry_after: None,
        }
    }

    /// A value that cannot be taken.
    pub fn field(field: &str, problem: impl Into<String>, fix: &str) -> Problem {
        Problem::new(Code::InvalidField, problem).of(field).fix(fix)
    }

    /// Something failed inside; the words are for the log only.
    pub fn internal(words: &str) -> Problem {
        let incident = RandomState::new().hash_one(Instant::now());
        tracing::error!(incident = %format_args!("{incident:016x}"), detail = words, "a request failed");
        Problem::new(
            Code::Internal,
            format!("something failed inside (number {incident:016x})"),
        )
        .fix("Try again; if it stays, give the number to whoever reads the server's log.")
    }

    pub fn of(mut self, field: &str) -> Problem {
        self.field = Some(field.to_owned());
        self
    }

    pub fn fix(mut self, fix: &str) -> Problem {
        self.fix = Some(fix.to_owned());
        self
    }

    pub fn retry_after_ms(mut self, ms: i64) -> Problem {
        self.retry_after = Some((ms + 999) / 1_000);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.code.status()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let (field, fix) = (self.field.as_deref(), self.fix.as_deref());
        let (detail, fix) = sentence::sentences(field, &self.detail, fix);
        let details = Details {
            r#type: format!("about:blank#{}", self.code.as_str()),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code: self.code,
            detail,
            field: self.field,
            fix,
        };
        let headers = [
            (CONTENT_TYPE, "application/problem+json"),
            (CACHE_CONTROL, "no-store"),
        ];
        let body = serde_json::to_string(&details).expect("words and numbers are JSON");
        let retry_after = self
            .retry_after
            .map(|seconds| [(RETRY_AFTER, seconds.to_string())]);
        (status, headers, retry_after, body).into_response()
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        let words = error.to_string();
        match error {
            StorageError::NotFound(_) => {
                Problem::new(Code::NotFound, words).fix("Take its id from a list of the API.")
            }
            StorageError::Conflict(_) => Problem::new(Code::VersionConflict, words)
                .fix("Load it again and repeat your change."),
            StorageError::Duplicate(_) => {
                tracing::warn!(detail = %words, "a key is taken");
                Problem::new(Code::Duplicate, "it exists already").fix("Use the one that exists.")
            }
            // A caller's ids are looked up before anything is written; this one went meanwhile.
            StorageError::NoSuchReference => Problem::new(Code::InvalidField, words)
                .fix("Load what you show again, and choose anew."),
            StorageError::Unavailable(_) => {
                tracing::warn!(detail = %words, "the database does not answer");
                Problem::new(
                    Code::DatabaseUnavailable,
                    "the database does not answer, or takes no changes",
                )
                .fix("Try again in a moment.")
            }
            _ => Problem::internal(&words),
        }
    }
}

impl From<InvalidField> for Problem {
    fn from(invalid: InvalidField) -> Problem {
        Problem::field(&invalid.field, invalid.problem, &invalid.fix)
    }
}

impl From<SyncError> for Problem {
    fn from(error: SyncError) -> Problem {
        match error {
            SyncError::Storage(error) => error.into(),
            SyncError::Field(invalid) => invalid.into(),
            SyncError::Running => Problem::new(Code::SyncRunning, error.to_string()),
            other => Problem::new(Code::Org, other.to_string()),
        }
    }
}

impl From<MessagingError> for Problem {
    fn from(error: MessagingError) -> Problem {
        match error {
            MessagingError::Storage(error) => error.into(),
            MessagingError::Refused(refusal) => {
                Problem::new(Code::of(refusal.failure.code), refusal.failure.sentence())
            }
            MessagingError::Invalid { field, problem } => {
                Problem::new(Code::InvalidField, problem).of(field)
            }
            MessagingError::NotStored(why) => {
                tracing::warn!(detail = %why, "an input was not stored");
                Problem::new(Code::NotStored, "it was not stored; send it again")
            }
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Problem {
        let words = error.to_string();
        match error {
            AccessError::Storage(error) => error.into(),
            AccessError::WrongCredentials => Problem::new(Code::WrongCredentials, words),
            AccessError::TooManyTries(wait_ms) => {
                Problem::new(Code::TooManyTries, words).retry_after_ms(wait_ms)
            }
            AccessError::Busy => Problem::new(Code::Busy, words).retry_after_ms(BUSY_MS),
            AccessError::LinkOver => Problem::new(Code::LinkOver, words),
            AccessError::PasswordTooShort => {
                Problem::field("password", words, "use at least 12 characters")
            }
            AccessError::NoAddress(_) => {
                Problem::field("email", words, "write it as ann@example.com")
            }
            AccessError::NoName => Problem::field("name", words, "say what to call it"),
            AccessError::UnseenInName => Problem::field("name", words, "write it without them"),
            AccessError::WrongKey => Problem::new(Code::WrongKey, words),
            AccessError::KeyNameTaken => Problem::new(Code::Duplicate, words).of("name"),
            AccessError::KeyOverAtOnce => {
                Problem::field("expires_at", words, "name a later moment, or none")
            }
            AccessError::NobodyToActFor => Problem::new(Code::NotAllowed, words).of("On-Behalf-Of"),
            AccessError::Key(refusal) => match refusal {
                KeyRefusal::NoKeyMaker => Problem::new(Code::NotAllowed, words),
                KeyRefusal::NoRight | KeyRefusal::BeyondOwnRights(_) => {
                    Problem::field("rights", words, "name rights of your own")
                }
                KeyRefusal::NoInbox(_) | KeyRefusal::BeyondOwnInboxes => {
                    Problem::field("inboxes", words, "name inboxes that you may give")
                }
            },
            AccessError::AddressTaken => Problem::new(Code::Duplicate, words).of("email"),
            AccessError::Refused(StaffRefusal::LastAdministrator) => {
                Problem::new(Code::LastAdministrator, words)
            }
            AccessError::Refused(_) | AccessError::NotAllowed => {
                Problem::new(Code::NotAllowed, words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_come_again_too_early() {
        for (ms, seconds) in [(1, 1), (999, 1), (1_000, 1), (1_001, 2), (60_000, 60)] {
            let problem = Problem::new(Code::TooManyTries, "wait").retry_after_ms(ms);
            assert_eq!(problem.retry_after, Some(seconds), "{ms}");
        }
    }
}

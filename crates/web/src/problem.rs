//! The one place where errors become status and body: problem details (RFC 9457) that name the
//! field and the fix.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use tieline_access::AccessError;
use tieline_messaging::MessagingError;
use tieline_storage::StorageError;
use tieline_sync::SyncError;

/// The result of a handler.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// Why a request failed, as the caller sees it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<String>,
    fix: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            code,
            detail: detail.into(),
            field: None,
            fix: None,
        }
    }

    /// A value that cannot be taken.
    pub fn field(field: &str, problem: impl Into<String>, fix: &str) -> Problem {
        Problem {
            field: Some(field.to_owned()),
            fix: Some(fix.to_owned()),
            ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", problem)
        }
    }

    pub fn fix(mut self, fix: &str) -> Problem {
        self.fix = Some(fix.to_owned());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(problem.code = self.code, problem.detail = %self.detail, "a request failed");
        }
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let mut body = json!({
            "type": format!("about:blank#{}", self.code), "title": title, "status": self.status.as_u16(),
            "detail": self.detail, "code": self.code,
        });
        if let Some(field) = self.field {
            body["field"] = field.into();
        }
        if let Some(fix) = self.fix {
            body["fix"] = fix.into();
        }
        let headers = [
            ("content-type", "application/problem+json"),
            ("cache-control", "no-store"),
        ];
        (self.status, headers, Json(body).0.to_string()).into_response()
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        match &error {
            StorageError::NotFound(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not_found", error.to_string())
            }
            StorageError::Conflict(_) => {
                Problem::new(StatusCode::CONFLICT, "version_conflict", error.to_string())
                    .fix("Load it again and repeat your change.")
            }
            StorageError::Duplicate(_) => {
                Problem::new(StatusCode::CONFLICT, "duplicate", error.to_string())
            }
            StorageError::Unavailable(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "database_unavailable",
                error.to_string(),
            )
            .fix("Try again in a moment."),
            _ => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                error.to_string(),
            )
            .fix("Look into the log of the server."),
        }
    }
}

impl From<SyncError> for Problem {
    fn from(error: SyncError) -> Problem {
        match error {
            SyncError::Storage(error) => error.into(),
            SyncError::Field(invalid) => {
                Problem::field(&invalid.field, invalid.problem.clone(), &invalid.fix)
            }
            SyncError::Running => {
                Problem::new(StatusCode::CONFLICT, "sync_running", error.to_string())
            }
            other => Problem::new(StatusCode::BAD_GATEWAY, "org", other.to_string()),
        }
    }
}

impl From<MessagingError> for Problem {
    fn from(error: MessagingError) -> Problem {
        match error {
            MessagingError::Storage(error) => error.into(),
            MessagingError::Refused(refusal) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                refusal.code,
                refusal.reason,
            ),
            MessagingError::Invalid { field, problem } => {
                Problem::field(field, problem.clone(), &problem)
            }
            MessagingError::NotStored(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_stored",
                error.to_string(),
            ),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Problem {
        let words = error.to_string();
        match error {
            AccessError::Storage(error) => error.into(),
            AccessError::WrongCredentials => {
                Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", words)
            }
            AccessError::TooManyTries => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", words)
            }
            AccessError::LinkOver => Problem::new(StatusCode::GONE, "link_over", words),
            AccessError::PasswordTooShort => {
                Problem::field("password", words, "use at least 12 characters")
            }
        }
    }
}

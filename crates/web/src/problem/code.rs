//! Every code that a refusal can have: for programs, which must not read sentences. A code keeps its
//! status and its meaning for ever; a new meaning is a new code.

use http::StatusCode;
use serde::Serialize;
use tieline_domain::failure::FailureCode;
use utoipa::ToSchema;

macro_rules! codes {
    ($($code:ident = $word:literal, $status:ident, $meaning:literal;)*) => {
        /// Why a request was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ProblemCode)]
        pub(crate) enum Code {
            $(#[doc = $meaning] $code,)*
        }

        impl Code {
            #[cfg(test)]
            const ALL: &[Code] = &[$(Code::$code),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => $word),* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Code::$code => StatusCode::$status),* }
            }

            /// What it means, for the description of the API.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$code => $meaning),* }
            }
        }
    };
}

codes! {
    // The request itself.
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not JSON in UTF-8.";
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request cannot be read.";
    NotFound = "not_found", NOT_FOUND, "There is no such thing, or none that you may see.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This address has no such method.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body has too many bytes.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is of another type than JSON.";
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "The value of a field cannot be taken, or there is no such field.";
    // Who asks.
    NotSignedIn = "not_signed_in", UNAUTHORIZED, "Nobody is signed in.";
    OtherUser = "other_user", CONFLICT, "Somebody else is signed in than the request names.";
    WrongKey = "wrong_key", UNAUTHORIZED, "The key is unknown, revoked or over.";
    WrongCredentials = "wrong_credentials", UNAUTHORIZED, "No such user, or another password.";
    TooManyStreams = "too_many_streams", TOO_MANY_REQUESTS, "The session or key follows changes in too many places at once.";
    TooManyTries = "too_many_tries", TOO_MANY_REQUESTS, "Too many tries; wait before the next.";
    Busy = "busy", TOO_MANY_REQUESTS, "More people sign in than are let in at once; try again in a few seconds.";
    LinkOver = "link_over", GONE, "The link was used already or is over.";
    NotAllowed = "not_allowed", FORBIDDEN, "You may not do this.";
    CrossSite = "cross_site", FORBIDDEN, "The request comes from another site.";
    WrongHost = "wrong_host", MISDIRECTED_REQUEST, "The request names another host than this one.";
    NotSecure = "not_secure", FORBIDDEN, "Signing in over plain http is refused.";
    WrongSignature = "wrong_signature", FORBIDDEN, "The signature does not fit the request.";
    // How things stand.
    VersionConflict = "version_conflict", CONFLICT, "Somebody else changed it meanwhile.";
    Duplicate = "duplicate", CONFLICT, "It exists already.";
    LastAdministrator = "last_administrator", CONFLICT, "Nobody would be left to administrate.";
    SyncRunning = "sync_running", CONFLICT, "A sync is running.";
    NotConnected = "not_connected", CONFLICT, "No Salesforce org is connected.";
    // Keys of repeated requests.
    KeyInUse = "key_in_use", CONFLICT, "A request with this key is still being answered.";
    AlreadyMade = "already_made", CONFLICT, "A request with this key was done; its answer is not kept.";
    KeyReused = "key_reused", UNPROCESSABLE_ENTITY, "This key came with another request before.";
    // The send gate.
    OptedOut = "opted_out", UNPROCESSABLE_ENTITY, "They asked for no more texts.";
    NotAnswerable = "not_answerable", UNPROCESSABLE_ENTITY, "They text from a name or a short code, which takes no answer.";
    NoSender = "no_sender", UNPROCESSABLE_ENTITY, "The inbox has nothing to send with.";
    Landline = "landline", UNPROCESSABLE_ENTITY, "Texts do not reach this number, a carrier said lately.";
    Empty = "empty", UNPROCESSABLE_ENTITY, "There is nothing to send.";
    TooLong = "too_long", UNPROCESSABLE_ENTITY, "The text is longer than carriers take.";
    Refused = "refused", UNPROCESSABLE_ENTITY, "The text may not be sent.";
    // Not the caller's fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something failed inside; the log tells more at the number given.";
    Org = "org", BAD_GATEWAY, "Salesforce did not do what was asked.";
    DatabaseUnavailable = "database_unavailable", SERVICE_UNAVAILABLE, "The database does not answer, or takes no changes.";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too much comes in at this moment; send it again.";
    NotStored = "not_stored", SERVICE_UNAVAILABLE, "It was not stored; send it again.";
}

impl Code {
    /// The code of what the gate refused.
    pub fn of(failure: FailureCode) -> Code {
        match failure {
            FailureCode::OptedOut | FailureCode::OptedOutAtCarrier => Code::OptedOut,
            FailureCode::NotAnswerable => Code::NotAnswerable,
            FailureCode::NoSender => Code::NoSender,
            FailureCode::Landline => Code::Landline,
            FailureCode::Empty => Code::Empty,
            FailureCode::TooLong => Code::TooLong,
            FailureCode::CarrierRefused
            | FailureCode::CarrierUnreachable
            | FailureCode::NotSent
            | FailureCode::PhoneUnreachable
            | FailureCode::Blocked
            | FailureCode::NoSuchNumber
            | FailureCode::Filtered
            | FailureCode::NotDelivered => Code::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_an_answer_is_the_word_of_the_code() {
        for code in Code::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }
}

//! How a call fails: a gRPC status whose trailers name Salesforce's own code. The codes below
//! `subscription.fetch` and `service` are documented; those of topics, schemas and publishing are
//! from memory.

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

const PREFIX: &str = "sfdc.platform.eventbus.grpc.";

/// A failure: gRPC code, Salesforce's code, text.
pub(super) type Failure = (Code, &'static str, &'static str);

pub(super) const NOT_SIGNED_IN: Failure = (
    Code::Unauthenticated,
    "service.auth.error",
    "An authentication exception occurred. Provide valid authentication.",
);
pub(super) const REFRESH_INVALID: Failure = (
    Code::Unauthenticated,
    "service.auth.refresh.invalid",
    "The authentication refresh token is invalid.",
);
pub(super) const UNAVAILABLE: Failure = (
    Code::Unavailable,
    "service.unavailable",
    "The service is unavailable. Try again later.",
);
pub(super) const TOPIC_UNKNOWN: Failure = (
    Code::NotFound,
    "topic.not.found",
    "The topic does not exist in this org.",
);
pub(super) const TOPIC_FORBIDDEN: Failure = (
    Code::PermissionDenied,
    "topic.access.denied",
    "The user has no permission to subscribe to the topic.",
);
pub(super) const TOPIC_MISSING: Failure = (
    Code::InvalidArgument,
    "topic.name.missing",
    "A topic name is required in the first request.",
);
pub(super) const TOPIC_CHANGED: Failure = (
    Code::InvalidArgument,
    "subscription.fetch.topic.mismatch",
    "The topic name differs from that of the first request.",
);
pub(super) const COUNT_INVALID: Failure = (
    Code::InvalidArgument,
    "subscription.fetch.requested.events.invalid",
    "The number of requested events must be greater than zero.",
);
pub(super) const REPLAY_MISSING: Failure = (
    Code::InvalidArgument,
    "subscription.fetch.replayid.validation.failed",
    "The Replay ID validation failed. A custom preset needs a Replay ID.",
);
pub(super) const REPLAY_CORRUPTED: Failure = (
    Code::InvalidArgument,
    "subscription.fetch.replayid.corrupted",
    "The Replay ID is corrupted or no longer retained. Provide a valid Replay ID.",
);
pub(super) const SCHEMA_UNKNOWN: Failure = (
    Code::NotFound,
    "schema.not.found",
    "The schema does not exist in this org.",
);
pub(super) const PUBLISH_FORBIDDEN: Failure = (
    Code::PermissionDenied,
    "publish.topic.not.allowed",
    "Events cannot be published to this topic.",
);
pub(super) const SUBSCRIPTION_UNKNOWN: Failure = (
    Code::NotFound,
    "managed.subscription.not.found",
    "The managed subscription does not exist in this org.",
);

/// The status of a failed call.
pub(super) fn status((code, error, text): Failure, rpc_id: &str) -> Status {
    let mut status = Status::new(code, format!("{text} rpcId: {rpc_id}"));
    let trailers = status.metadata_mut();
    let ascii = |text: String| {
        let value = MetadataValue::try_from(text);
        value.expect("codes and ids are ASCII")
    };
    trailers.insert("error-code", ascii(format!("{PREFIX}{error}")));
    trailers.insert("rpc-id", ascii(rpc_id.to_owned()));
    status
}

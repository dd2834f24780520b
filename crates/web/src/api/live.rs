//! The live stream.

use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveQuery {
    /// The number of the last event that the caller saw; the header Last-Event-ID goes before it.
    pub after: Option<i64>,
}

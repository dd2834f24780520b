//! Texts that came in for nobody we know.

use super::text::{Limit, Text};
use serde::{Deserialize, Serialize};
use tieline_domain::id::UnassignedTextId;
use tieline_domain::time::Timestamp;
use tieline_storage::unassigned_text as storage;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnassignedTextQuery {
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<Text<1_000>>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 100>>)]
    pub limit: Limit<50, 100>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UnassignedTextList {
    /// The newest first.
    pub items: Vec<UnassignedText>,
    pub next_cursor: Option<String>,
}

/// A text as its carrier handed it over.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnassignedText {
    pub id: UnassignedTextId,
    /// The carrier's name for the account; empty when it named none.
    pub account: String,
    pub sender: String,
    pub addressee: String,
    pub text: String,
    pub received_at: Timestamp,
}

impl UnassignedText {
    pub fn of(it: storage::UnassignedText) -> UnassignedText {
        UnassignedText {
            id: it.id,
            account: it.said.account,
            sender: it.said.sender,
            addressee: it.said.addressee,
            text: it.said.text,
            received_at: it.received_at,
        }
    }
}

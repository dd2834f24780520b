//! Who is signed in, and what they see.

use super::conversations::ConversationCounts;
use super::names::StaffName;
use super::sync::Connection;
use super::text::{Password, Text};
use serde::{Deserialize, Serialize};
use tieline_domain::access::Role;
use tieline_domain::channel::Channel;
use tieline_domain::id::{InboxId, StaffId};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    pub email: Text<320>,
    /// Taken as it is written.
    pub password: Password,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    pub staff: OwnStaff,
    pub organisation: Organisation,
    pub inboxes: Vec<InboxName>,
    /// Colleagues who may be given a conversation.
    pub staff_list: Vec<StaffName>,
    pub connection: Option<Connection>,
    pub counts: ConversationCounts,
    pub demo: Option<DemoLinks>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnStaff {
    pub id: StaffId,
    pub name: String,
    pub email: String,
    pub role: Role,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Organisation {
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InboxName {
    pub id: InboxId,
    pub name: String,
    pub channel: Channel,
    /// The number that it sends from unless another was written to; none while it has no number.
    pub address: Option<String>,
}

/// Where the pretend outside parties have their pages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DemoLinks {
    /// "Someone in Salesforce".
    pub org_url: String,
    /// The pretend phones.
    pub phones_url: String,
}

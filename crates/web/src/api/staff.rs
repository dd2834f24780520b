//! Users, their sessions and inboxes, and the audit of what was done about them.

use super::names::{KeyName, StaffName};
use super::text::{Limit, Password, Text};
use serde::{Deserialize, Serialize};
use tieline_domain::access::{ActorKind, AuditedAct, Role};
use tieline_domain::channel::Channel;
use tieline_domain::id::{AuditId, InboxId, SessionId, StaffId};
use tieline_domain::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
pub(crate) struct StaffList {
    pub items: Vec<StaffMember>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StaffMember {
    pub id: StaffId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Whether they may read beyond their own inboxes.
    pub reviewer: bool,
    /// Whether they may sign in.
    pub active: bool,
    pub has_password: bool,
    /// Who had come in by what this user gave them, and was signed out by this change; told by it alone.
    pub signed_out: Vec<StaffName>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffCreate {
    pub name: Text<200>,
    pub email: Text<254>,
    pub role: Role,
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffPatch {
    pub name: Option<Text<200>>,
    pub role: Option<Role>,
    /// Given by a system administrator to somebody else.
    pub reviewer: Option<bool>,
    /// A user who is deactivated is signed out everywhere.
    pub active: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// Taken as it is written; at least 12 characters.
    pub password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnPassword {
    pub current: Password,
    /// Taken as it is written; at least 12 characters.
    pub password: Password,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInLink {
    /// Signs in whoever opens it first, and is shown only here.
    pub url: String,
    pub expires_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    pub items: Vec<Session>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    pub id: SessionId,
    /// Whether this request came by it.
    pub current: bool,
    pub created_at: Timestamp,
    /// To the hour.
    pub last_seen_at: Timestamp,
    /// Over by then, unless it is used.
    pub expires_at: Timestamp,
    /// Over by then, however much it is used.
    pub ends_at: Timestamp,
    /// The network address that it was opened from.
    pub address: Option<String>,
    /// What the browser said it is.
    pub agent: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InboxList {
    pub items: Vec<Inbox>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Inbox {
    pub id: InboxId,
    pub name: String,
    pub channel: Channel,
    /// Its numbers, the one that it sends from first.
    pub addresses: Vec<String>,
    pub members: Vec<StaffName>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// `next_cursor` of the page before.
    pub cursor: Option<AuditId>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 200>>)]
    pub limit: Limit<50, 200>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditList {
    pub items: Vec<AuditLine>,
    pub next_cursor: Option<AuditId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLine {
    pub id: AuditId,
    pub at: Timestamp,
    pub by: ActorKind,
    pub staff: Option<StaffName>,
    /// The key by which it was done.
    pub key: Option<KeyName>,
    /// From which network address; of the operator the user of the machine.
    pub address: Option<String>,
    pub act: AuditedAct,
    /// The id of what it was done to, or the request that was made.
    pub target: String,
    /// How it stood; null where there was nothing.
    pub before: serde_json::Value,
    /// How it stands since.
    pub after: serde_json::Value,
}

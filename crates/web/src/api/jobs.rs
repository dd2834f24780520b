//! Background work that gave up.

use super::text::Limit;
use serde::{Deserialize, Serialize};
use tieline_domain::id::JobId;
use tieline_domain::job::JobKind;
use tieline_domain::time::Timestamp;
use tieline_storage::job::DeadJob;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobQuery {
    /// `next_cursor` of the page before.
    #[param(inline, value_type = Option<String>)]
    pub cursor: Option<JobId>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<50, 100>>)]
    pub limit: Limit<50, 100>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobList {
    /// The newest first.
    pub items: Vec<Job>,
    #[schema(value_type = Option<String>)]
    pub next_cursor: Option<JobId>,
}

/// Work that is tried no more until somebody says so; never what it carries.
#[derive(Serialize, ToSchema)]
pub(crate) struct Job {
    pub id: JobId,
    /// What it was to do.
    pub kind: JobKind,
    /// The outside party that it was for, if it was for one.
    pub party: Option<String>,
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub gave_up_at: Timestamp,
}

impl Job {
    pub fn of(it: DeadJob) -> Job {
        Job {
            id: it.id,
            kind: it.kind,
            party: it.party,
            attempts: it.attempts,
            error: it.last_error,
            created_at: it.created_at,
            gave_up_at: it.run_at,
        }
    }
}

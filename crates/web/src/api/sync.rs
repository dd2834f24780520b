//! How the org and the hub stand: connection, mappings, runs, and what a run changed.

use super::names::{ContactName, Names, OutsideError, StaffName};
use super::text::{Limit, Seq, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tieline_domain::connection::{ConnectionKind, ConnectionState};
use tieline_domain::id::{ConnectionId, ObjectMappingId, SyncRunId};
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::{BothWays, Counts};
use tieline_domain::sync::mapping::{Deletes, MappingDirection, Policy};
use tieline_domain::sync::run::{RunState, RunTrigger};
use tieline_domain::sync::standing::Standing;
use tieline_domain::time::Timestamp;
use tieline_storage::connection;
use tieline_storage::sync_run::{RunError, SyncRun};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
pub(crate) struct Connection {
    pub id: ConnectionId,
    pub name: String,
    pub kind: ConnectionKind,
    pub state: ConnectionState,
    /// Why it is not connected.
    pub state_reason: Option<String>,
    pub username: String,
    pub instance_url: String,
    pub org_name: String,
}

impl Connection {
    pub fn of(it: &connection::Connection) -> Connection {
        Connection {
            id: it.id,
            name: it.name.clone(),
            kind: it.kind,
            state: it.state,
            state_reason: it.state_reason.clone(),
            username: it.username.clone(),
            instance_url: it.instance_url.clone(),
            org_name: it.org_name.clone(),
        }
    }
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionChange {
    /// Calls that Tieline may make to the org in 24 hours. It holds on every node within ten seconds.
    pub daily_budget: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SyncStatus {
    pub connection: Connection,
    pub state: Standing,
    /// When a run last came to its end. What changed in the org since is not known here.
    pub as_of: Option<Timestamp>,
    /// How far the run that was stopped had come.
    pub stopped: Option<Progress>,
    /// Since when the org does not answer, or does not let Tieline in.
    pub waiting_since: Option<Timestamp>,
    /// Records with a field that somebody must decide.
    pub to_decide: i64,
    /// Contacts that wait for a record in the org.
    pub to_create: i64,
    pub last_run: Option<Run>,
    pub running: Option<Run>,
    pub contacts_total: i64,
    pub mappings: Vec<Mapping>,
    pub api: ApiUse,
}

/// Calls to the org in the last 24 hours.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiUse {
    pub used_24h: i64,
    pub budget_24h: i64,
    /// Calls of everybody in the org, as it said last.
    pub org_used: Option<i64>,
    pub org_max: Option<i64>,
    pub by_purpose: BTreeMap<String, i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Mapping {
    pub id: ObjectMappingId,
    pub object: String,
    pub enabled: bool,
    pub direction: MappingDirection,
    pub records: i64,
    pub waiting_to_org: i64,
    pub conflicts: i64,
    /// Records that the org had, as far as its user may see them; null before it was asked.
    pub org_records: Option<i64>,
    /// When it was asked, at the end of a run.
    pub org_counted_at: Option<Timestamp>,
    pub last_changed_at: Option<Timestamp>,
    /// Everything stamped before this moment of the org was read; null before it was read to its end once.
    pub read_until: Option<Timestamp>,
    pub deletes: Deletes,
    pub fields: Vec<FieldMapping>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FieldMapping {
    pub field: String,
    pub attribute: String,
    pub direction: MappingDirection,
    pub policy: Policy,
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingChange {
    pub enabled: Option<bool>,
    pub deletes: Option<Deletes>,
}

/// What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldMappingChange {
    /// `ask` is refused: conflicts have no queue yet.
    pub policy: Option<Policy>,
    pub direction: Option<MappingDirection>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldMappingCreate {
    /// API name in the org.
    pub field: Text<200>,
    /// A name of /api/v1/contact-fields.
    pub attribute: Text<40>,
    pub direction: MappingDirection,
    pub policy: Policy,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunQuery {
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<Text<1_000>>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<30, 200>>)]
    pub limit: Limit<30, 200>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RunList {
    /// The newest first.
    pub items: Vec<Run>,
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Run {
    pub id: SyncRunId,
    pub trigger: RunTrigger,
    pub by: Option<StaffName>,
    pub state: RunState,
    pub phase: String,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub api_calls: i64,
    pub api_calls_minimum: i64,
    pub error: Option<RunFailure>,
    pub progress: Progress,
    /// It ended and neither side had anything for the other.
    pub found_nothing: bool,
    pub counts: BothWays,
    pub by_object: Vec<ObjectCounts>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RunFailure {
    pub text: String,
    pub fix: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Progress {
    pub done: i64,
    pub total: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectCounts {
    pub object: String,
    pub to_hub: Counts,
    pub to_org: Counts,
}

impl Run {
    pub fn of(run: &SyncRun, names: &Names) -> Run {
        Run {
            id: run.id,
            trigger: run.trigger,
            by: names.of(run.staff_id),
            state: run.state,
            phase: run.phase.clone(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            api_calls: run.api_calls,
            api_calls_minimum: run.api_calls_minimum,
            error: run.error.as_ref().map(RunFailure::of),
            progress: Progress::of(run),
            found_nothing: run.finished_at.is_some()
                && run.error.is_none()
                && run.counts.is_nothing(),
            counts: run.counts.total(),
            by_object: run
                .counts
                .0
                .iter()
                .map(|(object, counts)| ObjectCounts {
                    object: object.clone(),
                    to_hub: counts.to_hub,
                    to_org: counts.to_org,
                })
                .collect(),
        }
    }
}

impl Progress {
    pub fn of(run: &SyncRun) -> Progress {
        Progress {
            done: run.progress_done,
            total: run.progress_total,
        }
    }
}

impl RunFailure {
    fn of(error: &RunError) -> RunFailure {
        RunFailure {
            text: error.text.clone(),
            fix: error.fix.clone(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunChangeQuery {
    #[param(inline)]
    pub direction: Option<ChangeDirection>,
    #[param(inline)]
    pub state: Option<ChangeState>,
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<Seq>,
    #[serde(default)]
    #[param(inline, value_type = Option<Limit<100, 200>>)]
    pub limit: Limit<100, 200>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RunChangeList {
    pub items: Vec<RunChange>,
    pub next_cursor: Option<String>,
}

/// What a run changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunChange {
    pub seq: i64,
    pub object: String,
    pub record_id: Option<String>,
    pub contact: Option<ContactName>,
    pub direction: ChangeDirection,
    pub act: ChangeAct,
    pub state: ChangeState,
    pub fields: Vec<FieldChange>,
    pub error: Option<OutsideError>,
    pub at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FieldChange {
    pub name: String,
    pub label: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

//! How the org and the hub stand, and the mappings.

use crate::answer::{Answer, Created, NoContent};
use crate::api::names::Names;
use crate::api::sync::{
    ApiUse, Connection, FieldMapping, FieldMappingChange, FieldMappingCreate, Mapping,
    MappingChange, Progress, Run, SyncStatus,
};
use crate::api::text::Text;
use crate::connection::the_connection;
use crate::extract::{Json, Path, Path2};
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use serde_json::{Value, json};
use tieline_domain::access::{AuditedAct, Caller};
use tieline_domain::id::ObjectMappingId;
use tieline_domain::sync::mapping::{self as mapping_rules, MappingDirection, Policy};
use tieline_domain::sync::standing::Standing;
use tieline_storage::audit::{self, Entry};
use tieline_storage::contact::{self, ContactQuery};
use tieline_storage::link::LinkCounts;
use tieline_storage::{StorageError, Tx, mapping};
use tieline_sync::status::Status;

pub(crate) async fn status(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
) -> Result<Answer<SyncStatus>> {
    let status = state.sync.status(the_connection(&state).await?).await?;
    let names = Names::load(&state.store).await?;
    let all = ContactQuery::default();
    let scope = me.principal.scope();
    let contacts_total = contact::count(&mut *state.store.reader().await?, &scope, &all).await?;
    let run = |run| Run::of(run, &names);
    let standing = status.standing();
    Ok(Answer(SyncStatus {
        connection: Connection::of(&status.connection),
        state: standing,
        as_of: status.as_of,
        stopped: status
            .last
            .as_ref()
            .filter(|_| standing == Standing::Stopped)
            .map(Progress::of),
        waiting_since: (standing == Standing::Waiting).then_some(status.connection.state_since),
        to_decide: status.to_decide(),
        to_create: status.to_create,
        last_run: status.last.as_ref().map(run),
        running: status.running.as_ref().map(run),
        contacts_total,
        mappings: status
            .mappings
            .iter()
            .map(|it| {
                mapping_of(
                    it,
                    status.links.get(&it.object).copied().unwrap_or_default(),
                )
            })
            .collect(),
        api: api_use(&status),
    }))
}

fn mapping_of(it: &mapping::ObjectMapping, counts: LinkCounts) -> Mapping {
    Mapping {
        id: it.id,
        object: it.object.clone(),
        enabled: it.enabled,
        direction: it.direction,
        records: counts.records,
        waiting_to_org: counts.waiting_to_org,
        conflicts: counts.conflicts,
        org_records: it.org_records,
        org_counted_at: it.org_counted_at,
        last_changed_at: it.last_changed_at,
        read_until: it.read_until,
        deletes: it.deletes,
        fields: it
            .fields
            .iter()
            .map(|pair| FieldMapping {
                field: pair.field.clone(),
                attribute: pair.attribute.clone(),
                direction: pair.direction,
                policy: pair.policy,
            })
            .collect(),
    }
}

fn api_use(status: &Status) -> ApiUse {
    let org_calls = status.connection.org_calls;
    ApiUse {
        used_24h: status.usage.iter().map(|(_, calls)| calls).sum(),
        budget_24h: status.connection.daily_budget,
        org_used: org_calls.map(|calls| calls.0),
        org_max: org_calls.map(|calls| calls.1),
        by_purpose: status
            .usage
            .iter()
            .map(|(word, calls)| (word.to_string(), *calls))
            .collect(),
    }
}

pub(crate) async fn change_mapping(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ObjectMappingId>,
    Json(change): Json<MappingChange>,
) -> Result<NoContent> {
    let mut tx = state.store.begin(&me.actor()).await?;
    let found = mapping::update(&mut tx, id, change.enabled, change.deletes).await?;
    known(found, "object mapping")?;
    let after = json!({"enabled": change.enabled, "deletes": change.deletes});
    note(&mut tx, id.to_string(), after).await?;
    tx.commit().await?;
    Ok(NoContent)
}

pub(crate) async fn add_field(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ObjectMappingId>,
    Json(create): Json<FieldMappingCreate>,
) -> Result<Created<FieldMapping>> {
    check_policy(Some(create.policy))?;
    let pair = mapping_rules::FieldMapping {
        field: create.field.into_string(),
        attribute: create.attribute.into_string(),
        direction: create.direction,
        policy: create.policy,
    };
    let at = (the_connection(&state).await?, id);
    let actor = me.actor();
    let pair = state.sync.add_field(&actor, at, pair).await?;
    Ok(Created(FieldMapping {
        field: pair.field,
        attribute: pair.attribute,
        direction: pair.direction,
        policy: pair.policy,
    }))
}

pub(crate) async fn change_field(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path2(id, field): Path2<ObjectMappingId, Text<200>>,
    Json(change): Json<FieldMappingChange>,
) -> Result<NoContent> {
    if field.contains('.')
        && change
            .direction
            .is_some_and(|direction| direction != MappingDirection::ToHub)
    {
        let words = "a field of a parent record can only be read";
        return Err(Problem::field("direction", words, "use to_hub"));
    }
    check_policy(change.policy)?;
    let mut tx = state.store.begin(&me.actor()).await?;
    let found = mapping::update_field(&mut tx, id, &field, change.policy, change.direction).await?;
    known(found, "field mapping")?;
    let after = json!({"policy": change.policy, "direction": change.direction});
    note(&mut tx, format!("{id} {}", &*field), after).await?;
    tx.commit().await?;
    Ok(NoContent)
}

/// Nothing keeps yet what somebody is to decide, so that asking would hold values back for ever.
fn check_policy(policy: Option<Policy>) -> Result<()> {
    match policy {
        Some(Policy::Ask) => Err(Problem::field(
            "policy",
            "nobody can be asked yet, since conflicts have no queue",
            "use salesforce, tieline or newest",
        )),
        _ => Ok(()),
    }
}

/// What was asked for; the journal of runs says what came of it.
async fn note(tx: &mut Tx, target: String, after: Value) -> Result<()> {
    let entry = Entry {
        act: AuditedAct::ChangeMapping,
        target,
        before: Value::Null,
        after,
    };
    Ok(audit::add(tx, entry).await?)
}

/// What is not there cannot have been changed.
fn known(found: bool, noun: &'static str) -> Result<()> {
    if found {
        return Ok(());
    }
    Err(StorageError::NotFound(noun).into())
}

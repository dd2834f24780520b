//! The event bus: how it behaves, what goes wrong on it, and what an administrator defines.

use super::lookup::{changed, told};
use super::request::{Given, Refusal, Seat};
use crate::org::events::{EventSettings, ManagedSubscription, PlatformKind};
use axum::Json;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// No event is kept for longer than a year.
const RETENTION_MAX_MS: i64 = 366 * 86_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    kind: MishapKind,
    object: Option<String>,
    ms: Option<u32>,
    count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MishapKind {
    Gap,
    Drop,
    Overflow,
    Delay,
    Repeat,
    Reset,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    name: String,
    objects: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformEvent {
    name: String,
    fields: Vec<PlatformField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformField {
    name: String,
    kind: PlatformKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    object: String,
    selected: bool,
}

pub(super) async fn show(Seat(simulator): Seat) -> Json<EventSettings> {
    Json(simulator.org().event_settings())
}

pub(super) async fn change(
    Seat(simulator): Seat,
    Given(given): Given<Map<String, Value>>,
) -> Result<Json<EventSettings>, Refusal> {
    let settings = changed(&simulator.org().event_settings(), given)?;
    if !(0..=RETENTION_MAX_MS).contains(&settings.retention_ms) {
        let text = format!("retention_ms: from 0 to {RETENTION_MAX_MS}");
        return Err(Refusal::bad(text));
    }
    if settings.keep_alive_ms == 0 {
        return Err(Refusal::bad("keep_alive_ms: from 1"));
    }
    simulator.org().set_event_settings(settings);
    Ok(show(Seat(simulator)).await)
}

pub(super) async fn mishap(
    Seat(simulator): Seat,
    Given(planned): Given<Planned>,
) -> Result<StatusCode, Refusal> {
    let org = simulator.org();
    match (planned.kind, planned.object, planned.ms, planned.count) {
        (MishapKind::Gap, Some(object), None, None) => {
            told("object", org.gap_next_event(&object))?;
        }
        (MishapKind::Drop, Some(object), None, None) => {
            told("object", org.drop_next_event(&object))?;
        }
        (MishapKind::Overflow, None, None, None) => org.overflow_next_transaction(),
        (MishapKind::Delay, None, Some(ms), None) => org.delay_events(i64::from(ms)),
        (MishapKind::Repeat, None, None, Some(count)) => org.repeat_events_on_resubscribe(count),
        (MishapKind::Reset, None, None, None) => org.reset_events(),
        _ => {
            let text = "gap and drop take object, delay ms, repeat count, the others nothing";
            return Err(Refusal::bad(format!("kind: {text}")));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn select(
    Seat(simulator): Seat,
    Given(given): Given<Selection>,
) -> Result<StatusCode, Refusal> {
    let org = simulator.org();
    let outcome = match given.selected {
        true => org.select_for_events(&given.object),
        false => org.deselect_for_events(&given.object),
    };
    told("object", outcome)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn define_channel(
    Seat(simulator): Seat,
    Given(channel): Given<Channel>,
) -> Result<Json<Value>, Refusal> {
    if !is_name(&channel.name) {
        return Err(Refusal::bad("name: letters, digits and underscores"));
    }
    let stem = channel.name.strip_suffix("__chn").unwrap_or(&channel.name);
    let objects: Vec<&str> = channel.objects.iter().map(String::as_str).collect();
    let outcome = simulator.org().define_event_channel(stem, &objects);
    told("objects", outcome)?;
    Ok(Json(json!({"topic": format!("/data/{stem}__chn")})))
}

pub(super) async fn define_platform_event(
    Seat(simulator): Seat,
    Given(event): Given<PlatformEvent>,
) -> Result<Json<Value>, Refusal> {
    if !is_name(&event.name) || !event.name.ends_with("__e") {
        return Err(Refusal::bad(
            "name: letters, digits and underscores, __e at its end",
        ));
    }
    let mut taken = BTreeSet::from(["CreatedDate", "CreatedById"]);
    let mut fields = event.fields.iter();
    if !fields.all(|field| is_name(&field.name) && taken.insert(&field.name)) {
        let text = "fields: each has a name of its own, of letters, digits and underscores";
        return Err(Refusal::bad(text));
    }
    let fields = event.fields.iter();
    let fields: Vec<(&str, PlatformKind)> = fields.map(|f| (f.name.as_str(), f.kind)).collect();
    told(
        "name",
        simulator.org().define_platform_event(&event.name, &fields),
    )?;
    Ok(Json(json!({"topic": format!("/event/{}", event.name)})))
}

pub(super) async fn define_managed_subscription(
    Seat(simulator): Seat,
    Given(definition): Given<ManagedSubscription>,
) -> Result<Json<Value>, Refusal> {
    if !is_name(&definition.developer_name) {
        return Err(Refusal::bad(
            "developer_name: letters, digits and underscores",
        ));
    }
    let id = simulator.org().define_managed_subscription(definition);
    Ok(Json(json!({"id": id})))
}

/// Schemas and topics take no other names.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(allowed)
}

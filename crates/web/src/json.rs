//! What requests carry and what answers look like; the shapes of the API in one place.

use crate::problem::{Problem, Result};
use axum::body::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_domain::contact::{self as rules};
use tieline_domain::conversation::{Direction, Message};
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;
use tieline_messaging::send::gate;
use tieline_storage::contact::Contact;
use tieline_storage::conversation::Listed;
use tieline_storage::link::{Link, LinkState};

/// Names of staff, for lists.
pub(crate) type Names = BTreeMap<StaffId, String>;

/// A JSON body, with the field named when it cannot be read.
pub(crate) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_json",
            format!("the body cannot be read: {error}"),
        )
        .fix("Send a JSON object as /api/openapi.json describes it.")
    })
}

/// An id of a path or body.
pub(crate) fn id<T: std::str::FromStr>(field: &str, text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| {
        Problem::field(
            field,
            error.to_string(),
            "copy the id from a list of the API",
        )
    })
}

pub(crate) fn person(names: &Names, id: Option<StaffId>) -> Value {
    match id {
        Some(id) => {
            json!({"id": id, "name": names.get(&id).map_or("Former colleague", String::as_str)})
        }
        None => Value::Null,
    }
}

pub(crate) fn conversation(listed: &Listed, names: &Names) -> Value {
    let it = &listed.conversation;
    let refusal = gate(listed, "x").err();
    let last = (it.last_seq > 0).then(|| {
        json!({"text": it.last_text, "direction": it.last_direction.as_str(), "author": person(names, it.last_author),
               "at": it.last_at, "state": it.last_state.as_str()})
    });
    json!({
        "id": it.id, "inbox_id": it.inbox_id, "channel": listed.channel, "address": listed.address,
        "contact": it.contact_id.map(|id| json!({"id": id, "name": listed.contact_name})),
        "status": if it.open { "open" } else { "closed" }, "turn": if it.our_turn { "ours" } else { "theirs" },
        "assigned_to": person(names, it.assigned_to), "last": last, "unread": it.unread, "version": it.version,
        "gate": {
            "allowed": refusal.is_none(), "code": refusal.as_ref().map_or("ok", |r| r.code),
            "reason": refusal.as_ref().map(|r| r.reason.clone()), "since": refusal.and_then(|r| r.since),
        },
    })
}

pub(crate) fn message(it: &Message, names: &Names) -> Value {
    json!({
        "id": it.id, "conversation_id": it.conversation_id, "seq": it.seq, "direction": it.direction.as_str(),
        "author": person(names, it.author), "text": it.text, "at": it.at,
        "state": if it.direction == Direction::Note { "noted" } else { it.state.as_str() }, "state_at": it.state_at,
        "error": it.error.as_ref().map(|(code, text)| json!({"code": code, "text": text})), "segments": it.segments,
        "client_key": it.client_key,
    })
}

/// How a contact stands with the org.
pub(crate) fn standing(links: &[Link]) -> &'static str {
    let live: Vec<&Link> = links
        .iter()
        .filter(|link| link.state != LinkState::Gone)
        .collect();
    if live.is_empty() {
        "not_linked"
    } else if live.iter().any(|link| link.state == LinkState::Conflict) {
        "conflict"
    } else if live.iter().any(|link| link.waiting_to_org) {
        "waiting"
    } else {
        "in_step"
    }
}

pub(crate) fn contact_row(contact: &Contact, links: &[Link]) -> Value {
    let field = |name: &str| contact.fields.get(name).cloned();
    let links_short: Vec<Value> = links
        .iter()
        .map(|link| json!({"object": link.object, "record_id": link.record_id, "is_primary": link.is_primary}))
        .collect();
    json!({
        "id": contact.id, "name": contact.name, "company": field("company"), "title": field("title"),
        "phone": field("mobile_phone").or_else(|| field("phone")), "email": field("email"), "links": links_short,
        "sync": standing(links), "updated_at": contact.updated_at,
    })
}

pub(crate) fn attributes() -> Value {
    Value::from(
        rules::ATTRIBUTES
            .iter()
            .map(|attribute| serde_json::to_value(attribute).unwrap_or_default())
            .collect::<Vec<_>>(),
    )
}

/// A cursor of two parts, opaque to callers.
pub(crate) fn cursor(parts: &[&str]) -> String {
    parts.join("~")
}

/// The parts of a cursor.
pub(crate) fn cursor_parts<const N: usize>(text: &str) -> Result<[&str; N]> {
    let invalid = || {
        Problem::field(
            "cursor",
            "it is not a cursor of this list",
            "pass next_cursor as it came",
        )
    };
    let (head, last) = text.rsplit_once('~').ok_or_else(invalid)?;
    let mut parts: Vec<&str> = if N == 2 {
        vec![head]
    } else {
        head.splitn(N - 1, '~').collect()
    };
    parts.push(last);
    parts.try_into().map_err(|_| invalid())
}

/// The number in a cursor.
pub(crate) fn cursor_time(text: &str) -> Result<Timestamp> {
    let invalid = || {
        Problem::field(
            "cursor",
            "it is not a cursor of this list",
            "pass next_cursor as it came",
        )
    };
    text.parse().map(Timestamp).map_err(|_| invalid())
}

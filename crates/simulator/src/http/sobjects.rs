//! Objects and single records: describe, create, read, change, delete, upsert, and the records at
//! the other end of a lookup.

use super::ask::{Answer, Answered, Ask, decoded, listed};
use super::{conditional, list_views, query, replication};
use crate::org::{ApiError, ExternalKey, RecordId, Related, Upserted};
use crate::simulator::Simulator;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// The first version whose upserts answer with a body and say whether they created.
const UPSERT_TELLS_CREATED: u32 = 46;
/// What may be done with one record.
const RECORD: &[Method] = &[Method::DELETE, Method::GET, Method::HEAD, Method::PATCH];

/// `sobjects` and everything behind it.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    match rest {
        [] | [_, "describe"] => describe(simulator, ask, rest),
        [object] => object_itself(simulator, ask, object),
        [
            _,
            "describe" | "quickActions" | "defaultValues" | "namedLayouts",
            ..,
        ] => Err(Answer::not_implemented("layouts and actions yet")),
        [object, "updated"] => replication::updated(simulator, ask, object),
        [object, "deleted"] => replication::deleted(simulator, ask, object),
        [object, "listviews", rest @ ..] => list_views::answer(simulator, ask, object, rest),
        [object, key] if key.eq_ignore_ascii_case("Id") => {
            ask.only(&[Method::POST])?;
            create(simulator, ask, object)
        }
        [object, id] => record(simulator, ask, object, id),
        [object, id, relationship] if RecordId::parse(id).is_some() => {
            related(simulator, ask, (object, id), relationship)
        }
        [object, field, value] => {
            let value = decoded(value);
            let key = ExternalKey {
                object,
                field,
                value: &value,
            };
            by_key(simulator, ask, key)
        }
        _ => Err(ApiError::not_found().into()),
    }
}

fn describe(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    ask.only(&[Method::GET])?;
    let org = simulator.org();
    let described = match rest.first() {
        None => org.describe_global(&ask.call),
        Some(object) => org.describe(&ask.call, object)?,
    };
    Ok(conditional::described(simulator, ask, described))
}

fn object_itself(simulator: &Simulator, ask: &Ask<'_>, object: &str) -> Answered {
    let org = simulator.org();
    match ask.method {
        Method::GET => {
            let mut basic = org.basic_describe(&ask.call, object)?;
            basic["recentItems"] = Value::from(org.recent(&ask.call, Some(object), 25));
            Ok(Answer::ok(basic))
        }
        Method::POST => create(simulator, ask, object),
        _ => Err(ask.not_allowed(&[Method::GET, Method::HEAD, Method::POST])),
    }
}

fn create(simulator: &Simulator, ask: &Ask<'_>, object: &str) -> Answered {
    let id = simulator.org().create(&ask.call, object, &ask.json()?)?;
    let body = json!({"id": id.to_string(), "success": true, "errors": []});
    Ok(created(simulator, ask, id, body))
}

fn created(simulator: &Simulator, ask: &Ask<'_>, id: RecordId, body: Value) -> Answer {
    let object = simulator.org().object_of(&id).unwrap_or_default();
    let location = ask.at(&format!("sobjects/{object}/{id}"));
    Answer::Json(StatusCode::CREATED, body).with("location", location)
}

fn record(simulator: &Simulator, ask: &Ask<'_>, object: &str, id: &str) -> Answered {
    let org = simulator.org();
    match ask.method {
        Method::GET => {
            let wanted = ask
                .query
                .get("fields")
                .map(|_| listed(ask.query.get("fields")));
            let found = org.get(&ask.call, object, id, wanted.as_deref())?;
            if ask.call.update_recently_viewed {
                org.mark_viewed(&ask.call, id);
            }
            Ok(conditional::record(simulator, ask, id, found))
        }
        Method::PATCH => {
            conditional::check_write(simulator, ask, object, id)?;
            org.update(&ask.call, object, id, &ask.json()?)?;
            Ok(Answer::nothing())
        }
        Method::DELETE => {
            org.delete(&ask.call, object, id)?;
            Ok(Answer::nothing())
        }
        _ => Err(ask.not_allowed(RECORD)),
    }
}

fn related(
    simulator: &Simulator,
    ask: &Ask<'_>,
    (object, id): (&str, &str),
    relationship: &str,
) -> Answered {
    match simulator
        .org()
        .related(&ask.call, (object, id), relationship)?
    {
        Related::Parent(parent, id) => record(simulator, ask, &parent, &id.to_string()),
        Related::Children(soql) => {
            ask.only(&[Method::GET])?;
            let found = simulator.org().query(&ask.call, &soql, false)?;
            Ok(query::first_of(simulator, ask, found))
        }
    }
}

fn by_key(simulator: &Simulator, ask: &Ask<'_>, key: ExternalKey<'_>) -> Answered {
    match ask.method {
        Method::GET | Method::DELETE => {
            let ids = simulator.org().find_by_external_id(&ask.call, key)?;
            match ids.as_slice() {
                [id] => record(simulator, ask, key.object, &id.to_string()),
                ids => Ok(several(ask, key.object, ids)),
            }
        }
        Method::PATCH => upsert(simulator, ask, key),
        _ => Err(ask.not_allowed(RECORD)),
    }
}

fn upsert(simulator: &Simulator, ask: &Ask<'_>, key: ExternalKey<'_>) -> Answered {
    let update_only = ask.flag("updateOnly");
    let saved = simulator
        .org()
        .upsert(&ask.call, key, &ask.json()?, update_only)?;
    let body = |id: RecordId, created: bool| {
        let mut body = json!({"id": id.to_string(), "success": true, "errors": []});
        if ask.version() >= UPSERT_TELLS_CREATED {
            body["created"] = Value::from(created);
        }
        body
    };
    Ok(match saved {
        Upserted::Created(id) => created(simulator, ask, id, body(id, true)),
        Upserted::Updated(_) if ask.version() < UPSERT_TELLS_CREATED => Answer::nothing(),
        Upserted::Updated(id) => Answer::ok(body(id, false)),
        Upserted::Ambiguous(ids) => several(ask, key.object, &ids),
    })
}

fn several(ask: &Ask<'_>, object: &str, ids: &[RecordId]) -> Answer {
    let url = |id: &RecordId| Value::from(ask.at(&format!("sobjects/{object}/{id}")));
    Answer::Json(StatusCode::MULTIPLE_CHOICES, ids.iter().map(url).collect())
}

//! Contacts over the API.

use crate::json::{self, attributes, contact_row, cursor, cursor_parts, id, standing};
use crate::problem::Result;
use crate::router::WebState;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tieline_access::SignedIn;
use tieline_domain::access::Scope;
use tieline_domain::contact::sort_name;
use tieline_domain::id::{ContactId, PointId};
use tieline_org::connect::record_url;
use tieline_storage::contact::{self, ContactQuery};
use tieline_storage::{connection, consent, conversation, link};
use tieline_sync::{ContactEdit, create_contact, delete_contact, edit_contact, restore_contact};

const PAGE_MAX: i64 = 200;

pub(crate) async fn fields() -> Json<Value> {
    Json(json!({"items": attributes()}))
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    limit: Option<i64>,
}

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>> {
    let after = match &query.cursor {
        None => None,
        Some(text) => {
            let [name, last] = cursor_parts::<2>(text)?;
            Some((name.to_owned(), id("cursor", last)?))
        }
    };
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let asked = ContactQuery {
        words: query.q,
        after,
        limit,
    };
    let scope = me.principal.scope();
    let mut reader = state.store.reader().await?;
    let rows = contact::list(&mut reader, &scope, &asked).await?;
    let total = contact::count(&mut reader, &scope, &asked).await?;
    let ids: Vec<ContactId> = rows.iter().map(|row| row.id).collect();
    let links = link::of_contacts(&mut reader, &ids).await?;
    let next = (rows.len() as i64 == limit)
        .then(|| rows.last())
        .flatten()
        .map(|row| cursor(&[&sort_name(&row.fields), &row.id.to_string()]));
    let items: Vec<Value> = rows
        .iter()
        .map(|row| contact_row(row, links.get(&row.id).map_or(&[], Vec::as_slice)))
        .collect();
    Ok(Json(
        json!({"items": items, "next_cursor": next, "total": total}),
    ))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<Json<Value>> {
    Ok(Json(
        whole(&state, &me.principal.scope(), id("id", &path)?).await?,
    ))
}

#[derive(Deserialize)]
struct Edit {
    version: i64,
    fields: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
struct Create {
    fields: BTreeMap<String, Option<String>>,
}

pub(crate) async fn create(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    body: Bytes,
) -> Result<Response> {
    let create: Create = json::body(&body)?;
    let contact = create_contact(&state.store, &blanks(create.fields)).await?;
    let body = whole(&state, &me.principal.scope(), contact.id).await?;
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(crate) async fn edit(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
    body: Bytes,
) -> Result<Json<Value>> {
    let edit: Edit = json::body(&body)?;
    let scope = me.principal.scope();
    let edit = ContactEdit {
        id: id("id", &path)?,
        version: edit.version,
        fields: blanks(edit.fields),
    };
    let contact = edit_contact(&state.store, &scope, edit).await?;
    Ok(Json(whole(&state, &scope, contact.id).await?))
}

pub(crate) async fn delete(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<StatusCode> {
    delete_contact(&state.store, &me.principal.scope(), id("id", &path)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn restore(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
    Path(path): Path<String>,
) -> Result<Json<Value>> {
    let scope = me.principal.scope();
    let contact = restore_contact(&state.store, &scope, id("id", &path)?).await?;
    Ok(Json(whole(&state, &scope, contact.id).await?))
}

fn blanks(fields: BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    fields
        .into_iter()
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .collect()
}

async fn whole(state: &WebState, scope: &Scope, id: ContactId) -> Result<Value> {
    let mut reader = state.store.reader().await?;
    let contact = contact::get(&mut reader, scope, id).await?;
    let points = contact::load_points(&mut reader, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let point_ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    let consents = consent::load(&mut reader, &point_ids).await?;
    let links = link::of_contacts(&mut reader, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let connections = connection::all(&mut reader).await?;
    let conversations = conversation::list_of_contact(&mut reader, scope, id).await?;
    let points: Vec<Value> = points
        .iter()
        .map(|point| {
            let said = consents.get(&point.id);
            json!({"id": point.id, "channel": point.channel, "address": point.address, "label": point.field,
                   "consent": {"state": said.map_or("unknown", |c| c.state.as_str()), "since": said.map(|c| c.at),
                               "source": said.map(|c| c.source.clone())}})
        })
        .collect();
    let link_rows: Vec<Value> = links
        .iter()
        .map(|link| {
            let host = connections.iter().find(|connection| connection.id == link.connection_id);
            json!({"id": link.id, "object": link.object, "record_id": link.record_id, "is_primary": link.is_primary,
                   "state": link.state.as_str(), "synced_at": link.synced_at,
                   "url": host.map(|host| record_url(&host.instance_url, &link.object, &link.record_id))})
        })
        .collect();
    let conversations: Vec<Value> = conversations
        .iter()
        .map(|row| json!({"id": row.conversation.id, "channel": row.channel, "address": row.address, "last_at": row.conversation.last_at}))
        .collect();
    Ok(json!({
        "id": contact.id, "name": contact.name, "fields": contact.fields, "version": contact.version, "points": points,
        "links": link_rows, "conversations": conversations, "sync": standing(&links), "created_at": contact.created_at,
        "updated_at": contact.updated_at, "deleted_at": contact.deleted_at,
    }))
}

//! Contacts over the API.

use crate::answer::{Answer, Created, NoContent};
use crate::api::contacts::{
    Consent, Contact, ContactChange, ContactConversation, ContactCreate, ContactLink, ContactList,
    ContactPoint, ContactQuery, ContactRow, ContactRowLink, FieldValue, Standing, UnreadableNumber,
};
use crate::cursor::{cursor, cursor_part, cursor_parts, next};
use crate::extract::{Json, NoBody, Path, Query};
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use std::collections::BTreeMap;
use tieline_domain::access::{Caller, Scope};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::contact::Fields;
use tieline_domain::id::{ContactId, PointId};
use tieline_domain::sync::link::LinkState;
use tieline_org::connect::record_url;
use tieline_storage::connection::Connection;
use tieline_storage::contact::{self, ContactQuery as Asked};
use tieline_storage::conversation::Listed;
use tieline_storage::link::Link;
use tieline_storage::{connection, consent, contact_field, conversation, link};
use tieline_sync::{ContactEdit, create_contact, delete_contact, edit_contact, restore_contact};

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Query(query): Query<ContactQuery>,
) -> Result<Answer<ContactList>> {
    let after = match &query.cursor {
        None => None,
        Some(text) => {
            let [name, last] = cursor_parts::<2>(text)?;
            Some((name.to_owned(), cursor_part(last)?))
        }
    };
    let limit = query.limit.0;
    let asked = Asked {
        words: query.q.into_string(),
        unreadable: query.unreadable,
        after,
        limit,
    };
    let scope = me.principal.scope();
    let mut reader = state.store.reader().await?;
    let catalogue = contact_field::load(&mut reader).await?;
    let rows = contact::list(&mut reader, &scope, &asked).await?;
    let total = contact::count(&mut reader, &scope, &asked).await?;
    let ids: Vec<ContactId> = rows.iter().map(|row| row.id).collect();
    let links = link::list_of_contacts(&mut reader, &scope, &ids).await?;
    let next_cursor = next(&rows, limit, |row| {
        cursor(&[&row.sort_name, &row.id.to_string()])
    });
    let items = rows
        .iter()
        .map(|row| {
            let links = links.get(&row.id).map_or(&[][..], Vec::as_slice);
            row_of(row, links, &catalogue)
        })
        .collect();
    Ok(Answer(ContactList {
        items,
        next_cursor,
        total,
    }))
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ContactId>,
) -> Result<Answer<Contact>> {
    Ok(Answer(whole(&state, &me.principal.scope(), id).await?))
}

pub(crate) async fn create(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Json(create): Json<ContactCreate>,
) -> Result<Created<Contact>> {
    let contact = create_contact(&state.store, &me.actor(), &blanks(create.fields)).await?;
    Ok(Created(
        whole(&state, &me.principal.scope(), contact.id).await?,
    ))
}

pub(crate) async fn edit(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ContactId>,
    Json(change): Json<ContactChange>,
) -> Result<Answer<Contact>> {
    let scope = me.principal.scope();
    let edit = ContactEdit {
        id,
        version: change.version,
        fields: blanks(change.fields),
    };
    let contact = edit_contact(&state.store, &me.actor(), &scope, edit).await?;
    Ok(Answer(whole(&state, &scope, contact.id).await?))
}

pub(crate) async fn delete(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ContactId>,
) -> Result<NoContent> {
    delete_contact(&state.store, &me.actor(), &me.principal.scope(), id).await?;
    Ok(NoContent)
}

pub(crate) async fn restore(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<ContactId>,
    NoBody: NoBody,
) -> Result<Answer<Contact>> {
    let scope = me.principal.scope();
    let contact = restore_contact(&state.store, &me.actor(), &scope, id).await?;
    Ok(Answer(whole(&state, &scope, contact.id).await?))
}

fn blanks(fields: BTreeMap<String, FieldValue>) -> BTreeMap<String, String> {
    fields
        .into_iter()
        .map(|(name, value)| (name, value.into_string()))
        .collect()
}

async fn whole(state: &WebState, scope: &Scope, id: ContactId) -> Result<Contact> {
    let mut reader = state.store.reader().await?;
    let contact = contact::get(&mut reader, scope, id).await?;
    let points = contact::list_points(&mut reader, scope, id).await?;
    let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    let consents = consent::load(&mut reader, &ids).await?;
    let links = link::list_of_contacts(&mut reader, scope, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let connections = connection::all(&mut reader).await?;
    let catalogue = contact_field::load(&mut reader).await?;
    let conversations = conversation::list_of_contact(&mut reader, scope, id).await?;
    let points = points
        .into_iter()
        .map(|point| ContactPoint {
            consent: consent_of(consents.get(&point.id)),
            id: point.id,
            channel: point.channel,
            address: point.address,
            label: point.field,
        })
        .collect();
    Ok(Contact {
        id: contact.id,
        name: contact.name,
        fields: (*contact.fields).clone(),
        unreadable: unreadable(&contact.fields, &catalogue),
        version: contact.version,
        points,
        sync: standing(&links),
        links: links
            .iter()
            .map(|link| link_of(link, &connections))
            .collect(),
        conversations: conversations.iter().map(conversation_of).collect(),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
        deleted_at: contact.deleted_at,
    })
}

fn consent_of(said: Option<&consent::Consent>) -> Consent {
    Consent {
        state: said.map(|it| it.state),
        since: said.map(|it| it.at),
        source: said.map(|it| it.source),
    }
}

fn link_of(link: &Link, connections: &[Connection]) -> ContactLink {
    let host = connections.iter().find(|it| it.id == link.connection_id);
    ContactLink {
        id: link.id,
        object: link.object.clone(),
        record_id: link.record_id.clone(),
        is_primary: link.is_primary,
        state: link.state,
        synced_at: link.synced_at,
        url: host.map(|host| record_url(&host.instance_url, &link.object, &link.record_id)),
    }
}

fn conversation_of(listed: &Listed) -> ContactConversation {
    ContactConversation {
        id: listed.conversation.id,
        channel: listed.channel,
        address: listed.address.clone(),
        last_at: listed.conversation.last_at,
    }
}

/// How a contact stands with the org.
fn standing(links: &[Link]) -> Standing {
    let live: Vec<&Link> = links
        .iter()
        .filter(|link| link.state != LinkState::Gone)
        .collect();
    if live.is_empty() {
        Standing::NotLinked
    } else if live.iter().any(|link| link.state == LinkState::Conflict) {
        Standing::Conflict
    } else if live.iter().any(|link| link.waiting_to_org) {
        Standing::Waiting
    } else {
        Standing::InStep
    }
}

fn unreadable(fields: &Fields, catalogue: &Catalogue) -> Vec<UnreadableNumber> {
    let readings = catalogue.readings(fields).into_iter();
    readings
        .filter_map(|it| {
            Some(UnreadableNumber {
                field: it.field.to_owned(),
                value: it.text.to_owned(),
                reason: it.number.err()?,
            })
        })
        .collect()
}

/// The values in fields that the company added.
fn own(fields: &Fields, catalogue: &Catalogue) -> BTreeMap<String, String> {
    let own = catalogue.fields().iter().filter(|field| field.is_own());
    own.filter_map(|field| Some((field.name.clone(), fields.get(&field.name)?.clone())))
        .collect()
}

fn row_of(contact: &contact::Contact, links: &[Link], catalogue: &Catalogue) -> ContactRow {
    let field = |name: &str| contact.fields.get(name).cloned();
    ContactRow {
        id: contact.id,
        name: contact.name.clone(),
        company: field("company"),
        title: field("title"),
        phone: field("mobile_phone").or_else(|| field("phone")),
        email: field("email"),
        links: links
            .iter()
            .map(|link| ContactRowLink {
                object: link.object.clone(),
                record_id: link.record_id.clone(),
                is_primary: link.is_primary,
            })
            .collect(),
        sync: standing(links),
        unreadable: unreadable(&contact.fields, catalogue),
        own: own(&contact.fields, catalogue),
        updated_at: contact.updated_at,
    }
}

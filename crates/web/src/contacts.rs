//! Contacts over the API.

use crate::answer::{Answer, Created, NoContent};
use crate::api::contacts::{
    Consent, Contact, ContactChange, ContactConversation, ContactCreate, ContactLink, ContactList,
    ContactOrder, ContactPoint, ContactQuery, ContactRow, ContactRowLink, FieldValue, Standing,
    UnreadableNumber,
};
use crate::api::text::Text;
use crate::cursor::{cursor, cursor_part, cursor_parts, next};
use crate::extract::{Json, NoBody, Path, Query};
use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use std::collections::BTreeMap;
use tieline_domain::access::{Caller, Right, Scope};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::contact::Fields;
use tieline_domain::fold::fold;
use tieline_domain::id::{ContactId, PointId};
use tieline_domain::sync::link::LinkState;
use tieline_domain::time::Timestamp;
use tieline_org::connect::record_url;
use tieline_storage::connection::Connection;
use tieline_storage::contact::{self, ContactPlace, ContactQuery as Asked, ContactSort};
use tieline_storage::conversation::Listed;
use tieline_storage::link::Link;
use tieline_storage::{Conn, StorageError, connection, consent, contact_field, conversation, link};
use tieline_sync::{
    ContactEdit, SyncError, create_contact_in, delete_contact, edit_contact, restore_contact,
};

pub(crate) async fn list(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Query(query): Query<ContactQuery>,
) -> Result<Answer<ContactList>> {
    let after = place_behind(&query)?;
    let is_page = query.ids.is_none();
    let limit = match &query.ids {
        Some(ids) => ids.0.len() as i64,
        None => query.limit.0,
    };
    let asked = Asked {
        words: query.q.into_string(),
        unreadable: query.unreadable,
        without_number: query.without_number,
        opted_out: query.opted_out,
        object: query.object.map(Text::into_string),
        linked: query.linked,
        among: query.ids.map(|ids| ids.0),
        sort: match query.sort {
            ContactOrder::Name => ContactSort::Name,
            ContactOrder::Changed => ContactSort::Changed,
        },
        after,
        limit,
    };
    let scope = me.principal.scope();
    let mut reader = state.store.reader().await?;
    let rows = contact::list(&mut reader, &scope, &asked).await?;
    let total = contact::count(&mut reader, &scope, &asked).await?;
    let next_cursor = next(&rows, limit, |row| cursor_of(row, asked.sort)).filter(|_| is_page);
    let items = rows_of(&mut reader, &scope, &rows).await?;
    Ok(Answer(ContactList {
        items,
        next_cursor,
        total,
    }))
}

/// Contacts as rows of a list, with what belongs to each.
pub(crate) async fn rows_of(
    reader: &mut Conn,
    scope: &Scope,
    contacts: &[contact::Contact],
) -> Result<Vec<ContactRow>> {
    let ids: Vec<ContactId> = contacts.iter().map(|row| row.id).collect();
    let catalogue = contact_field::load(reader).await?;
    let links = link::list_of_contacts(reader, scope, &ids).await?;
    let mut points = contact::list_points(reader, scope, &ids).await?;
    let of_all: Vec<PointId> = points.values().flatten().map(|point| point.id).collect();
    let consents = consent::load(reader, &of_all).await?;
    let rows = contacts.iter().map(|row| {
        let links = links.get(&row.id).map_or(&[][..], Vec::as_slice);
        let points = points.remove(&row.id).unwrap_or_default();
        ContactRow {
            points: points_of(points, &consents, &row.fields, &catalogue),
            ..row_of(row, links, &catalogue)
        }
    });
    Ok(rows.collect())
}

/// Behind which row a page begins.
fn place_behind(query: &ContactQuery) -> Result<Option<ContactPlace>> {
    let Some(text) = &query.cursor else {
        return Ok(None);
    };
    if query.ids.is_some() {
        let problem = "a page and a choice of ids do not go together";
        return Err(Problem::field("cursor", problem, "leave one of them out"));
    }
    let [first, last] = cursor_parts::<2>(text)?;
    Ok(Some(match query.sort {
        // What comes in is composed, and the name that it names was taken apart.
        ContactOrder::Name => ContactPlace::Name(fold(first), cursor_part(last)?),
        ContactOrder::Changed => {
            ContactPlace::Changed(Timestamp(cursor_part(first)?), cursor_part(last)?)
        }
    }))
}

fn cursor_of(row: &contact::Contact, sort: ContactSort) -> String {
    let first = match sort {
        ContactSort::Name => row.sort_name.clone(),
        ContactSort::Changed => row.updated_at.0.to_string(),
    };
    cursor(&[&first, &row.id.to_string()])
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
    if create.conversation_id.is_some() && !me.principal.rights().has(Right::Converse) {
        let problem = "saying who a conversation is with takes the right to converse";
        return Err(Problem::new(Code::NotAllowed, problem).of("conversation_id"));
    }
    let working = me.principal.working_scope();
    let talk = create.conversation_id.map(|id| (&working, id));
    let fields = blanks(create.fields);
    let contact = create_contact_in(&state.store, &me.actor(), &fields, talk)
        .await
        .map_err(|error| match error {
            SyncError::Storage(StorageError::NotFound("conversation")) => Problem::field(
                "conversation_id",
                "there is no such conversation of yours",
                "take one of /api/v1/conversations",
            ),
            other => other.into(),
        })?;
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
    let mut points = contact::list_points(&mut reader, scope, &[id]).await?;
    let points = points.remove(&id).unwrap_or_default();
    let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    let consents = consent::load(&mut reader, &ids).await?;
    let links = link::list_of_contacts(&mut reader, scope, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let connections = connection::all(&mut reader).await?;
    let catalogue = contact_field::load(&mut reader).await?;
    let conversations = conversation::list_of_contact(&mut reader, scope, id).await?;
    let points = points_of(points, &consents, &contact.fields, &catalogue);
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

fn points_of(
    points: Vec<contact::Point>,
    consents: &BTreeMap<PointId, consent::Consent>,
    fields: &Fields,
    catalogue: &Catalogue,
) -> Vec<ContactPoint> {
    let doubtful = catalogue.doubtful(fields);
    let points = points.into_iter().map(|point| ContactPoint {
        consent: consent_of(consents.get(&point.id)),
        doubtful: doubtful.contains(&point.field.as_str()),
        id: point.id,
        channel: point.channel,
        address: point.address,
        label: point.field,
    });
    points.collect()
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
        points: Vec::new(),
        unreadable: unreadable(&contact.fields, catalogue),
        own: own(&contact.fields, catalogue),
        updated_at: contact.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_domain::id::{ConnectionId, Id as _, LinkId};

    fn link(state: LinkState, waiting_to_org: bool) -> Link {
        Link {
            id: LinkId::from_uuid(1),
            connection_id: ConnectionId::from_uuid(1),
            object: "Contact".to_owned(),
            record_id: String::new(),
            contact_id: ContactId::from_uuid(1),
            is_primary: true,
            state,
            base: None,
            modified_at: Timestamp(0),
            waiting_to_org,
            synced_at: Timestamp(0),
            version: 1,
        }
    }

    #[test]
    fn a_contact_stands_as_its_records_do_that_are_still_there() {
        use LinkState::{Active, Conflict, Gone};
        for (links, expected) in [
            (vec![], Standing::NotLinked),
            (vec![link(Gone, false)], Standing::NotLinked),
            (vec![link(Gone, true)], Standing::NotLinked),
            (vec![link(Active, false)], Standing::InStep),
            (
                vec![link(Gone, true), link(Active, false)],
                Standing::InStep,
            ),
            (
                vec![link(Active, false), link(Active, true)],
                Standing::Waiting,
            ),
            (
                vec![link(Active, true), link(Conflict, false)],
                Standing::Conflict,
            ),
        ] {
            assert_eq!(standing(&links), expected, "{links:?}");
        }
    }
}

//! What staff do to contacts: the change, and that the org must hear of it, in one transaction.

use crate::ask::ask_soon;
use crate::error::Result;
use std::collections::BTreeMap;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, ConversationId};
use tieline_storage::contact::{self, Contact};
use tieline_storage::{StorageError, Store, Tx, connection, contact_field, conversation, link};

/// A change of a contact: field and new value, blank to clear.
pub struct ContactEdit {
    pub id: ContactId,
    /// The version that was looked at.
    pub version: i64,
    /// Field and value, as typed.
    pub fields: BTreeMap<String, String>,
}

/// Adds a contact.
pub async fn create_contact(
    store: &Store,
    actor: &Actor,
    fields: &BTreeMap<String, String>,
) -> Result<Contact> {
    create_contact_in(store, actor, fields, None).await
}

/// Adds a contact, and says in the same commit that a conversation is with them.
pub async fn create_contact_in(
    store: &Store,
    actor: &Actor,
    fields: &BTreeMap<String, String>,
    conversation: Option<(&Scope, ConversationId)>,
) -> Result<Contact> {
    let mut tx = store.begin(actor).await?;
    let catalogue = contact_field::load(&mut tx).await?;
    let kept = catalogue.check_all(fields)?;
    let mut contact = contact::new(&catalogue, tx.new_id(), kept, tx.now());
    contact.field_times = contact
        .fields
        .keys()
        .map(|name| (name.clone(), tx.now().0))
        .collect();
    let contact = write(&mut tx, contact, &catalogue).await?;
    if let Some((scope, id)) = conversation {
        tie(&mut tx, scope, id, contact.id).await?;
    }
    tx.commit().await?;
    Ok(contact)
}

async fn tie(tx: &mut Tx, scope: &Scope, id: ConversationId, contact: ContactId) -> Result<()> {
    let mut conversation = conversation::get(tx, scope, id).await?.conversation;
    conversation.decide_tie(Some(contact));
    conversation::save_many(tx, std::slice::from_ref(&conversation)).await?;
    tx.emit(Event::Conversation {
        inbox_id: conversation.inbox_id,
        conversation_id: conversation.id,
    });
    Ok(())
}

/// Changes a contact, unless somebody else changed it meanwhile.
pub async fn edit_contact(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    edit: ContactEdit,
) -> Result<Contact> {
    let mut tx = store.begin(actor).await?;
    let mut contact = contact::get(&mut tx, scope, edit.id).await?;
    if contact.version != edit.version {
        return Err(StorageError::Conflict("contact").into());
    }
    let now = tx.now();
    let catalogue = contact_field::load(&mut tx).await?;
    for (name, value) in &edit.fields {
        let value = catalogue.check(name, value)?;
        if contact.fields.get(name) != value.as_ref() {
            contact.field_times.insert(name.clone(), now.0);
            match value {
                Some(value) => contact.fields.insert(name.clone(), value),
                None => contact.fields.remove(name),
            };
        }
    }
    save(tx, contact, &catalogue).await
}

/// Hides a contact and unlinks it from its addresses; messages and consent stay.
pub async fn delete_contact(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    id: ContactId,
) -> Result<()> {
    let mut tx = store.begin(actor).await?;
    let mut contact = contact::get(&mut tx, scope, id).await?;
    contact.deleted_at = Some(tx.now());
    let catalogue = contact_field::load(&mut tx).await?;
    save(tx, contact, &catalogue).await.map(|_| ())
}

/// Shows a deleted contact again.
pub async fn restore_contact(
    store: &Store,
    actor: &Actor,
    scope: &Scope,
    id: ContactId,
) -> Result<Contact> {
    let mut tx = store.begin(actor).await?;
    let mut contact = contact::get(&mut tx, scope, id).await?;
    contact.deleted_at = None;
    let catalogue = contact_field::load(&mut tx).await?;
    save(tx, contact, &catalogue).await
}

async fn save(mut tx: Tx, contact: Contact, catalogue: &Catalogue) -> Result<Contact> {
    let contact = write(&mut tx, contact, catalogue).await?;
    tx.commit().await?;
    Ok(contact)
}

/// Writes a contact, and asks for the runs that carry it to the orgs.
async fn write(tx: &mut Tx, mut contact: Contact, catalogue: &Catalogue) -> Result<Contact> {
    contact::save_many(tx, std::slice::from_ref(&contact), catalogue).await?;
    link::mark_waiting(tx, &[contact.id], None).await?;
    // Where it has no record, the next run sees to that; where its create is on the way, to what
    // changed since.
    for connection in connection::all(tx).await? {
        ask_soon(tx, connection.id).await?;
    }
    tx.emit(Event::Contacts {
        contact_ids: vec![contact.id],
    });
    contact.name = catalogue.display_name(&contact.fields);
    contact.sort_name = catalogue.sort_name(&contact.fields);
    contact.updated_at = tx.now();
    contact.version += 1;
    Ok(contact)
}

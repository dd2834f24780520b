//! What staff do to contacts: the change, and that the org must hear of it, in one transaction.

use crate::ask::ask_soon;
use crate::error::Result;
use std::collections::BTreeMap;
use tieline_domain::access::{Actor, Scope};
use tieline_domain::contact::{Fields, InvalidField, check};
use tieline_domain::event::Event;
use tieline_domain::id::ContactId;
use tieline_storage::contact::{self, Contact};
use tieline_storage::{StorageError, Store, Tx, connection, link, setting};

/// A change of a contact: attribute and new value, blank to clear.
pub struct ContactEdit {
    /// Which.
    pub id: ContactId,
    /// The version that was looked at.
    pub version: i64,
    /// Attribute and value, as typed.
    pub fields: BTreeMap<String, String>,
}

/// Adds a contact.
pub async fn create_contact(store: &Store, fields: &BTreeMap<String, String>) -> Result<Contact> {
    let mut kept = Fields::new();
    for (name, value) in fields {
        if let Some(value) = check(name, value)? {
            kept.insert(name.clone(), value);
        }
    }
    if !kept.contains_key("last_name") {
        let fix = "give at least a last name".to_owned();
        return Err(InvalidField {
            field: "last_name".to_owned(),
            problem: "it is missing".to_owned(),
            fix,
        }
        .into());
    }
    let tx = store.begin(&Actor::system()).await?;
    let mut contact = contact::new(tx.new_id(), kept, tx.now());
    contact.field_times = contact
        .fields
        .keys()
        .map(|name| (name.clone(), tx.now().0))
        .collect();
    save(tx, contact).await
}

/// Changes a contact, unless somebody else changed it meanwhile.
pub async fn edit_contact(store: &Store, scope: &Scope, edit: ContactEdit) -> Result<Contact> {
    let mut tx = store.begin(&Actor::system()).await?;
    let mut contact = contact::get(&mut tx, scope, edit.id).await?;
    if contact.version != edit.version {
        return Err(StorageError::Conflict("contact").into());
    }
    let now = tx.now();
    for (name, value) in &edit.fields {
        let value = check(name, value)?;
        if contact.fields.get(name) != value.as_ref() {
            contact.field_times.insert(name.clone(), now.0);
            match value {
                Some(value) => contact.fields.insert(name.clone(), value),
                None => contact.fields.remove(name),
            };
        }
    }
    save(tx, contact).await
}

/// Hides a contact and unlinks it from its addresses; messages and consent stay.
pub async fn delete_contact(store: &Store, scope: &Scope, id: ContactId) -> Result<()> {
    let mut tx = store.begin(&Actor::system()).await?;
    let mut contact = contact::get(&mut tx, scope, id).await?;
    contact.deleted_at = Some(tx.now());
    save(tx, contact).await.map(|_| ())
}

/// Shows a deleted contact again.
pub async fn restore_contact(store: &Store, scope: &Scope, id: ContactId) -> Result<Contact> {
    let mut tx = store.begin(&Actor::system()).await?;
    let mut contact = contact::get(&mut tx, scope, id).await?;
    contact.deleted_at = None;
    save(tx, contact).await
}

async fn save(mut tx: Tx, mut contact: Contact) -> Result<Contact> {
    let country = setting::default_country(&mut tx).await?;
    contact::save_many(&mut tx, std::slice::from_ref(&contact), &country).await?;
    link::mark_waiting(&mut tx, contact.id).await?;
    // Where it has no record, the next run sees to that; where its create is on the way, to what
    // changed since.
    for connection in connection::all(&mut tx).await? {
        ask_soon(&mut tx, connection.id).await?;
    }
    tx.emit(Event::Contacts {
        contact_ids: vec![contact.id],
    });
    contact.name = tieline_domain::contact::display_name(&contact.fields);
    contact.updated_at = tx.now();
    contact.version += 1;
    tx.commit().await?;
    Ok(contact)
}

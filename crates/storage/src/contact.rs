//! Contacts and the contact points they answer to.

mod anew;
mod lists;
mod points;

pub use anew::{any_to_read_anew, count_to_read_anew, read_anew};
pub use lists::{ContactPlace, ContactQuery, ContactSort, count, list, list_holders};
pub use points::{
    Point, clear_landlines, ensure_points, list_points, load_holders, load_points,
    load_unlinked_holders, lock_point_of, mark_landline,
};

use crate::args;
use crate::db::{Conn, Table, Value, all_but, table};
use crate::error::{Result, StorageError};
use crate::scope::on_contacts;
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::contact::Fields;
use tieline_domain::id::{ConnectionId, ContactId, Id as _};
use tieline_domain::time::Timestamp;

/// A contact as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    /// What to call the person.
    pub name: String,
    /// What lists are sorted by.
    pub sort_name: String,
    /// Field and value.
    pub fields: Fields,
    /// When a field was last changed in the hub; for the policy "newest wins".
    pub field_times: BTreeMap<String, i64>,
    /// When the hub first knew the person.
    pub created_at: Timestamp,
    /// Of any change.
    pub updated_at: Timestamp,
    /// Hidden and unlinked since.
    pub deleted_at: Option<Timestamp>,
    /// Rises with each change.
    pub version: i64,
}

table!(Contact {
    id: id,
    name: text,
    sort_name: text,
    fields: json,
    field_times: json,
    created_at: time,
    updated_at: time,
    deleted_at: opt_time,
    version: int,
});

/// The contact, if the scope shows it. Deleted contacts are found too.
pub async fn get(conn: &mut Conn, scope: &Scope, id: ContactId) -> Result<Contact> {
    let mut args = args![id];
    let within = on_contacts(scope, &mut args);
    let sql = format!("select * from contact where id = $1{within}");
    Contact::read(&conn.one("contact", &sql, args).await?)
}

/// Whether a contact is there, whom nobody deletes then until the transaction ends.
pub async fn hold(tx: &mut Tx, id: ContactId) -> Result<bool> {
    let sql = format!(
        "select id from contact where id = $1 and deleted_at is null {}",
        tx.for_share()
    );
    Ok(tx.opt(&sql, args![id]).await?.is_some())
}

/// What contacts are called, of those that the scope shows.
pub async fn list_names(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, String>> {
    let mut args = Vec::new();
    let within = on_contacts(scope, &mut args);
    let sql = format!("select id, name from contact where id in ({{in}}){within}");
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn.all_in(&sql, args, keys).await?;
    rows.iter()
        .map(|row| Ok((row.id("id")?, row.text("name")?)))
        .collect()
}

/// Contacts by id, for batch writers.
pub async fn load_by_ids(
    conn: &mut Conn,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Contact>> {
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn
        .all_in("select * from contact where id in ({in})", args![], keys)
        .await?;
    rows.iter()
        .map(Contact::read)
        .map(|contact| contact.map(|contact| (contact.id, contact)))
        .collect()
}

/// Contacts that have no record in an org, after one of them; for batch writers.
pub async fn load_unlinked(
    conn: &mut Conn,
    connection: ConnectionId,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<Contact>> {
    let sql = "select * from contact c where deleted_at is null and id > $2 and not exists \
               (select 1 from link l where l.contact_id = c.id and l.connection_id = $1) order by id limit $3";
    let after = after.unwrap_or(ContactId::from_uuid(0));
    conn.all(sql, args![connection, after, limit])
        .await?
        .iter()
        .map(Contact::read)
        .collect()
}

/// How many contacts have no record in an org.
pub async fn count_unlinked(
    conn: &mut Conn,
    scope: &Scope,
    connection: ConnectionId,
) -> Result<i64> {
    let mut args = args![connection];
    let within = on_contacts(scope, &mut args);
    let sql = format!(
        "select count(*) as number from contact where deleted_at is null{within} and not exists \
         (select 1 from link l where l.contact_id = contact.id and l.connection_id = $1)"
    );
    conn.one("contact", &sql, args).await?.int("number")
}

/// A contact that does not exist yet.
pub fn new(catalogue: &Catalogue, id: ContactId, fields: Fields, now: Timestamp) -> Contact {
    Contact {
        id,
        name: catalogue.display_name(&fields),
        sort_name: catalogue.sort_name(&fields),
        fields,
        field_times: BTreeMap::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
        version: 0,
    }
}

/// Writes contacts as given (their `version` is the one that was read) and brings their points in
/// line. Fails with a conflict when one of them was changed meanwhile.
pub async fn save_many(tx: &mut Tx, contacts: &[Contact], catalogue: &Catalogue) -> Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let rows = contacts.iter().map(|contact| row(contact, catalogue, now));
    let columns = [Contact::COLUMNS, &["search_text", "reading", "unreadable"]].concat();
    let suffix = format!(
        "on conflict (id) do update set {} where contact.version = excluded.version - 1",
        all_but(&["id", "created_at"], &columns)
    );
    let written = tx.insert_many("contact", &columns, rows, &suffix).await?;
    if written < contacts.len() as u64 {
        return Err(StorageError::Conflict("contact"));
    }
    points::save_points(tx, contacts, catalogue).await
}

fn row(contact: &Contact, catalogue: &Catalogue, now: Timestamp) -> Vec<Value> {
    let written = Contact {
        name: catalogue.display_name(&contact.fields),
        sort_name: catalogue.sort_name(&contact.fields),
        updated_at: now,
        version: contact.version + 1,
        ..contact.clone()
    };
    let mut row = written.row();
    row.extend(args![
        catalogue.search_text(&contact.fields),
        catalogue.reading(),
        unreadable(contact, catalogue),
    ]);
    row
}

/// How many phone fields give no number.
fn unreadable(contact: &Contact, catalogue: &Catalogue) -> i64 {
    let readings = catalogue.readings(&contact.fields);
    readings.iter().filter(|it| it.number.is_err()).count() as i64
}

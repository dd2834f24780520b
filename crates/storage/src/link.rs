//! Links: one Salesforce record tied to one contact, with the values last agreed.

use crate::args;
use crate::db::{Conn, Table, UpdateMany, Value, table};
use crate::error::{Result, StorageError};
use crate::scope::on_what_contacts_have;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Scope;
use tieline_domain::contact::Fields;
use tieline_domain::id::{ConnectionId, ContactId, Id as _, LinkId};
use tieline_domain::sync::link::LinkState;
use tieline_domain::time::Timestamp;

/// A link as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    /// The org.
    pub connection_id: ConnectionId,
    /// API name of the object.
    pub object: String,
    /// The record, 18 characters.
    pub record_id: String,
    /// The contact.
    pub contact_id: ContactId,
    /// Whether this record exchanges fields; the others carry activity only.
    pub is_primary: bool,
    /// How it is with the two sides.
    pub state: LinkState,
    /// The values last agreed, by attribute; none before the first exchange.
    pub base: Option<Fields>,
    /// SystemModstamp of the record when it was read last.
    pub modified_at: Timestamp,
    /// Whether the contact has changes that the record lacks.
    pub waiting_to_org: bool,
    /// When the two sides last agreed.
    pub synced_at: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

table!(Link {
    id: id,
    connection_id: id,
    object: text,
    record_id: text,
    contact_id: id,
    is_primary: bool,
    state: word(LinkState),
    base: opt_json,
    modified_at: time,
    waiting_to_org: bool,
    synced_at: time,
    version: int,
});

/// How many links of an object there are, wait and conflict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// All that are not gone.
    pub records: i64,
    /// With changes that the record lacks.
    pub waiting_to_org: i64,
    /// With fields to decide.
    pub conflicts: i64,
}

/// Links of those contacts that the scope shows.
pub async fn list_of_contacts(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<Link>>> {
    let mut args = Vec::new();
    let within = on_what_contacts_have(scope, &mut args);
    let sql = format!(
        "select * from link where contact_id in ({{in}}){within} order by is_primary desc, object, record_id"
    );
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let mut found: BTreeMap<ContactId, Vec<Link>> = BTreeMap::new();
    for row in conn.all_in(&sql, args, keys).await? {
        let link = Link::read(&row)?;
        found.entry(link.contact_id).or_default().push(link);
    }
    Ok(found)
}

/// Links of several contacts, for batch writers.
pub async fn load_by_contacts(
    conn: &mut Conn,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<Link>>> {
    list_of_contacts(conn, &Scope::system(), ids).await
}

/// Links by record, for batch writers.
pub async fn load_by_records(
    conn: &mut Conn,
    connection: ConnectionId,
    object: &str,
    records: &[String],
) -> Result<BTreeMap<String, Link>> {
    let sql = "select * from link where connection_id = $1 and object = $2 and record_id in ({in})";
    let keys = records.iter().map(Value::from).collect();
    let rows = conn.all_in(sql, args![connection, object], keys).await?;
    rows.iter()
        .map(|row| Link::read(row).map(|link| (link.record_id.clone(), link)))
        .collect()
}

/// The next links whose contact has changes that the record lacks, after one of them.
pub async fn load_waiting(
    conn: &mut Conn,
    connection: ConnectionId,
    object: &str,
    after: Option<LinkId>,
    limit: i64,
) -> Result<Vec<Link>> {
    let sql = "select * from link where connection_id = $1 and object = $2 and waiting_to_org = 1 and is_primary = 1 \
               and state = 'active' and id > $3 order by id limit $4";
    let after = after.unwrap_or(LinkId::from_uuid(0));
    conn.all(sql, args![connection, object, after, limit])
        .await?
        .iter()
        .map(Link::read)
        .collect()
}

/// Counts per object.
pub async fn counts(
    conn: &mut Conn,
    connection: ConnectionId,
) -> Result<BTreeMap<String, LinkCounts>> {
    let sql = "select object, count(*) as records, cast(sum(waiting_to_org) as bigint) as waiting, \
               cast(sum(case when state = 'conflict' then 1 else 0 end) as bigint) as conflicts \
               from link where connection_id = $1 and state <> 'gone' group by object";
    let rows = conn.all(sql, args![connection]).await?;
    rows.iter()
        .map(|row| {
            let counts = LinkCounts {
                records: row.int("records")?,
                waiting_to_org: row.int("waiting")?,
                conflicts: row.int("conflicts")?,
            };
            Ok((row.text("object")?, counts))
        })
        .collect()
}

/// Notes that contacts changed here: their primary records wait for the change, in all orgs but the
/// one that it came from. Which orgs these are.
pub async fn mark_waiting(
    tx: &mut Tx,
    contacts: &[ContactId],
    came_from: Option<ConnectionId>,
) -> Result<BTreeSet<ConnectionId>> {
    let sql = "update link set waiting_to_org = 1, version = version + 1 \
               where is_primary = 1 and state <> 'gone' and connection_id <> $1 and contact_id in ({in}) \
               returning connection_id";
    let but = came_from.unwrap_or(ConnectionId::from_uuid(0));
    let contacts = contacts.iter().map(|id| Value::from(*id)).collect();
    tx.all_in(sql, args![but], contacts)
        .await?
        .iter()
        .map(|row| row.id("connection_id"))
        .collect()
}

/// Adds links.
pub async fn create_many(tx: &mut Tx, links: &[Link]) -> Result<()> {
    let rows = links.iter().map(Link::row);
    tx.insert_many("link", Link::COLUMNS, rows, "").await?;
    Ok(())
}

/// Writes links as given (their `version` is the one that was read). Fails with a conflict when one
/// of them was changed meanwhile.
pub async fn update_many(tx: &mut Tx, links: &[Link]) -> Result<()> {
    let update = UpdateMany {
        table: "link",
        columns: Link::COLUMNS,
        set: &[
            "contact_id",
            "is_primary",
            "state",
            "base",
            "modified_at",
            "waiting_to_org",
            "synced_at",
        ],
    };
    let rows = links.iter().map(Link::row);
    if tx.update_many(update, rows).await? < links.len() as u64 {
        return Err(StorageError::Conflict("link"));
    }
    Ok(())
}

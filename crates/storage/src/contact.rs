//! Contacts and the contact points they answer to.

use crate::args;
use crate::db::{Conn, Row, Value, json_text};
use crate::error::{Result, StorageError};
use crate::scope::on_contacts;
use crate::search;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Scope;
use tieline_domain::contact::{self, Fields};
use tieline_domain::id::{ConnectionId, ContactId, Id as _, PointId};
use tieline_domain::time::Timestamp;

/// A contact as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which.
    pub id: ContactId,
    /// What to call the person.
    pub name: String,
    /// Attribute and value.
    pub fields: Fields,
    /// When an attribute was last changed in the hub; for the policy "newest wins".
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

/// An address that a contact answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Which.
    pub id: PointId,
    /// `sms`, …
    pub channel: String,
    /// Normalised.
    pub address: String,
    /// The attribute it comes from.
    pub field: String,
}

/// Which page of the list.
#[derive(Debug, Clone, Default)]
pub struct ContactQuery {
    /// Words to find, as typed.
    pub words: String,
    /// The last row of the page before: sort name and id.
    pub after: Option<(String, ContactId)>,
    /// Rows.
    pub limit: i64,
}

/// The contact, if the scope shows it. Deleted contacts are found too.
pub async fn get(conn: &mut Conn, scope: &Scope, id: ContactId) -> Result<Contact> {
    let mut args = args![id];
    let within = on_contacts(scope, &mut args);
    let sql = format!("select * from contact where id = $1{within}");
    read(&conn.one("contact", &sql, args).await?)
}

/// A page of contacts by name, deleted ones left out.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &ContactQuery) -> Result<Vec<Contact>> {
    let (mut sql, mut args) = matching(conn, scope, query).await?;
    if let Some((name, id)) = &query.after {
        let at = args.len();
        sql.push_str(&format!(
            " and (sort_name > ${a} or (sort_name = ${a} and id > ${b}))",
            a = at + 1,
            b = at + 2
        ));
        args.extend(args![name, *id]);
    }
    let sql = format!(
        "select * {sql} order by sort_name, id limit ${}",
        args.len() + 1
    );
    args.push(query.limit.into());
    conn.all(&sql, args).await?.iter().map(read).collect()
}

/// How many contacts the words find.
pub async fn count(conn: &mut Conn, scope: &Scope, query: &ContactQuery) -> Result<i64> {
    let (sql, args) = matching(conn, scope, query).await?;
    conn.one("contact", &format!("select count(*) as number {sql}"), args)
        .await?
        .int("number")
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

/// The points of a contact, in the order of their attributes, if the scope shows it.
pub async fn list_points(conn: &mut Conn, scope: &Scope, id: ContactId) -> Result<Vec<Point>> {
    get(conn, scope, id).await?;
    Ok(load_points(conn, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default())
}

/// Points of several contacts, in the order of their attributes.
pub async fn load_points(
    conn: &mut Conn,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<Point>>> {
    let sql = "select h.contact_id, h.field, h.position, p.id, p.channel, p.address from contact_has_point h \
               join contact_point p on p.id = h.point_id where h.contact_id in ({in}) order by h.position";
    let mut found: BTreeMap<ContactId, Vec<Point>> = BTreeMap::new();
    for row in conn
        .all_in(
            sql,
            args![],
            ids.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?
    {
        let point = Point {
            id: row.id("id")?,
            channel: row.text("channel")?,
            address: row.text("address")?,
            field: row.text("field")?,
        };
        found.entry(row.id("contact_id")?).or_default().push(point);
    }
    Ok(found)
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
        .map(read)
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
        .map(read)
        .collect()
}

/// Who answers to these addresses of a channel, deleted contacts left out; for batch writers.
pub async fn load_holders(
    conn: &mut Conn,
    channel: &str,
    addresses: &[String],
) -> Result<BTreeMap<String, BTreeSet<ContactId>>> {
    let sql = "select p.address, h.contact_id from contact_point p join contact_has_point h on h.point_id = p.id \
               join contact c on c.id = h.contact_id where c.deleted_at is null and p.channel = $1 and p.address in ({in})";
    read_holders(conn, sql, args![channel], addresses).await
}

/// Of those who answer to these addresses, the ones that stand for no record of this object yet.
/// A switchboard may have thousands of holders; those who can be joined to a new record are few.
pub async fn load_unlinked_holders(
    conn: &mut Conn,
    addresses: &[String],
    connection: ConnectionId,
    object: &str,
) -> Result<BTreeMap<String, BTreeSet<ContactId>>> {
    let sql = "select p.address, h.contact_id from contact_point p join contact_has_point h on h.point_id = p.id \
               join contact c on c.id = h.contact_id where c.deleted_at is null and p.channel = 'sms' \
               and not exists (select 1 from link l where l.contact_id = c.id and l.connection_id = $1 \
               and l.object = $2 and l.state <> 'gone') and p.address in ({in})";
    read_holders(conn, sql, args![connection, object], addresses).await
}

async fn read_holders(
    conn: &mut Conn,
    sql: &str,
    args: Vec<Value>,
    addresses: &[String],
) -> Result<BTreeMap<String, BTreeSet<ContactId>>> {
    let keys = addresses.iter().map(Value::from).collect();
    let mut found: BTreeMap<String, BTreeSet<ContactId>> = BTreeMap::new();
    for row in conn.all_in(sql, args, keys).await? {
        found
            .entry(row.text("address")?)
            .or_default()
            .insert(row.id("contact_id")?);
    }
    Ok(found)
}

/// Ids of points, made where they are missing; for batch writers.
pub async fn ensure_points(
    tx: &mut Tx,
    channel: &str,
    addresses: &[String],
) -> Result<BTreeMap<String, PointId>> {
    let mut known = load_point_ids(tx, channel, addresses).await?;
    let missing: BTreeSet<&String> = addresses
        .iter()
        .filter(|address| !known.contains_key(*address))
        .collect();
    if missing.is_empty() {
        return Ok(known);
    }
    let now = tx.now();
    let rows = missing
        .iter()
        .map(|address| args![tx.new_id::<PointId>(), channel, *address, now])
        .collect::<Vec<_>>();
    let columns = ["id", "channel", "address", "created_at"];
    tx.insert_many(
        "contact_point",
        &columns,
        rows,
        "on conflict (channel, address) do nothing",
    )
    .await?;
    let missing: Vec<String> = missing.into_iter().cloned().collect();
    known.extend(load_point_ids(tx, channel, &missing).await?);
    Ok(known)
}

/// A contact that does not exist yet.
pub fn new(id: ContactId, fields: Fields, now: Timestamp) -> Contact {
    Contact {
        id,
        name: contact::display_name(&fields),
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
pub async fn save_many(tx: &mut Tx, contacts: &[Contact], country: &str) -> Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let rows = contacts.iter().map(|contact| row(contact, country, now));
    let columns = [
        "id",
        "name",
        "sort_name",
        "fields",
        "field_times",
        "search_text",
        "created_at",
        "updated_at",
        "deleted_at",
        "version",
    ];
    let suffix = "on conflict (id) do update set name = excluded.name, sort_name = excluded.sort_name, \
                  fields = excluded.fields, field_times = excluded.field_times, search_text = excluded.search_text, \
                  updated_at = excluded.updated_at, deleted_at = excluded.deleted_at, version = excluded.version \
                  where contact.version = excluded.version - 1";
    let written = tx.insert_many("contact", &columns, rows, suffix).await?;
    if written < contacts.len() as u64 {
        return Err(StorageError::Conflict("contact"));
    }
    save_points(tx, contacts, country).await
}

fn row(contact: &Contact, country: &str, now: Timestamp) -> Vec<Value> {
    args![
        contact.id,
        contact::display_name(&contact.fields),
        contact::sort_name(&contact.fields),
        json_text(&contact.fields),
        json_text(&contact.field_times),
        contact::search_text(&contact.fields, country),
        contact.created_at,
        now,
        contact.deleted_at,
        contact.version + 1,
    ]
}

async fn save_points(tx: &mut Tx, contacts: &[Contact], country: &str) -> Result<()> {
    let known: Vec<Value> = contacts
        .iter()
        .filter(|c| c.version > 0)
        .map(|c| Value::from(c.id))
        .collect();
    let sql = "select distinct point_id from contact_has_point where contact_id in ({in})";
    let mut touched = BTreeSet::new();
    for row in tx.all_in(sql, args![], known.clone()).await? {
        touched.insert(row.id::<PointId>("point_id")?);
    }
    tx.run_in(
        "delete from contact_has_point where contact_id in ({in})",
        args![],
        known,
    )
    .await?;
    // A deleted contact is unlinked from its points; they stay, with their consent.
    let held: Vec<(ContactId, Vec<(&'static str, String)>)> = contacts
        .iter()
        .filter(|contact| contact.deleted_at.is_none())
        .map(|contact| (contact.id, contact::numbers(&contact.fields, country)))
        .collect();
    let addresses: Vec<String> = held
        .iter()
        .flat_map(|(_, numbers)| numbers.iter().map(|(_, n)| n.clone()))
        .collect();
    let points = ensure_points(tx, "sms", &addresses).await?;
    let mut rows = Vec::new();
    for (id, numbers) in &held {
        for (position, (field, number)) in numbers.iter().enumerate() {
            rows.push(args![*id, points[number], *field, position as i64]);
        }
    }
    tx.insert_many(
        "contact_has_point",
        &["contact_id", "point_id", "field", "position"],
        rows,
        "",
    )
    .await?;
    touched.extend(points.into_values());
    crate::conversation::derive_ties(tx, &touched).await
}

async fn load_point_ids(
    conn: &mut Conn,
    channel: &str,
    addresses: &[String],
) -> Result<BTreeMap<String, PointId>> {
    let sql = "select id, address from contact_point where channel = $1 and address in ({in})";
    let rows = conn
        .all_in(
            sql,
            args![channel],
            addresses.iter().map(Value::from).collect(),
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("address")?, row.id("id")?)))
        .collect()
}

async fn matching(
    conn: &mut Conn,
    scope: &Scope,
    query: &ContactQuery,
) -> Result<(String, Vec<Value>)> {
    let mut args = Vec::new();
    let within = on_contacts(scope, &mut args);
    let mut sql = format!("from contact where deleted_at is null{within}");
    for term in search::terms(conn, &query.words).await? {
        let condition = search::condition(&term, &mut args, |n| {
            format!("search_text like ${n} escape '!'")
        });
        sql.push_str(&format!(" and {condition}"));
    }
    Ok((sql, args))
}

fn read(row: &Row) -> Result<Contact> {
    Ok(Contact {
        id: row.id("id")?,
        name: row.text("name")?,
        fields: row.json("fields")?,
        field_times: row.json("field_times")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        deleted_at: row.opt_time("deleted_at")?,
        version: row.int("version")?,
    })
}

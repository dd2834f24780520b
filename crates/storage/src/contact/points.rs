//! The contact points that contacts answer to, and how they follow from what stands in phone fields.

use super::Contact;
use crate::args;
use crate::consent;
use crate::db::{Conn, Value};
use crate::error::Result;
use crate::scope::on_what_contacts_have;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Scope;
use tieline_domain::catalogue::{Catalogue, Reading};
use tieline_domain::channel::Channel;
use tieline_domain::id::{ConnectionId, ContactId, ConversationId, PointId};
use tieline_domain::phone::Unreadable;

/// An address that a contact answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub id: PointId,
    pub channel: Channel,
    /// Normalised.
    pub address: String,
    /// The attribute it comes from.
    pub field: String,
}

/// Points of those contacts that the scope shows, in the order that their attributes have now.
pub async fn list_points(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<Point>>> {
    let mut args = Vec::new();
    let within = on_what_contacts_have(scope, &mut args);
    let sql = format!(
        "select h.contact_id, h.field, p.id, p.channel, p.address from contact_has_point h \
         join contact_point p on p.id = h.point_id join contact_field f on f.name = h.field \
         where h.contact_id in ({{in}}){within} order by f.position"
    );
    let mut found: BTreeMap<ContactId, Vec<Point>> = BTreeMap::new();
    for row in conn
        .all_in(&sql, args, ids.iter().map(|id| Value::from(*id)).collect())
        .await?
    {
        let point = Point {
            id: row.id("id")?,
            channel: row.word("channel", Channel::parse)?,
            address: row.text("address")?,
            field: row.text("field")?,
        };
        // Two fields may hold one number.
        let points = found.entry(row.id("contact_id")?).or_default();
        if !points.iter().any(|known| known.id == point.id) {
            points.push(point);
        }
    }
    Ok(found)
}

/// Points of contacts, for batch writers.
pub async fn load_points(
    conn: &mut Conn,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, Vec<Point>>> {
    list_points(conn, &Scope::system(), ids).await
}

/// Who answers to these addresses of a channel, deleted contacts left out; for batch writers.
pub async fn load_holders(
    conn: &mut Conn,
    channel: Channel,
    addresses: &[String],
) -> Result<BTreeMap<String, BTreeSet<ContactId>>> {
    let sql = "select p.address, h.contact_id from contact_point p join contact_has_point h on h.point_id = p.id \
               join contact c on c.id = h.contact_id where c.deleted_at is null and p.channel = $1 and p.address in ({in})";
    read_holders(conn, sql, args![channel.as_str()], addresses).await
}

const UNLINKED: &str = "select p.address, h.contact_id from contact_point p join contact_has_point h on h.point_id = p.id \
                        join contact c on c.id = h.contact_id where c.deleted_at is null and p.channel = 'sms' \
                        and not exists (select 1 from link l where l.contact_id = c.id and l.connection_id = $1 \
                        and l.object = $2 and l.state <> 'gone') and p.address in ({in})";

/// Of those who answer to these addresses, the ones that stand for no record of this object yet.
/// A switchboard may have thousands of holders; those who can be joined to a new record are few.
pub async fn load_unlinked_holders(
    conn: &mut Conn,
    addresses: &[String],
    connection: ConnectionId,
    object: &str,
) -> Result<BTreeMap<String, BTreeSet<ContactId>>> {
    read_holders(conn, UNLINKED, args![connection, object], addresses).await
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
    channel: Channel,
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
        .map(|address| args![tx.new_id::<PointId>(), channel.as_str(), *address, now])
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

/// Holds a conversation's point until the transaction ends: nobody else adds to what it said meanwhile,
/// since that names the point.
pub async fn lock_point_of(tx: &mut Tx, conversation: ConversationId) -> Result<()> {
    let sql = format!(
        "select id from contact_point where id = (select point_id from conversation \
         where id = (select coalesce(merged_into, id) from conversation where id = $1)) {}",
        tx.for_update()
    );
    tx.all(&sql, args![conversation]).await?;
    Ok(())
}

/// What a contact answered to, and from which text that was read.
struct Before {
    contact: ContactId,
    point: PointId,
    text: String,
}

/// Brings the points of contacts in line with what stands in their phone fields, read by this
/// catalogue; who opted out by a number stays out by the number that the same text gives now.
pub(super) async fn save_points(
    tx: &mut Tx,
    contacts: &[Contact],
    catalogue: &Catalogue,
) -> Result<()> {
    let known = contacts.iter().filter(|contact| contact.version > 0);
    let before = take_points(tx, known.map(|contact| Value::from(contact.id)).collect()).await?;
    let mut held = BTreeMap::new();
    for contact in contacts {
        held.insert(contact.id, readings(contact, catalogue));
    }
    let numbers = held.values().flatten();
    let numbers: Vec<String> = numbers.filter_map(|it| it.number.clone().ok()).collect();
    let points = ensure_points(tx, Channel::Sms, &numbers).await?;
    let mut rows = Vec::new();
    for (id, readings) in &held {
        for reading in readings {
            if let Ok(number) = &reading.number {
                let point = points[number];
                rows.push(args![*id, reading.field, point, reading.text]);
            }
        }
    }
    let columns = ["contact_id", "field", "point_id", "text"];
    tx.insert_many("contact_has_point", &columns, rows, "")
        .await?;
    let mut touched: BTreeSet<PointId> = before.iter().map(|it| it.point).collect();
    follow(tx, before, &held, &points).await?;
    touched.extend(points.into_values());
    let gone = contacts.iter().filter(|it| it.deleted_at.is_some());
    let gone = gone.map(|it| it.id).collect();
    crate::conversation::derive_ties(tx, &touched, gone).await
}

/// A deleted contact answers to nothing; its points stay, with their consent.
fn readings<'a>(contact: &'a Contact, catalogue: &'a Catalogue) -> Vec<Reading<'a>> {
    let mut readings = catalogue.readings(&contact.fields);
    if contact.deleted_at.is_some() {
        for reading in &mut readings {
            reading.number = Err(Unreadable::NoNumber);
        }
    }
    readings
}

/// Takes contacts off their points: what they answered to, and what their texts gave before.
async fn take_points(tx: &mut Tx, contacts: Vec<Value>) -> Result<Vec<Before>> {
    let mut before = Vec::new();
    for table in ["contact_has_point", "contact_had_point"] {
        let sql = format!(
            "delete from {table} where contact_id in ({{in}}) returning contact_id, point_id, text"
        );
        for row in tx.all_in(&sql, args![], contacts.clone()).await? {
            before.push(Before {
                contact: row.id("contact_id")?,
                point: row.id("point_id")?,
                text: row.text("text")?,
            });
        }
    }
    Ok(before)
}

/// An opt-out goes from what a text was read as to what it is read as; a text that gives no number is
/// remembered until it gives one again, or is changed.
async fn follow(
    tx: &mut Tx,
    before: Vec<Before>,
    held: &BTreeMap<ContactId, Vec<Reading<'_>>>,
    points: &BTreeMap<String, PointId>,
) -> Result<()> {
    let mut moved = BTreeSet::new();
    let mut kept = Vec::new();
    for was in before {
        let now = held.get(&was.contact).into_iter().flatten();
        match now.into_iter().find(|it| it.text == was.text) {
            None => {}
            Some(Reading {
                number: Ok(number), ..
            }) => {
                moved.insert((was.point, points[number]));
            }
            Some(_) => kept.push(args![was.contact, was.point, was.text]),
        }
    }
    moved.retain(|(from, to)| from != to);
    consent::carry(tx, &moved).await?;
    let columns = ["contact_id", "point_id", "text"];
    let suffix = "on conflict do nothing";
    tx.insert_many("contact_had_point", &columns, kept, suffix)
        .await?;
    Ok(())
}

/// A carrier says that no text reaches a point.
pub async fn mark_landline(tx: &mut Tx, point: PointId) -> Result<()> {
    let now = tx.now();
    let sql = "update contact_point set landline_since = $1 where id = $2";
    tx.run(sql, args![now, point]).await?;
    Ok(())
}

/// These points sent texts, so texts reach them; those of which that was not known.
pub async fn clear_landlines(tx: &mut Tx, points: &[PointId]) -> Result<Vec<PointId>> {
    let sql = "update contact_point set landline_since = null \
               where landline_since is not null and id in ({in}) returning id";
    let keys = points.iter().map(|id| Value::from(*id)).collect();
    let rows = tx.all_in(sql, args![], keys).await?;
    rows.iter().map(|row| row.id("id")).collect()
}

async fn load_point_ids(
    conn: &mut Conn,
    channel: Channel,
    addresses: &[String],
) -> Result<BTreeMap<String, PointId>> {
    let sql = "select id, address from contact_point where channel = $1 and address in ({in})";
    let rows = conn
        .all_in(
            sql,
            args![channel.as_str()],
            addresses.iter().map(Value::from).collect(),
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("address")?, row.id("id")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::UNLINKED;
    use rusqlite::Connection;

    /// A first sync asks this for each batch: by anything but the contact it would go through all records
    /// of the org each time.
    #[test]
    fn whether_a_holder_stands_for_a_record_is_looked_up_by_the_contact() {
        let conn = Connection::open_in_memory().unwrap();
        let schema = include_str!("../../migrations/0001_hub.sql");
        conn.execute_batch(schema).unwrap();
        let sql = format!("explain query plan {}", UNLINKED.replace("{in}", "$3, $4"));
        let mut statement = conn.prepare(&sql).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get::<_, String>("detail").unwrap());
        }
        let of_link = plan.iter().find(|step| step.starts_with("SEARCH l "));
        assert!(
            of_link.is_some_and(|it| it.contains("(contact_id=?")),
            "{plan:#?}"
        );
    }
}

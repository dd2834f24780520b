//! Object and field mappings of a connection, and how far each object has been read.

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::Result;
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::id::{ConnectionId, ObjectMappingId};
use tieline_domain::sync::mapping::{Deletes, FieldMapping, MappingDirection, Policy};
use tieline_domain::time::Timestamp;

/// One Salesforce object tied to contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMapping {
    pub id: ObjectMappingId,
    /// API name, `Contact`.
    pub object: String,
    /// The first object's records are the primary ones.
    pub position: i64,
    /// Whether runs include it.
    pub enabled: bool,
    /// Which way records flow.
    pub direction: MappingDirection,
    /// What a delete in the org does.
    pub deletes: Deletes,
    /// Whether contacts of the hub that have no record get one.
    pub auto_create: bool,
    /// Everything stamped before this moment of the org has been read; none before the first run.
    pub read_until: Option<Timestamp>,
    /// When the last change of a record came in.
    pub last_changed_at: Option<Timestamp>,
    /// Records that the org had, as far as its user may see them, when it was asked.
    pub org_records: Option<i64>,
    /// When it was asked.
    pub org_counted_at: Option<Timestamp>,
    /// The pairs of fields, in their order.
    pub fields: Vec<FieldMapping>,
}

table!(ObjectMapping {
    id: id,
    object: text,
    position: int,
    enabled: bool,
    direction: word(MappingDirection),
    deletes: word(Deletes),
    auto_create: bool,
    read_until: opt_time,
    last_changed_at: opt_time,
    org_records: opt_int,
    org_counted_at: opt_time,
} apart {
    fields
});

table!(FieldMapping {
    field: text,
    attribute: text,
    direction: word(MappingDirection),
    policy: word(Policy),
});

/// The mappings of a connection in their order.
pub async fn all(conn: &mut Conn, connection: ConnectionId) -> Result<Vec<ObjectMapping>> {
    let sql = "select * from object_mapping where connection_id = $1 order by position";
    let rows = conn.all(sql, args![connection]).await?;
    let mut mappings: Vec<ObjectMapping> = rows
        .iter()
        .map(ObjectMapping::read)
        .collect::<Result<_>>()?;
    let keys = mappings
        .iter()
        .map(|mapping| Value::from(mapping.id))
        .collect();
    let sql = "select * from field_mapping where object_mapping_id in ({in}) order by object_mapping_id, position";
    let mut fields: BTreeMap<ObjectMappingId, Vec<FieldMapping>> = BTreeMap::new();
    for row in conn.all_in(sql, args![], keys).await? {
        fields
            .entry(row.id("object_mapping_id")?)
            .or_default()
            .push(FieldMapping::read(&row)?);
    }
    for mapping in &mut mappings {
        mapping.fields = fields.remove(&mapping.id).unwrap_or_default();
    }
    Ok(mappings)
}

/// Adds a mapping.
pub async fn create(tx: &mut Tx, connection: ConnectionId, mapping: &ObjectMapping) -> Result<()> {
    let columns = [ObjectMapping::COLUMNS, &["connection_id"]].concat();
    let mut row = mapping.row();
    row.push(connection.into());
    tx.insert_many("object_mapping", &columns, [row], "")
        .await?;
    let rows = mapping.fields.iter().zip(0..);
    let rows = rows.map(|(pair, position)| field_row(mapping.id, pair, position));
    insert_fields(tx, rows).await
}

fn field_row(id: ObjectMappingId, pair: &FieldMapping, position: i64) -> Vec<Value> {
    let mut row = pair.row();
    row.extend(args![id, position]);
    row
}

async fn insert_fields(
    tx: &mut Tx,
    rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send>,
) -> Result<()> {
    let columns = [FieldMapping::COLUMNS, &["object_mapping_id", "position"]].concat();
    tx.insert_many("field_mapping", &columns, rows, "").await?;
    Ok(())
}

/// Adds a pair of fields.
pub async fn add_field(
    tx: &mut Tx,
    id: ObjectMappingId,
    pair: &FieldMapping,
    position: i64,
) -> Result<()> {
    insert_fields(tx, [field_row(id, pair, position)]).await
}

/// Changes what a person may change of a mapping.
pub async fn update(
    tx: &mut Tx,
    id: ObjectMappingId,
    enabled: Option<bool>,
    deletes: Option<Deletes>,
) -> Result<bool> {
    let sql = "update object_mapping set enabled = coalesce($1, enabled), deletes = coalesce($2, deletes) where id = $3";
    let enabled = enabled.map(i64::from);
    Ok(tx
        .run(sql, args![enabled, deletes.map(Deletes::as_str), id])
        .await?
        > 0)
}

/// Changes what a person may change of a pair of fields.
pub async fn update_field(
    tx: &mut Tx,
    id: ObjectMappingId,
    field: &str,
    policy: Option<Policy>,
    direction: Option<MappingDirection>,
) -> Result<bool> {
    let sql = "update field_mapping set policy = coalesce($1, policy), direction = coalesce($2, direction) \
               where object_mapping_id = $3 and field = $4";
    let args = args![
        policy.map(Policy::as_str),
        direction.map(MappingDirection::as_str),
        id,
        field
    ];
    Ok(tx.run(sql, args).await? > 0)
}

/// Records that an object has been read up to a moment of the org, within the commit that says so.
pub async fn set_read_until(tx: &mut Tx, id: ObjectMappingId, until: Timestamp) -> Result<()> {
    tx.run(
        "update object_mapping set read_until = $1 where id = $2",
        args![until, id],
    )
    .await?;
    Ok(())
}

/// Records how many records the org has.
pub async fn set_org_records(tx: &mut Tx, id: ObjectMappingId, records: i64) -> Result<()> {
    let sql = "update object_mapping set org_records = $1, org_counted_at = $2 where id = $3";
    let now = tx.now();
    tx.run(sql, args![records, now, id]).await?;
    Ok(())
}

/// Records that changes came in or went out.
pub async fn touch(tx: &mut Tx, id: ObjectMappingId) -> Result<()> {
    let now = tx.now();
    tx.run(
        "update object_mapping set last_changed_at = $1 where id = $2",
        args![now, id],
    )
    .await?;
    Ok(())
}

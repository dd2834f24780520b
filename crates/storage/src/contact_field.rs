//! The catalogue of the fields that contacts have. It is read anew for each request and each page of a
//! run, so that all nodes go by the same one.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, table};
use crate::error::{Result, StorageError};
use crate::field_rows;
use crate::setting;
use crate::store::Tx;
use tieline_domain::catalogue::{Catalogue, Field, FieldKind, FieldSection};

/// The catalogue as it stands.
pub async fn load(conn: &mut Conn) -> Result<Catalogue> {
    let rows = conn.all("select * from contact_field", args![]).await?;
    let fields = rows
        .iter()
        .map(Field::read)
        .collect::<Result<Vec<Field>>>()?;
    let country = setting::default_country(conn).await?;
    Ok(Catalogue::new(fields, &country))
}

/// The same for one who will [`save`] it changed: others who would wait until this commits.
pub async fn load_to_change(tx: &mut Tx) -> Result<Catalogue> {
    let sql = format!(
        "select id from contact_field order by id {}",
        tx.for_update()
    );
    tx.all(&sql, args![]).await?;
    load(tx).await
}

/// Keeps the catalogue as it is given.
pub async fn save(tx: &mut Tx, catalogue: &Catalogue) -> Result<()> {
    field_rows::write(tx, catalogue).await
}

/// Whether a contact has a value in a field, or it is exchanged with an org.
pub async fn is_used(conn: &mut Conn, name: &str) -> Result<bool> {
    let sql = "select 1 as one from contact where fields like $1 escape '!' \
               union all select 1 as one from field_mapping where attribute = $2 limit 1";
    // Quotes within values are escaped, so that this stands only where a name does.
    let key = format!("%\"{}\":%", name.replace('_', "!_"));
    Ok(conn.opt(sql, args![key, name]).await?.is_some())
}

table!(Field {
    id: id,
    name: text,
    label: text,
    kind: word(FieldKind),
    options: json,
    position: int,
    section: word(FieldSection),
    required: bool,
    read_only: bool,
} with {
    max_length: usize as [max_length],
});

impl Kept<1> for usize {
    type Field = usize;

    fn values(number: &usize) -> [Value; 1] {
        [(*number as i64).into()]
    }

    fn read(row: &Row, [column]: [&str; 1]) -> Result<usize> {
        let unreadable = |_| StorageError::Unreadable {
            column: column.to_owned(),
            reason: "it is negative".to_owned(),
        };
        row.int(column)?.try_into().map_err(unreadable)
    }
}

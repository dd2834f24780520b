//! The rows of the fields that contacts have, as a new database and every change write them.

use crate::db::{Conn, Table, all_but};
use crate::error::Result;
use tieline_domain::catalogue::{Catalogue, Field};

/// Writes all of them; name and who keeps it stay as they were first written.
pub(crate) async fn write(conn: &mut Conn, catalogue: &Catalogue) -> Result<()> {
    let suffix = format!(
        "on conflict (id) do update set {}",
        all_but(&["id", "name", "read_only"], Field::COLUMNS)
    );
    let rows = catalogue.fields().iter().map(Field::row);
    conn.insert_many("contact_field", Field::COLUMNS, rows, &suffix)
        .await?;
    Ok(())
}

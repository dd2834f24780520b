//! The rows of the fields that contacts have, as a new database and every change write them.

use crate::args;
use crate::db::{Conn, json_text};
use crate::error::Result;
use tieline_domain::catalogue::Catalogue;

/// Writes all of them; name and who keeps it stay as they were first written.
pub(crate) async fn write(conn: &mut Conn, catalogue: &Catalogue) -> Result<()> {
    let columns = [
        "id",
        "name",
        "label",
        "kind",
        "max_length",
        "options",
        "position",
        "section",
        "required",
        "read_only",
    ];
    let rows = catalogue.fields().iter().map(|field| {
        args![
            field.id,
            &field.name,
            &field.label,
            field.kind.as_str(),
            field.max_length as i64,
            json_text(&field.options),
            field.position,
            field.section.as_str(),
            field.required,
            field.read_only,
        ]
    });
    let suffix = "on conflict (id) do update set label = excluded.label, kind = excluded.kind, \
                  max_length = excluded.max_length, options = excluded.options, position = excluded.position, \
                  section = excluded.section, required = excluded.required";
    conn.insert_many("contact_field", &columns, rows, suffix)
        .await?;
    Ok(())
}

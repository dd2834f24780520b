//! Files that came with messages: the rows. Their bytes are in an [`crate::attachment_store`].

use crate::args;
use crate::db::{Conn, Row, Value};
use crate::error::Result;
use crate::scope::{on_conversations, on_messages};
use crate::store::Tx;
use std::collections::BTreeSet;
use tieline_domain::access::Scope;
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::id::AttachmentId;

/// Adds attachments, whose bytes are in their store already: a row that names none is never seen.
pub async fn create_many(tx: &mut Tx, attachments: &[Attachment]) -> Result<()> {
    let columns = [
        "id",
        "message_id",
        "name",
        "media_type",
        "size_bytes",
        "sha256",
        "place",
        "state",
        "created_at",
    ];
    let rows = attachments.iter().map(|it| {
        args![
            it.id,
            it.message_id,
            &it.name,
            &it.media_type,
            it.size_bytes,
            it.sha256.clone(),
            it.place.as_str(),
            it.state.as_str(),
            it.created_at,
        ]
    });
    tx.insert_many("attachment", &columns, rows, "").await?;
    Ok(())
}

/// An attachment, if the scope shows its message.
pub async fn get(conn: &mut Conn, scope: &Scope, id: AttachmentId) -> Result<Attachment> {
    let mut args = args![id];
    let within = on_conversations(scope, &mut args) + &on_messages(scope, &mut args);
    let sql = format!(
        "select a.* from attachment a join message m on m.id = a.message_id \
         join conversation v on v.id = m.conversation_id where a.id = $1{within}"
    );
    read(&conn.one("attachment", &sql, args).await?)
}

/// Which of these have a row that counts on their bytes.
pub(crate) async fn load_stored(
    conn: &mut Conn,
    ids: &[AttachmentId],
) -> Result<BTreeSet<AttachmentId>> {
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let sql = "select id from attachment where state = $1 and id in ({in})";
    let stored = args![AttachmentState::Stored.as_str()];
    let rows = conn.all_in(sql, stored, keys).await?;
    rows.iter().map(|row| row.id("id")).collect()
}

fn read(row: &Row) -> Result<Attachment> {
    Ok(Attachment {
        id: row.id("id")?,
        message_id: row.id("message_id")?,
        name: row.text("name")?,
        media_type: row.text("media_type")?,
        size_bytes: row.int("size_bytes")?,
        sha256: row.bytes("sha256")?,
        place: row.word("place", AttachmentPlace::parse)?,
        state: row.word("state", AttachmentState::parse)?,
        created_at: row.time("created_at")?,
    })
}

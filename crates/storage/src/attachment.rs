//! Files that came with messages: the rows. Their bytes are in an [`crate::attachment_store`].

use crate::args;
use crate::db::{Conn, Table, Value, table};
use crate::error::Result;
use crate::scope::{on_conversations, on_messages};
use crate::store::Tx;
use std::collections::BTreeSet;
use tieline_domain::access::Scope;
use tieline_domain::attachment::{Attachment, AttachmentPlace, AttachmentState};
use tieline_domain::id::AttachmentId;

table!(Attachment {
    id: id,
    message_id: id,
    name: text,
    media_type: text,
    size_bytes: int,
    sha256: bytes,
    place: word(AttachmentPlace),
    state: word(AttachmentState),
    created_at: time,
});

/// Adds attachments, whose bytes are in their store already: a row that names none is never seen.
pub async fn create_many(tx: &mut Tx, attachments: &[Attachment]) -> Result<()> {
    let rows = attachments.iter().map(Attachment::row);
    tx.insert_many("attachment", Attachment::COLUMNS, rows, "")
        .await?;
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
    Attachment::read(&conn.one("attachment", &sql, args).await?)
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

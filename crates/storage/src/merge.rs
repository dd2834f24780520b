//! Two that became one: conversations, and contacts as far as conversations name them.

use crate::args;
use crate::conversation::{load_by_ids, save_many};
use crate::error::{Result, StorageError};
use crate::store::Tx;
use crate::{activity, message, participant, read_mark};
use tieline_domain::conversation::merge as decide;
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, ConversationId};

/// Makes `other` part of `kept`: its messages move there by their times, with what people have not
/// read and who takes part, and it answers as `kept` from now on. Both are of one inbox.
pub async fn conversations(tx: &mut Tx, kept: ConversationId, other: ConversationId) -> Result<()> {
    let both = [kept, other];
    let mut found = load_by_ids(tx, &both).await?;
    let mut take = |id| {
        let open = found.remove(&id).filter(|it| it.merged_into.is_none());
        open.ok_or(StorageError::NotFound("conversation"))
    };
    let (mut kept, mut other) = (take(kept)?, take(other)?);
    // Else the members of one inbox would see what was said in another.
    if kept.inbox_id != other.inbox_id {
        return Err(StorageError::NotFound("conversation in that inbox"));
    }
    let messages = message::load_all(tx, &both).await?;
    let marks = read_mark::load(tx, &both).await?;
    let (act, now) = (tx.new_id(), tx.now());
    let merged = decide([&mut kept, &mut other], messages, &marks, act, now);
    save_many(tx, &[kept.clone(), other.clone()]).await?;
    message::move_many(tx, kept.id, &merged.messages).await?;
    message::create_many(tx, std::slice::from_ref(&merged.act)).await?;
    read_mark::merge(tx, both, &merged.marks).await?;
    participant::merge(tx, kept.id, other.id).await?;
    activity::merge(tx, &kept, other.id).await?;
    // Whatever became part of the other before is part of what is kept now.
    let sql = "update conversation set merged_into = $1 where merged_into = $2";
    tx.run(sql, args![kept.id, other.id]).await?;
    for it in [&kept, &other] {
        tx.emit(Event::Conversation {
            inbox_id: it.inbox_id,
            conversation_id: it.id,
        });
    }
    Ok(())
}

/// Lets `kept` stand in conversations for a contact that was merged into it: what a person tied to
/// the other is tied to it, and its parts are the other's too. Derived ties follow the numbers.
pub async fn contacts(tx: &mut Tx, kept: ContactId, other: ContactId) -> Result<()> {
    let sql = "update conversation set contact_id = $1, version = version + 1 \
               where contact_id = $2 and tie = 'decided' returning inbox_id, id";
    for row in tx.all(sql, args![kept, other]).await? {
        tx.emit(Event::Conversation {
            inbox_id: row.id("inbox_id")?,
            conversation_id: row.id("id")?,
        });
    }
    activity::follow(tx, kept, other).await?;
    participant::follow(tx, kept, other).await
}

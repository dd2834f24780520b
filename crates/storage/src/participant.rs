//! Who takes part in conversations. Rows come from writing and from being given a conversation; no
//! reader makes one.

use crate::args;
use crate::db::{Conn, Kept, Row, Table, Value, table};
use crate::error::Result;
use crate::scope::participant_key;
use crate::store::Tx;
use std::collections::BTreeSet;
use tieline_domain::access::{Participant, Scope};
use tieline_domain::conversation::{
    ParticipantKind, ParticipantRole, SeesFrom, TakingPart, merge_parts,
};
use tieline_domain::id::{ContactId, ConversationId};

table!(TakingPart {
    conversation_id: id,
    role: word(ParticipantRole),
    sees_from: word(SeesFrom),
    since: time,
    until: opt_time,
} with {
    who: Participant as [kind, principal_id],
});

/// Everybody who took part in a conversation, the first first, if the scope shows it.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    conversation: ConversationId,
) -> Result<Vec<TakingPart>> {
    let listed = crate::conversation::get(conn, scope, conversation).await?;
    load(conn, listed.conversation.id).await
}

async fn load(conn: &mut Conn, conversation: ConversationId) -> Result<Vec<TakingPart>> {
    let sql = "select * from participant where conversation_id = $1 order by since, kind, principal_id, role";
    let rows = conn.all(sql, args![conversation]).await?;
    rows.iter().map(TakingPart::read).collect()
}

/// Begins parts; who takes part already goes on from when they began.
pub async fn begin(tx: &mut Tx, parts: &[TakingPart]) -> Result<()> {
    let mut seen = BTreeSet::new();
    // One row twice in a statement is more than PostgreSQL takes.
    let rows: Vec<_> = parts
        .iter()
        .filter(|it| seen.insert((it.conversation_id, it.who, it.role)))
        .map(TakingPart::row)
        .collect();
    let again = "on conflict (conversation_id, kind, principal_id, role) do update \
                 set since = excluded.since, until = excluded.until where participant.until is not null";
    tx.insert_many("participant", TakingPart::COLUMNS, rows, again)
        .await?;
    Ok(())
}

/// Ends a part now, if it stands.
pub async fn end(
    tx: &mut Tx,
    conversation: ConversationId,
    who: Participant,
    role: ParticipantRole,
) -> Result<()> {
    let [kind, id] = participant_key(who);
    let sql = "update participant set until = $1 where conversation_id = $2 and kind = $3 and principal_id = $4 \
               and role = $5 and until is null";
    let args = args![tx.now(), conversation, kind, id, role.as_str()];
    tx.run(sql, args).await?;
    Ok(())
}

/// Moves the parts of one conversation into another.
pub(crate) async fn merge(tx: &mut Tx, kept: ConversationId, other: ConversationId) -> Result<()> {
    let mut parts = load(tx, kept).await?;
    parts.extend(load(tx, other).await?);
    let sql = "delete from participant where conversation_id in ($1, $2)";
    tx.run(sql, args![kept, other]).await?;
    let parts = merge_parts(kept, &parts);
    let rows: Vec<_> = parts.iter().map(TakingPart::row).collect();
    tx.insert_many("participant", TakingPart::COLUMNS, rows, "")
        .await?;
    Ok(())
}

/// Gives the parts of a contact to the one that it was merged into.
pub(crate) async fn follow(tx: &mut Tx, kept: ContactId, other: ContactId) -> Result<()> {
    let sql = "insert into participant (conversation_id, kind, principal_id, role, sees_from, since, until) \
               select conversation_id, kind, $1, role, sees_from, since, until from participant \
               where kind = 'contact' and principal_id = $2 on conflict do nothing";
    tx.run(sql, args![kept, other]).await?;
    let sql = "delete from participant where kind = 'contact' and principal_id = $1";
    tx.run(sql, args![other]).await?;
    Ok(())
}

impl Kept<2> for Participant {
    type Field = Participant;

    fn values(who: &Participant) -> [Value; 2] {
        participant_key(*who)
    }

    fn read(row: &Row, [kind, id]: [&str; 2]) -> Result<Participant> {
        Ok(match row.word(kind, ParticipantKind::parse)? {
            ParticipantKind::Staff => Participant::Staff(row.id(id)?),
            ParticipantKind::Contact => Participant::Contact(row.id(id)?),
            ParticipantKind::Visitor => Participant::Visitor(row.id(id)?),
        })
    }
}

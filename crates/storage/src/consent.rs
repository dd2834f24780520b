//! Consent: what a contact point said, for ever, and how it stands.

use crate::args;
use crate::db::{Conn, Value, json_text};
use crate::error::Result;
use crate::store::Tx;
use std::collections::BTreeMap;
use tieline_domain::access::Scope;
use tieline_domain::id::{ConsentEntryId, ContactId, MessageId, PointId};
use tieline_domain::time::Timestamp;

/// An opt-out holds for the whole organisation.
const SCOPE: &str = "organisation";

/// How a point stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// `opted_in` or `opted_out`.
    pub state: String,
    /// Where it was said: `keyword`, `carrier`.
    pub source: String,
    /// Since when.
    pub at: Timestamp,
}

/// What a point said.
pub struct Entry<'a> {
    /// Who.
    pub point_id: PointId,
    /// Whether they want messages.
    pub opted_in: bool,
    /// Where it was said.
    pub source: &'a str,
    /// The message that said it.
    pub message_id: Option<MessageId>,
}

/// Adds to the ledger and brings the standing up to date.
pub async fn add(tx: &mut Tx, entry: Entry<'_>) -> Result<()> {
    let now = tx.now();
    let state = if entry.opted_in {
        "opted_in"
    } else {
        "opted_out"
    };
    let columns = [
        "id",
        "point_id",
        "scope",
        "act",
        "source",
        "message_id",
        "detail",
        "at",
    ];
    let id = tx.new_id::<ConsentEntryId>();
    let row = args![
        id,
        entry.point_id,
        SCOPE,
        state,
        entry.source,
        entry.message_id,
        json_text(&()),
        now
    ];
    tx.insert_many("consent_entry", &columns, vec![row], "")
        .await?;
    let sql = "insert into consent (point_id, scope, state, source, at) values ($1, $2, $3, $4, $5) \
               on conflict (point_id, scope) do update set state = excluded.state, source = excluded.source, \
               at = excluded.at";
    tx.run(sql, args![entry.point_id, SCOPE, state, entry.source, now])
        .await?;
    Ok(())
}

/// How the points of a contact stand, if the scope shows it.
pub async fn list_of_contact(
    conn: &mut Conn,
    scope: &Scope,
    contact: ContactId,
) -> Result<BTreeMap<PointId, Consent>> {
    let points = crate::contact::list_points(conn, scope, contact).await?;
    let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    load(conn, &ids).await
}

/// How points stand; those that never said anything are absent.
pub async fn load(conn: &mut Conn, points: &[PointId]) -> Result<BTreeMap<PointId, Consent>> {
    let sql = "select * from consent where scope = $1 and point_id in ({in})";
    let rows = conn
        .all_in(
            sql,
            args![SCOPE],
            points.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    rows.iter()
        .map(|row| {
            let consent = Consent {
                state: row.text("state")?,
                source: row.text("source")?,
                at: row.time("at")?,
            };
            Ok((row.id("point_id")?, consent))
        })
        .collect()
}

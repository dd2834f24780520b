//! Consent: what a contact point said, for ever, and how it stands.

use crate::args;
use crate::db::{Conn, Table, Value, all_but, table};
use crate::error::Result;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::consent::{ConsentSource, ConsentState};
use tieline_domain::id::{ConsentEntryId, MessageId, PointId};
use tieline_domain::time::Timestamp;

/// An opt-out holds for the whole organisation.
const SCOPE: &str = "organisation";

/// How a point stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub state: ConsentState,
    pub source: ConsentSource,
    /// Since when.
    pub at: Timestamp,
}

table!(Consent {
    state: word(ConsentState),
    source: word(ConsentSource),
    at: time,
});

/// What a point said.
pub struct Entry {
    pub point_id: PointId,
    pub state: ConsentState,
    pub source: ConsentSource,
    /// The message that said it.
    pub message_id: Option<MessageId>,
}

/// Adds to the ledger and brings the standing up to date.
pub async fn add(tx: &mut Tx, entry: Entry) -> Result<()> {
    let now = tx.now();
    let (state, source) = (entry.state.as_str(), entry.source.as_str());
    let columns = [
        "id",
        "point_id",
        "scope",
        "act",
        "source",
        "message_id",
        "at",
    ];
    let id = tx.new_id::<ConsentEntryId>();
    let row = args![
        id,
        entry.point_id,
        SCOPE,
        state,
        source,
        entry.message_id,
        now
    ];
    tx.insert_many("consent_entry", &columns, vec![row], "")
        .await?;
    let stands = Consent {
        state: entry.state,
        source: entry.source,
        at: now,
    };
    let mut row = stands.row();
    row.extend(args![entry.point_id, SCOPE]);
    let suffix = format!(
        "on conflict (point_id, scope) do update set {}",
        all_but(&[], Consent::COLUMNS)
    );
    let columns = [Consent::COLUMNS, &["point_id", "scope"]].concat();
    tx.insert_many("consent", &columns, [row], &suffix).await?;
    Ok(())
}

/// Opt-outs follow from point to point: one person's text was read as the first, and is read as the
/// second now. What the second said for itself before gives way; what it said since stands.
pub(crate) async fn carry(tx: &mut Tx, moved: &BTreeSet<(PointId, PointId)>) -> Result<()> {
    let points: BTreeSet<PointId> = moved.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let points: Vec<PointId> = points.into_iter().collect();
    let known = load(tx, &points).await?;
    let mut out: BTreeSet<PointId> = known
        .iter()
        .filter(|(_, consent)| consent.state == ConsentState::OptedOut)
        .map(|(point, _)| *point)
        .collect();
    for (from, to) in moved {
        let said = |point| known.get(point).map(|it| it.at);
        if out.contains(from) && said(to) <= said(from) && out.insert(*to) {
            let entry = Entry {
                point_id: *to,
                state: ConsentState::OptedOut,
                source: ConsentSource::NumberReadAnew,
                message_id: None,
            };
            add(tx, entry).await?;
        }
    }
    Ok(())
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
        .map(|row| Ok((row.id("point_id")?, Consent::read(row)?)))
        .collect()
}

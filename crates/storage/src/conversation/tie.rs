//! Who a conversation is with, found anew as contacts change.

use super::{load_by_points, save_many};
use crate::args;
use crate::db::{Table as _, Value};
use crate::error::Result;
use crate::store::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::conversation::{Conversation, Tie};
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, PointId};

/// Ties the conversations of these points anew to who answers to them now, except where a person said
/// who it is, and so those that a person tied to a contact who is `gone`, whatever their point; belongs
/// into each transaction that changes who answers to a point or deletes contacts.
pub(crate) async fn derive_ties(
    tx: &mut Tx,
    points: &BTreeSet<PointId>,
    gone: Vec<ContactId>,
) -> Result<()> {
    let points: Vec<PointId> = points.iter().copied().collect();
    let found = load_by_points(tx, &points).await?;
    let own = found.into_iter().filter(|(place, it)| *place == it.place());
    let mut conversations: Vec<Conversation> = own
        .map(|(_, it)| it)
        .filter(|it| it.tie == Tie::Derived)
        .collect();
    for mut conversation in load_decided(tx, gone).await? {
        conversation.forget_decision();
        conversations.push(conversation);
    }
    let used: BTreeSet<PointId> = conversations.iter().map(|it| it.point_id).collect();
    let sql = "select h.point_id, h.contact_id from contact_has_point h join contact c on c.id = h.contact_id \
               where c.deleted_at is null and h.point_id in ({in})";
    let keys = used.into_iter().map(Value::from).collect();
    let mut holders: BTreeMap<PointId, BTreeSet<ContactId>> = BTreeMap::new();
    for row in tx.all_in(sql, args![], keys).await? {
        let of_point = holders.entry(row.id("point_id")?).or_default();
        of_point.insert(row.id("contact_id")?);
    }
    conversations.retain_mut(|it| {
        let before = it.contact_id;
        it.derive_tie(holders.get(&it.point_id));
        it.contact_id != before
    });
    if conversations.is_empty() {
        return Ok(());
    }
    save_many(tx, &conversations).await?;
    for it in &conversations {
        tx.emit(Event::Conversation {
            inbox_id: it.inbox_id,
            conversation_id: it.id,
        });
    }
    Ok(())
}

/// The conversations that a person tied to one of these contacts.
async fn load_decided(tx: &mut Tx, contacts: Vec<ContactId>) -> Result<Vec<Conversation>> {
    let sql = "select * from conversation where tie = 'decided' and merged_into is null and contact_id in ({in})";
    let keys = contacts.into_iter().map(Value::from).collect();
    let rows = tx.all_in(sql, args![], keys).await?;
    rows.iter().map(Conversation::read).collect()
}

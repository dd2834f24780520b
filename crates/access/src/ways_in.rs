//! What becomes of the ways in that somebody gave a user: a link, a password, the sessions that one of
//! them opened. Whoever gave it may know it.

use crate::error::Result;
use crate::session::member;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tieline_domain::access::{AuditedAct, By, Giver, Principal, may_open};
use tieline_domain::id::{SessionId, StaffId};
use tieline_storage::audit::{self, Entry};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{Tx, inbox, session, way_in};

/// What was ended of a user's.
#[derive(Default, PartialEq)]
struct Ended {
    link: bool,
    sessions: usize,
    password: bool,
}

/// Ends links and sessions. Links first: one that is being used is waited for, and its session ends.
pub(crate) async fn end_access(tx: &mut Tx, id: StaffId, kept: Option<SessionId>) -> Result<()> {
    session::end_links(tx, id).await?;
    session::end_all(tx, id, kept).await?;
    Ok(())
}

/// Ends what a user was given by somebody who might not let them in as they stand now. What they chose in
/// a session that came by none of it stays.
pub(crate) async fn end_outgrown(tx: &mut Tx, theirs: &mut Staff) -> Result<()> {
    let inboxes = inbox::of_member(tx, theirs.id).await?;
    let standing = theirs.standing();
    let ended = end_given(tx, theirs.id, |it| !it.lets_in(standing, &inboxes)).await?;
    if ended.password {
        theirs.password_hash = None;
    }
    note(tx, theirs.id, &ended, Value::Null).await
}

/// A key was revoked: ends all that it gave.
pub(crate) async fn end_given_by_key(tx: &mut Tx, key: By) -> Result<()> {
    // In the order of whoever changes users: what is being given by it is waited for, and found.
    staff::lock_all(tx).await?;
    for holder in let_in_by(tx, key).await? {
        end_given_by(tx, key, holder).await?;
    }
    Ok(())
}

/// A user's rights changed, or they left: ends what they gave to others whom they may let in no more, and
/// says to whom. Asks for the locks of all users. Whoever changes them stays: somebody must who administrates.
pub(crate) async fn end_given_by_user(
    tx: &mut Tx,
    giver: &Staff,
    caller: By,
) -> Result<Vec<StaffId>> {
    let mut let_out = Vec::new();
    let now = Principal::Staff(member(tx, giver).await?);
    for holder in let_in_by(tx, By::Staff(giver.id)).await? {
        let theirs = staff::by_id(tx, holder).await?.standing();
        let inboxes = inbox::of_member(tx, holder).await?;
        let may = giver.active && may_open(&now, theirs, &inboxes).is_ok();
        let stays = may || holder == giver.id || Some(holder) == caller.staff();
        if !stays && end_given_by(tx, By::Staff(giver.id), holder).await? {
            let_out.push(holder);
        }
    }
    Ok(let_out)
}

/// Who has a way in that ends with its giver.
async fn let_in_by(tx: &mut Tx, giver: By) -> Result<BTreeSet<StaffId>> {
    let all = way_in::holders(tx).await?.into_iter();
    let theirs = all.filter(|(_, it)| it.ends_with(giver));
    Ok(theirs.map(|(holder, _)| holder).collect())
}

/// Whether there was anything.
async fn end_given_by(tx: &mut Tx, giver: By, holder: StaffId) -> Result<bool> {
    let ended = end_given(tx, holder, |it| it.ends_with(giver)).await?;
    let by = match giver.api_key() {
        Some(key) => json!(key),
        None => json!(giver.staff()),
    };
    note(tx, holder, &ended, by).await?;
    Ok(ended != Ended::default())
}

/// Leaves a line of what was ended, if anything was, and with whom; with nobody where its user rose.
async fn note(tx: &mut Tx, holder: StaffId, ended: &Ended, given_by: Value) -> Result<()> {
    if *ended == Ended::default() {
        return Ok(());
    }
    let before = json!({
        "given_by": given_by, "link": ended.link, "sessions": ended.sessions, "password": ended.password,
    });
    let entry = Entry {
        act: AuditedAct::EndSessions,
        target: holder.to_string(),
        before,
        after: Value::Null,
    };
    Ok(audit::add(tx, entry).await?)
}

/// Ends what a user was given by somebody of whom this is true: links first, as above.
async fn end_given(
    tx: &mut Tx,
    holder: StaffId,
    is_over: impl Fn(&Giver) -> bool,
) -> Result<Ended> {
    let mut ended = Ended::default();
    let is_over = |giver: Option<Giver>| giver.is_some_and(|it| is_over(&it));
    if is_over(way_in::giver_of_link(tx, holder).await?) {
        session::end_links(tx, holder).await?;
        ended.link = true;
    }
    for (session, giver) in way_in::givers_of_sessions(tx, holder).await? {
        if is_over(giver) {
            ended.sessions += usize::from(session::end(tx, holder, session).await?);
        }
    }
    if is_over(way_in::giver_of_password(tx, holder).await?) {
        staff::end_password(tx, holder).await?;
        ended.password = true;
    }
    Ok(ended)
}

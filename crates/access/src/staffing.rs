//! Users: added, changed, given passwords and links, signed out, made members of inboxes. Each act
//! asks whether its caller may, and leaves a line in the audit in the same transaction.

use crate::error::{AccessError, Result};
use crate::session::{Access, SignedIn, member};
use crate::sign_in::Visit;
use crate::token;
use crate::ways_in::{end_access, end_given_by_user, end_outgrown};
use serde_json::{Value, json};
use tieline_domain::access::{
    AuditedAct, By, Caller, Giver, Principal, Right, Role, StaffRefusal, may_change,
    may_change_members, may_manage, may_open,
};
use tieline_domain::email;
use tieline_domain::id::{InboxId, SessionId, StaffId};
use tieline_domain::text::{is_blank, moves_others};
use tieline_domain::time::Timestamp;
use tieline_storage::audit::{self, Entry};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{Conn, StorageError, Tx, api_key, idempotency, inbox, session, way_in};

/// How long a sign-in link is good that an administrator makes.
pub const LINK_MS: i64 = 15 * 60_000;

/// A user to add.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// For people.
    pub name: String,
    /// In any spelling.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// What to change of a user; what is none stays as it is.
#[derive(Debug, Clone, Default)]
pub struct StaffChange {
    /// For people.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they may read beyond their own inboxes.
    pub reviewer: Option<bool>,
    /// Whether they may sign in.
    pub active: Option<bool>,
}

/// A token that signs a user in once.
#[derive(Debug, Clone)]
pub struct SignInLink {
    /// Secret.
    pub token: String,
    /// Over by then.
    pub expires_at: Timestamp,
}

impl Access {
    /// Adds a user.
    pub async fn add_staff(&self, caller: &Caller, new: &NewStaff) -> Result<Staff> {
        let name = named(&new.name)?;
        let email = email::normal(&new.email);
        if !email::is_email(&email) {
            return Err(AccessError::NoAddress(new.email.clone()));
        }
        let mut tx = self.store.begin(&caller.actor()).await?;
        let staff = Staff {
            id: tx.new_id(),
            email,
            name,
            role: new.role,
            reviewer: false,
            password_hash: None,
            active: true,
        };
        may_change(&caller.principal, staff.id, None, staff.standing(), 0)?;
        if staff::by_email(&mut tx, &staff.email).await?.is_some() {
            return Err(AccessError::AddressTaken);
        }
        staff::create(&mut tx, &staff).await?;
        note(
            &mut tx,
            AuditedAct::AddStaff,
            staff.id,
            Value::Null,
            shown(&staff),
        )
        .await?;
        tx.commit().await?;
        Ok(staff)
    }

    /// Changes a user; told with them is who was signed out by it. Whoever is deactivated has no session and
    /// no link any more; whoever rises keeps no way in that came from somebody who might not let them in now,
    /// and nobody keeps one that came from this user once they may let them in no more.
    pub async fn change_staff(
        &self,
        caller: &Caller,
        id: StaffId,
        change: &StaffChange,
    ) -> Result<(Staff, Vec<StaffId>)> {
        let mut tx = self.store.begin(&caller.actor()).await?;
        let all = staff::lock_all(&mut tx).await?;
        let before = all.iter().find(|staff| staff.id == id);
        let before = before.ok_or(StorageError::NotFound("user"))?.clone();
        let mut after = Staff {
            name: named(change.name.as_ref().unwrap_or(&before.name))?,
            role: change.role.unwrap_or(before.role),
            reviewer: change.reviewer.unwrap_or(before.reviewer),
            active: change.active.unwrap_or(before.active),
            ..before.clone()
        };
        let others = all.iter().filter(|staff| {
            staff.id != id && staff.active && staff.role == Role::SystemAdministrator
        });
        let was = Some(before.standing());
        may_change(&caller.principal, id, was, after.standing(), others.count())?;
        if after == before {
            return Ok((after, Vec::new()));
        }
        staff::update(&mut tx, &after).await?;
        idempotency::forget_answers(&mut tx, id).await?;
        if !after.active {
            end_access(&mut tx, id, None).await?;
        }
        end_outgrown(&mut tx, &mut after).await?;
        let let_out = match was == Some(after.standing()) {
            true => Vec::new(),
            false => end_given_by_user(&mut tx, &after, caller.principal.by()).await?,
        };
        note(
            &mut tx,
            AuditedAct::ChangeStaff,
            id,
            shown(&before),
            shown(&after),
        )
        .await?;
        tx.commit().await?;
        Ok((after, let_out))
    }

    /// Gives a user another password; their sessions end.
    pub async fn set_password(&self, caller: &Caller, id: StaffId, password: &str) -> Result<()> {
        openable(&mut *self.store.reader().await?, &caller.principal, id).await?;
        let place = self.hashing.admit()?;
        let hash = self.hashing.hash(&place, password).await?;
        let mut tx = self.store.begin(&caller.actor()).await?;
        // They may have risen meanwhile, or the caller fallen.
        staff::lock(&mut tx, id).await?;
        let now = as_of_now(&mut tx, caller).await?;
        openable(&mut tx, &now, id).await?;
        end_access(&mut tx, id, None).await?;
        let giver = giver(&mut tx, caller).await?;
        keep_password(tx, id, &hash, giver.as_ref()).await
    }

    /// Changes one's own password, which takes the one before; one's other sessions end. It counts as
    /// given by whoever gave what this session was opened by: they may be the one who changes it.
    pub async fn change_own_password(
        &self,
        me: &SignedIn,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<()> {
        let place = self.check_password(&me.staff, current, visit).await?;
        let hash = self.hashing.hash(&place, new).await?;
        let mut tx = self.store.begin(&me.caller().actor()).await?;
        // Whoever got another password meanwhile, or left, knew the one before in vain.
        if !staff::hold(&mut tx, &me.staff).await? {
            return Err(AccessError::WrongCredentials);
        }
        end_access(&mut tx, me.staff.id, Some(me.session)).await?;
        let givers = way_in::givers_of_sessions(&mut tx, me.staff.id).await?;
        let mine = givers
            .into_iter()
            .find(|(session, _)| *session == me.session);
        let giver = mine
            .and_then(|(_, giver)| giver)
            .map(Giver::before_a_choice);
        keep_password(tx, me.staff.id, &hash, giver.as_ref()).await
    }

    /// A link that signs a user in once; the one before it is over.
    pub async fn sign_in_link(
        &self,
        caller: &Caller,
        id: StaffId,
        valid_ms: i64,
    ) -> Result<SignInLink> {
        let token = token::new();
        let mut tx = self.store.begin(&caller.actor()).await?;
        // Who raises them meanwhile waits, and finds the link; so does who takes the caller's rights.
        let theirs = staff::lock(&mut tx, id).await?;
        let now = as_of_now(&mut tx, caller).await?;
        openable(&mut tx, &now, id).await?;
        if !theirs.active {
            return Err(StaffRefusal::Deactivated.into());
        }
        let expires_at = tx.now() + valid_ms;
        session::add_link(&mut tx, &token::hash(&token), id, expires_at).await?;
        let giver = giver(&mut tx, caller).await?;
        way_in::link_given_by(&mut tx, id, giver.as_ref()).await?;
        let after = json!({"expires_at": expires_at});
        note(&mut tx, AuditedAct::MakeSignInLink, id, Value::Null, after).await?;
        tx.commit().await?;
        Ok(SignInLink { token, expires_at })
    }

    /// Ends one of a user's sessions, or all but perhaps the caller's own.
    pub async fn end_sessions(&self, caller: &Caller, id: StaffId, which: Which) -> Result<()> {
        if caller.principal.by().staff() != Some(id) {
            self.managed(caller, id).await?;
        }
        let mut tx = self.store.begin(&caller.actor()).await?;
        let before = match which {
            Which::One(one) => {
                if !session::end(&mut tx, id, one).await? {
                    return Err(StorageError::NotFound("session").into());
                }
                json!({"session": one})
            }
            Which::AllBut(kept) => {
                let ended = session::end_all(&mut tx, id, kept).await?;
                json!({"sessions": ended})
            }
        };
        note(&mut tx, AuditedAct::EndSessions, id, before, Value::Null).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a user a member of an inbox.
    pub async fn add_member(&self, caller: &Caller, inbox: InboxId, staff: StaffId) -> Result<()> {
        self.change_member(caller, inbox, staff, true).await
    }

    /// Takes a user out of an inbox.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        inbox: InboxId,
        staff: StaffId,
    ) -> Result<()> {
        self.change_member(caller, inbox, staff, false).await
    }

    async fn change_member(
        &self,
        caller: &Caller,
        inbox: InboxId,
        staff: StaffId,
        member: bool,
    ) -> Result<()> {
        if !caller.principal.rights().has(Right::ManageInboxes) {
            return Err(AccessError::NotAllowed);
        }
        let mut tx = self.store.begin(&caller.actor()).await?;
        inbox::by_id(&mut tx, inbox).await?;
        may_change_members(&caller.principal, inbox)?;
        let mut theirs = staff::lock(&mut tx, staff).await?;
        let (changed, act) = match member {
            true => (
                inbox::add_member(&mut tx, inbox, staff).await?,
                AuditedAct::AddMember,
            ),
            false => (
                inbox::remove_member(&mut tx, inbox, staff).await?,
                AuditedAct::RemoveMember,
            ),
        };
        if changed {
            idempotency::forget_answers(&mut tx, staff).await?;
            end_outgrown(&mut tx, &mut theirs).await?;
            let (was, is) = (
                json!({"inbox": inbox, "member": !member}),
                json!({"inbox": inbox, "member": member}),
            );
            note(&mut tx, act, staff, was, is).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The user, if the caller may act for them.
    pub(crate) async fn managed(&self, caller: &Caller, id: StaffId) -> Result<Staff> {
        let staff = staff::by_id(&mut *self.store.reader().await?, id).await?;
        may_manage(&caller.principal, staff.standing())?;
        Ok(staff)
    }
}

/// Refuses a caller who may not be let in as this user.
async fn openable(conn: &mut Conn, caller: &Principal, id: StaffId) -> Result<()> {
    let theirs = staff::by_id(conn, id).await?.standing();
    let inboxes = inbox::of_member(conn, id).await?;
    Ok(may_open(caller, theirs, &inboxes)?)
}

/// Whoever lets somebody in: the caller, and with them every key that let the caller in.
pub(crate) async fn giver(conn: &mut Conn, caller: &Caller) -> Result<Option<Giver>> {
    let Some(mut giver) = Giver::of(&caller.principal) else {
        return Ok(None);
    };
    if let By::Staff(id) = caller.principal.by() {
        for (_, other) in way_in::givers_of_sessions(conn, id).await? {
            giver = other.iter().fold(giver, Giver::let_in_by);
        }
    }
    Ok(Some(giver))
}

/// Who the caller is by now: a user as they stand, a key that is not revoked.
async fn as_of_now(conn: &mut Conn, caller: &Caller) -> Result<Principal> {
    match caller.principal.by() {
        By::Staff(id) => {
            let staff = staff::by_id(conn, id).await?;
            match staff.active {
                true => Ok(Principal::Staff(member(conn, &staff).await?)),
                false => Err(AccessError::NotAllowed),
            }
        }
        By::ApiKey(id, _) if !api_key::lives(conn, id).await? => Err(AccessError::WrongKey),
        _ => Ok(caller.principal.clone()),
    }
}

async fn keep_password(mut tx: Tx, id: StaffId, hash: &str, giver: Option<&Giver>) -> Result<()> {
    staff::set_password(&mut tx, id, hash).await?;
    way_in::password_given_by(&mut tx, id, giver).await?;
    let none = Value::Null;
    note(&mut tx, AuditedAct::SetPassword, id, none.clone(), none).await?;
    Ok(tx.commit().await?)
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// All, but perhaps this one.
    AllBut(Option<SessionId>),
}

/// What a user or a key is called, which others read in tables and lines of theirs.
pub(crate) fn named(name: &str) -> Result<String> {
    match name.trim() {
        name if is_blank(name) => Err(AccessError::NoName),
        name if name.contains(moves_others) => Err(AccessError::UnseenInName),
        name => Ok(name.to_owned()),
    }
}

fn shown(staff: &Staff) -> Value {
    json!({
        "name": staff.name, "email": staff.email, "role": staff.role, "reviewer": staff.reviewer,
        "active": staff.active, "has_password": staff.password_hash.is_some(),
    })
}

async fn note(
    tx: &mut Tx,
    act: AuditedAct,
    target: StaffId,
    before: Value,
    after: Value,
) -> Result<()> {
    let entry = Entry {
        act,
        target: target.to_string(),
        before,
        after,
    };
    Ok(audit::add(tx, entry).await?)
}

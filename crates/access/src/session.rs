//! Sessions: who holds a token, how long it lives, and how it ends.

use crate::error::Result;
use crate::noted::Noted;
use crate::password::Hashing;
use crate::token;
use tieline_domain::access::{AuditedAct, By, Caller, Principal, Right, StaffMember};
use tieline_domain::id::{SessionId, StaffId};
use tieline_domain::time::Timestamp;
use tieline_storage::audit::{self, Entry};
use tieline_storage::session::{self, Session};
use tieline_storage::staff::Staff;
use tieline_storage::{Conn, Store, inbox};

/// A session is over when it was not used for so long.
pub const IDLE_MS: i64 = 14 * 86_400_000;
/// A session is over after so long, however much it is used.
pub const LIFE_MS: i64 = 30 * 86_400_000;
/// A session is written back only when it gained this much, not with every request.
const EXTEND_STEP_MS: i64 = 3_600_000;
/// Characters that the audit keeps of a request.
const TARGET_MAX: usize = 200;

/// Who a request comes from.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session that it came by.
    pub session: SessionId,
    /// When the session is over, unless it is used.
    pub until: Timestamp,
    /// The user.
    pub staff: Staff,
    /// With their rights.
    pub principal: Principal,
    /// From which network address.
    pub from: Option<String>,
}

impl SignedIn {
    /// As whoever asks for an act.
    pub fn caller(&self) -> Caller {
        Caller {
            principal: self.principal.clone(),
            from: self.from.clone(),
        }
    }
}

/// Signing in and the rights of users, over a store; cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub(crate) store: Store,
    pub(crate) hashing: Hashing,
    pub(crate) noted: Noted,
}

impl Access {
    /// Over this store.
    pub fn new(store: Store) -> Access {
        Access {
            store,
            hashing: Hashing::default(),
            noted: Noted::default(),
        }
    }

    /// Who holds a session's token. Using it lets it live on.
    pub async fn principal(&self, token: &str, from: Option<String>) -> Result<Option<SignedIn>> {
        let found = self.look_up(token, from).await?;
        if let Some((signed_in, session)) = &found {
            self.extend(session);
            return Ok(Some(signed_in.clone()));
        }
        Ok(None)
    }

    async fn look_up(
        &self,
        token: &str,
        from: Option<String>,
    ) -> Result<Option<(SignedIn, Session)>> {
        let mut reader = self.store.reader().await?;
        let hash = token::hash(token);
        let found = session::by_token(&mut reader, &hash, self.store.now()).await?;
        let Some((session, staff)) = found else {
            return Ok(None);
        };
        let principal = Principal::Staff(member(&mut reader, &staff).await?);
        let signed_in = SignedIn {
            session: session.id,
            until: session.expires_at.min(session.ends_at),
            staff,
            principal,
            from,
        };
        Ok(Some((signed_in, session)))
    }

    /// Beside the request, and only if the database can be written: reading does not wait for it.
    fn extend(&self, session: &Session) {
        let until = (self.store.now() + IDLE_MS).min(session.ends_at);
        if until.since(session.expires_at) <= EXTEND_STEP_MS {
            return;
        }
        let (store, id, by) = (self.store.clone(), session.id, By::Staff(session.staff_id));
        tokio::spawn(async move {
            let extended = async {
                let mut tx = store.begin(&by.at(None)).await?;
                session::extend(&mut tx, id, until).await?;
                tx.commit().await
            };
            if let Err(error) = extended.await {
                tracing::warn!(error = %error, "a session could not be extended; its next use tries again");
            }
        });
    }

    /// Ends the session of a token, as its holder wishes.
    pub async fn sign_out(&self, token: &str, from: Option<String>) -> Result<()> {
        let Some((signed_in, session)) = self.look_up(token, from).await? else {
            return Ok(());
        };
        let mut tx = self.store.begin(&signed_in.caller().actor()).await?;
        // Signed out elsewhere meanwhile, it is over as was wished.
        if !session::end(&mut tx, session.staff_id, session.id).await? {
            return Ok(());
        }
        let entry = Entry {
            act: AuditedAct::SignOut,
            target: session.staff_id.to_string(),
            before: serde_json::json!({"session": session.id}),
            after: serde_json::Value::Null,
        };
        audit::add(&mut tx, entry).await?;
        Ok(tx.commit().await?)
    }

    /// The living sessions of a user: the caller's own, or of somebody they manage.
    pub async fn sessions(&self, caller: &Caller, staff: StaffId) -> Result<Vec<Session>> {
        if caller.principal.by().staff() != Some(staff) {
            self.managed(caller, staff).await?;
        }
        let mut reader = self.store.reader().await?;
        Ok(session::of_staff(&mut reader, staff, self.store.now()).await?)
    }

    /// Leaves a line about a request that took a right.
    pub async fn note(
        &self,
        caller: &Caller,
        act: AuditedAct,
        target: String,
        right: Right,
    ) -> Result<()> {
        let mut tx = self.store.begin_aside(&caller.actor()).await?;
        let entry = Entry {
            act,
            target: target.chars().take(TARGET_MAX).collect(),
            before: serde_json::Value::Null,
            after: serde_json::json!({"right": right}),
        };
        audit::add(&mut tx, entry).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets sessions, links and failures that are over; how many.
    pub async fn sweep(&self) -> Result<u64> {
        let mut tx = self.store.begin(&By::System.at(None)).await?;
        let before = tx.now() - tieline_domain::access::FAILURES_KEPT_MS;
        let mut swept = session::sweep(&mut tx).await?;
        swept += tieline_storage::sign_in_failure::forget_before(&mut tx, before).await?;
        tx.commit().await?;
        Ok(swept)
    }
}

pub(crate) async fn member(conn: &mut Conn, staff: &Staff) -> Result<StaffMember> {
    Ok(StaffMember {
        id: staff.id,
        role: staff.role,
        reviewer: staff.reviewer,
        inboxes: inbox::of_member(conn, staff.id).await?,
    })
}

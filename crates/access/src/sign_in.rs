//! Signing in by password or by a one-time link.
//!
//! A failure is counted before the password is weighed, and taken back when it was right: tries that
//! come at once cannot pass together. It counts for the account as tried from one network, and for
//! the network; so nobody can lock somebody else out.

use crate::error::{AccessError, Result};
use crate::password::Place;
use crate::session::{Access, IDLE_MS, LIFE_MS};
use crate::token;
use serde_json::{Value, json};
use tieline_domain::access::{AuditedAct, By, FailureKey, Failures, Giver};
use tieline_domain::email;
use tieline_domain::id::StaffId;
use tieline_storage::audit::{self, Entry};
use tieline_storage::session::{self, Session};
use tieline_storage::staff::{self, Staff};
use tieline_storage::{Tx, sign_in_failure, way_in};

/// Characters that are kept of what a browser says it is.
const AGENT_MAX: usize = 200;

/// Where somebody who is not signed in yet comes from.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The network address, as text.
    pub from: Option<String>,
    /// The network that counts as one client.
    pub network: String,
    /// What the browser says it is.
    pub agent: Option<String>,
    /// The token of the session that the browser has; the new one takes its place.
    pub session: Option<String>,
}

/// What the failures of a try are counted by.
struct Keys {
    account: Vec<u8>,
    network: Vec<u8>,
}

/// A password to weigh.
struct Attempt<'a> {
    /// Whose it would be.
    known: Option<&'a Staff>,
    password: &'a str,
    visit: &'a Visit,
}

impl Keys {
    fn of(email: &str, network: &str) -> Keys {
        Keys {
            account: token::hash(&format!("account\n{}\n{network}", email::normal(email))),
            network: token::hash(&format!("network\n{network}")),
        }
    }
}

impl Access {
    /// A session's token for whoever knows the password.
    pub async fn sign_in(&self, email: &str, password: &str, visit: &Visit) -> Result<String> {
        let place = self.hashing.admit()?;
        let keys = Keys::of(email, &visit.network);
        let known = staff::by_email(&mut *self.store.reader().await?, email).await?;
        let attempt = Attempt {
            known: known.as_ref(),
            password,
            visit,
        };
        self.weigh(&place, &keys, &attempt).await?;
        match known.filter(|staff| staff.active) {
            Some(staff) => {
                let actor = By::Staff(staff.id).at(visit.from.clone());
                let mut tx = self.store.begin(&actor).await?;
                // It was weighed for a while: what ended all sessions since ends this one as well.
                if !staff::hold(&mut tx, &staff).await? {
                    return Err(AccessError::WrongCredentials);
                }
                let giver = way_in::giver_of_password(&mut tx, staff.id).await?;
                open(tx, staff.id, Way::Password(giver), visit).await
            }
            None => Err(AccessError::WrongCredentials),
        }
    }

    /// Whether a user's password is right, as counted as signing in.
    pub(crate) async fn check_password(
        &self,
        staff: &Staff,
        password: &str,
        visit: &Visit,
    ) -> Result<Place> {
        let place = self.hashing.admit()?;
        let keys = Keys::of(&staff.email, &visit.network);
        let attempt = Attempt {
            known: Some(staff),
            password,
            visit,
        };
        self.weigh(&place, &keys, &attempt).await?;
        Ok(place)
    }

    async fn weigh(&self, place: &Place, keys: &Keys, attempt: &Attempt<'_>) -> Result<()> {
        let Attempt {
            known,
            password,
            visit,
        } = *attempt;
        let count = self.count_failure(keys, visit).await?;
        let hash = known.and_then(|staff| staff.password_hash.as_deref());
        let right = self.hashing.verify(place, password, hash).await;
        if right && known.is_some_and(|staff| staff.active) {
            return self.take_failure_back(keys).await;
        }
        self.tell_failure(known, count, visit).await?;
        Err(AccessError::WrongCredentials)
    }

    /// How many failures of the account there are with this one, unless it has to wait.
    async fn count_failure(&self, keys: &Keys, visit: &Visit) -> Result<i64> {
        let by = By::Nobody.at(visit.from.clone());
        let mut tx = self.store.begin_aside(&by).await?;
        let now = tx.now();
        let wanted = [keys.account.clone(), keys.network.clone()];
        let known = sign_in_failure::lock(&mut tx, &wanted).await?;
        let of = |key: &Vec<u8>| known.get(key).copied().unwrap_or(Failures::none(now));
        let (account, network) = (of(&keys.account), of(&keys.network));
        let wait_ms = account
            .wait_ms(FailureKey::AccountFromNetwork, now)
            .max(network.wait_ms(FailureKey::Network, now));
        if wait_ms > 0 {
            return Err(AccessError::TooManyTries(wait_ms));
        }
        let account = account.and_one(now);
        sign_in_failure::set(&mut tx, &keys.account, account).await?;
        sign_in_failure::set(&mut tx, &keys.network, network.and_one(now)).await?;
        tx.commit().await?;
        Ok(account.count)
    }

    async fn take_failure_back(&self, keys: &Keys) -> Result<()> {
        let mut tx = self.store.begin_aside(&By::System.at(None)).await?;
        let now = tx.now();
        let wanted = [keys.account.clone(), keys.network.clone()];
        let known = sign_in_failure::lock(&mut tx, &wanted).await?;
        if let Some(network) = known.get(&keys.network) {
            sign_in_failure::set(&mut tx, &keys.network, network.but_one()).await?;
        }
        sign_in_failure::set(&mut tx, &keys.account, Failures::none(now)).await?;
        Ok(tx.commit().await?)
    }

    /// Strangers are only logged. Of an account, the first failures and then each doubling of them
    /// is audited: a known little, whatever is tried.
    async fn tell_failure(&self, known: Option<&Staff>, count: i64, visit: &Visit) -> Result<()> {
        let from = visit.from.as_deref().unwrap_or_default();
        let Some(staff) = known else {
            tracing::warn!(
                security.event = "sign_in_failed",
                client.address = from,
                "nobody of that name"
            );
            return Ok(());
        };
        tracing::warn!(security.event = "sign_in_failed", staff.id = %staff.id, client.address = from, failures = count, "a sign-in failed");
        if count > 3 && count & (count - 1) != 0 {
            return Ok(());
        }
        let by = By::Nobody.at(visit.from.clone());
        let mut tx = self.store.begin_aside(&by).await?;
        let after = json!({"failures": count, "active": staff.active});
        let entry = Entry {
            act: AuditedAct::SignInFailed,
            target: staff.id.to_string(),
            before: Value::Null,
            after,
        };
        audit::add(&mut tx, entry).await?;
        Ok(tx.commit().await?)
    }

    /// A session's token for whoever holds a link; the link is used up by the commit that opens the session.
    pub async fn use_link(&self, link: &str, visit: &Visit) -> Result<String> {
        let mut tx = self.store.begin(&By::Nobody.at(visit.from.clone())).await?;
        let token = token::hash(link);
        let giver = way_in::giver_of_token(&mut tx, &token).await?;
        let Some(staff) = session::use_link(&mut tx, &token).await? else {
            let from = visit.from.as_deref().unwrap_or_default();
            tracing::warn!(
                security.event = "sign_in_failed",
                client.address = from,
                "a sign-in link was over"
            );
            return Err(AccessError::LinkOver);
        };
        tx.set_actor(By::Staff(staff).at(visit.from.clone()));
        open(tx, staff, Way::Link(giver), visit).await
    }
}

/// By what somebody signs in, and who gave it to them.
enum Way {
    Password(Option<Giver>),
    Link(Option<Giver>),
}

/// Opens a session, in the transaction that showed who it is; its token.
async fn open(mut tx: Tx, staff: StaffId, way: Way, visit: &Visit) -> Result<String> {
    let (way, giver) = match way {
        Way::Password(giver) => ("password", giver),
        Way::Link(giver) => ("link", giver),
    };
    let token = token::new();
    end_old(&mut tx, visit).await?;
    let now = tx.now();
    let agent = visit.agent.as_deref();
    let session = Session {
        id: tx.new_id(),
        staff_id: staff,
        created_at: now,
        last_seen_at: now,
        expires_at: now + IDLE_MS,
        ends_at: now + LIFE_MS,
        address: visit.from.clone(),
        agent: agent.map(|agent| agent.chars().take(AGENT_MAX).collect()),
    };
    session::create(&mut tx, &session, &token::hash(&token)).await?;
    if giver.is_some() {
        way_in::session_given_by(&mut tx, session.id, giver.as_ref()).await?;
    }
    let entry = Entry {
        act: AuditedAct::SignIn,
        target: staff.to_string(),
        before: Value::Null,
        after: json!({"session": session.id, "by": way}),
    };
    audit::add(&mut tx, entry).await?;
    tx.commit().await?;
    tracing::info!(security.event = "signed_in", staff.id = %staff, by = way, "somebody signed in");
    Ok(token)
}

/// The session that the browser had would live on unseen.
async fn end_old(tx: &mut Tx, visit: &Visit) -> Result<()> {
    let Some(token) = &visit.session else {
        return Ok(());
    };
    let now = tx.now();
    if let Some((old, _)) = session::by_token(tx, &token::hash(token), now).await? {
        session::end(tx, old.staff_id, old.id).await?;
    }
    Ok(())
}

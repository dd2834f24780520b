//! Sessions: opened by password or link, living on by use, ended by hand or time.

use crate::error::{AccessError, Result};
use crate::{password, token};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tieline_domain::access::{Actor, Principal, Role};
use tieline_domain::id::StaffId;
use tieline_domain::time::Timestamp;
use tieline_storage::staff::{self, Staff};
use tieline_storage::{Store, inbox};

const SESSION_MS: i64 = 14 * 86_400_000;
/// A session is written back only when it gained this much, not with every request.
const EXTEND_STEP_MS: i64 = 3_600_000;
const LINK_MS: i64 = 24 * 3_600_000;
const TRIES_MAX: u32 = 8;
const TRIES_WINDOW_MS: i64 = 60_000;

/// Who a request comes from.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user.
    pub staff: Staff,
    /// With their rights.
    pub principal: Principal,
}

/// Signing in over a store; cheap to clone.
#[derive(Clone)]
pub struct Access {
    store: Store,
    tries: Arc<Mutex<HashMap<String, (Timestamp, u32)>>>,
}

impl Access {
    /// Over this store.
    pub fn new(store: Store) -> Access {
        Access {
            store,
            tries: Arc::default(),
        }
    }

    /// Adds a user.
    pub async fn add_staff(
        &self,
        name: &str,
        email: &str,
        role: Role,
        password: Option<&str>,
    ) -> Result<Staff> {
        let password_hash = match password {
            Some(password) => Some(password::hash(password).await?),
            None => None,
        };
        let mut tx = self.store.begin(&Actor::system()).await?;
        let staff = Staff {
            id: tx.new_id(),
            email: email.to_lowercase(),
            name: name.to_owned(),
            role,
            password_hash,
            active: true,
        };
        staff::create(&mut tx, &staff).await?;
        tx.commit().await?;
        Ok(staff)
    }

    /// A session's token for whoever knows the password.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<String> {
        self.count_try(email)?;
        let known = staff::by_email(&mut *self.store.reader().await?, email).await?;
        let hash = known
            .as_ref()
            .and_then(|staff| staff.password_hash.as_deref());
        let right = password::verify(password, hash).await;
        match known.filter(|staff| right && staff.active) {
            Some(staff) => self.open(staff.id).await,
            None => Err(AccessError::WrongCredentials),
        }
    }

    /// A token that signs a user in once.
    pub async fn sign_in_link(&self, staff: StaffId) -> Result<String> {
        let link = token::new();
        let mut tx = self.store.begin(&Actor::system()).await?;
        let until = tx.now() + LINK_MS;
        staff::add_sign_in_link(&mut tx, &token::hash(&link), staff, until).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// A session's token for whoever holds a link; the link is used up.
    pub async fn use_link(&self, link: &str) -> Result<String> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let staff = staff::use_sign_in_link(&mut tx, &token::hash(link)).await?;
        tx.commit().await?;
        self.open(staff.ok_or(AccessError::LinkOver)?).await
    }

    /// Who holds a session's token.
    pub async fn principal(&self, session: &str) -> Result<Option<SignedIn>> {
        let hash = token::hash(session);
        let now = self.store.now();
        let mut reader = self.store.reader().await?;
        let Some((staff, expires_at)) = staff::by_session(&mut reader, &hash, now).await? else {
            return Ok(None);
        };
        let inboxes = inbox::of_member(&mut reader, staff.id).await?;
        drop(reader);
        let until = now + SESSION_MS;
        if until.since(expires_at) > EXTEND_STEP_MS {
            let mut tx = self.store.begin(&Actor::system()).await?;
            staff::extend_session(&mut tx, &hash, until).await?;
            tx.commit().await?;
        }
        let principal = Principal::Staff {
            id: staff.id,
            role: staff.role,
            inboxes,
        };
        Ok(Some(SignedIn { staff, principal }))
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &str) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        staff::end_session(&mut tx, &token::hash(session)).await?;
        Ok(tx.commit().await?)
    }

    async fn open(&self, staff: StaffId) -> Result<String> {
        let session = token::new();
        let mut tx = self.store.begin(&Actor::system()).await?;
        let until = tx.now() + SESSION_MS;
        staff::add_session(&mut tx, &token::hash(&session), staff, until).await?;
        tx.commit().await?;
        Ok(session)
    }

    fn count_try(&self, email: &str) -> Result<()> {
        let now = self.store.now();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, (since, _)| now.since(*since) < TRIES_WINDOW_MS);
        let (_, count) = tries.entry(email.to_lowercase()).or_insert((now, 0));
        *count += 1;
        if *count > TRIES_MAX {
            Err(AccessError::TooManyTries)
        } else {
            Ok(())
        }
    }
}

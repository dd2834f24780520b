//! Keys of programs: made, shown once, used, revoked.
//!
//! A secret has 256 bits, so nobody guesses one: wrong ones are counted per network only to bound
//! what strangers make us do. A right key is never made to wait for the wrong ones of others.

use crate::error::{AccessError, Result};
use crate::session::{Access, member};
use crate::sign_in::Visit;
use crate::staffing::{giver, named};
use crate::token;
use crate::ways_in::end_given_by_key;
use serde_json::{Value, json};
use tieline_domain::access::{
    AuditedAct, By, Caller, FailureKey, Failures, KeyRefusal, Principal, Reach, Right, Rights,
    may_give_key,
};
use tieline_domain::id::{ApiKeyId, InboxId, StaffId};
use tieline_domain::time::Timestamp;
use tieline_storage::api_key::{self, ApiKey};
use tieline_storage::audit::{self, Entry};
use tieline_storage::{StorageError, inbox, sign_in_failure, staff};

/// What a key's secret begins with, so that tools which look for secrets that leaked know it.
pub const KEY_PREFIX: &str = "tlk_";
/// A use is written down only so long after the one before, not with each request.
const USED_STEP_MS: i64 = 3_600_000;
/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// For people.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// Conversations of these inboxes.
    pub inboxes: Reach<InboxId>,
    /// Opens nothing from then on.
    pub expires_at: Option<Timestamp>,
}

/// A program that showed a good key.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// With the key's rights, and no more than those of the user on whose behalf it acts.
    pub principal: Principal,
    /// When the key is over; none for one without an end.
    pub until: Option<Timestamp>,
}

impl Access {
    /// Makes a key; with it its secret, which is told only here.
    pub async fn add_key(&self, caller: &Caller, new: NewKey) -> Result<(ApiKey, String)> {
        may_give_key(&caller.principal, new.rights, &new.inboxes)?;
        let name = named(&new.name)?;
        let secret = format!("{KEY_PREFIX}{}", token::new());
        let mut tx = self.store.begin(&caller.actor()).await?;
        let now = tx.now();
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(AccessError::KeyOverAtOnce);
        }
        if let Reach::Only(inboxes) = &new.inboxes {
            for id in inboxes {
                inbox::by_id(&mut tx, *id).await?;
            }
        }
        let all = api_key::all(&mut tx).await?;
        if all
            .iter()
            .any(|it| it.revoked_at.is_none() && it.name == name)
        {
            return Err(AccessError::KeyNameTaken);
        }
        let key = ApiKey {
            id: tx.new_id(),
            name,
            rights: new.rights,
            inboxes: new.inboxes,
            created_by: caller.principal.by().staff(),
            created_by_key: giver(&mut tx, caller).await?.and_then(|it| it.key()),
            created_at: now,
            last_used_at: None,
            expires_at: new.expires_at,
            revoked_at: None,
        };
        api_key::create(&mut tx, &key, &token::hash(&secret)).await?;
        let entry = Entry {
            act: AuditedAct::AddKey,
            target: key.id.to_string(),
            before: Value::Null,
            after: shown(&key),
        };
        audit::add(&mut tx, entry).await?;
        tx.commit().await?;
        Ok((key, secret))
    }

    /// All keys, also those that are over, the newest first.
    pub async fn keys(&self, caller: &Caller) -> Result<Vec<ApiKey>> {
        if !caller.principal.rights().has(Right::ManageKeys) {
            return Err(KeyRefusal::NoKeyMaker.into());
        }
        Ok(api_key::all(&mut *self.store.reader().await?).await?)
    }

    /// Revokes a key: its next request is refused, and what it follows ends, as do the keys that it
    /// made and the ways in that it gave.
    pub async fn revoke_key(&self, caller: &Caller, id: ApiKeyId) -> Result<()> {
        if !caller.principal.rights().has(Right::ManageKeys) {
            return Err(KeyRefusal::NoKeyMaker.into());
        }
        let mut tx = self.store.begin(&caller.actor()).await?;
        let all = api_key::all(&mut tx).await?;
        if !all.iter().any(|it| it.id == id) {
            return Err(StorageError::NotFound("key").into());
        }
        api_key::revoke(&mut tx, id).await?;
        let mut over = vec![id];
        // The oldest come first: a key is younger than the one that made it.
        for key in all.iter().rev() {
            let is_made_by_one = key.created_by_key.is_some_and(|it| over.contains(&it));
            if is_made_by_one && key.revoked_at.is_none() {
                api_key::revoke(&mut tx, key.id).await?;
                over.push(key.id);
            }
        }
        for key in all.iter().filter(|it| over.contains(&it.id)) {
            end_given_by_key(&mut tx, By::ApiKey(key.id, None)).await?;
            let entry = Entry {
                act: AuditedAct::RevokeKey,
                target: key.id.to_string(),
                before: shown(key),
                after: Value::Null,
            };
            audit::add(&mut tx, entry).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Who holds a secret, if it opens anything; on behalf of a user where the request names one.
    pub async fn key_holder(
        &self,
        secret: &str,
        on_behalf_of: Option<StaffId>,
        visit: &Visit,
    ) -> Result<KeyHolder> {
        let mut reader = self.store.reader().await?;
        let key = api_key::by_token(&mut reader, &token::hash(secret)).await?;
        let now = self.store.now();
        let good = key
            .as_ref()
            .filter(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now));
        let Some(good) = good else {
            drop(reader);
            let from = visit.from.as_deref().unwrap_or_default();
            let known = key.map(|key| key.id.to_string()).unwrap_or_default();
            tracing::warn!(
                security.event = "key_refused",
                client.address = from,
                key.id = known,
                "a key opens nothing"
            );
            self.count_wrong_key(visit).await?;
            return Err(AccessError::WrongKey);
        };
        let on_behalf_of = match on_behalf_of {
            None => None,
            Some(id) => match staff::by_id(&mut reader, id).await {
                Ok(staff) if staff.active => Some(member(&mut reader, &staff).await?),
                Ok(_) | Err(StorageError::NotFound(_)) => return Err(AccessError::NobodyToActFor),
                Err(error) => return Err(error.into()),
            },
        };
        drop(reader);
        self.note_use(good, now);
        Ok(KeyHolder {
            until: good.expires_at,
            principal: Principal::ApiKey(tieline_domain::access::ApiKey {
                id: good.id,
                rights: good.rights,
                inboxes: good.inboxes.clone(),
                on_behalf_of,
            }),
        })
    }

    async fn count_wrong_key(&self, visit: &Visit) -> Result<()> {
        let counted = token::hash(&format!("key\n{}", visit.network));
        let by = By::Nobody.at(visit.from.clone());
        let mut tx = self.store.begin_aside(&by).await?;
        let now = tx.now();
        let known = sign_in_failure::lock(&mut tx, std::slice::from_ref(&counted)).await?;
        let failures = known.get(&counted).copied().unwrap_or(Failures::none(now));
        let wait_ms = failures.wait_ms(FailureKey::Network, now);
        if wait_ms > 0 {
            return Err(AccessError::TooManyTries(wait_ms));
        }
        sign_in_failure::set(&mut tx, &counted, failures.and_one(now)).await?;
        Ok(tx.commit().await?)
    }

    /// Beside the request, and only if the database can be written.
    fn note_use(&self, key: &ApiKey, now: Timestamp) {
        if key
            .last_used_at
            .is_some_and(|at| now.since(at) <= USED_STEP_MS)
            || !self.noted.is_due(key.id, now)
        {
            return;
        }
        let (store, id) = (self.store.clone(), key.id);
        tokio::spawn(async move {
            let noted = async {
                let mut tx = store.begin(&By::ApiKey(id, None).at(None)).await?;
                api_key::touch(&mut tx, id).await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                tracing::warn!(error = %error, "the use of a key was not written down; its next use tries again");
            }
        });
    }
}

fn shown(key: &ApiKey) -> Value {
    let rights: Vec<Right> = key.rights.iter().collect();
    let inboxes = match &key.inboxes {
        Reach::All => json!("all"),
        Reach::Only(inboxes) => json!(inboxes),
    };
    json!({"name": key.name, "rights": rights, "inboxes": inboxes, "expires_at": key.expires_at})
}

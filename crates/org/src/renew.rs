//! Sealing anew what was sealed with a key that has been replaced. Several nodes may do so at once, beside
//! others that write new sessions: who loses a race looks at the row again.

use crate::connect::Connections;
use crate::error::{OrgError, Result};
use crate::vault::Place;
use tieline_domain::access::Actor;
use tieline_domain::id::{CarrierAccountId, ConnectionId};
use tieline_storage::{StorageError, carrier_account, connection};

/// How often a row is looked at again that somebody else wrote meanwhile.
const RACES_MAX: usize = 8;

impl Connections {
    /// Seals anew what was sealed with a key that has been replaced; how many values that were. It
    /// may be cut off and begun again: each row is a step of its own.
    pub async fn renew_seals(&self) -> Result<usize> {
        let mut reader = self.store().reader().await?;
        let connections = connection::ids(&mut reader).await?;
        let accounts = carrier_account::all(&mut reader).await?;
        drop(reader);
        let mut renewed = 0;
        for id in connections {
            renewed += again(async || self.renew_connection(id).await).await?;
        }
        for account in accounts {
            renewed += again(async || self.renew_account(account.id).await).await?;
        }
        Ok(renewed)
    }

    async fn renew_connection(&self, id: ConnectionId) -> Result<usize> {
        let was = connection::by_id(&mut *self.store().reader().await?, id).await?;
        let mut now = was.clone();
        let mut renewed = 0;
        if let Some(sealed) = self.vault().renew(Place::of_secrets(id), &was.secrets)? {
            now.secrets = sealed;
            renewed += 1;
        }
        let session = was.access_token.as_deref().unwrap_or_default();
        if let Some(sealed) = self.vault().renew(Place::of_session(id), session)? {
            now.access_token = Some(sealed);
            renewed += 1;
        }
        if renewed > 0 {
            let mut tx = self.store().begin(&Actor::system()).await?;
            connection::reseal(&mut tx, &was, &now).await?;
            tx.commit().await?;
        }
        Ok(renewed)
    }

    async fn renew_account(&self, id: CarrierAccountId) -> Result<usize> {
        let was = carrier_account::by_id(&mut *self.store().reader().await?, id).await?;
        let place = Place::of_carrier_secret(id);
        let Some(sealed) = self.vault().renew(place, &was.secret)? else {
            return Ok(0);
        };
        let mut tx = self.store().begin(&Actor::system()).await?;
        carrier_account::reseal(&mut tx, &was, &sealed).await?;
        tx.commit().await?;
        Ok(1)
    }
}

async fn again(step: impl AsyncFn() -> Result<usize>) -> Result<usize> {
    for _ in 1..RACES_MAX {
        match step().await {
            Err(OrgError::Storage(StorageError::Conflict(_))) => {}
            other => return other,
        }
    }
    step().await
}

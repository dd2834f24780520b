//! The session of a connection, shared by all nodes through the database and sealed there.

use crate::vault::{Place, Vault};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use tieline_domain::access::Actor;
use tieline_domain::connection::GrantKind;
use tieline_domain::id::ConnectionId;
use tieline_salesforce::{Error, Grant, Token, TokenStore};
use tieline_storage::{StorageError, Store, connection};

/// What is sealed in `connection.secrets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub consumer_secret: Option<String>,
    pub refresh_token: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub private_key: Option<String>,
}

/// What is sealed in `connection.access_token`.
#[derive(Serialize, Deserialize)]
struct Session {
    access_token: String,
    instance_url: String,
    identity_url: String,
}

/// Keeps the session of one connection.
pub(crate) struct StoredTokens {
    pub store: Store,
    pub vault: Vault,
    pub id: ConnectionId,
    /// The version that was loaded last: a save fails when another node saved meanwhile.
    pub loaded: AtomicI64,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = tieline_salesforce::Result<T>> + Send + 'a>>;

impl TokenStore for StoredTokens {
    fn load(&self) -> Answer<'_, Option<Token>> {
        Box::pin(async move {
            let mut reader = self.store.reader().await.map_err(stored)?;
            let row = connection::by_id(&mut reader, self.id)
                .await
                .map_err(stored)?;
            self.loaded.store(row.token_version, Ordering::SeqCst);
            let Some(sealed) = row.access_token else {
                return Ok(None);
            };
            Ok(self
                .vault
                .open(Place::of_session(self.id), &sealed)
                .ok()
                .and_then(|bytes| open_session(&bytes)))
        })
    }

    fn save(&self, token: Token) -> Answer<'_, ()> {
        Box::pin(async move {
            let sealed = self
                .vault
                .seal(Place::of_session(self.id), &session_bytes(&token));
            let begun = self.store.begin_aside(&Actor::system()).await;
            let mut tx = begun.map_err(stored)?;
            let known = self.loaded.load(Ordering::SeqCst);
            let session = (sealed.as_slice(), token.instance_url.as_str());
            // Where another node was quicker its session is as good, and ours is used for this client alone;
            // but where refresh tokens are good once, the newest is the one that is good.
            let saved = connection::save_session(&mut tx, self.id, known, session).await;
            let is_late = matches!(saved, Err(StorageError::Conflict(_)));
            if !is_late {
                saved.map_err(stored)?;
            }
            if let Some(rotated) = &token.refresh_token {
                let row = connection::by_id(&mut tx, self.id).await.map_err(stored)?;
                let mut secrets = open_secrets(&self.vault, self.id, &row.secrets)?;
                secrets.refresh_token = Some(rotated.expose_secret().to_owned());
                connection::save_secrets(
                    &mut tx,
                    self.id,
                    &seal_secrets(&self.vault, self.id, &secrets),
                )
                .await
                .map_err(stored)?;
            }
            tx.commit().await.map_err(stored)?;
            if !is_late {
                self.loaded.store(known + 1, Ordering::SeqCst);
            }
            Ok(())
        })
    }

    fn grant(&self) -> Answer<'_, Grant> {
        Box::pin(async move {
            let mut reader = self.store.reader().await.map_err(stored)?;
            let row = connection::by_id(&mut reader, self.id)
                .await
                .map_err(stored)?;
            grant(
                row.grant_kind,
                open_secrets(&self.vault, self.id, &row.secrets)?,
            )
        })
    }
}

pub(crate) fn session_bytes(token: &Token) -> Vec<u8> {
    let session = Session {
        access_token: token.access_token.expose_secret().to_owned(),
        instance_url: token.instance_url.clone(),
        identity_url: token.identity_url.clone(),
    };
    serde_json::to_vec(&session).expect("plain texts serialise")
}

pub(crate) fn seal_secrets(vault: &Vault, id: ConnectionId, secrets: &Secrets) -> Vec<u8> {
    let place = Place::of_secrets(id);
    vault.seal(
        place,
        &serde_json::to_vec(secrets).expect("plain texts serialise"),
    )
}

pub(crate) fn open_secrets(
    vault: &Vault,
    id: ConnectionId,
    sealed: &[u8],
) -> tieline_salesforce::Result<Secrets> {
    let bytes = vault
        .open(Place::of_secrets(id), sealed)
        .map_err(|error| Error::Invalid(error.to_string()))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::Invalid(format!("stored secrets: {error}")))
}

pub(crate) fn grant(kind: GrantKind, secrets: Secrets) -> tieline_salesforce::Result<Grant> {
    let missing = |what: &str| {
        Error::Invalid(format!(
            "the connection lacks its {what}; connect the org again"
        ))
    };
    let required = |value: Option<String>, what| value.ok_or_else(|| missing(what));
    Ok(match kind {
        GrantKind::ClientCredentials => Grant::ClientCredentials,
        GrantKind::Refresh => Grant::Refresh {
            refresh_token: secret(required(secrets.refresh_token, "refresh token")?),
        },
        GrantKind::Jwt => Grant::JwtBearer {
            username: required(secrets.username, "username")?,
            private_key: secret(required(secrets.private_key, "private key")?),
        },
        GrantKind::Password => Grant::Password {
            username: required(secrets.username, "username")?,
            password: secret(required(secrets.password, "password")?),
        },
    })
}

fn secret(text: String) -> SecretString {
    text.into()
}

fn open_session(bytes: &[u8]) -> Option<Token> {
    let session: Session = serde_json::from_slice(bytes).ok()?;
    Some(Token {
        access_token: secret(session.access_token),
        instance_url: session.instance_url,
        identity_url: session.identity_url,
        refresh_token: None,
    })
}

fn stored(error: StorageError) -> Error {
    Error::Local(error.to_string())
}

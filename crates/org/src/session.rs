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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use tieline_domain::connection::{ConnectionKind, ConnectionState};
    use tieline_domain::id::{Id as _, Ids};
    use tieline_domain::time::{Clock, Timestamp};
    use tieline_storage::StoreOptions;
    use tieline_storage::connection::Connection;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(1_750_000_000_000)
        }
    }

    #[derive(Default)]
    struct Counting(AtomicU64);

    impl Ids for Counting {
        fn random(&self) -> u128 {
            self.0.fetch_add(1, Ordering::SeqCst).into()
        }
    }

    fn token(refresh_token: &str) -> Token {
        Token {
            access_token: secret(format!("session beside {refresh_token}")),
            instance_url: "https://org.example".to_owned(),
            identity_url: "https://login.example/id/org/user".to_owned(),
            refresh_token: Some(secret(refresh_token.to_owned())),
        }
    }

    fn org(vault: &Vault, id: ConnectionId) -> Connection {
        Connection {
            id,
            name: "Harrow & Vale".to_owned(),
            kind: ConnectionKind::Simulated,
            login_url: "https://login.example".to_owned(),
            instance_url: "https://org.example".to_owned(),
            org_id: "00D000000000001AAA".to_owned(),
            org_name: "Harrow & Vale".to_owned(),
            user_id: "005000000000001AAA".to_owned(),
            username: "hub@harrow.example".to_owned(),
            grant_kind: GrantKind::Refresh,
            consumer_key: "key".to_owned(),
            secrets: seal_secrets(vault, id, &Secrets::default()),
            access_token: None,
            token_version: 0,
            state: ConnectionState::Connected,
            state_reason: None,
            state_since: Timestamp(0),
            daily_budget: 1_000,
            org_calls: None,
        }
    }

    /// An org that gives a new refresh token with each session takes the one before no more.
    #[tokio::test]
    async fn who_is_late_with_a_session_still_keeps_the_refresh_token_that_came_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(StoreOptions {
            url: format!("sqlite:{}", folder.path().join("tieline.db").display()),
            clock: Arc::new(Still),
            ids: Arc::new(Counting::default()),
        });
        let store = store.await.unwrap();
        let (vault, id) = (
            Vault::new(&[7; Vault::KEY_BYTES]),
            ConnectionId::from_uuid(1),
        );
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let created = connection::create(&mut tx, &org(&vault, id)).await;
        created.unwrap();
        tx.commit().await.unwrap();
        let [quick, late] = [0, 1].map(|_| StoredTokens {
            store: store.clone(),
            vault: vault.clone(),
            id,
            loaded: AtomicI64::default(),
        });
        for node in [&quick, &late] {
            assert!(node.load().await.unwrap().is_none());
        }
        quick.save(token("first")).await.unwrap();
        late.save(token("second")).await.unwrap();
        let Grant::Refresh { refresh_token } = quick.grant().await.unwrap() else {
            panic!("the grant is another one");
        };
        assert_eq!(refresh_token.expose_secret(), "second");
        let session = late.load().await.unwrap().expect("one was saved");
        let session = session.access_token.expose_secret().to_owned();
        assert_eq!(session, "session beside first", "theirs is as good");
    }
}

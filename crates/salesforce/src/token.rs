//! How a connection proves itself, and the token it gets for that.

use secrecy::SecretString;
use std::future::Future;
use std::pin::Pin;

use crate::error::Result;

/// How an access token is got without a person present.
#[derive(Debug, Clone)]
pub enum Grant {
    /// From a person's consent; the org may rotate the token at each use.
    Refresh {
        /// What the consent gave.
        refresh_token: SecretString,
    },
    /// The app itself, running as the user set on it. Only on the org's own host.
    ClientCredentials,
    /// A user who has approved the app beforehand, signed for with the app's key.
    JwtBearer {
        /// The user to run as.
        username: String,
        /// PKCS#8 in PEM.
        private_key: SecretString,
    },
    /// For tests: newer orgs refuse it.
    Password {
        /// The user.
        username: String,
        /// With the security token at its end.
        password: SecretString,
    },
}

/// A session of an org.
#[derive(Debug, Clone)]
pub struct Token {
    /// Goes into the Authorization header.
    pub access_token: SecretString,
    /// Where all further calls go; no slash at its end.
    pub instance_url: String,
    /// The identity URL, whose last two segments are the org and the user.
    pub identity_url: String,
    /// Present when the org issued one or rotated it: save it before the first use of the token.
    pub refresh_token: Option<SecretString>,
}

/// Where the hub keeps its token; several nodes share it, so a refresh goes through it.
pub trait TokenStore: Send + Sync {
    /// The token in use, if any.
    fn load(&self) -> Pin<Box<dyn Future<Output = Result<Option<Token>>> + Send + '_>>;
    /// Keeps a new token, durably, before anybody uses it.
    fn save(&self, token: Token) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;
    /// The grant to get a new one with; read anew each time since it may have been rotated.
    fn grant(&self) -> Pin<Box<dyn Future<Output = Result<Grant>> + Send + '_>>;
}

//! The apps that an org knows: connected apps with their key, secret and policies.

use super::Refused;
use super::refused;
use serde::{Deserialize, Serialize};

/// A connected app, or an external client app: to a client they look the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectedApp {
    /// As the consent page names it.
    pub name: String,
    /// `client_id`.
    pub consumer_key: String,
    /// `client_secret`.
    pub consumer_secret: String,
    /// Where codes may go; empty for any https address and any on this machine.
    pub redirect_uris: Vec<String>,
    /// Scopes the app may have, and has when none are asked for.
    pub scopes: Vec<String>,
    /// Grant types that the app may not use.
    pub blocked_flows: Vec<String>,
    /// Whether web and refresh flows must bring the secret.
    pub secret_required: bool,
    /// The sign-in name that client credentials act as; the administrator when absent.
    pub run_as: Option<String>,
    /// Profiles whose users an administrator approved; `None` when users approve for themselves.
    pub approved_profiles: Option<Vec<String>>,
    /// Whether a JWT works for users who never allowed the app.
    pub jwt_without_consent: bool,
    /// Whether each refresh gives a new refresh token and ends the old one.
    pub rotate_refresh_tokens: bool,
    /// Minutes of disuse after which a refresh token is dead; `None` for never.
    pub refresh_token_minutes: Option<u32>,
    /// Length of the app's sessions; the org's when absent.
    pub session_minutes: Option<u32>,
    /// Whether the app's users may come from any address.
    pub relax_ip: bool,
}

impl Default for ConnectedApp {
    fn default() -> Self {
        Self {
            name: "An app".to_owned(),
            consumer_key: String::new(),
            consumer_secret: String::new(),
            redirect_uris: Vec::new(),
            scopes: ["refresh_token", "api", "full"].map(str::to_owned).to_vec(),
            blocked_flows: Vec::new(),
            secret_required: false,
            run_as: None,
            approved_profiles: None,
            jwt_without_consent: true,
            rotate_refresh_tokens: false,
            refresh_token_minutes: None,
            session_minutes: None,
            relax_ip: false,
        }
    }
}

impl ConnectedApp {
    /// Whether a code may be sent to this address.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        if !self.redirect_uris.is_empty() {
            return self.redirect_uris.iter().any(|known| known == uri);
        }
        let Ok(url) = url::Url::parse(uri) else {
            return false;
        };
        let here = ["localhost", "127.0.0.1", "[::1]"];
        match url.scheme() {
            "http" => url.host_str().is_some_and(|host| here.contains(&host)),
            // A native app may have a scheme of its own.
            _ => true,
        }
    }

    /// The scopes that a request is given, one after the other; all of the app's for none asked.
    pub(crate) fn grants(&self, asked: &str) -> Result<String, Refused> {
        if asked.trim().is_empty() {
            return Ok(self.scopes.join(" "));
        }
        let has = |scope: &str| self.scopes.iter().any(|s| s == scope);
        let allowed = |scope: &str| match scope {
            "refresh_token" | "offline_access" => has("refresh_token") || has("offline_access"),
            scope => has(scope) || (has("full") && KNOWN_SCOPES.contains(&scope)),
        };
        match asked.split_whitespace().all(allowed) {
            true => Ok(asked.split_whitespace().collect::<Vec<_>>().join(" ")),
            false => Err(refused(
                "invalid_scope",
                "the requested scope is not allowed",
            )),
        }
    }

    pub(super) fn check_secret(&self, given: Option<&str>, needed: bool) -> Result<(), Refused> {
        match given {
            Some(secret) if secret == self.consumer_secret => Ok(()),
            None if !needed => Ok(()),
            _ => Err(refused("invalid_client", "invalid client credentials")),
        }
    }
}

/// Scopes under the roof of `full`.
const KNOWN_SCOPES: [&str; 12] = [
    "address",
    "api",
    "chatter_api",
    "custom_permissions",
    "email",
    "id",
    "lightning",
    "openid",
    "phone",
    "profile",
    "visualforce",
    "web",
];

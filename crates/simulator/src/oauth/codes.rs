//! Authorization codes: good once, for a quarter of an hour, for the app and address they were made
//! for, and with PKCE only together with the verifier.

use super::{OAuth, Refused, refused};
use crate::org::RecordId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

const CODE_MS: i64 = 15 * 60_000;

/// What a code stands for.
pub(crate) struct Code {
    pub user: RecordId,
    pub app: String,
    pub scope: String,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub made_ms: i64,
}

impl OAuth {
    /// A code for what a person allowed.
    pub(crate) fn new_code(&mut self, code: Code) -> String {
        let text = format!("aPrx{}", self.opaque());
        self.codes.insert(text.clone(), code);
        text
    }
}

impl Code {
    pub(super) fn check(
        &self,
        app: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now_ms: i64,
    ) -> Result<(), Refused> {
        if self.app != app {
            return Err(refused("invalid_grant", "invalid authorization code"));
        }
        if self.made_ms + CODE_MS <= now_ms {
            return Err(refused("invalid_grant", "expired authorization code"));
        }
        if self.redirect_uri != redirect_uri {
            return Err(refused(
                "redirect_uri_mismatch",
                "redirect_uri must match configuration",
            ));
        }
        match (&self.challenge, verifier) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(refused("invalid_grant", "invalid code verifier")),
            // A missing method means S256: real clients leave it out and hash all the same.
            (Some(challenge), Some(verifier))
                if URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == *challenge =>
            {
                Ok(())
            }
            (Some(_), Some(_)) => Err(refused("invalid_request", "invalid code verifier")),
        }
    }
}

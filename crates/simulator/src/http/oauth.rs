//! Who may sign in, and the sessions, codes and grants that came of it.

use crate::org::{Org, RecordId};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use std::collections::BTreeMap;

/// The pretend app's public key (RSAPublicKey, DER) and private key.
const PUBLIC_KEY: &[u8] = include_bytes!("../../keys/pretend-app-public.der");
/// The private half, for programs that sign in by it.
pub(crate) const PRIVATE_KEY: &str = include_str!("../../keys/pretend-app.pem");

/// A session lives this long after its last use.
pub(crate) const SESSION_MS: i64 = 2 * 3_600_000;
const CODE_MS: i64 = 15 * 60_000;

/// An OAuth error: always 400 and an object.
pub(crate) type Refused = (&'static str, String);

struct Code {
    user: RecordId,
    redirect_uri: String,
    challenge: Option<String>,
    until_ms: i64,
}

pub(crate) struct OAuth {
    pub consumer_key: String,
    pub consumer_secret: String,
    pub password: String,
    pub security_token: String,
    sessions: BTreeMap<String, (RecordId, i64)>,
    codes: BTreeMap<String, Code>,
    refresh_tokens: BTreeMap<String, RecordId>,
    secret: u64,
    serial: u64,
}

impl OAuth {
    pub fn new(secret: &mut impl FnMut(&str) -> String) -> OAuth {
        let mut short =
            |prefix: &str, length: usize| secret(prefix)[..prefix.len() + length].to_owned();
        OAuth {
            consumer_key: short("3MVG9", 32),
            consumer_secret: short("", 32),
            password: short("Pretend-", 8),
            security_token: short("", 24),
            secret: u64::from_str_radix(&short("", 15), 16).unwrap_or(1),
            sessions: BTreeMap::new(),
            codes: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            serial: 0,
        }
    }

    pub fn open_session(&mut self, org: &Org, user: RecordId, now_ms: i64) -> String {
        let token = format!("{}!{}", &org.id().to_string()[..15], self.opaque());
        self.sessions
            .insert(token.clone(), (user, now_ms + SESSION_MS));
        token
    }

    /// The user of a session, which lives on by being used.
    pub fn user_of(&mut self, token: &str, now_ms: i64) -> Option<RecordId> {
        let (user, until_ms) = self.sessions.get_mut(token)?;
        if *until_ms <= now_ms {
            return None;
        }
        *until_ms = now_ms + SESSION_MS;
        Some(*user)
    }

    pub fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Ends one session, or with a refresh token the whole grant; whether there was one.
    pub fn revoke(&mut self, token: &str) -> bool {
        let session = self.sessions.remove(token).is_some();
        match self.refresh_tokens.remove(token) {
            Some(user) => {
                self.sessions.retain(|_, (owner, _)| *owner != user);
                true
            }
            None => session,
        }
    }

    pub fn new_code(
        &mut self,
        user: RecordId,
        redirect_uri: &str,
        challenge: Option<&str>,
        now_ms: i64,
    ) -> String {
        let code = format!("aPrx{}", self.opaque());
        let entry = Code {
            user,
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.filter(|text| !text.is_empty()).map(str::to_owned),
            until_ms: now_ms + CODE_MS,
        };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// The user that a grant proves, and a refresh token where the grant gives one.
    pub fn prove(
        &mut self,
        org: &Org,
        form: &BTreeMap<String, String>,
        now_ms: i64,
    ) -> Result<(RecordId, Option<String>), Refused> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match field("grant_type") {
            "authorization_code" => {
                self.check_app(form)?;
                let code = self
                    .codes
                    .remove(field("code"))
                    .ok_or_else(|| refused("invalid_grant", "invalid authorization code"))?;
                code.check(
                    field("redirect_uri"),
                    form.get("code_verifier").map(String::as_str),
                    now_ms,
                )?;
                let refresh = format!("5Aep{}", self.opaque());
                self.refresh_tokens.insert(refresh.clone(), code.user);
                Ok((code.user, Some(refresh)))
            }
            "refresh_token" => {
                self.check_app(form)?;
                let user = self.refresh_tokens.get(field("refresh_token"));
                user.copied()
                    .map(|user| (user, None))
                    .ok_or_else(|| refused("invalid_grant", "expired access/refresh token"))
            }
            "client_credentials" => {
                self.check_app(form)?;
                let user = org.users().into_iter().next().map(|user| user.id);
                user.map(|user| (user, None))
                    .ok_or_else(|| refused("invalid_grant", "no client credentials user enabled"))
            }
            "password" => {
                self.check_app(form)?;
                let user = org.user_by_username(field("username"));
                let given = field("password");
                let known = given == self.password
                    || given == format!("{}{}", self.password, self.security_token);
                let user = user
                    .filter(|_| known)
                    .ok_or_else(|| refused("invalid_grant", "authentication failure"))?;
                if user.active {
                    Ok((user.id, None))
                } else {
                    Err(refused("invalid_grant", "inactive user"))
                }
            }
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => self
                .assert(org, field("assertion"), now_ms)
                .map(|user| (user, None)),
            _ => Err(refused(
                "unsupported_grant_type",
                "grant type not supported",
            )),
        }
    }

    /// Base64 of HMAC-SHA256 over identity URL and time, keyed with the app's secret.
    pub fn signature(&self, id: &str, issued_at: &str) -> String {
        let key = Key::new(HMAC_SHA256, self.consumer_secret.as_bytes());
        STANDARD.encode(sign(&key, format!("{id}{issued_at}").as_bytes()))
    }

    fn check_app(&self, form: &BTreeMap<String, String>) -> Result<(), Refused> {
        if form.get("client_id") != Some(&self.consumer_key) {
            return Err(refused("invalid_client_id", "client identifier invalid"));
        }
        match form.get("client_secret") {
            Some(secret) if *secret != self.consumer_secret => {
                Err(refused("invalid_client", "invalid client credentials"))
            }
            None if form
                .get("grant_type")
                .is_some_and(|grant| grant == "client_credentials") =>
            {
                Err(refused("invalid_client", "invalid client credentials"))
            }
            _ => Ok(()),
        }
    }

    /// Lenient where real orgs are: exp may be a text or in milliseconds, aud a bare host.
    fn assert(&self, org: &Org, assertion: &str, now_ms: i64) -> Result<RecordId, Refused> {
        let bad = || refused("invalid_grant", "invalid assertion");
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(bad)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad())?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| bad())?;
        let payload = signed
            .split('.')
            .nth(1)
            .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
            .ok_or_else(bad)?;
        let claims: Value = serde_json::from_slice(&payload).map_err(|_| bad())?;
        if claims["iss"].as_str() != Some(&self.consumer_key) {
            return Err(refused("invalid_client_id", "client identifier invalid"));
        }
        let exp = claims["exp"]
            .as_i64()
            .or_else(|| claims["exp"].as_str()?.parse().ok())
            .unwrap_or(0);
        if exp * 1_000 < now_ms {
            return Err(refused("invalid_grant", "expired assertion"));
        }
        let user = claims["sub"]
            .as_str()
            .and_then(|name| org.user_by_username(name));
        user.filter(|user| user.active)
            .map(|user| user.id)
            .ok_or_else(|| refused("invalid_grant", "user hasn't approved this consumer"))
    }

    fn opaque(&mut self) -> String {
        self.serial += 1;
        let seed = format!("{:x}-{}", self.secret, self.serial);
        URL_SAFE_NO_PAD
            .encode(digest(&SHA256, seed.as_bytes()))
            .replace(['-', '_'], ".")
    }
}

impl Code {
    fn check(
        &self,
        redirect_uri: &str,
        verifier: Option<&str>,
        now_ms: i64,
    ) -> Result<(), Refused> {
        if self.until_ms <= now_ms {
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

pub(crate) fn refused(error: &'static str, description: &str) -> Refused {
    (error, description.to_owned())
}

//! Who may sign in, and the sessions, codes and grants that came of it.

mod app;
mod codes;
mod grants;
mod jwt;
mod policy;
mod sessions;

pub use app::ConnectedApp;
pub(crate) use codes::Code;
pub use policy::SignInSettings;
pub(crate) use policy::{Denied, Visit};

use crate::org::{RecordId, User};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use grants::RefreshToken;
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};
use sessions::Session;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The pretend app's public key (RSAPublicKey, DER) and private key.
const PUBLIC_KEY: &[u8] = include_bytes!("../keys/pretend-app-public.der");
/// The private half, for programs that sign in by it.
pub(crate) const PRIVATE_KEY: &str = include_str!("../keys/pretend-app.pem");

/// An OAuth error: always 400 and an object.
pub(crate) type Refused = (&'static str, String);

type Form = BTreeMap<String, String>;

pub(crate) struct OAuth {
    /// Of the first app.
    pub consumer_key: String,
    pub consumer_secret: String,
    pub password: String,
    pub security_token: String,
    pub settings: SignInSettings,
    /// Users who must choose a new password before anything else.
    pub expired: BTreeSet<RecordId>,
    apps: Vec<ConnectedApp>,
    sessions: BTreeMap<String, Session>,
    codes: BTreeMap<String, Code>,
    refresh_tokens: BTreeMap<String, RefreshToken>,
    /// Grants so far; the last one's number.
    grants: u64,
    /// Which user allowed which app.
    consents: BTreeSet<(RecordId, String)>,
    /// When each user signed in, within the last hour.
    logins: BTreeMap<RecordId, VecDeque<i64>>,
    secret: u64,
    serial: u64,
}

/// What a grant proves.
pub(crate) struct Proved {
    pub user: User,
    pub scope: String,
    grant: Option<u64>,
    pub refresh_token: Option<String>,
}

impl OAuth {
    pub fn new(secret: &mut impl FnMut(&str) -> String) -> OAuth {
        let mut short =
            |prefix: &str, length: usize| secret(prefix)[..prefix.len() + length].to_owned();
        let (consumer_key, consumer_secret) = (short("3MVG9", 32), short("", 32));
        let first = ConnectedApp {
            consumer_key: consumer_key.clone(),
            consumer_secret: consumer_secret.clone(),
            ..ConnectedApp::default()
        };
        OAuth {
            consumer_key,
            consumer_secret,
            password: short("Pretend-", 8),
            security_token: short("", 24),
            secret: u64::from_str_radix(&short("", 15), 16).unwrap_or(1),
            settings: SignInSettings::default(),
            expired: BTreeSet::new(),
            apps: vec![first],
            sessions: BTreeMap::new(),
            codes: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            grants: 0,
            consents: BTreeSet::new(),
            logins: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Adds an app, or changes the one with the same key; without key and secret it gets new ones.
    pub fn put_app(&mut self, mut app: ConnectedApp) -> ConnectedApp {
        if app.consumer_key.is_empty() {
            app.consumer_key = format!("3MVG9{}", self.opaque());
        }
        if app.consumer_secret.is_empty() {
            app.consumer_secret = self.opaque();
        }
        let same = |known: &&mut ConnectedApp| known.consumer_key == app.consumer_key;
        match self.apps.iter_mut().find(same) {
            Some(known) => *known = app.clone(),
            None => self.apps.push(app.clone()),
        }
        app
    }

    /// The apps of the org; the first one is in the org's access data.
    pub fn apps(&self) -> &[ConnectedApp] {
        &self.apps
    }

    pub fn app(&self, consumer_key: &str) -> Option<&ConnectedApp> {
        let mut apps = self.apps.iter();
        apps.find(|app| app.consumer_key == consumer_key)
    }

    /// Remembers that a user allowed an app.
    pub fn consent(&mut self, user: RecordId, app: &ConnectedApp) {
        self.consents.insert((user, app.consumer_key.clone()));
    }

    /// Whether an administrator's approval, where it is asked for, covers a user.
    pub fn check_approved(&self, app: &ConnectedApp, user: &User) -> Result<(), Refused> {
        let approved = app.approved_profiles.as_ref();
        match approved.is_none_or(|profiles| profiles.contains(&user.profile)) {
            true => Ok(()),
            false => Err(refused(
                "invalid_app_access",
                "user is not admin approved to access this app",
            )),
        }
    }

    /// The user that a grant proves, with an open session, and a refresh token where the grant
    /// gives one.
    pub fn sign_in(&mut self, visit: &Visit<'_>, form: &Form) -> Result<SignedIn, Refused> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let flow = field("grant_type");
        let claims = match flow {
            "authorization_code" | "refresh_token" | "client_credentials" | "password" => None,
            JWT_BEARER => Some(jwt::read(visit, field("assertion"))?),
            _ => {
                return Err(refused(
                    "unsupported_grant_type",
                    "grant type not supported",
                ));
            }
        };
        let key = match &claims {
            Some(claims) => claims.consumer_key.as_str(),
            None => field("client_id"),
        };
        let app = self.app(key).cloned();
        let app = app.ok_or_else(|| refused("invalid_client_id", "client identifier invalid"))?;
        if app.blocked_flows.iter().any(|blocked| blocked == flow) {
            return Err(refused(
                "unauthorized_client",
                "this app may not use this grant type",
            ));
        }
        let proved = match claims {
            Some(claims) => self.by_assertion(visit, &app, &claims.username)?,
            None => self.prove(visit, &app, form)?,
        };
        let access_token = self.open_for(visit, &app, &proved);
        Ok(SignedIn {
            access_token,
            proved,
            app,
        })
    }

    fn prove(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        form: &Form,
    ) -> Result<Proved, Refused> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let secret = form.get("client_secret").map(String::as_str);
        let flow = field("grant_type");
        let needed = app.secret_required || flow == "client_credentials";
        app.check_secret(secret, needed)?;
        match flow {
            "authorization_code" => self.by_code(visit, app, form),
            "refresh_token" => self.refresh(visit, app, field("refresh_token")),
            "client_credentials" => self.by_credentials(visit, app),
            _ => {
                if self.settings.password_flow_blocked {
                    return Err(Denied::WrongPassword.oauth());
                }
                let user = self
                    .check_password(visit, field("username"), field("password"))
                    .map_err(Denied::oauth)?;
                self.admitted(visit, app, user)
            }
        }
    }

    fn by_code(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        form: &Form,
    ) -> Result<Proved, Refused> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let invalid = || refused("invalid_grant", "invalid authorization code");
        let code = self.codes.remove(field("code")).ok_or_else(invalid)?;
        let verifier = form.get("code_verifier").map(String::as_str);
        code.check(
            &app.consumer_key,
            field("redirect_uri"),
            verifier,
            visit.now_ms,
        )?;
        let user = visit.org.user(&code.user).ok_or_else(invalid)?;
        self.admit(visit, &user, Some(app)).map_err(Denied::oauth)?;
        let keeps = ["refresh_token", "offline_access"];
        let mut proved = Proved {
            user,
            scope: code.scope,
            grant: None,
            refresh_token: None,
        };
        if proved.scope.split(' ').any(|scope| keeps.contains(&scope)) {
            let (grant, token) = self.new_grant(
                proved.user.id,
                &app.consumer_key,
                &proved.scope,
                visit.now_ms,
            );
            (proved.grant, proved.refresh_token) = (Some(grant), Some(token));
        }
        Ok(proved)
    }

    fn by_credentials(&mut self, visit: &Visit<'_>, app: &ConnectedApp) -> Result<Proved, Refused> {
        if visit.login_host().is_some() {
            return Err(refused(
                "invalid_request",
                "request not supported on this domain",
            ));
        }
        let user = match &app.run_as {
            Some(username) => visit.org.user_by_username(username),
            None => visit.org.users().into_iter().next(),
        };
        let user =
            user.ok_or_else(|| refused("invalid_grant", "no client credentials user enabled"))?;
        self.admitted(visit, app, user)
    }

    fn by_assertion(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        username: &str,
    ) -> Result<Proved, Refused> {
        let stranger = || refused("invalid_grant", "user hasn't approved this consumer");
        let user = visit.org.user_by_username(username);
        let user = user.ok_or_else(stranger)?;
        let consented = self.consents.contains(&(user.id, app.consumer_key.clone()));
        let approved = app.approved_profiles.is_some();
        if !(app.jwt_without_consent || consented || approved) {
            return Err(stranger());
        }
        self.admitted(visit, app, user)
    }

    /// Without a refresh token: flows that can be repeated at any time give none.
    fn admitted(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        user: User,
    ) -> Result<Proved, Refused> {
        self.check_approved(app, &user)?;
        self.admit(visit, &user, Some(app)).map_err(Denied::oauth)?;
        Ok(Proved {
            user,
            scope: app.grants("")?,
            grant: None,
            refresh_token: None,
        })
    }

    fn opaque(&mut self) -> String {
        self.serial += 1;
        let seed = format!("{:x}-{}", self.secret, self.serial);
        URL_SAFE_NO_PAD
            .encode(digest(&SHA256, seed.as_bytes()))
            .replace(['-', '_'], ".")
    }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A sign-in that succeeded.
pub(crate) struct SignedIn {
    pub access_token: String,
    pub proved: Proved,
    app: ConnectedApp,
}

impl SignedIn {
    /// Base64 of HMAC-SHA256 over identity URL and time, keyed with the app's secret.
    pub fn signature(&self, id: &str, issued_at: &str) -> String {
        let key = Key::new(HMAC_SHA256, self.app.consumer_secret.as_bytes());
        STANDARD.encode(sign(&key, format!("{id}{issued_at}").as_bytes()))
    }
}

pub(crate) fn refused(error: &'static str, description: &str) -> Refused {
    (error, description.to_owned())
}

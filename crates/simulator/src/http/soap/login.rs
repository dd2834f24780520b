//! Signing in by SOAP with username, password and security token, which old programs still do.

use std::collections::BTreeSet;

use super::answer::{Xml, user_info};
use super::envelope::Request;
use super::fault::Fault;
use crate::http::oauth::SESSION_MS;
use crate::org::RecordId;
use crate::simulator::{Simulator, lock};

/// What an administrator may ask of those who sign in by SOAP.
#[derive(Default)]
pub(crate) struct LoginRules {
    /// The password alone is not enough, as from a network that the org does not trust.
    pub token_required: bool,
    /// Users who must choose a new password first.
    pub expired: BTreeSet<RecordId>,
}

impl Simulator {
    /// Whether SOAP logins need the security token behind the password.
    pub fn require_security_token(&self, required: bool) {
        lock(&self.host.login_rules).token_required = required;
    }

    /// The user's password is too old: a login succeeds and its session is good for nothing.
    pub fn expire_password(&self, user: RecordId) {
        lock(&self.host.login_rules).expired.insert(user);
    }
}

/// `login`: the content of the `result`, in an order that programs rely on.
pub(super) fn login(
    simulator: &Simulator,
    request: &Request<'_, '_>,
    (flavour, version): (char, &str),
    xml: &mut Xml,
) -> Result<(), Fault> {
    let host = &simulator.host;
    let user = check(simulator, request)?;
    let expired = lock(&host.login_rules).expired.contains(&user);
    let user = host.org.user(&user).ok_or_else(invalid_login)?;
    let session = {
        let mut oauth = lock(&host.oauth);
        let session = oauth.open_session(&host.org, user.id, simulator.world.clock.now_ms());
        if expired {
            oauth.revoke(&session);
        }
        session
    };
    let org_id = host.org.id();
    let url = |service: &str| {
        let org = org_id.short();
        format!("{}/services/Soap/{service}/{version}/{org}", host.base_url)
    };
    xml.element("metadataServerUrl", &url("m"));
    xml.flag("passwordExpired", expired);
    xml.flag("sandbox", host.org.kind() == crate::org::OrgKind::Sandbox);
    xml.element("serverUrl", &url(&flavour.to_string()));
    xml.element("sessionId", &session);
    xml.element("userId", &user.id.to_string());
    xml.open("userInfo");
    user_info(xml, (&org_id, &host.org.name()), &user, SESSION_MS / 1_000);
    xml.close();
    Ok(())
}

fn check(simulator: &Simulator, request: &Request<'_, '_>) -> Result<RecordId, Fault> {
    let host = &simulator.host;
    let username = request.argument("username").unwrap_or_default();
    let given = request.argument("password").unwrap_or_default();
    let user = host.org.user_by_username(&username);
    let user = user.filter(|user| user.active).ok_or_else(invalid_login)?;
    if let Some(scope) = request.header("LoginScopeHeader", "organizationId") {
        let here = RecordId::parse(&scope) == Some(host.org.id());
        if !here && !scope.is_empty() {
            return Err(invalid_login());
        }
    }
    let oauth = lock(&host.oauth);
    if given == format!("{}{}", oauth.password, oauth.security_token) {
        return Ok(user.id);
    }
    match (
        given == oauth.password,
        lock(&host.login_rules).token_required,
    ) {
        (true, false) => Ok(user.id),
        (true, true) => Err(Fault::api(
            "LOGIN_MUST_USE_SECURITY_TOKEN",
            "Invalid username, password, security token; or user locked out. Are you at a new \
             location? When accessing Salesforce--either via a desktop client or the API--from \
             outside of your company’s trusted networks, you must add a security token to your \
             password to log in.",
        )),
        (false, _) => Err(invalid_login()),
    }
}

fn invalid_login() -> Fault {
    let text = "Invalid username, password, security token; or user locked out.";
    Fault::api("INVALID_LOGIN", text)
}

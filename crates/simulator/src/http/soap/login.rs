//! Signing in by SOAP with username, password and security token, which old programs still do.

use super::answer::{Xml, user_info};
use super::envelope::Request;
use super::fault::Fault;
use crate::http::sign_in::visit;
use crate::oauth::Denied;
use crate::org::{OrgKind, RecordId, User};
use crate::simulator::Simulator;
use http::HeaderMap;

impl Simulator {
    /// The user's password is too old: a login succeeds and its session is good for nothing.
    pub fn expire_password(&self, user: RecordId) {
        self.host.oauth().expired.insert(user);
    }

    /// The user chose a new password, the same as before.
    pub fn renew_password(&self, user: &RecordId) {
        self.host.oauth().expired.remove(user);
    }
}

/// `login`: the content of the `result`, in an order that programs rely on.
pub(super) fn login(
    simulator: &Simulator,
    request: &Request<'_, '_>,
    (flavour, version, headers): (char, &str, &HeaderMap),
    xml: &mut Xml,
) -> Result<(), Fault> {
    let host = &simulator.host;
    let user = check(simulator, request, headers)?;
    let mut oauth = host.oauth();
    let expired = oauth.expired.contains(&user.id);
    let session = oauth.open_session(&host.org, user.id, simulator.now_ms());
    if expired {
        oauth.revoke(&session);
    }
    let seconds = oauth.session_seconds();
    drop(oauth);
    let org_id = host.org.id();
    let url = |service: &str| {
        let (base, org) = (simulator.base_url(), org_id.short());
        format!("{base}/services/Soap/{service}/{version}/{org}")
    };
    xml.element("metadataServerUrl", &url("m"));
    xml.flag("passwordExpired", expired);
    xml.flag("sandbox", host.org.kind() == OrgKind::Sandbox);
    xml.element("serverUrl", &url(&flavour.to_string()));
    xml.element("sessionId", &session);
    xml.element("userId", &user.id.to_string());
    xml.open("userInfo");
    user_info(xml, (&org_id, &host.org.name()), &user, seconds);
    xml.close();
    Ok(())
}

fn check(
    simulator: &Simulator,
    request: &Request<'_, '_>,
    headers: &HeaderMap,
) -> Result<User, Fault> {
    let host = &simulator.host;
    if let Some(scope) = request.header("LoginScopeHeader", "organizationId") {
        let here = RecordId::parse(&scope) == Some(host.org.id());
        if !here && !scope.is_empty() {
            return Err(invalid_login());
        }
    }
    let username = request.argument("username").unwrap_or_default();
    let given = request.argument("password").unwrap_or_default();
    let visit = visit(simulator, headers);
    let mut oauth = host.oauth();
    let user = oauth.check_password(&visit, &username, &given);
    let user = user.map_err(refused)?;
    oauth.admit(&visit, &user, None).map_err(refused)?;
    drop(oauth);
    check_api(simulator, &user)?;
    Ok(user)
}

/// Only users with the permission get at the API.
pub(super) fn check_api(simulator: &Simulator, user: &User) -> Result<(), Fault> {
    match simulator.org().has_permission(&user.id, "ApiEnabled") {
        true => Ok(()),
        false => Err(Fault::api(
            "API_DISABLED_FOR_ORG",
            "API is not enabled for this Organization or Partner",
        )),
    }
}

fn refused(denied: Denied) -> Fault {
    match denied {
        Denied::NeedsSecurityToken => Fault::api(
            "LOGIN_MUST_USE_SECURITY_TOKEN",
            "Invalid username, password, security token; or user locked out. Are you at a new \
             location? When accessing Salesforce--either via a desktop client or the API--from \
             outside of your company’s trusted networks, you must add a security token to your \
             password to log in.",
        ),
        Denied::TooOften => Fault::api("LOGIN_RATE_EXCEEDED", "login rate exceeded"),
        _ => invalid_login(),
    }
}

fn invalid_login() -> Fault {
    let text = "Invalid username, password, security token; or user locked out.";
    Fault::api("INVALID_LOGIN", text)
}

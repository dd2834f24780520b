//! Who a session belongs to: the identity URL, userinfo, and what OpenID clients look up first.

use super::{Fields, fields};
use crate::org::User;
use crate::simulator::Simulator;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

/// `userinfo`.
pub(crate) async fn userinfo(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let user = match bearer(&simulator, &headers, &uri) {
        Ok(user) => user,
        Err(word) => return plainly(word),
    };
    let host = &simulator.host;
    let base = simulator.base_url();
    Json(json!({
        "sub": identity_url(&simulator, &user), "user_id": user.id.to_string(),
        "organization_id": host.org.id().to_string(), "preferred_username": user.username, "nickname": user.first_name,
        "name": user.name, "email": user.email, "email_verified": true, "given_name": user.first_name,
        "family_name": user.last_name, "zoneinfo": user.time_zone, "photos": photos(base),
        "profile": format!("{base}/{}", user.id), "picture": format!("{base}/profilephoto/005/F"), "address": {},
        "urls": urls(&simulator, &user, "{version}"), "active": user.active, "user_type": "STANDARD",
        "language": user.language, "locale": user.locale, "utcOffset": 0, "updated_at": stamp(user.modified_ms),
    }))
    .into_response()
}

/// `/id/{org}/{user}`.
pub(crate) async fn identity(
    State(simulator): State<Simulator>,
    Path((org, named)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let user = match bearer(&simulator, &headers, &uri) {
        Ok(user) => user,
        Err(word) => return plainly(word),
    };
    let host = &simulator.host;
    let same = |id: &crate::org::RecordId, text: &str| {
        crate::org::RecordId::parse(text).is_some_and(|given| given == *id)
    };
    if !same(&host.org.id(), &org) {
        return plainly("Wrong_Org");
    }
    if !same(&user.id, &named) {
        return plainly("Bad_Id");
    }
    let query = fields(uri.query().unwrap_or_default());
    if query.get("format").is_some_and(|format| format != "json") {
        let text = "the simulator has identities in JSON only";
        return (StatusCode::NOT_IMPLEMENTED, text).into_response();
    }
    Json(described(&simulator, &user, &query)).into_response()
}

fn described(simulator: &Simulator, user: &User, query: &Fields) -> Value {
    let host = &simulator.host;
    let version = match query.get("version").map(String::as_str) {
        None => "{version}".to_owned(),
        Some("latest") => "67.0".to_owned(),
        Some(version) => version.to_owned(),
    };
    json!({
        "id": identity_url(simulator, user), "asserted_user": true,
        "user_id": user.id.to_string(), "organization_id": host.org.id().to_string(), "username": user.username,
        "nick_name": user.first_name, "display_name": user.name, "email": user.email, "email_verified": true,
        "first_name": user.first_name, "last_name": user.last_name, "timezone": user.time_zone,
        "photos": photos(simulator.base_url()), "addr_street": null, "addr_city": null, "addr_state": null,
        "addr_country": null, "addr_zip": null, "mobile_phone": null, "mobile_phone_verified": false,
        "is_lightning_login_user": false, "status": {"created_date": null, "body": null},
        "urls": urls(simulator, user, &version), "active": user.active, "user_type": "STANDARD",
        "language": user.language, "locale": user.locale, "utcOffset": 0,
        "last_modified_date": stamp(user.modified_ms), "is_app_installed": true,
    })
}

/// `/.well-known/openid-configuration`.
pub(crate) async fn configuration(State(simulator): State<Simulator>) -> Json<Value> {
    let base = simulator.base_url();
    let at = |path: &str| format!("{base}/services/oauth2/{path}");
    Json(json!({
        "issuer": base, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "revocation_endpoint": at("revoke"), "introspection_endpoint": at("introspect"),
        "userinfo_endpoint": at("userinfo"), "scopes_supported": ["api", "full", "id", "openid", "refresh_token", "web"],
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// The URL that names a user, with the token as well as by itself.
pub(super) fn identity_url(simulator: &Simulator, user: &User) -> String {
    let host = &simulator.host;
    format!("{}/id/{}/{}", simulator.base_url(), host.org.id(), user.id)
}

/// The session that a request names: in its header, or for identity in its query.
pub(super) fn token_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let given = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let known = ["Bearer", "OAuth"]
            .iter()
            .any(|s| s.eq_ignore_ascii_case(scheme));
        known.then(|| token.trim().to_owned())
    });
    given.or_else(|| fields(uri.query().unwrap_or_default()).remove("oauth_token"))
}

/// The user of the session that a request names.
pub(crate) fn user_of(simulator: &Simulator, headers: &HeaderMap, uri: &Uri) -> Option<User> {
    user_of_session(simulator, &token_of(headers, uri)?)
}

/// The user of a session, unless it ended or they left.
pub(crate) fn user_of_session(simulator: &Simulator, token: &str) -> Option<User> {
    let host = &simulator.host;
    let now_ms = simulator.world.clock.now_ms();
    let mut oauth = host.oauth();
    let opened_ms = oauth.session(token, now_ms)?.opened_ms;
    let id = oauth.user_of(token, now_ms)?;
    drop(oauth);
    let left = host.org.left_ms(&id).is_some_and(|left| opened_ms <= left);
    host.org.user(&id).filter(|user| user.active && !left)
}

/// Whether the session that a request names may use the data APIs.
pub(crate) fn reaches_api(simulator: &Simulator, headers: &HeaderMap, uri: &Uri) -> bool {
    let Some(token) = token_of(headers, uri) else {
        return false;
    };
    let oauth = simulator.host.oauth();
    let session = oauth.session(&token, simulator.world.clock.now_ms());
    session.is_some_and(|session| session.reaches_api())
}

fn bearer(simulator: &Simulator, headers: &HeaderMap, uri: &Uri) -> Result<User, &'static str> {
    if token_of(headers, uri).is_none() {
        return Err("Missing_OAuth_Token");
    }
    user_of(simulator, headers, uri).ok_or("Bad_OAuth_Token")
}

/// Refusals of the identity service are a word and no JSON.
fn plainly(word: &'static str) -> Response {
    (StatusCode::FORBIDDEN, word).into_response()
}

fn photos(base: &str) -> Value {
    json!({
        "picture": format!("{base}/profilephoto/005/F"),
        "thumbnail": format!("{base}/profilephoto/005/T"),
    })
}

fn urls(simulator: &Simulator, user: &User, version: &str) -> Value {
    let host = &simulator.host;
    let (base, org) = (simulator.base_url(), host.org.id());
    let data = |path: &str| format!("{base}/services/data/v{version}/{path}");
    let soap = |kind: &str| format!("{base}/services/Soap/{kind}/{version}/{org}");
    json!({
        "enterprise": soap("c"), "metadata": soap("m"), "partner": soap("u"),
        "rest": data(""), "sobjects": data("sobjects/"), "search": data("search/"), "query": data("query/"),
        "recent": data("recent/"), "tooling_soap": soap("T"), "tooling_rest": data("tooling/"),
        "profile": format!("{base}/{}", user.id), "feeds": data("chatter/feeds"), "groups": data("chatter/groups"),
        "users": data("chatter/users"), "feed_items": data("chatter/feed-items"),
    })
}

fn stamp(epoch_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(epoch_ms)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

//! The OAuth endpoints: consent page, token, revoke, introspect, userinfo, identity.

use super::html::{escape, page};
use crate::simulator::{Simulator, lock};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Fields = BTreeMap<String, String>;

/// The page where a person signs in and allows the app.
fn consent(query: &Fields, problem: &str) -> Html<String> {
    let hidden: String = query
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=hidden name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            )
        })
        .collect();
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!("<p class=bad>{}</p>", escape(problem))
    };
    let body = format!(
        "<h1>Allow access?</h1>{problem}<p>An app asks to read and write this org's data.</p><form method=post>{hidden}\
         <label>Username <input name=username autocomplete=username></label>\
         <label>Password <input name=password type=password autocomplete=current-password></label>\
         <button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button></form>"
    );
    Html(page("Allow access", &body, false))
}

pub(super) async fn ask(
    State(simulator): State<Simulator>,
    Query(query): Query<Fields>,
) -> Response {
    let known = query.get("client_id") == Some(&lock(&simulator.host.oauth).consumer_key);
    if !known {
        return (
            StatusCode::BAD_REQUEST,
            "error=invalid_client_id&error_description=client%20identifier%20invalid",
        )
            .into_response();
    }
    consent(&query, "").into_response()
}

pub(super) async fn allow(State(simulator): State<Simulator>, body: String) -> Response {
    let mut form = fields(&body);
    let (username, password) = (
        form.remove("username").unwrap_or_default(),
        form.remove("password").unwrap_or_default(),
    );
    let answer = form.remove("answer").unwrap_or_default();
    let redirect = form.get("redirect_uri").cloned().unwrap_or_default();
    let Ok(mut target) = url::Url::parse(&redirect) else {
        return (StatusCode::BAD_REQUEST, "error=redirect_uri_missing").into_response();
    };
    if answer == "deny" {
        target
            .query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "end-user denied authorization");
    } else {
        let mut oauth = lock(&simulator.host.oauth);
        let user = simulator
            .org()
            .user_by_username(&username)
            .filter(|user| user.active && password == oauth.password);
        let Some(user) = user else {
            drop(oauth);
            let words = "Please check your username and password.";
            return consent(&form, words).into_response();
        };
        let challenge = form.get("code_challenge").map(String::as_str);
        let code = oauth.new_code(
            user.id,
            &redirect,
            challenge,
            simulator.world.clock.now_ms(),
        );
        target.query_pairs_mut().append_pair("code", &code);
    }
    if let Some(state) = form.get("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [("location", String::from(target))]).into_response()
}

pub(super) async fn token(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut form = fields(&body);
    if let Some((id, secret)) = basic(&headers) {
        form.entry("client_id".to_owned()).or_insert(id);
        form.entry("client_secret".to_owned()).or_insert(secret);
    }
    let host = &simulator.host;
    let now_ms = simulator.world.clock.now_ms();
    let mut oauth = lock(&host.oauth);
    let grant = form.get("grant_type").map(String::as_str);
    if simulator.is_login_host() && grant == Some("client_credentials") {
        let text = "request not supported on this domain";
        let body = json!({"error": "invalid_request", "error_description": text});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let (user, refresh) = match oauth.prove(&host.org, &form, now_ms) {
        Ok(proved) => proved,
        Err((error, description)) => {
            let body = json!({"error": error, "error_description": description});
            return (StatusCode::BAD_REQUEST, Json(body)).into_response();
        }
    };
    let access_token = oauth.open_session(&host.org, user, now_ms);
    let id = format!("{}/id/{}/{user}", simulator.base_url(), host.org.id());
    let issued_at = now_ms.to_string();
    let mut answer = json!({
        "access_token": access_token, "instance_url": simulator.base_url(), "id": id, "token_type": "Bearer",
        "issued_at": issued_at, "signature": oauth.signature(&id, &issued_at), "scope": "refresh_token api",
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = Value::from(refresh);
    }
    Json(answer).into_response()
}

pub(super) async fn revoke(State(simulator): State<Simulator>, body: String) -> Response {
    let token = fields(&body).remove("token").unwrap_or_default();
    if lock(&simulator.host.oauth).revoke(&token) {
        StatusCode::OK.into_response()
    } else {
        let body = json!({"error": "unsupported_token_type", "error_description": "this token type is not supported"});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

pub(super) async fn introspect(State(simulator): State<Simulator>, body: String) -> Json<Value> {
    let form = fields(&body);
    let host = &simulator.host;
    let token = form.get("token").map(String::as_str).unwrap_or_default();
    let mut oauth = lock(&host.oauth);
    let user = oauth
        .user_of(token, simulator.world.clock.now_ms())
        .and_then(|id| host.org.user(&id));
    Json(match user {
        None => json!({"active": false}),
        Some(user) => json!({
            "active": true, "scope": "api refresh_token", "client_id": oauth.consumer_key, "username": user.username,
            "sub": format!("{}/id/{}/{}", simulator.base_url(), host.org.id(), user.id), "token_type": "access_token",
        }),
    })
}

pub(super) async fn userinfo(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(user) = user_of(&simulator, &headers, &uri) else {
        return bad_token();
    };
    let host = &simulator.host;
    Json(json!({
        "sub": format!("{}/id/{}/{}", simulator.base_url(), host.org.id(), user.id), "user_id": user.id.to_string(),
        "organization_id": host.org.id().to_string(), "preferred_username": user.username, "nickname": user.first_name,
        "name": user.name, "email": user.email, "email_verified": true, "given_name": user.first_name,
        "family_name": user.last_name, "zoneinfo": user.time_zone, "active": user.active, "user_type": "STANDARD",
        "language": user.language, "locale": user.locale, "utcOffset": 0,
    }))
    .into_response()
}

pub(super) async fn identity(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(user) = user_of(&simulator, &headers, &uri) else {
        return bad_token();
    };
    let host = &simulator.host;
    let base = simulator.base_url();
    let data = |path: &str| format!("{base}/services/data/v{{version}}/{path}");
    Json(json!({
        "id": format!("{base}/id/{}/{}", host.org.id(), user.id), "asserted_user": true,
        "user_id": user.id.to_string(), "organization_id": host.org.id().to_string(), "username": user.username,
        "nick_name": user.first_name, "display_name": user.name, "email": user.email, "email_verified": true,
        "first_name": user.first_name, "last_name": user.last_name, "timezone": user.time_zone, "active": user.active,
        "user_type": "STANDARD", "language": user.language, "locale": user.locale, "utcOffset": 0,
        "urls": {"rest": data(""), "sobjects": data("sobjects/"), "search": data("search/"), "query": data("query/"),
                 "recent": data("recent/")},
    }))
    .into_response()
}

/// The user of the session in the header, or for identity in the query.
pub(super) fn user_of(
    simulator: &Simulator,
    headers: &HeaderMap,
    uri: &Uri,
) -> Option<crate::org::User> {
    let header = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let token = header
        .and_then(|value| {
            value
                .strip_prefix("Bearer ")
                .or_else(|| value.strip_prefix("OAuth "))
        })
        .map(str::to_owned)
        .or_else(|| fields(uri.query().unwrap_or_default()).remove("oauth_token"))?;
    let host = &simulator.host;
    let id = lock(&host.oauth).user_of(&token, simulator.world.clock.now_ms())?;
    host.org.user(&id).filter(|user| user.active)
}

fn bad_token() -> Response {
    (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response()
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

pub(super) fn fields(form: &str) -> Fields {
    url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect()
}

/// Only so that a redirect's type is known where pages answer.
pub(super) fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

//! The OAuth endpoints: token, revoke, introspect, and in their own files the consent page and who
//! a session belongs to.

mod consent;
mod identity;

pub(super) use consent::{allow, ask};
pub(super) use identity::{
    configuration, identity, reaches_api, user_of, user_of_session, userinfo,
};

use crate::oauth::{Refused, Visit, refused};
use crate::simulator::Simulator;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

type Fields = BTreeMap<String, String>;

/// Tells the client's address, where the settings say so.
const CLIENT_ADDRESS: &str = "x-simulator-client-ip";

pub(super) async fn token(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let form = form_of_app(&headers, &body);
    let visit = visit(&simulator, &headers);
    let signed_in = simulator.host.oauth().sign_in(&visit, &form);
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(refusal) => return refuse(&refusal),
    };
    let proved = &signed_in.proved;
    let id = identity::identity_url(&simulator, &proved.user);
    let issued_at = visit.now_ms.to_string();
    let mut answer = json!({
        "access_token": signed_in.access_token, "instance_url": visit.base_url, "id": id, "token_type": "Bearer",
        "issued_at": issued_at, "signature": signed_in.signature(&id, &issued_at), "scope": proved.scope,
    });
    if let Some(refresh) = &proved.refresh_token {
        answer["refresh_token"] = Value::from(refresh.as_str());
    }
    as_json(StatusCode::OK, &answer)
}

pub(super) async fn revoke(State(simulator): State<Simulator>, uri: Uri, body: String) -> Response {
    let mut form = fields(uri.query().unwrap_or_default());
    form.extend(fields(&body));
    let token = form.remove("token").unwrap_or_default();
    if simulator.host.oauth().revoke(&token) {
        return StatusCode::OK.into_response();
    }
    refuse(&refused(
        "unsupported_token_type",
        "this token type is not supported",
    ))
}

pub(super) async fn introspect(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let form = form_of_app(&headers, &body);
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let oauth = simulator.host.oauth();
    let asking = oauth.app(text("client_id"));
    let known = asking.is_some_and(|app| app.consumer_secret == text("client_secret"));
    // Whoever gives no app at all is let through; a wrong one is not.
    if !known && !text("client_id").is_empty() {
        return refuse(&refused("invalid_client", "invalid client credentials"));
    }
    let now_ms = simulator.world.clock.now_ms();
    let session = oauth.session(text("token"), now_ms).cloned();
    let first_app = oauth.consumer_key.clone();
    drop(oauth);
    let org = simulator.org();
    let found = session.and_then(|session| Some((org.user(&session.user)?, session)));
    let answer = match found.filter(|(user, _)| user.active) {
        None => json!({"active": false}),
        Some((user, session)) => json!({
            "active": true, "scope": session.scope, "client_id": session.app.unwrap_or(first_app),
            "username": user.username, "sub": identity::identity_url(&simulator, &user), "token_type": "access_token",
            "exp": session.until_ms / 1_000, "iat": session.opened_ms / 1_000, "nbf": session.opened_ms / 1_000,
        }),
    };
    as_json(StatusCode::OK, &answer)
}

/// A request to sign in, as far as it is not in its form.
pub(super) fn visit<'a>(simulator: &'a Simulator, headers: &HeaderMap) -> Visit<'a> {
    let host = &simulator.host;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told = host.oauth().settings.client_address_header;
    let address = text(CLIENT_ADDRESS).filter(|_| told);
    Visit {
        org: &host.org,
        now_ms: simulator.world.clock.now_ms(),
        host: text("host").unwrap_or_default().to_owned(),
        base_url: simulator.base_url(),
        public_url: host.public_url.get().map(String::as_str),
        address: address
            .and_then(|text| text.parse().ok())
            .unwrap_or(Ipv4Addr::LOCALHOST),
    }
}

fn refuse((error, description): &Refused) -> Response {
    let body = json!({"error": error, "error_description": description});
    as_json(StatusCode::BAD_REQUEST, &body)
}

fn as_json(status: StatusCode, body: &Value) -> Response {
    let kind = [
        ("content-type", "application/json;charset=UTF-8"),
        ("cache-control", "no-cache, no-store"),
    ];
    (status, kind, body.to_string()).into_response()
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

/// The form of a request in which the app may also stand in the header.
fn form_of_app(headers: &HeaderMap, body: &str) -> Fields {
    let mut form = fields(body);
    if let Some((id, secret)) = basic(headers) {
        form.entry("client_id".to_owned()).or_insert(id);
        form.entry("client_secret".to_owned()).or_insert(secret);
    }
    form
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

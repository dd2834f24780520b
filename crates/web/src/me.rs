//! Signing in and out, and who one is.

use crate::guard::{may_sign_in, session_cookie, session_of};
use crate::json;
use crate::problem::{Problem, Result};
use crate::router::WebState;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tieline_access::SignedIn;
use tieline_storage::connection::{self, Connection};
use tieline_storage::{conversation, inbox, setting, staff};

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

pub(crate) async fn sign_in(State(state): State<WebState>, body: Bytes) -> Result<Response> {
    may_sign_in(&state)?;
    let Credentials { email, password } = json::body(&body)?;
    let session = state.access.sign_in(&email, &password).await?;
    let (name, value) = session_cookie(&state, Some(&session));
    Ok((StatusCode::NO_CONTENT, [(name, value)]).into_response())
}

pub(crate) async fn sign_out(
    State(state): State<WebState>,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(session) = session_of(&headers) {
        state.access.sign_out(&session).await?;
    }
    let (name, value) = session_cookie(&state, None);
    Ok((StatusCode::NO_CONTENT, [(name, value)]).into_response())
}

pub(crate) async fn use_link(State(state): State<WebState>, Path(token): Path<String>) -> Response {
    let opened = match may_sign_in(&state) {
        Ok(()) => state.access.use_link(&token).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match opened {
        Ok(session) => (
            [session_cookie(&state, Some(&session))],
            Redirect::to("/app"),
        )
            .into_response(),
        Err(_) => Redirect::to("/app/sign-in?link=over").into_response(),
    }
}

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
) -> Result<Json<Value>> {
    let mut reader = state.store.reader().await?;
    let organisation: Option<String> =
        setting::get(&mut reader, setting::ORGANISATION_NAME).await?;
    let scope = me.principal.scope();
    let inboxes: Vec<Value> = inbox::all(&mut reader)
        .await?
        .iter()
        .filter(|inbox| scope.sees_inbox(inbox.id))
        .map(|inbox| json!({"id": inbox.id, "name": inbox.name, "channel": inbox.channel, "address": inbox.address}))
        .collect();
    let colleagues: Vec<Value> = staff::all(&mut reader)
        .await?
        .iter()
        .filter(|staff| staff.active)
        .map(|staff| json!({"id": staff.id, "name": staff.name}))
        .collect();
    let counts = conversation::count_views(&mut reader, &scope).await?;
    let connection = connection::all(&mut reader)
        .await?
        .first()
        .map(connection_json);
    Ok(Json(json!({
        "staff": {"id": me.staff.id, "name": me.staff.name, "email": me.staff.email, "role": me.staff.role},
        "organisation": {"name": organisation.unwrap_or_else(|| "Tieline".to_owned())},
        "inboxes": inboxes, "staff_list": colleagues, "connection": connection, "unread": {"ours": counts.ours},
        "demo": state.demo,
    })))
}

pub(crate) fn connection_json(connection: &Connection) -> Value {
    json!({
        "id": connection.id, "name": connection.name, "kind": connection.kind, "state": connection.state,
        "state_reason": connection.state_reason, "username": connection.username,
        "instance_url": connection.instance_url, "org_name": connection.org_name,
    })
}

/// Names of all staff, for lists.
pub(crate) async fn names(state: &WebState) -> Result<json::Names> {
    let all = staff::all(&mut *state.store.reader().await?).await?;
    Ok(all
        .into_iter()
        .map(|staff| (staff.id, staff.name))
        .collect())
}

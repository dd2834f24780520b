//! Signing in and out, and who one is.

use crate::answer::{Answer, NoContent};
use crate::api::me::{Credentials, InboxName, Me, Organisation, OwnStaff, Unread};
use crate::api::names::StaffName;
use crate::api::sync::Connection;
use crate::api::text::Text;
use crate::extract::{Json, Path};
use crate::guard::{may_sign_in, session_cookie, session_of};
use crate::problem::{Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName};
use tieline_access::SignedIn;
use tieline_storage::{connection, conversation, inbox, setting, staff};

/// What a browser kept of a session goes with it.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

pub(crate) async fn sign_in(
    State(state): State<WebState>,
    Json(given): Json<Credentials>,
) -> Result<([(HeaderName, String); 1], NoContent)> {
    may_sign_in(&state)?;
    let session = state.access.sign_in(&given.email, &given.password).await?;
    Ok(([session_cookie(&state, Some(&session))], NoContent))
}

pub(crate) async fn sign_out(
    State(state): State<WebState>,
    headers: HeaderMap,
) -> Result<([(HeaderName, String); 2], NoContent)> {
    if let Some(session) = session_of(&headers) {
        state.access.sign_out(&session).await?;
    }
    let forget = (CLEAR_SITE_DATA, "\"cache\", \"storage\"".to_owned());
    Ok(([session_cookie(&state, None), forget], NoContent))
}

pub(crate) async fn use_link(
    State(state): State<WebState>,
    Path(token): Path<Text<200>>,
) -> Response {
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
) -> Result<Answer<Me>> {
    let mut reader = state.store.reader().await?;
    let organisation: Option<String> =
        setting::get(&mut reader, setting::ORGANISATION_NAME).await?;
    let scope = me.principal.scope();
    let inboxes = inbox::all(&mut reader)
        .await?
        .into_iter()
        .filter(|inbox| scope.sees_inbox(inbox.id))
        .map(|inbox| InboxName {
            id: inbox.id,
            name: inbox.name,
            channel: inbox.channel,
            address: inbox.address,
        })
        .collect();
    let staff_list = staff::all(&mut reader)
        .await?
        .into_iter()
        .filter(|staff| staff.active)
        .map(|staff| StaffName {
            id: staff.id,
            name: staff.name,
        })
        .collect();
    let counts = conversation::count_views(&mut reader, &scope).await?;
    let connections = connection::all(&mut reader).await?;
    Ok(Answer(Me {
        staff: OwnStaff {
            id: me.staff.id,
            name: me.staff.name,
            email: me.staff.email,
            role: me.staff.role,
        },
        organisation: Organisation {
            name: organisation.unwrap_or_else(|| "Tieline".to_owned()),
        },
        inboxes,
        staff_list,
        connection: connections.first().map(Connection::of),
        unread: Unread { ours: counts.ours },
        demo: state.demo,
    }))
}

//! Signing in and out. A sign-in link leads to a page with a button: mail scanners and previews only
//! look, and nobody is signed in as somebody else by following a link.

use crate::answer::NoContent;
use crate::api::me::Credentials;
use crate::api::text::Text;
use crate::extract::{Json, Path};
use crate::guard::may_sign_in;
use crate::problem::{Problem, Result};
use crate::signed_in_as::SignedInAs;
use crate::state::WebState;
use crate::visit::{Visit, session_cookie, session_of};
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use tieline_access::AccessError;

/// What a browser kept of answers goes with the session. What a user wrote the app takes away itself:
/// what others who use this browser have not sent yet stays theirs.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

pub(crate) async fn sign_in(
    State(state): State<WebState>,
    Visit(visit): Visit,
    Json(given): Json<Credentials>,
) -> Result<([(HeaderName, String); 1], NoContent)> {
    may_sign_in(&state)?;
    let access = &state.access;
    let session = access
        .sign_in(&given.email, &given.password, &visit)
        .await?;
    Ok(([session_cookie(&state, Some(&session))], NoContent))
}

pub(crate) async fn sign_out(
    State(state): State<WebState>,
    Visit(visit): Visit,
    named: SignedInAs,
    headers: HeaderMap,
) -> Result<([(HeaderName, String); 2], NoContent)> {
    if let Some(session) = session_of(&state, &headers) {
        if named.is_given()
            && let Some(it) = state.access.principal(&session, visit.from.clone()).await?
        {
            named.check(it.staff.id)?;
        }
        state.access.sign_out(&session, visit.from).await?;
    }
    let forget = (CLEAR_SITE_DATA, "\"cache\"".to_owned());
    Ok(([session_cookie(&state, None), forget], NoContent))
}

/// The same for every token: looking does not say whether it is good, and does not use it up.
pub(crate) async fn link_page() -> Response {
    Html(include_str!("sign_in/link.html")).into_response()
}

pub(crate) async fn stylesheet() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    (headers, include_str!("sign_in/pages.css")).into_response()
}

pub(crate) async fn use_link(
    State(state): State<WebState>,
    Path(token): Path<Text<200>>,
    Visit(visit): Visit,
) -> Response {
    if let Err(problem) = may_sign_in(&state) {
        return problem.into_response();
    }
    match state.access.use_link(&token, &visit).await {
        Ok(session) => {
            let cookie = [session_cookie(&state, Some(&session))];
            (cookie, Redirect::to("/app")).into_response()
        }
        Err(AccessError::LinkOver) => Redirect::to("/app/sign-in?link=over").into_response(),
        Err(error) => not_now(&error.into()),
    }
}

/// The link is as good as before: its page once more, with the button and why it did nothing.
fn not_now(problem: &Problem) -> Response {
    const NOTE: &str = "<p role=\"alert\">Tieline cannot sign you in at this moment. The link is still good: press the button again in a few seconds.</p>\n<form";
    let page = include_str!("sign_in/link.html").replace("<form", NOTE);
    (problem.status(), Html(page)).into_response()
}

//! Where a request comes from: the address, the browser, and the session's cookie.

use crate::state::WebState;
use axum::extract::FromRequestParts;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use std::convert::Infallible;
use tieline_access::session::LIFE_MS;
use tieline_edge::ClientAddress;

/// Where somebody who is not signed in yet comes from.
pub(crate) struct Visit(pub tieline_access::Visit);

impl FromRequestParts<WebState> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Visit, Infallible> {
        Ok(Visit(visit_of(state, &parts.headers, &parts.extensions)))
    }
}

/// Where a request comes from.
pub(crate) fn visit_of(
    state: &WebState,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> tieline_access::Visit {
    let agent = headers.get(USER_AGENT);
    let network = extensions.get::<ClientAddress>();
    tieline_access::Visit {
        from: address_of(extensions),
        network: network
            .map(|it| it.network().to_string())
            .unwrap_or_default(),
        agent: agent.and_then(|it| it.to_str().ok()).map(str::to_owned),
        session: session_of(state, headers),
    }
}

pub(crate) fn address_of(extensions: &Extensions) -> Option<String> {
    extensions
        .get::<ClientAddress>()
        .map(|address| address.0.to_string())
}

/// The one name of the session's cookie here. Over https it is one that a neighbour's site cannot
/// set; the plain name would let it.
fn cookie_name(state: &WebState) -> &'static str {
    match state.public_url.starts_with("https://") {
        true => "__Host-tieline",
        false => "tieline",
    }
}

/// The cookie that carries a new session, or ends one.
pub(crate) fn session_cookie(
    state: &WebState,
    session: Option<&str>,
) -> (http::HeaderName, String) {
    let name = cookie_name(state);
    let flags = if name.starts_with("__Host-") {
        "; Secure"
    } else {
        ""
    };
    let age = session.map_or(0, |_| LIFE_MS / 1_000);
    let value = session.unwrap_or_default();
    (
        SET_COOKIE,
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{flags}"),
    )
}

/// The session that a request carries.
pub(crate) fn session_of(state: &WebState, headers: &HeaderMap) -> Option<String> {
    let wanted = cookie_name(state);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted && !value.is_empty()).then(|| value.to_owned())
        })
}

//! Who may call what: the session of a request, its rights, the origin of a change, the headers of an
//! answer.

use crate::face::Face;
use crate::origin::{is_on_this_machine, is_our_host};
use crate::problem::{Code, Problem};
use crate::route::RouteInfo;
use crate::state::WebState;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, COOKIE, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY, USER_AGENT,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method};
use std::convert::Infallible;
use tieline_access::SignedIn;
use tieline_access::session::LIFE_MS;
use tieline_domain::access::{AuditedAct, Right};
use tieline_edge::ClientAddress;

/// Stands before the routes of the staff face: lets in who is signed in and has the right.
#[derive(Clone)]
pub(crate) struct Gate {
    state: WebState,
    right: Option<Right>,
}

impl Gate {
    pub fn new(state: WebState, right: Option<Right>) -> Gate {
        Gate { state, right }
    }
}

/// Lets in who is signed in and has the right; the handler finds them in the request's extensions.
pub(crate) async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Gate { state, right } = gate;
    let token = session_of(&state, request.headers()).unwrap_or_default();
    let from = address_of(request.extensions());
    let signed_in = match state.access.principal(&token, from).await {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => {
            return Problem::new(Code::NotSignedIn, "nobody is signed in")
                .fix("Sign in at /app, then try again.")
                .into_response();
        }
        Err(error) => return Problem::from(error).into_response(),
    };
    let target = format!("{} {}", request.method(), request.uri().path());
    if let Err(problem) = allow(&state, &signed_in, right, target).await {
        return problem.into_response();
    }
    request.extensions_mut().insert(signed_in);
    next.run(request).await
}

/// Refusals are audited, and so is each reading that may go beyond one's own inboxes.
async fn allow(
    state: &WebState,
    me: &SignedIn,
    right: Option<Right>,
    target: String,
) -> Result<(), Problem> {
    let Some(right) = right else { return Ok(()) };
    let rights = me.principal.rights();
    if !rights.has(right) {
        tracing::warn!(security.event = "refused", staff.id = %me.staff.id, right = right.as_str(), "a call is beyond somebody's rights");
        let act = AuditedAct::Refused;
        state.access.note(&me.caller(), act, target, right).await?;
        return Err(
            Problem::new(Code::NotAllowed, "your role does not allow this")
                .fix("Ask an administrator."),
        );
    }
    if right == Right::ReadConversations && rights.has(Right::Review) {
        let act = AuditedAct::Review;
        state.access.note(&me.caller(), act, target, right).await?;
    }
    Ok(())
}

/// Stands before everything, and knows the face of each route.
#[derive(Clone)]
pub(crate) struct Entrance {
    state: WebState,
    routes: &'static [RouteInfo],
}

impl Entrance {
    pub fn new(state: WebState, routes: &'static [RouteInfo]) -> Entrance {
        Entrance { state, routes }
    }

    /// The face of the route that a request goes to, if it goes to one.
    fn face_of(&self, request: &Request) -> Option<Face> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        let mut routes = self.routes.iter().filter(|it| it.path == path);
        routes.next().map(|route| route.face)
    }
}

/// Refuses changes that another site's page asks for, and adds the headers that every answer has.
pub(crate) async fn every_request(
    State(entrance): State<Entrance>,
    request: Request,
    next: Next,
) -> Response {
    let state = &entrance.state;
    if !is_health(request.uri().path()) && !names_us(state, &request) {
        return Problem::new(Code::WrongHost, "the request names another host")
            .fix("Use public_url; a proxy in front must pass the Host header on as it came.")
            .into_response();
    }
    let face = entrance.face_of(&request);
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let is_open = face.is_some_and(|face| face.takes_cross_site_changes());
    if changes && !is_open && !same_origin(state, request.headers()) {
        let from = address_of(request.extensions()).unwrap_or_default();
        tracing::warn!(
            security.event = "cross_site",
            client.address = from,
            "a change was asked for by another site's page"
        );
        return Problem::new(Code::CrossSite, "the request comes from another site")
            .fix("Send it from Tieline's own pages.")
            .into_response();
    }
    // What is not among the routes may be about people as well.
    let is_api = request.uri().path().starts_with("/api/");
    let personal = is_api || face.is_some_and(|face| face.is_personal());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if personal {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
               connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
               frame-ancestors 'none'; worker-src 'self'";
    for (name, value) in [
        ("content-security-policy", csp),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.public_url.starts_with("https://") {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// What watches over the process asks by whatever address it has, and learns nothing else.
fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Whether a request is meant for us. No browser leaves the host out.
fn names_us(state: &WebState, request: &Request) -> bool {
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => match request.headers().get(HOST).map(HeaderValue::to_str) {
            Some(Err(_)) => return false,
            host => host.and_then(Result::ok),
        },
    };
    host.is_none_or(|host| is_our_host(&state.public_url, host))
}

/// Where somebody who is not signed in yet comes from.
pub(crate) struct Visit(pub tieline_access::Visit);

impl FromRequestParts<WebState> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Visit, Infallible> {
        let agent = parts.headers.get(USER_AGENT);
        let network = parts.extensions.get::<ClientAddress>();
        Ok(Visit(tieline_access::Visit {
            from: address_of(&parts.extensions),
            network: network
                .map(|it| it.network().to_string())
                .unwrap_or_default(),
            agent: agent.and_then(|it| it.to_str().ok()).map(str::to_owned),
            session: session_of(state, &parts.headers),
        }))
    }
}

fn address_of(extensions: &Extensions) -> Option<String> {
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

/// Whether people may sign in here: over https, or on this machine.
pub(crate) fn may_sign_in(state: &WebState) -> Result<(), Problem> {
    let url = &state.public_url;
    if url.starts_with("https://") || is_on_this_machine(url) {
        return Ok(());
    }
    Err(Problem::new(
        Code::NotSecure,
        "signing in over plain http would show the password on the way",
    )
    .fix("Put Tieline behind https and set public_url to it."))
}

fn same_origin(state: &WebState, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == state.public_url,
        // Neither header: no browser sent it, so no other site's page did.
        (None, None) => true,
    }
}

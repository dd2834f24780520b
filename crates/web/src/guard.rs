//! Who may call what: the session of a request, the origin of a change, the headers of an answer.

use crate::origin::{is_on_this_machine, is_our_host};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, COOKIE, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue, Method};
use tieline_access::SignedIn;
use tieline_domain::access::{Principal, Role};

/// Only for signed-in staff; the handler finds them in the request's extensions.
pub(crate) async fn staff(State(state): State<WebState>, request: Request, next: Next) -> Response {
    admit(state, request, next, Role::Staff).await
}

/// Only for system administrators.
pub(crate) async fn administrator(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Response {
    admit(state, request, next, Role::SystemAdministrator).await
}

async fn admit(state: WebState, mut request: Request, next: Next, least: Role) -> Response {
    let session = session_of(request.headers()).unwrap_or_default();
    let signed_in = match state.access.principal(&session).await {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => {
            return Problem::new(Code::NotSignedIn, "nobody is signed in")
                .fix("Sign in at /app, then try again.")
                .into_response();
        }
        Err(error) => return Problem::from(error).into_response(),
    };
    if role_of(&signed_in) < least {
        return Problem::new(Code::NotAllowed, "your role does not allow this")
            .fix("Ask a system administrator.")
            .into_response();
    }
    request.extensions_mut().insert(signed_in);
    next.run(request).await
}

/// Refuses changes that another site's page asks for, and adds the headers that every answer has.
pub(crate) async fn every_request(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !is_health(path) && !names_us(&state, &request) {
        return Problem::new(Code::WrongHost, "the request names another host")
            .fix("Use public_url; a proxy in front must pass the Host header on as it came.")
            .into_response();
    }
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if changes && path.starts_with("/api/") && !same_origin(&state, request.headers()) {
        return Problem::new(Code::CrossSite, "the request comes from another site")
            .fix("Send it from Tieline's own pages.")
            .into_response();
    }
    let personal = path.starts_with("/api/") || path.starts_with("/sign-in/");
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

/// The cookie that carries a new session, or ends one.
pub(crate) fn session_cookie(
    state: &WebState,
    session: Option<&str>,
) -> (http::HeaderName, String) {
    let secure = state.public_url.starts_with("https://");
    let (name, flags) = if secure {
        ("__Host-tieline", "; Secure")
    } else {
        ("tieline", "")
    };
    let age = if session.is_some() { 14 * 86_400 } else { 0 };
    let value = session.unwrap_or_default();
    (
        SET_COOKIE,
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{flags}"),
    )
}

/// The session that a request carries.
pub(crate) fn session_of(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            matches!(name, "__Host-tieline" | "tieline").then(|| value.to_owned())
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

fn role_of(signed_in: &SignedIn) -> Role {
    match &signed_in.principal {
        Principal::Staff { role, .. } => *role,
        Principal::System => Role::SystemAdministrator,
    }
}

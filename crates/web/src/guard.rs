//! Who may call what: the rights of whoever is let in, the origin of a change, the headers of an
//! answer.

use crate::caller::{Admitted, admitted, shows_key};
use crate::face::{Credential, Face};
use crate::origin::{is_on_this_machine, is_our_host};
use crate::problem::{Code, Problem};
use crate::route::RouteInfo;
use crate::state::WebState;
use crate::visit::address_of;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HOST, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Collected};
use serde_json::{Value, json};
use tieline_domain::access::{AuditedAct, Caller, Principal, Right};

/// Routes of another right that show what conversations there are.
const SHOW_MORE: [&str; 2] = [
    "/api/v1/contacts/{id}",
    "/api/v1/conversations/{id}/candidates",
];

/// Stands before the routes behind a sign-in: lets in who has the right.
#[derive(Clone)]
pub(crate) struct Gate {
    state: WebState,
    face: Face,
    right: Option<Right>,
}

impl Gate {
    pub fn new(state: WebState, face: Face, right: Option<Right>) -> Gate {
        Gate { state, face, right }
    }
}

/// Lets in who shows what the face asks for and has the right; the handler finds them in the
/// request's extensions.
pub(crate) async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match known(&gate, &parts).await {
        Ok(admitted) => {
            let rights = admitted.caller.principal.rights();
            let may_read = gate.right.is_none_or(|right| rights.has(right.to_read()));
            let extensions = &mut parts.extensions;
            extensions.insert(admitted.caller.clone());
            if let Some(signed_in) = admitted.signed_in.clone() {
                extensions.insert(signed_in);
            }
            extensions.insert(admitted);
            let answer = next.run(Request::from_parts(parts, body)).await;
            match may_read {
                true => answer,
                false => only_its_id(answer).await,
            }
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whoever may write and not read learns what it is called that they wrote, and nothing else of it.
async fn only_its_id(answer: Response) -> Response {
    if !answer.status().is_success() {
        return answer;
    }
    let status = answer.status();
    let bytes = answer.into_body().collect().await.map(Collected::to_bytes);
    let whole: Value = serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
    match whole.get("id") {
        Some(id) => (status, axum::Json(json!({"id": id}))).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn known(gate: &Gate, parts: &Parts) -> Result<Admitted, Problem> {
    let Gate { state, face, right } = gate;
    let admitted = admitted(state, &parts.headers, &parts.extensions).await?;
    if face.credential() == Credential::Session && admitted.signed_in.is_none() {
        return Err(Problem::new(
            Code::NotAllowed,
            "this is about whoever is signed in, and nobody is",
        )
        .fix("Use the routes that name a user by id."));
    }
    let target = format!("{} {}", parts.method, parts.uri.path());
    let path = parts.extensions.get::<MatchedPath>();
    let shows = *right == Some(Right::ReadConversations)
        || parts.method == Method::GET && path.is_some_and(|it| SHOW_MORE.contains(&it.as_str()));
    allow(state, &admitted.caller, *right, target, shows).await?;
    Ok(admitted)
}

/// Refusals are audited, and so is each reading that may go beyond one's own inboxes.
async fn allow(
    state: &WebState,
    me: &Caller,
    right: Option<Right>,
    target: String,
    shows_conversations: bool,
) -> Result<(), Problem> {
    let Some(right) = right else { return Ok(()) };
    let rights = me.principal.rights();
    if !rights.has(right) {
        tracing::warn!(security.event = "refused", by = ?me.principal.by(), right = right.as_str(), "a call is beyond somebody's rights");
        let act = AuditedAct::Refused;
        state.access.note(me, act, target, right).await?;
        let words = match me.principal {
            Principal::ApiKey(_) => format!(
                "this takes the right {}, which the key, or the user it acts for, does not have",
                right.as_str()
            ),
            _ => "your role does not allow this".to_owned(),
        };
        return Err(Problem::new(Code::NotAllowed, words).fix("Ask an administrator."));
    }
    if shows_conversations && rights.has(Right::Review) {
        let act = AuditedAct::Review;
        state.access.note(me, act, target, right).await?;
    }
    Ok(())
}

/// Stands before everything, and knows the face of each route.
#[derive(Clone)]
pub(crate) struct Entrance {
    state: WebState,
    routes: &'static [RouteInfo],
    /// Whether people reach it over https.
    is_secure: bool,
}

/// The headers that every answer has.
static EVERY_ANSWER: [(HeaderName, HeaderValue); 5] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'; worker-src 'self'",
        ),
    ),
    (
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    ),
    (
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    ),
];

impl Entrance {
    pub fn new(state: WebState, routes: &'static [RouteInfo]) -> Entrance {
        let is_secure = state.public_url.starts_with("https://");
        Entrance {
            state,
            routes,
            is_secure,
        }
    }

    /// The face of the route that a request goes to, if it goes to one.
    fn face_of(&self, request: &Request) -> Option<Face> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        let mut routes = self.routes.iter().filter(|it| it.path == path);
        routes.next().map(|route| route.face)
    }
}

/// Refuses what names another host and changes that another site's page asks for; adds the headers
/// that every answer has.
pub(crate) async fn every_request(
    State(entrance): State<Entrance>,
    request: Request,
    next: Next,
) -> Response {
    let face = entrance.face_of(&request);
    // What is not among the routes may be about people as well.
    let is_api = request.uri().path().starts_with("/api/");
    let personal = is_api || face.is_some_and(|face| face.is_personal());
    let mut response = match refusal(&entrance.state, &request, face) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    if personal {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in &EVERY_ANSWER {
        headers.insert(name, value.clone());
    }
    if entrance.is_secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

fn refusal(state: &WebState, request: &Request, face: Option<Face>) -> Option<Problem> {
    if !is_health(request.uri().path()) && !names_us(state, request) {
        let problem = Problem::new(Code::WrongHost, "the request names another host");
        return Some(
            problem
                .fix("Use public_url; a proxy in front must pass the Host header on as it came."),
        );
    }
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let is_open = face.is_some_and(|face| face.takes_cross_site_changes());
    // A page cannot have a browser send a key that it does not know.
    let by_key = face == Some(Face::Staff) && shows_key(request.headers());
    if !changes || is_open || by_key || same_origin(state, request.headers()) {
        return None;
    }
    let from = address_of(request.extensions()).unwrap_or_default();
    tracing::warn!(
        security.event = "cross_site",
        client.address = from,
        "a change was asked for by another site's page"
    );
    let problem = Problem::new(Code::CrossSite, "the request comes from another site");
    Some(problem.fix("Send it from Tieline's own pages."))
}

/// What watches over the process asks by whatever address it has, and learns nothing else.
fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Whether a request is meant for us. No browser leaves the host out.
fn names_us(state: &WebState, request: &Request) -> bool {
    let target = request.uri().authority();
    let named = request.headers().get_all(HOST).iter();
    // Several may each be read by somebody else: what stands before us reads one, and we another.
    let all_are_ours = named
        .map(HeaderValue::to_str)
        .chain(target.map(|it| Ok(it.as_str())))
        .all(|host| host.is_ok_and(|host| is_our_host(&state.public_url, host)));
    all_are_ours && request.headers().get_all(HOST).iter().count() <= 1
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

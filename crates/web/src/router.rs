//! Every URL of the hub, and who may call it.

use crate::describe::{Draft, Handler, document};
use crate::once::once;
use crate::problem::Code;
use crate::state::WebState;
use crate::{
    app, contacts, conversations, guard, hooks, live, me, messages, metrics, ready, runs, sync,
    unassigned_texts,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// A body may have this many bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody.
    Public,
    /// A carrier, by its signature.
    Webhook,
    /// Signed-in staff.
    Staff,
    /// A system administrator.
    Administrator,
}

/// One route, for the description and for tests.
#[derive(Debug, Clone, Copy)]
pub struct RouteInfo {
    /// `get`, …
    pub method: &'static str,
    /// With `{parameters}`.
    pub path: &'static str,
    /// Who may call it.
    pub policy: Policy,
    /// What it does.
    pub summary: &'static str,
    /// How it may refuse, beside what its policy and its handler's arguments say.
    pub(crate) codes: &'static [Code],
}

macro_rules! guarded {
    ($state:expr, Public, $method:ident, $route:expr) => {
        $route
    };
    ($state:expr, Webhook, $method:ident, $route:expr) => {
        $route
    };
    ($state:expr, Staff, $method:ident, $route:expr) => {
        once!($state, $method, $route).route_layer(from_fn_with_state($state.clone(), guard::staff))
    };
    ($state:expr, Administrator, $method:ident, $route:expr) => {
        once!($state, $method, $route)
            .route_layer(from_fn_with_state($state.clone(), guard::administrator))
    };
}

/// What creates or sends is done once for each key.
macro_rules! once {
    ($state:expr, post, $route:expr) => {
        $route.route_layer(from_fn_with_state($state.clone(), once))
    };
    ($state:expr, $method:ident, $route:expr) => {
        $route
    };
}

macro_rules! routes {
    ($($method:ident $path:literal $policy:ident $handler:path, $summary:literal $(, $code:ident)*;)*) => {
        /// Every route.
        pub const ROUTES: &[RouteInfo] = &[
            $(RouteInfo { method: stringify!($method), path: $path, policy: Policy::$policy, summary: $summary, codes: &[$(Code::$code),*] },)*
        ];

        fn add_routes(state: &WebState) -> Router<WebState> {
            Router::new()$(.route($path, guarded!(state, $policy, $method, $method($handler))))*
        }

        /// What the handler of each route says about itself, in the order of [`ROUTES`].
        const DESCRIBED: &[fn(&mut Draft)] = &[$(|draft| read(&$handler, draft)),*];
    };
}

routes! {
    get "/" Public app::home, "The staff app";
    get "/app" Public app::staff_app, "The staff app";
    get "/app/{*path}" Public app::staff_app_path, "Files of the staff app";
    get "/sign-in/{token}" Public me::use_link, "Sign in by a one-time link";
    get "/healthz" Public app::healthz, "Whether the process lives";
    get "/readyz" Public ready::readyz, "Whether the database answers";
    get "/api/openapi.json" Public app::openapi, "This description";
    post "/hooks/twilio/{inbox_id}" Webhook hooks::inbound, "A text came in", WrongSignature, NotStored;
    post "/hooks/twilio/{inbox_id}/status" Webhook hooks::status, "Something became of a text", WrongSignature, NotStored, NotFound;
    post "/api/v1/session" Public me::sign_in, "Sign in by password", WrongCredentials, TooManyTries, NotSecure;
    delete "/api/v1/session" Public me::sign_out, "Sign out";
    get "/api/v1/me" Staff me::show, "Who is signed in, and what they see";
    get "/api/v1/live" Staff live::follow, "Follow changes as server-sent events";
    get "/api/v1/conversations" Staff conversations::list, "List conversations";
    post "/api/v1/conversations" Staff conversations::begin, "Open a conversation with a contact", VersionConflict, Duplicate, NotFound;
    get "/api/v1/conversations/{id}" Staff conversations::show, "One conversation";
    patch "/api/v1/conversations/{id}" Staff conversations::change, "Close, assign or tie a conversation", VersionConflict;
    post "/api/v1/conversations/{id}/read" Staff conversations::read, "Mark a conversation as read", VersionConflict;
    get "/api/v1/conversations/{id}/messages" Staff messages::list, "Messages of a conversation";
    post "/api/v1/conversations/{id}/messages" Staff messages::write, "Write a text or a note", OptedOut, NotAnswerable, NoSender, Empty, TooLong, Refused, VersionConflict, Duplicate;
    post "/api/v1/messages/{id}/retry" Staff messages::retry, "Send a failed text again", VersionConflict;
    get "/api/v1/unassigned-texts" Administrator unassigned_texts::list, "Texts that came in for a number or account that no inbox has";
    get "/api/v1/contact-fields" Staff contacts::fields, "Attributes that a contact may have";
    get "/api/v1/contacts" Staff contacts::list, "List contacts";
    post "/api/v1/contacts" Staff contacts::create, "Add a contact";
    get "/api/v1/contacts/{id}" Staff contacts::show, "One contact";
    patch "/api/v1/contacts/{id}" Staff contacts::edit, "Change a contact", VersionConflict;
    delete "/api/v1/contacts/{id}" Staff contacts::delete, "Hide and unlink a contact", VersionConflict;
    post "/api/v1/contacts/{id}/restore" Staff contacts::restore, "Show a deleted contact again", VersionConflict;
    get "/api/v1/sync" Staff sync::status, "How the org and the hub stand", NotConnected, Org;
    patch "/api/v1/sync/mappings/{id}" Administrator sync::change_mapping, "Change an object mapping";
    patch "/api/v1/sync/mappings/{id}/fields/{field}" Administrator sync::change_field, "Change a field mapping";
    get "/api/v1/sync/runs" Staff runs::list, "Runs, the newest first", NotConnected;
    post "/api/v1/sync/runs" Staff runs::start, "Start a run", NotConnected, SyncRunning, Org;
    get "/api/v1/sync/runs/{id}" Staff runs::show, "One run";
    post "/api/v1/sync/runs/{id}/cancel" Staff runs::cancel, "Stop a run after its batch", VersionConflict, Org;
    get "/api/v1/sync/runs/{id}/changes" Staff runs::changes, "What a run changed";
}

fn read<Arguments>(handler: &impl Handler<Arguments>, draft: &mut Draft) {
    handler.describe(draft);
}

/// The description of the API (OpenAPI 3.1).
pub fn description() -> Value {
    document(ROUTES, DESCRIBED)
}

/// The hub's router.
pub fn router(state: WebState) -> Router {
    add_routes(&state)
        .fallback(app::not_found)
        .method_not_allowed_fallback(app::method_not_allowed)
        .layer(from_fn_with_state(state.clone(), guard::every_request))
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .layer(CompressionLayer::new().compress_when(app::is_not_live))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(app::panicked))
        .layer(from_fn(app::no_index))
        .with_state(state)
}

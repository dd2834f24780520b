//! Every URL of the hub, and who may call it.

use crate::{app, contacts, conversations, guard, hooks, live, me, messages, metrics, runs, sync};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};
use std::sync::Arc;
use tieline_access::Access;
use tieline_messaging::{OpenSecret, Receiver};
use tieline_storage::Store;
use tieline_sync::Sync;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// A body may have this many bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What handlers need; cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// Where everything is kept.
    pub store: Store,
    /// Who is signed in.
    pub access: Access,
    /// The door for what comes in.
    pub receiver: Receiver,
    /// The sync.
    pub sync: Sync,
    /// Opens carriers' secrets, for checking signatures.
    pub open_secret: OpenSecret,
    /// Where people and carriers reach us; no slash at its end.
    pub public_url: String,
    /// The simulated org and phones, in the demo.
    pub demo: Option<DemoLinks>,
    /// What is counted.
    pub metrics: Arc<metrics::Metrics>,
}

/// Where the pretend outside parties have their pages.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DemoLinks {
    /// "Someone in Salesforce".
    pub org_url: String,
    /// The pretend phones.
    pub phones_url: String,
}

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
}

macro_rules! guarded {
    ($state:expr, Public, $route:expr) => {
        $route
    };
    ($state:expr, Webhook, $route:expr) => {
        $route
    };
    ($state:expr, Staff, $route:expr) => {
        $route.route_layer(from_fn_with_state($state.clone(), guard::staff))
    };
    ($state:expr, Administrator, $route:expr) => {
        $route.route_layer(from_fn_with_state($state.clone(), guard::administrator))
    };
}

macro_rules! routes {
    ($($method:ident $path:literal $policy:ident $handler:path, $summary:literal;)*) => {
        /// Every route.
        pub const ROUTES: &[RouteInfo] = &[
            $(RouteInfo { method: stringify!($method), path: $path, policy: Policy::$policy, summary: $summary },)*
        ];

        fn add_routes(state: &WebState) -> Router<WebState> {
            Router::new()$(.route($path, guarded!(state, $policy, $method($handler))))*
        }
    };
}

routes! {
    get "/" Public app::home, "The staff app";
    get "/app" Public app::staff_app, "The staff app";
    get "/app/{*path}" Public app::staff_app_path, "Files of the staff app";
    get "/sign-in/{token}" Public me::use_link, "Sign in by a one-time link";
    get "/healthz" Public app::healthz, "Whether the process lives";
    get "/readyz" Public app::readyz, "Whether the database answers";
    get "/metrics" Public metrics::show, "Figures for Prometheus";
    get "/api/openapi.json" Public app::openapi, "This description";
    post "/hooks/twilio/{inbox_id}" Webhook hooks::inbound, "A text came in";
    post "/hooks/twilio/{inbox_id}/status" Webhook hooks::status, "Something became of a text";
    post "/api/v1/session" Public me::sign_in, "Sign in by password";
    delete "/api/v1/session" Public me::sign_out, "Sign out";
    get "/api/v1/me" Staff me::show, "Who is signed in, and what they see";
    get "/api/v1/live" Staff live::follow, "Follow changes as server-sent events";
    get "/api/v1/conversations" Staff conversations::list, "List conversations";
    post "/api/v1/conversations" Staff conversations::begin, "Open a conversation with a contact";
    get "/api/v1/conversations/{id}" Staff conversations::show, "One conversation";
    patch "/api/v1/conversations/{id}" Staff conversations::change, "Close, assign or tie a conversation";
    post "/api/v1/conversations/{id}/read" Staff conversations::read, "Mark a conversation as read";
    get "/api/v1/conversations/{id}/messages" Staff messages::list, "Messages of a conversation";
    post "/api/v1/conversations/{id}/messages" Staff messages::write, "Write a text or a note";
    post "/api/v1/messages/{id}/retry" Staff messages::retry, "Send a failed text again";
    get "/api/v1/contact-fields" Staff contacts::fields, "Attributes that a contact may have";
    get "/api/v1/contacts" Staff contacts::list, "List contacts";
    post "/api/v1/contacts" Staff contacts::create, "Add a contact";
    get "/api/v1/contacts/{id}" Staff contacts::show, "One contact";
    patch "/api/v1/contacts/{id}" Staff contacts::edit, "Change a contact";
    delete "/api/v1/contacts/{id}" Staff contacts::delete, "Hide and unlink a contact";
    post "/api/v1/contacts/{id}/restore" Staff contacts::restore, "Show a deleted contact again";
    get "/api/v1/sync" Staff sync::status, "How the org and the hub stand";
    patch "/api/v1/sync/mappings/{id}" Administrator sync::change_mapping, "Change an object mapping";
    patch "/api/v1/sync/mappings/{id}/fields/{field}" Administrator sync::change_field, "Change a field mapping";
    get "/api/v1/sync/runs" Staff runs::list, "Runs, the newest first";
    post "/api/v1/sync/runs" Staff runs::start, "Start a run";
    get "/api/v1/sync/runs/{id}" Staff runs::show, "One run";
    post "/api/v1/sync/runs/{id}/cancel" Staff runs::cancel, "Stop a run after its batch";
    get "/api/v1/sync/runs/{id}/changes" Staff runs::changes, "What a run changed";
}

/// The hub's router.
pub fn router(state: WebState) -> Router {
    add_routes(&state)
        .fallback(app::nowhere)
        .layer(from_fn_with_state(state.clone(), guard::every_request))
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .layer(CompressionLayer::new().compress_when(app::is_not_live))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(app::no_index))
        .with_state(state)
}

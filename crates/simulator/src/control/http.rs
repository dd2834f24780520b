//! The control plane over HTTP, for tests in other languages. Each request carries the token, each
//! route takes `?org=` for another org than the first, and each error says what to mend.

mod carrier;
mod changes;
mod edits;
mod events;
mod faults;
mod lookup;
mod people;
mod request;
mod rights;
mod rules;
mod schema;
mod sign_in;
mod time;
mod usage;

use crate::simulator::Simulator;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use request::Refusal;
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use serde_json::{Value, json};

/// One route, for the index and for tests.
#[derive(Debug, Clone, Copy)]
pub struct RouteInfo {
    /// `get`, …
    pub method: &'static str,
    /// With `{parameters}`.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// A body that it takes, as JSON; empty for none.
    pub example: &'static str,
}

macro_rules! routes {
    ($($method:ident $path:literal $handler:path, $summary:literal, $example:literal;)*) => {
        /// Every route of the control plane.
        pub const ROUTES: &[RouteInfo] = &[
            $(RouteInfo { method: stringify!($method), path: $path, summary: $summary, example: $example },)*
        ];

        fn all_routes() -> Router<Simulator> {
            Router::new()$(.route($path, $method($handler)))*
        }
    };
}

routes! {
    get "/" index, "This list", "";
    get "/clock" time::show, "The time of all orgs and of the carrier", "";
    post "/clock" time::change, "Move the time forward, or put it", r#"{"advance_ms": 86400000}"#;
    get "/commit-lag" time::commit_lag, "The writes that are still to be stamped early", "";
    post "/commit-lag" time::set_commit_lag, "Stamp the next writes earlier than they are seen", r#"{"seconds": 5, "times": 3}"#;
    get "/faults" faults::list, "All planned faults, how often seen and fired", "";
    post "/faults" faults::plan, "Plan a fault", r#"{"method": "GET", "path": "/query", "times": 2, "mishap": {"kind": "html", "status": 503}}"#;
    delete "/faults" faults::clear, "Take all faults back", "";
    get "/faults/{number}" faults::show, "How one fault fares", "";
    delete "/faults/{number}" faults::cancel, "Take one fault back", "";
    get "/knobs" time::knobs, "How exact and how quick the org's answers are", "";
    post "/knobs" time::set_knobs, "Change some of the knobs", r#"{"page_jitter_percent": 30, "lock_contention_percent": 5}"#;
    get "/changes" changes::list, "The org's own log of changes; ?after=seq for the later ones", "";
    post "/edits" edits::edit, "Change records as a user, alone or several", r#"{"user": null, "object": "Contact", "id": null, "fields": {"LastName": "Sato"}}"#;
    get "/users" people::list, "All users", "";
    post "/users/{username}" people::change, "Deactivate or reactivate a user, let the password expire", r#"{"active": false}"#;
    post "/permission-sets" rights::create_set, "Make a permission set without rights", r#"{"name": "Texting", "label": "Texting"}"#;
    post "/permission-sets/{set}/assignments" rights::assign, "Give a permission set to a user, or take it", r#"{"username": "priya.shah@acme.example", "assigned": true}"#;
    post "/rights" rights::change, "What a profile or permission set allows with an object, a field or in general", r#"{"profile": "Standard User", "object": "Contact", "field": "Birthdate", "access": "hidden"}"#;
    post "/sharing" rights::set_sharing, "The org-wide default of an object", r#"{"object": "Lead", "sharing": "private"}"#;
    post "/shares" rights::share, "Share one record with one user", r#"{"record": "003000000000000", "user": "priya.shah@acme.example", "level": "edit"}"#;
    get "/sign-in" sign_in::show, "How strict the org is at sign-in", "";
    post "/sign-in" sign_in::change, "Change some of it", r#"{"security_token_required": true, "logins_per_hour": 100}"#;
    get "/apps" sign_in::apps, "The connected apps, with their secrets", "";
    post "/apps" sign_in::put_app, "Add an app, or change the one with this consumer_key", r#"{"name": "Loader", "scopes": ["api"], "blocked_flows": ["password"]}"#;
    delete "/sessions" people::end_sessions, "End all sessions, or with ?user= those of a user", "";
    post "/objects" schema::add_object, "Add a custom object", r#"{"name": "Grant__c", "auto_number": "G-{0000}", "allow_activities": true}"#;
    post "/objects/{object}" schema::change_object, "Rename an object for people", r#"{"label": "Person"}"#;
    post "/objects/{object}/fields" schema::add_field, "Add a custom field", r#"{"name": "Nickname__c", "type": "Text", "length": 40}"#;
    post "/objects/{object}/fields/{field}" schema::change_field, "Change some of what a field insists on", r#"{"label": "Known as", "length": 60, "required": false}"#;
    post "/objects/{object}/validation-rules" rules::add_validation, "Add a validation rule, or replace the one of this name", r#"{"name": "Needs_phone", "condition": "ISBLANK(Phone)", "message": "Give a phone number", "field": "Phone"}"#;
    post "/objects/{object}/validation-rules/{rule}" rules::switch_validation, "Switch a validation rule on or off", r#"{"active": false}"#;
    post "/objects/{object}/trigger-errors" rules::add_trigger_error, "Let a trigger fail on some records", r#"{"condition": "LastName = \"Boom\"", "message": "System.NullPointerException: Attempt to de-reference a null object"}"#;
    delete "/objects/{object}/rules" rules::clear, "Take validation rules and failing triggers away", "";
    post "/duplicate-rules" rules::misspell, "Whether answers spell the key duplicateResut", r#"{"misspelt": false}"#;
    post "/duplicate-rules/{rule}" rules::set_duplicate, "Set up a standard duplicate rule", r#"{"active": true, "on_create": "block", "message": "Use one of these records?"}"#;
    post "/assignment-rule" rules::assign_leads, "The queue that gets new leads, or none", r#"{"queue": null}"#;
    post "/person-accounts" schema::enable_person_accounts, "Switch person accounts on, for good", "";
    post "/name-parts" schema::enable_name_parts, "Give people middle names and suffixes, for good", "";
    post "/list-views" schema::define_list_view, "Make a list view, or change the one of this name", r#"{"object": "Contact", "developer_name": "Doctors", "columns": ["Name", "Phone"], "filter": "Salutation = 'Dr.'", "order": ["Name"]}"#;
    get "/events" events::show, "How the event bus behaves", "";
    post "/events" events::change, "Change some of it", r#"{"retention_ms": 259200000, "keep_alive_ms": 1000}"#;
    post "/events/mishaps" events::mishap, "Let something go wrong between changes and subscribers", r#"{"kind": "gap", "object": "Contact"}"#;
    post "/events/selection" events::select, "Whether changes of an object make events", r#"{"object": "Task", "selected": false}"#;
    post "/events/channels" events::define_channel, "Define a channel of several objects", r#"{"name": "People", "objects": ["Contact", "Lead"]}"#;
    post "/events/platform" events::define_platform_event, "Define a platform event", r#"{"name": "Text_sent__e", "fields": [{"name": "Number__c", "kind": "text"}]}"#;
    post "/events/managed-subscriptions" events::define_managed_subscription, "Let the org keep how far a subscriber has come", r#"{"developer_name": "Mirror", "topic": "/data/ContactChangeEvent"}"#;
    get "/calls" usage::calls, "The requests that were answered; ?after=n leaves out the first n", "";
    get "/usage" usage::show, "API calls by client, purpose, user and hour", "";
    post "/limits" usage::set, "Set the limits on API calls and what is used of them", r#"{"DailyApiRequests": 15000, "used": 14990}"#;
    get "/snapshots" time::snapshots, "Names of the snapshots", "";
    post "/snapshots" time::take_snapshot, "Keep the whole state of the org", r#"{"name": "before"}"#;
    post "/snapshots/{name}/restore" time::restore, "Put the org back to a snapshot", "";
    delete "/snapshots/{name}" time::forget_snapshot, "Forget a snapshot", "";
    get "/carrier" carrier::show, "The carrier's time, and whether it keeps opt-outs", "";
    post "/carrier" carrier::change, "Put the carrier's time, or let it keep opt-outs", r#"{"keeps_opt_outs": true}"#;
    get "/delivery-failures" carrier::failures, "Which of the next texts will not arrive", "";
    post "/delivery-failures" carrier::fail, "Let some of the next texts not arrive", r#"{"to": "+15550123", "error_code": 30006, "times": 2}"#;
    delete "/delivery-failures" carrier::clear_failures, "Let all texts arrive again", "";
    post "/numbers" carrier::provision, "Give a phone number a webhook", r#"{"number": "+15550100", "webhook": "http://127.0.0.1:8080/hooks/twilio/inbox_1"}"#;
    get "/texts" carrier::texts, "All texts of the carrier", "";
    post "/texts" carrier::send, "Send a text from a pretend phone", r#"{"from": "+15550123", "to": "+15550100", "text": "Hello"}"#;
}

impl Simulator {
    /// The control plane, for a port of its own.
    pub fn control_router(&self) -> Router {
        router(self.clone())
    }
}

fn router(simulator: Simulator) -> Router {
    all_routes()
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(simulator.clone(), authorise))
        .with_state(simulator)
}

async fn authorise(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let given = request.headers().get("authorization");
    let given = given.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    // Comparing authentication codes takes the same time wherever two tokens differ.
    let key = Key::new(HMAC_SHA256, b"control token");
    let wanted = sign(&key, simulator.world.control_token.as_bytes());
    if given.is_none_or(|given| verify(&key, given, wanted.as_ref()).is_err()) {
        let text = "authorization: send Bearer with the control_token of the ready line";
        return Refusal::new(StatusCode::UNAUTHORIZED, text).into_response();
    }
    next.run(request).await
}

async fn index() -> Json<Value> {
    Json(json!({"routes": listed()}))
}

async fn nowhere() -> Response {
    let body = json!({"error": "path: there is no such route", "routes": listed()});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn wrong_method() -> Response {
    let body = json!({"error": "method: the route does not have it", "routes": listed()});
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}

fn listed() -> Vec<Value> {
    let row = |route: &RouteInfo| {
        json!({
            "method": route.method.to_ascii_uppercase(),
            "path": route.path,
            "summary": route.summary,
            "example": serde_json::from_str::<Value>(route.example).unwrap_or_default(),
        })
    };
    ROUTES.iter().map(row).collect()
}

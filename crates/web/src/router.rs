//! Every URL of the hub, and who may call it.

use crate::describe::{Draft, Handler, document};
use crate::face::Face;
use crate::guard::{Entrance, Gate};
use crate::once::once;
use crate::problem::Code;
use crate::route::RouteInfo;
use crate::state::WebState;
use crate::strangers::bounded;
use crate::{
    app, attachments, audit, connection, contact_fields, contacts, conversations, guard, hooks,
    jobs, keys, live, me, messages, metrics, numbers, packed, runs, sessions, settings, sign_in,
    staff, sync, unassigned_texts,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use std::sync::LazyLock;
use tieline_domain::access::Right;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// The body of whoever is known may have this many bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

macro_rules! guarded {
    ($state:expr, Staff, $right:expr, $method:ident, $route:expr) => {
        admitted!($state, Staff, $right, $method, $route)
    };
    ($state:expr, Person, $right:expr, $method:ident, $route:expr) => {
        admitted!($state, Person, $right, $method, $route)
    };
    ($state:expr, Page, $right:expr, $method:ident, $route:expr) => {
        $route
    };
    // Nobody knows yet who asks.
    ($state:expr, $face:ident, $right:expr, $method:ident, $route:expr) => {
        $route.route_layer(from_fn_with_state($state.held.clone(), bounded))
    };
}

macro_rules! admitted {
    ($state:expr, $face:ident, $right:expr, $method:ident, $route:expr) => {
        once!($state, $method, $route).route_layer(from_fn_with_state(
            Gate::new($state.clone(), Face::$face, $right),
            guard::admit,
        ))
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
    ($($method:ident $path:literal $face:ident($($right:ident)?) $handler:path, $summary:literal $(, $code:ident)*;)*) => {
        /// Every route.
        pub const ROUTES: &[RouteInfo] = &[
            $(RouteInfo { method: stringify!($method), path: $path, face: Face::$face, right: first(&[$(Right::$right)?]), summary: $summary, codes: &[$(Code::$code),*] },)*
        ];

        fn add_routes(state: &WebState) -> Router<WebState> {
            Router::new()$(.route($path, guarded!(state, $face, first(&[$(Right::$right)?]), $method, $method($handler))))*
        }

        /// What the handler of each route says about itself, in the order of [`ROUTES`].
        const DESCRIBED: &[fn(&mut Draft)] = &[$(|draft| read(&$handler, draft)),*];
    };
}

routes! {
    get "/" Page() app::home, "The staff app";
    get "/app" Page() app::staff_app, "The staff app";
    get "/app/{*path}" Page() app::staff_app_path, "Files of the staff app";
    get "/pages.css" Page() sign_in::stylesheet, "How plain pages look";
    get "/sign-in/{token}" Door() sign_in::link_page, "A page that asks whether to sign in";
    post "/sign-in/{token}" Door() sign_in::use_link, "Sign in by a one-time link";
    get "/healthz" Page() app::healthz, "Whether the process lives";
    get "/readyz" Page() app::readyz, "Whether this node can do its work";
    get "/api/openapi.json" Page() openapi, "This description";
    post "/hooks/twilio/accounts/{account_id}" Hook() hooks::inbound, "A text came in", WrongSignature, NotStored, Overloaded;
    post "/hooks/twilio/accounts/{account_id}/status" Hook() hooks::status, "Something became of a text", WrongSignature, NotStored, NotFound, Overloaded;
    post "/hooks/twilio/{inbox_id}" Hook() hooks::inbound_of_inbox, "A text came in for a number of an inbox", WrongSignature, NotStored, Overloaded;
    post "/hooks/twilio/{inbox_id}/status" Hook() hooks::status_of_inbox, "Something became of a text of an inbox", WrongSignature, NotStored, NotFound, Overloaded;
    post "/api/v1/session" Door() sign_in::sign_in, "Sign in by password", WrongCredentials, TooManyTries, Busy, NotSecure, Overloaded;
    delete "/api/v1/session" Door() sign_in::sign_out, "Sign out", BodyTooLarge, Overloaded;
    get "/api/v1/me" Person() me::show, "Who is signed in, and what they see";
    put "/api/v1/me/password" Person() sessions::change_own_password, "Change one's own password", WrongCredentials, TooManyTries, Busy;
    get "/api/v1/sessions" Person() sessions::list_own, "One's own sessions";
    delete "/api/v1/sessions" Person() sessions::end_own_others, "End one's other sessions";
    delete "/api/v1/sessions/{id}" Person() sessions::end_own, "End one of one's sessions";
    get "/api/v1/staff" Staff(ManageStaff) staff::list, "All users";
    post "/api/v1/staff" Staff(ManageStaff) staff::add, "Add a user", Duplicate;
    patch "/api/v1/staff/{id}" Staff(ManageStaff) staff::change, "Change a user", LastAdministrator;
    put "/api/v1/staff/{id}/password" Staff(ManageStaff) staff::set_password, "Give a user another password", Busy;
    post "/api/v1/staff/{id}/sign-in-link" Staff(ManageStaff) staff::sign_in_link, "Make a link that signs a user in once";
    get "/api/v1/staff/{id}/sessions" Staff(ManageStaff) sessions::list_theirs, "A user's sessions";
    delete "/api/v1/staff/{id}/sessions" Staff(ManageStaff) sessions::end_all_theirs, "End a user's sessions";
    get "/api/v1/inboxes" Staff(ManageInboxes) staff::inboxes, "The inboxes that one may open to others, all or a key's own, and their members";
    put "/api/v1/inboxes/{id}/members/{staff_id}" Staff(ManageInboxes) staff::add_member, "Make a user a member of an inbox";
    delete "/api/v1/inboxes/{id}/members/{staff_id}" Staff(ManageInboxes) staff::remove_member, "Take a user out of an inbox";
    delete "/api/v1/staff/{id}/sessions/{session_id}" Staff(ManageStaff) sessions::end_theirs, "End one of a user's sessions";
    get "/api/v1/keys" Staff(ManageKeys) keys::list, "Keys of programs, also those that are over, the newest first";
    post "/api/v1/keys" Staff(ManageKeys) keys::add, "Make a key for a program", Duplicate;
    delete "/api/v1/keys/{id}" Staff(ManageKeys) keys::revoke, "Revoke a key";
    get "/api/v1/audit" Staff(ReadAudit) audit::list, "Privileged acts, the latest first";
    get "/api/v1/jobs" Staff(ManageJobs) jobs::list, "Background work that gave up, the newest first";
    post "/api/v1/jobs/{id}/retry" Staff(ManageJobs) jobs::retry, "Try work again that gave up";
    delete "/api/v1/jobs/{id}" Staff(ManageJobs) jobs::drop, "Drop work that gave up";
    get "/api/v1/live" Staff(ReadConversations) live::follow, "Follow changes as server-sent events";
    get "/api/v1/conversations" Staff(ReadConversations) conversations::list, "List conversations";
    post "/api/v1/conversations" Staff(Converse) conversations::begin, "Open a conversation with a contact", VersionConflict, Duplicate, NotFound;
    get "/api/v1/conversations/{id}" Staff(ReadConversations) conversations::show, "One conversation";
    get "/api/v1/conversations/{id}/candidates" Staff(ReadContacts) conversations::candidates, "Contacts that a conversation may be with";
    patch "/api/v1/conversations/{id}" Staff(Converse) conversations::change, "Close, assign or tie a conversation", VersionConflict;
    post "/api/v1/conversations/{id}/read" Staff(Converse) conversations::read, "Mark a conversation as read", VersionConflict;
    post "/api/v1/conversations/{id}/unread" Staff(Converse) conversations::unread, "Mark a conversation as unread", VersionConflict;
    put "/api/v1/conversations/{id}/presence" Staff(Converse) conversations::be_present, "Say that one is at a conversation, for the others to see";
    get "/api/v1/conversations/{id}/messages" Staff(ReadConversations) messages::list, "Messages of a conversation";
    post "/api/v1/conversations/{id}/messages" Staff(Converse) messages::write, "Write a text or a note", OptedOut, NotAnswerable, NoSender, Empty, TooLong, Refused, VersionConflict, Duplicate;
    post "/api/v1/messages/{id}/retry" Staff(Converse) messages::retry, "Send a failed text again", VersionConflict;
    get "/api/v1/attachments/{id}" Staff(ReadConversations) attachments::read, "The bytes of a file that came with a message";
    get "/api/v1/unassigned-texts" Staff(ManageInboxes) unassigned_texts::list, "Texts that came in for a number or account that no inbox has";
    get "/api/v1/settings" Staff(ReadContacts) settings::show, "What holds for the whole organisation";
    patch "/api/v1/settings" Staff(ManageSettings) settings::change, "Change what holds for the whole organisation";
    get "/api/v1/contact-fields" Staff(ReadContacts) contact_fields::list, "The fields that contacts have";
    post "/api/v1/contact-fields" Staff(ManageSettings) contact_fields::add, "Add a field that contacts have", VersionConflict, Duplicate;
    patch "/api/v1/contact-fields/{id}" Staff(ManageSettings) contact_fields::change, "Change how a field is shown and filled in";
    get "/api/v1/contacts" Staff(ReadContacts) contacts::list, "List contacts";
    post "/api/v1/contacts" Staff(EditContacts) contacts::create, "Add a contact", VersionConflict;
    get "/api/v1/contacts/{id}" Staff(ReadContacts) contacts::show, "One contact";
    patch "/api/v1/contacts/{id}" Staff(EditContacts) contacts::edit, "Change a contact", VersionConflict;
    delete "/api/v1/contacts/{id}" Staff(EditContacts) contacts::delete, "Hide and unlink a contact", VersionConflict;
    post "/api/v1/contacts/{id}/restore" Staff(EditContacts) contacts::restore, "Show a deleted contact again", VersionConflict;
    get "/api/v1/numbers" Staff(ReadContacts) numbers::read, "How a phone number is read";
    get "/api/v1/sync" Staff(ReadSync) sync::status, "How the org and the hub stand", NotConnected, Org;
    patch "/api/v1/connections/{id}" Staff(ConfigureSync) connection::change, "Change the calls that Tieline may make to an org";
    patch "/api/v1/sync/mappings/{id}" Staff(ConfigureSync) sync::change_mapping, "Change an object mapping";
    post "/api/v1/sync/mappings/{id}/fields" Staff(ConfigureSync) sync::add_field, "Exchange one more field with the org", Duplicate, NotConnected, Org;
    patch "/api/v1/sync/mappings/{id}/fields/{field}" Staff(ConfigureSync) sync::change_field, "Change a field mapping";
    get "/api/v1/sync/runs" Staff(ReadSync) runs::list, "Runs, the newest first", NotConnected;
    post "/api/v1/sync/runs" Staff(RunSync) runs::start, "Start a run; the one that is going on, if one is", NotConnected, SyncRunning, Org;
    get "/api/v1/sync/runs/{id}" Staff(ReadSync) runs::show, "One run";
    post "/api/v1/sync/runs/{id}/cancel" Staff(RunSync) runs::cancel, "Stop a run after its batch", VersionConflict, Org;
    get "/api/v1/sync/runs/{id}/changes" Staff(ReadSync) runs::changes, "What a run changed";
}

const fn first(rights: &[Right]) -> Option<Right> {
    match rights {
        [right, ..] => Some(*right),
        [] => None,
    }
}

fn read<Arguments>(handler: &impl Handler<Arguments>, draft: &mut Draft) {
    handler.describe(draft);
}

/// The description of the API (OpenAPI 3.1).
pub fn description() -> Value {
    document(ROUTES, DESCRIBED)
}

/// The description as it is served.
async fn openapi(headers: HeaderMap) -> Response {
    static DESCRIPTION: LazyLock<String> = LazyLock::new(|| description().to_string());
    let answer = packed::answer(DESCRIPTION.as_bytes(), &headers);
    ([(CONTENT_TYPE, "application/json")], answer).into_response()
}

/// The hub's router.
pub fn router(state: WebState) -> Router {
    let entrance = Entrance::new(state.clone(), ROUTES);
    // One layer of several, the outermost first: a request copies all that stands before its route, and
    // each layer of its own would copy what is below it once more.
    let layers = (
        CatchPanicLayer::custom(app::panicked),
        DefaultBodyLimit::max(BODY_BYTES_MAX),
        map_request(packed::never_refused),
        CompressionLayer::new().compress_when(app::is_not_live),
        from_fn_with_state(state.metrics.clone(), metrics::count),
        from_fn_with_state(entrance, guard::every_request),
    );
    add_routes(&state)
        .fallback(app::not_found)
        .method_not_allowed_fallback(app::method_not_allowed)
        .layer(layers)
        .with_state(state)
}

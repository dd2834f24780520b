//! The HTTP surface: pages, API, live stream, webhooks. Handlers are thin; no message and no write
//! to an org leaves from inside one.

mod accounts;
mod answer;
mod api;
mod app;
mod attachments;
mod audit;
mod connection;
mod contacts;
mod conversations;
mod cursor;
mod describe;
mod extract;
mod face;
mod guard;
mod hooks;
mod jobs;
mod live;
mod me;
mod messages;
mod metrics;
mod once;
mod origin;
mod problem;
mod readiness;
mod request_key;
mod route;
pub mod router;
mod runs;
mod sessions;
mod sign_in;
mod staff;
mod state;
mod sync;
mod teller;
mod unassigned_texts;

pub use accounts::Accounts;
pub use api::me::DemoLinks;
pub use face::{Credential, Face};
pub use metrics::{Metrics, metrics_router};
pub use origin::check_public_url;
pub use readiness::Readiness;
pub use route::RouteInfo;
pub use router::{description, router};
pub use state::{REQUEST_PATIENCE, WEBHOOK_PATIENCE, WebState};
pub use teller::Teller;

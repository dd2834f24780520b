//! The HTTP surface: pages, API, live stream, webhooks. Handlers are thin; no message and no write
//! to an org leaves from inside one.

mod accounts;
mod answer;
mod api;
mod app;
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
mod ready;
pub mod router;
mod runs;
mod sessions;
mod sign_in;
mod staff;
mod state;
mod sync;
mod unassigned_texts;

pub use accounts::Accounts;
pub use face::{Credential, Face};
pub use live::Teller;
pub use metrics::{Metrics, metrics_router};
pub use origin::check_public_url;
pub use ready::Readiness;
pub use router::{RouteInfo, description, router};
pub use state::{DemoLinks, REQUEST_PATIENCE, WEBHOOK_PATIENCE, WebState};

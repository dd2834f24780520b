//! The HTTP surface: pages, API, live stream, webhooks. Handlers are thin; no message and no write
//! to an org leaves from inside one.

mod app;
mod contacts;
mod conversations;
mod guard;
mod hooks;
mod json;
mod live;
mod me;
mod messages;
mod metrics;
mod problem;
pub mod router;
mod runs;
mod sync;

pub use router::{RouteInfo, WebState, router};

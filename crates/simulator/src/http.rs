//! The org as programs and people reach it over HTTP: sign-in, the REST API, plain pages.

mod ask;
mod browser;
pub(crate) mod bulk;
mod call_options;
mod collections;
mod composite;
pub(crate) mod conditional;
mod date;
mod encoding;
pub(crate) mod html;
mod limits;
mod list_views;
mod mishap;
pub(crate) mod oauth;
pub(crate) mod query;
mod records;
mod replication;
mod rest;
mod screens;
mod search;
mod sign_in;
pub(crate) mod soap;
mod sobjects;

use crate::carrier;
use crate::simulator::Simulator;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};

/// Every URL of the org and the carrier.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .merge(pages())
        .route("/services/oauth2/token", post(sign_in::token))
        .route(
            "/services/oauth2/revoke",
            get(sign_in::revoke).post(sign_in::revoke),
        )
        .route(
            "/.well-known/openid-configuration",
            get(sign_in::configuration),
        )
        .route("/services/oauth2/introspect", post(sign_in::introspect))
        .route(
            "/services/oauth2/userinfo",
            get(sign_in::userinfo).post(sign_in::userinfo),
        )
        .route(
            "/id/{org}/{user}",
            get(sign_in::identity).post(sign_in::identity),
        )
        .route("/services/Soap/{*path}", post(soap::dispatch))
        .route("/services/data", get(rest::versions))
        .route("/services/data/", get(rest::versions))
        .route("/services/data/{*path}", any(rest::dispatch))
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            get(carrier::api::list).post(carrier::api::create),
        )
        .route(
            "/2010-04-01/Accounts/{account}/Messages/{file}",
            get(carrier::api::read),
        )
        .route("/services/async/{*rest}", any(bulk::classic::refuse))
        .fallback(rest::nowhere)
        .layer(DefaultBodyLimit::max(bulk::BODY_BYTES_MAX))
        .layer(axum::middleware::from_fn_with_state(
            simulator.clone(),
            mishap::with_faults,
        ))
        .layer(axum::middleware::from_fn(encoding::pretty_print))
        .layer(encoding::gzip())
        .layer(axum::middleware::from_fn_with_state(
            simulator.clone(),
            date::dated,
        ))
        .with_state(simulator)
}

/// The pages for people.
fn pages() -> Router<Simulator> {
    Router::new()
        .route("/", get(screens::home))
        .route(
            "/records/{object}",
            get(screens::list).post(screens::create),
        )
        .route(
            "/lightning/r/{object}/{id}/view",
            get(screens::record).post(screens::save),
        )
        .route(
            "/recycle-bin",
            get(screens::life::bin).post(screens::life::empty),
        )
        .route(
            "/services/oauth2/authorize",
            get(sign_in::ask).post(sign_in::allow),
        )
        .route(
            "/phones",
            get(carrier::pages::phones).post(carrier::pages::open),
        )
        .route(
            "/phones/{phone}",
            get(carrier::pages::phone).post(carrier::pages::answer),
        )
        .layer(axum::middleware::from_fn(browser::guard))
}

/// A date as Twilio writes it: `Tue, 24 Nov 2026 03:46:04 +0000`.
pub(crate) fn rfc2822(epoch_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(epoch_ms)
        .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}

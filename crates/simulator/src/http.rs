//! The org as programs and people reach it over HTTP: sign-in, the REST API, plain pages.

mod ask;
mod browser;
mod bulk;
mod call_options;
mod carrier;
mod collections;
mod composite;
mod conditional;
mod date;
mod encoding;
mod html;
mod limits;
mod list_views;
mod mishap;
mod phones;
mod query;
mod records;
mod replication;
mod resources;
mod rest;
mod screens;
mod search;
mod sign_in;
mod soap;
mod sobjects;
mod target;

use crate::simulator::Simulator;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};

impl Simulator {
    /// Everything that outside programs may reach: the org, its pages, the carrier, the phones.
    pub fn router(&self) -> Router {
        router(self.clone())
    }
}

/// Every URL of the org and the carrier.
fn router(simulator: Simulator) -> Router {
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
            get(carrier::list).post(carrier::create),
        )
        .route(
            "/2010-04-01/Accounts/{account}/Messages/{file}",
            get(carrier::read),
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
        .route("/phones", get(phones::phones).post(phones::open))
        .route("/phones/{phone}", get(phones::phone).post(phones::answer))
        .layer(axum::middleware::from_fn(browser::guard))
}

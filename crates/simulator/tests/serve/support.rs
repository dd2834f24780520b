//! A served simulator and clients that trust its test CA.

use bytes::Bytes;
use http::Response;
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::Value as Json;
use std::net::{Ipv4Addr, SocketAddr};
use tieline_simulator::org::OrgKind;
use tieline_simulator::{Outgoing, Running, ServeOptions, serve};

pub const PRODUCTION: &str = "https://acme.my.salesforce.com";
pub const SANDBOX: &str = "https://acme--dev.sandbox.my.salesforce.com";

/// Options with every listener, on free ports, and a production org beside a sandbox.
pub fn everything() -> ServeOptions {
    ServeOptions {
        orgs: vec![OrgKind::Production, OrgKind::Sandbox],
        tls_port: Some(0),
        public_url: Some(PRODUCTION.to_owned()),
        pubsub_port: Some(0),
        proxy_port: Some(0),
        ..ServeOptions::new(nowhere())
    }
}

/// Webhooks lead nowhere here.
pub fn nowhere() -> Outgoing {
    Outgoing::new(tower::util::service_fn(|_| async {
        Ok(Response::new(Bytes::new()))
    }))
}

pub async fn start(options: ServeOptions) -> Running {
    // Another test in this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    serve(options).await.unwrap()
}

/// A client that trusts the test CA and finds Salesforce's hosts on this machine.
pub fn client(running: &Running) -> ClientBuilder {
    let port = running.info.tls_url.as_ref().unwrap();
    let port = port.rsplit(':').next().unwrap().parse().unwrap();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let hosts = [
        "acme.my.salesforce.com",
        "acme--dev.sandbox.my.salesforce.com",
        "login.salesforce.com",
        "test.salesforce.com",
        "api.pubsub.salesforce.com",
        "localhost",
    ];
    let trusting = trusting(running).no_proxy();
    hosts
        .iter()
        .fold(trusting, |client, host| client.resolve(host, here))
}

/// A client that trusts the test CA.
pub fn trusting(running: &Running) -> ClientBuilder {
    let pem = std::fs::read(running.info.ca_file.as_ref().unwrap()).unwrap();
    let ca = Certificate::from_pem(&pem).unwrap();
    Client::builder()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none())
}

/// The status, and the body or its only error code.
pub async fn get(client: &Client, url: &str, token: &str) -> (u16, Json) {
    let request = client.get(url).bearer_auth(token);
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    let body: Json = reply.json().await.unwrap();
    let code = body.get(0).and_then(|error| error.get("errorCode"));
    (status, code.cloned().unwrap_or(body))
}

/// The organisation's id as this host tells it to the token's owner.
pub async fn org_at(client: &Client, base_url: &str, token: &str) -> (u16, Json) {
    let soql = "SELECT+Id+FROM+Organization";
    let url = format!("{base_url}/services/data/v62.0/query?q={soql}");
    let (status, body) = get(client, &url, token).await;
    let id = body.pointer("/records/0/Id").cloned();
    (status, id.unwrap_or(body))
}

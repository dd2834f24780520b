//! Which org a host name means on the TLS port: each org has its My Domain, the first one answers
//! at localhost as well, and the login hosts sign in to the production org and to the sandbox.

use crate::org::{ApiError, OrgKind};
use crate::simulator::Simulator;
use axum::Router;
use axum::extract::{Extension, Request};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::HOST;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt as _;

const PRODUCTION_LOGIN: &str = "login.salesforce.com";
const SANDBOX_LOGIN: &str = "test.salesforce.com";
/// How My Domains of production orgs end.
const MY_DOMAIN: &str = ".my.salesforce.com";
/// Where clients of the Pub/Sub API go by themselves.
pub(super) const PUBSUB_HOST: &str = "api.pubsub.salesforce.com";

/// The name that a client gave when it shook hands.
#[derive(Debug, Clone)]
pub(super) struct ServerName(pub Option<String>);

/// The names under which the orgs are known.
pub(super) struct HostNames {
    /// Kind, host and address of each org.
    orgs: Vec<(OrgKind, String, String)>,
    tls_port: u16,
}

impl HostNames {
    /// The names of these orgs; without a public URL the first is at localhost.
    pub fn new(kinds: &[OrgKind], public_url: Option<&str>, tls_port: Option<u16>) -> HostNames {
        let tls_port = tls_port.unwrap_or(443);
        let local = format!("https://localhost:{tls_port}");
        let public_url = public_url.unwrap_or(&local).trim_end_matches('/');
        let (host, port) = split_port(public_url.trim_start_matches("https://"));
        let orgs = kinds.iter().enumerate().map(|(number, kind)| {
            let host = match number {
                0 => host.to_ascii_lowercase(),
                _ => further_host(&host.to_ascii_lowercase(), *kind, number),
            };
            let url = format!("https://{host}{port}");
            (*kind, host, url)
        });
        HostNames {
            orgs: orgs.collect(),
            tls_port,
        }
    }

    /// The address of an org over https.
    pub fn public_url(&self, number: usize) -> String {
        self.orgs[number].2.clone()
    }

    /// Every name that the certificate has to carry.
    pub fn on_certificate(&self) -> Vec<String> {
        let fixed = [
            "localhost",
            "127.0.0.1",
            PRODUCTION_LOGIN,
            SANDBOX_LOGIN,
            PUBSUB_HOST,
        ];
        let own = self.orgs.iter().map(|(_, host, _)| host.as_str());
        let mut names: Vec<String> = own.chain(fixed).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    fn first_of(&self, kind: OrgKind) -> Option<usize> {
        self.orgs.iter().position(|(of, ..)| *of == kind)
    }
}

/// What is wrong with a public URL, if anything.
pub(super) fn check_public_url(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|error| format!("public URL {text}: {error}"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    match (url.scheme(), url.domain(), bare) {
        ("https", Some(_), true) => Ok(()),
        _ => Err(format!("public URL {text}: give https:// and a host name")),
    }
}

/// All orgs, told apart by host.
pub(super) fn router(simulator: &Simulator, names: &HostNames) -> Router {
    let mut routers: BTreeMap<String, Router> = BTreeMap::new();
    let seen = simulator.orgs();
    for name in ["localhost", "127.0.0.1"] {
        let url = format!("https://{name}:{}", names.tls_port);
        routers.insert(name.to_owned(), seen[0].reached_at(&url).router());
    }
    for (org, (_, host, url)) in seen.iter().zip(&names.orgs) {
        org.host.public_url.get_or_init(|| url.clone());
        routers.insert(host.clone(), org.reached_at(url).router());
    }
    let logins = [
        (PRODUCTION_LOGIN, OrgKind::Production),
        (SANDBOX_LOGIN, OrgKind::Sandbox),
    ];
    for (host, kind) in logins {
        if let Some(number) = names.first_of(kind) {
            let org = seen[number].reached_at(&names.orgs[number].2);
            routers.insert(host.to_owned(), login_router(&org));
        }
    }
    let routers = Arc::new(routers);
    Router::new().fallback(
        move |Extension(ServerName(given)): Extension<ServerName>, mut request: Request| {
            let host = host_of(&request).or(given).unwrap_or_default();
            // Sign-in tells login hosts by this header, which HTTP/2 does not send.
            if let Ok(value) = HeaderValue::from_str(&host) {
                request.headers_mut().entry(HOST).or_insert(value);
            }
            let router = routers.get(&host).cloned();
            async move {
                match router {
                    Some(router) => router.oneshot(request).await.into_response(),
                    None => no_org_at(&host),
                }
            }
        },
    )
}

/// A login host signs people in and serves no records.
fn login_router(org: &Simulator) -> Router {
    let refused = |segment: Option<&str>| segment.is_some_and(|version| version.starts_with('v'));
    let router = org.router();
    Router::new().fallback(move |request: Request| {
        let rest = request.uri().path().strip_prefix("/services/data/");
        let refused = refused(rest);
        let router = router.clone();
        async move {
            match refused {
                true => refusal(&ApiError::invalid_session()),
                false => router.oneshot(request).await.into_response(),
            }
        }
    })
}

/// The host of a request, without its port: HTTP/2 has it in the URL, HTTP/1.1 in a header.
fn host_of(request: &Request) -> Option<String> {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let host = request.uri().authority().map(|all| all.as_str());
    let (host, _) = split_port(host.or_else(header)?);
    Some(host.to_ascii_lowercase())
}

/// Host, and port with its colon.
fn split_port(authority: &str) -> (&str, &str) {
    let at = authority.rfind(':').unwrap_or(authority.len());
    authority.split_at(at)
}

/// The host of the second org and of those behind it.
fn further_host(first: &str, kind: OrgKind, number: usize) -> String {
    let count = match number {
        1 => String::new(),
        more => more.to_string(),
    };
    match (kind, first.strip_suffix(MY_DOMAIN)) {
        (OrgKind::Sandbox, Some(domain)) => {
            format!("{domain}--dev{count}.sandbox{MY_DOMAIN}")
        }
        (OrgKind::Production, Some(domain)) => format!("{domain}-{}{MY_DOMAIN}", number + 1),
        (OrgKind::Sandbox, None) => format!("dev{count}.{first}"),
        (OrgKind::Production, None) => format!("org{}.{first}", number + 1),
    }
}

fn no_org_at(host: &str) -> Response {
    let text = format!("The simulator has no org at the host '{host}'");
    refusal(&ApiError::request(404, "NOT_FOUND", text))
}

fn refusal(error: &ApiError) -> Response {
    let status = http::StatusCode::from_u16(error.status);
    let status = status.unwrap_or(http::StatusCode::NOT_FOUND);
    let kind = [("content-type", "application/json;charset=UTF-8")];
    let body = Value::from(vec![error.to_json()]).to_string();
    (status, kind, body).into_response()
}

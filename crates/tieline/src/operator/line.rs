//! How a verb of the command line asks the hub: over the operator's socket while one runs, else by a
//! router in this process over the locked database. The requests are the same.

use super::{own_name, socket_of};
use crate::hub::{Hub, HubOptions};
use crate::real::RealWorld;
use crate::transport;
use crate::transport::Reach;
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tieline_org::Vault;
use tieline_storage::attachment_store::Folder;
use tieline_storage::{StorageError, Store, StoreOptions, sqlite_file};
use tieline_web::Operator;
use tower::ServiceExt as _;

/// Nothing that the operator asks takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A hub that starts has the lock before it has the socket.
const STARTING: Duration = Duration::from_secs(3);
/// What to do where no database is.
const NAME_ANOTHER: &str =
    "name it with --database or TIELINE_DATABASE, or begin one with tieline serve";
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Where a hub is, and what to tell in its place where none runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// The socket, if it is not beside the database; `off` for none.
    pub socket: Option<String>,
    /// Where people reach the hub, for the links that are made.
    pub public_url: String,
}

/// Why a verb did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An argument that cannot be taken.
    Argument {
        name: &'static str,
        problem: String,
        fix: String,
    },
    /// The hub refused, with its problem details.
    Refused(Value),
    /// There is neither a hub nor a database to be had.
    Unreachable(String),
}

impl Failure {
    /// An argument that cannot be taken.
    pub fn argument(name: &'static str, problem: String, fix: &str) -> Failure {
        Failure::Argument {
            name,
            problem,
            fix: fix.to_owned(),
        }
    }
}

/// A way to the hub.
pub enum Line {
    /// Over the socket of a hub that runs.
    Socket(reqwest::Client),
    /// To a router of this process.
    Here(axum::Router, Store),
}

impl Line {
    /// Finds the hub that runs, or takes the database.
    pub async fn open(place: &Place) -> Result<Line, Failure> {
        let began = tokio::time::Instant::now();
        loop {
            if let Some(client) = by_socket(place)? {
                return Ok(Line::Socket(client));
            }
            match here(place).await {
                Err(_) if began.elapsed() < STARTING && is_taken(place) => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                other => return other,
            }
        }
    }

    /// Asks, and gives the body of the answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let lost = |error: &dyn std::fmt::Display| {
            Failure::Unreachable(format!("the hub gave no answer: {error}"))
        };
        let (status, text) = match self {
            Line::Socket(client) => {
                let mut request = client.request(method, format!("http://localhost{path}"));
                if let Some(body) = body {
                    request = request
                        .header("content-type", "application/json")
                        .body(body.to_string());
                }
                let answer = request.send().await.map_err(|error| lost(&error))?;
                let status = answer.status();
                (status, answer.bytes().await.map_err(|error| lost(&error))?)
            }
            Line::Here(router, _) => {
                let request = request(method, path, body).map_err(|error| lost(&error))?;
                let answer = router.clone().oneshot(request).await;
                let answer = answer.map_err(|error| lost(&error))?;
                let status = answer.status();
                let text = answer.into_body().collect().await;
                (status, text.map_err(|error| lost(&error))?.to_bytes())
            }
        };
        let told = serde_json::from_slice(&text).unwrap_or_else(|_| json!({}));
        match status.is_success() {
            true => Ok(told),
            false => Err(Failure::Refused(told)),
        }
    }

    /// Gives the database back.
    pub async fn close(self) {
        if let Line::Here(_, store) = self {
            store.close().await;
        }
    }
}

fn request(method: Method, path: &str, body: Option<Value>) -> http::Result<Request<Body>> {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let operator = Operator { user: own_name() };
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    request.extension(operator).body(body)
}

#[cfg(unix)]
fn by_socket(place: &Place) -> Result<Option<reqwest::Client>, Failure> {
    use super::socket::{Found, look};
    let Some(path) = socket_of(&place.database, place.socket.as_deref()) else {
        return Ok(None);
    };
    if look(&path).map_err(Failure::Unreachable)? == Found::Nobody {
        return Ok(None);
    }
    // A second call finds the provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .unix_socket(path)
        .no_proxy()
        .timeout(PATIENCE)
        .build();
    client
        .map(Some)
        .map_err(|error| Failure::Unreachable(error.to_string()))
}

#[cfg(not(unix))]
fn by_socket(_: &Place) -> Result<Option<reqwest::Client>, Failure> {
    Ok(None)
}

/// Whether another process may be about to open the socket.
fn is_taken(place: &Place) -> bool {
    let socket = socket_of(&place.database, place.socket.as_deref());
    socket.is_some() && sqlite_file(&place.database).is_some_and(|file| file.exists())
}

async fn here(place: &Place) -> Result<Line, Failure> {
    if let Some(file) = sqlite_file(&place.database) {
        check_file(&file)?;
    }
    let world = Arc::new(RealWorld);
    let opened = Store::open_existing(StoreOptions {
        url: place.database.clone(),
        clock: world.clone(),
        ids: world.clone(),
    });
    let store = opened.await.map_err(in_words)?;
    let transport =
        transport::http(Reach::Outside).map_err(|error| Failure::Unreachable(error.to_string()))?;
    let hub = Hub::new(HubOptions {
        store: store.clone(),
        // Nothing that the operator asks opens a secret, so the key file stays closed.
        vault: Vault::with_keys(&crate::real::bytes(), &[]),
        transport,
        environment: world,
        public_url: place.public_url.clone(),
        demo: None,
        // Nor does it read or write an attachment.
        attachments: Arc::new(Folder::at("attachments")),
    });
    Ok(Line::Here(hub.router(), store))
}

fn in_words(error: StorageError) -> Failure {
    Failure::Unreachable(match error {
        StorageError::Missing(_) => format!("{error}; {NAME_ANOTHER}"),
        other => other.to_string(),
    })
}

/// A verb begins no database, and leaves no file that the hub's own user could not open.
fn check_file(file: &Path) -> Result<(), Failure> {
    let found = file.metadata().ok().filter(|found| found.len() > 0);
    let Some(found) = found else {
        return Err(Failure::Unreachable(format!(
            "there is no hub and no database at {}; {NAME_ANOTHER}",
            file.display()
        )));
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (owner, own) = (found.uid(), super::own_user());
        if owner != own {
            return Err(Failure::Unreachable(format!(
                "the database {} belongs to {}; run this as that user",
                file.display(),
                super::name_of(owner)
            )));
        }
    }
    #[cfg(not(unix))]
    drop(found);
    Ok(())
}

//! A world whose routers are asked in this process, with a clock that moves by hand.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use tieline_simulator::clock::SetClock;
use tieline_simulator::org::{Call, OrgKind};
use tieline_simulator::{OrgAccess, OrgPlace, Simulator, SimulatorOptions};
use tower::ServiceExt as _;

/// 2026-11-24 12:00 UTC.
pub const NOON_MS: i64 = 1_795_521_600_000;
/// What the org's addresses begin with.
pub const BASE_URL: &str = "http://org.test";

/// A world and the way to ask it.
pub struct World {
    pub simulator: Simulator,
    pub clock: Arc<SetClock>,
    pub access: OrgAccess,
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The body, which must be JSON.
    pub fn json(&self) -> Json {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("{error}: {}", self.text()),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `errorCode` of an error array's only entry.
    pub fn code(&self) -> String {
        let json = self.json();
        assert_eq!(json.as_array().map(Vec::len), Some(1), "{json}");
        json[0]["errorCode"].as_str().unwrap().to_owned()
    }
}

/// The sample org, and this many generated contacts.
pub fn world_with(contacts: usize) -> World {
    let clock = Arc::new(SetClock::new(NOON_MS));
    let simulator = Simulator::new(SimulatorOptions {
        seed: 7,
        contacts,
        leads: 0,
        clock: clock.clone(),
        orgs: vec![OrgPlace {
            kind: OrgKind::Production,
            base_url: BASE_URL.to_owned(),
        }],
    });
    let access = simulator.org_access();
    World {
        simulator,
        clock,
        access,
    }
}

pub fn world() -> World {
    world_with(0)
}

impl World {
    /// A call of the administrator, for looking at the org from the inside.
    pub fn call(&self) -> Call {
        Call::of(self.simulator.org().users()[0].id)
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.simulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// A request of the administrator's session; `path` starts behind `/services/data/`.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("/services/data/{path}"))
            .header(
                "authorization",
                format!("Bearer {}", self.access.access_token),
            )
    }

    pub async fn get(&self, path: &str) -> Reply {
        let request = self.request(Method::GET, path).body(Body::empty());
        self.send(request.unwrap()).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Json) -> Reply {
        let request = self
            .request(method, path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    /// A request to the control plane; without a token when it is empty.
    pub async fn control_as(&self, token: &str, method: Method, path: &str, body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let router = self.simulator.control_router();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// A request to the control plane with its token; `Null` for no body.
    pub async fn control(&self, method: Method, path: &str, body: Json) -> Reply {
        let text = match body {
            Json::Null => String::new(),
            body => body.to_string(),
        };
        let token = self.simulator.control_token().to_owned();
        self.control_as(&token, method, path, &text).await
    }

    /// What a route of the control plane shows.
    pub async fn look(&self, path: &str) -> Json {
        let reply = self.control(Method::GET, path, Json::Null).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.json()
    }

    /// A post to the control plane, which must succeed.
    pub async fn set(&self, path: &str, body: Json) -> Json {
        let reply = self.control(Method::POST, path, body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// The id of a record of the object.
    pub fn first(&self, object: &str) -> String {
        let soql = format!("SELECT Id FROM {object} ORDER BY Id LIMIT 1");
        let org = self.simulator.org();
        let found = org.query(&self.call(), &soql, false).unwrap();
        let rows = org.rows(&self.call(), &found, 0..1);
        rows[0]["Id"].as_str().unwrap().to_owned()
    }
}

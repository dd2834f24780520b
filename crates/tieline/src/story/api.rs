//! A person at Tieline's API: signed in by link, over a real socket.

use crate::transport::{self, Transport};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt as _;

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct Api {
    transport: Transport,
    url: String,
    cookie: String,
    keys: u32,
}

impl Api {
    /// Signs in by a one-time link.
    pub async fn sign_in(url: &str, link: &str) -> Result<Api, Error> {
        let transport = transport::http(transport::Reach::ThisMachineToo)?;
        let answer = transport
            .clone()
            .oneshot(Request::post(link).body(Bytes::new())?)
            .await?;
        let cookie = answer
            .headers()
            .get("set-cookie")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        if !cookie.contains('=') {
            return Err(format!(
                "the sign-in link gave no session (status {})",
                answer.status()
            )
            .into());
        }
        Ok(Api {
            transport,
            url: url.to_owned(),
            cookie,
            keys: 0,
        })
    }

    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, None, None).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Value) -> Result<Value, Error> {
        self.keys += 1;
        let key = format!("story-{}", self.keys);
        self.call(method, path, Some(body), Some(key)).await
    }

    /// The live stream, as a browser opens it.
    pub async fn live(&self) -> Result<reqwest::Response, Error> {
        let client = reqwest::Client::new();
        Ok(client
            .get(format!("{}/api/v1/live", self.url))
            .header("cookie", &self.cookie)
            .send()
            .await?)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<String>,
    ) -> Result<Value, Error> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("{}/api/v1{path}", self.url))
            .header("cookie", &self.cookie)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body
            .map(|value| Bytes::from(value.to_string()))
            .unwrap_or_default();
        let answer = self.transport.clone().oneshot(request.body(body)?).await?;
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(value);
        }
        Err(format!(
            "{method} {path}: {} {}",
            answer.status(),
            value["detail"].as_str().unwrap_or_default()
        )
        .into())
    }
}

//! The client of one org: holds the session and sends every call by the one request path.

use crate::auth::{self, App};
use crate::error::{Error, Result, Transient};
use crate::request::{
    CallBudget, CallLimits, CallPurpose, Environment, MOVES_MAX, Outcome, Transport, classify,
    send_once, wait_here,
};
use crate::token::{Token, TokenStore};
use bytes::Bytes;
use http::{Method, Request, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a client is made of.
pub struct ClientOptions {
    /// Carries requests out.
    pub transport: Transport,
    /// Time and randomness.
    pub environment: Arc<dyn Environment>,
    /// The registered app.
    pub app: App,
    /// Keeps the session.
    pub tokens: Arc<dyn TokenStore>,
    /// Asked before every call.
    pub budget: Arc<dyn CallBudget>,
    /// `v66.0`.
    pub api_version: String,
    /// Goes into `Sforce-Call-Options` and returns in the origin of change events, so that our own
    /// writes are known when they come back.
    pub client_name: String,
}

/// Calls used and allowed in 24 hours, as the org said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Used by everybody.
    pub used: i64,
    /// Allowed.
    pub max: i64,
}

/// Whether a request may be sent again when nobody knows what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It has the same effect however often it is carried out.
    Safe,
    /// A second time would do it twice.
    Never,
}

/// A client of one org; cheap to clone, one session for all clones.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    purpose: CallPurpose,
    calls: Arc<AtomicI64>,
}

struct Inner {
    options: ClientOptions,
    session: tokio::sync::Mutex<Option<Token>>,
    usage: Mutex<Option<Usage>>,
    /// The org's clock less ours, from the Date header of the last answer; none before the first.
    clock_offset_ms: Mutex<Option<i64>>,
}

impl Client {
    /// A client that has not called yet.
    pub fn new(options: ClientOptions, purpose: CallPurpose) -> Client {
        let inner = Inner {
            options,
            session: tokio::sync::Mutex::new(None),
            usage: Mutex::new(None),
            clock_offset_ms: Mutex::new(None),
        };
        Client {
            inner: Arc::new(inner),
            purpose,
            calls: Arc::default(),
        }
    }

    /// The same client and session, counted for another purpose.
    pub fn with_purpose(&self, purpose: CallPurpose) -> Client {
        Client {
            inner: self.inner.clone(),
            purpose,
            calls: Arc::default(),
        }
    }

    /// Calls made with this client and its clones, attempts that failed among them.
    pub fn calls(&self) -> i64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls used and allowed, as the last answer said.
    pub fn usage(&self) -> Option<Usage> {
        *locked(&self.inner.usage)
    }

    /// A moment of ours by the org's clock, both in epoch milliseconds. Only its answers tell; before
    /// the first one both are taken to agree.
    pub fn org_time(&self, our_ms: i64) -> i64 {
        our_ms + self.clock_offset_ms().unwrap_or_default()
    }

    /// The same, and an org that has not answered yet is asked something.
    pub async fn ask_org_time(&self, our_ms: i64) -> Result<i64> {
        if self.clock_offset_ms().is_none() {
            self.limits().await?;
        }
        Ok(self.org_time(our_ms))
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        *locked(&self.inner.clock_offset_ms)
    }

    /// Who the session belongs to: the keys of OpenID Connect, and `organization_id`.
    pub async fn userinfo(&self) -> Result<Value> {
        self.send_absolute(Method::GET, "/services/oauth2/userinfo", None, Repeat::Safe)
            .await
    }

    /// The session's token, signing in if there is none.
    pub async fn token(&self) -> Result<Token> {
        self.session(None).await
    }

    /// Deletes one record, into the recycle bin.
    pub async fn delete(&self, object: &str, id: &crate::RecordId) -> Result<()> {
        let sent = self
            .send(
                Method::DELETE,
                &format!("sobjects/{object}/{id}"),
                None,
                Repeat::Safe,
            )
            .await;
        match sent {
            Err(error) if error.has_code("ENTITY_IS_DELETED") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// The org's limits and what remains of them.
    pub async fn limits(&self) -> Result<Value> {
        self.send(Method::GET, "limits", None, Repeat::Safe).await
    }

    /// A path below the API version, from the instance's root.
    pub(crate) fn versioned(&self, path: &str) -> String {
        format!("/services/data/{}/{path}", self.inner.options.api_version)
    }

    /// Sends one call to a path below the API version; null for an answer without a body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Value> {
        let path = self.versioned(path);
        self.send_absolute(method, &path, body, repeat).await
    }

    /// Sends one call to a path of the instance.
    pub(crate) async fn send_absolute(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Value> {
        let mut token = self.session(None).await?;
        let mut signed_in_anew = false;
        let mut moves = 0;
        let mut attempt = 1;
        loop {
            let request = self.request(&method, path, body, &token)?;
            let options = &self.inner.options;
            options.budget.take(self.purpose).await?;
            self.calls.fetch_add(1, Ordering::Relaxed);
            let answer = send_once(&options.transport, options.app.hosts, request).await;
            if let Ok(response) = &answer {
                self.note_headers(response);
            }
            let outcome = classify(answer);
            if matches!(outcome, Outcome::Unseen(_)) {
                options.budget.give_back(self.purpose).await;
            }
            let transient = match outcome {
                Outcome::Done(response) => return read_json(&response),
                Outcome::SessionOver if !signed_in_anew => {
                    token = self.session(Some(&token)).await?;
                    signed_in_anew = true;
                    continue;
                }
                Outcome::SessionOver => {
                    let description = "the org refuses a session that it has just given".to_owned();
                    return Err(Error::SignInNeeded {
                        code: "INVALID_SESSION_ID".to_owned(),
                        description,
                    });
                }
                Outcome::Moved(place) if moves < MOVES_MAX => {
                    moves += 1;
                    token = self.follow(&token, place).await?;
                    continue;
                }
                Outcome::Moved(_) => {
                    Transient::from("it answers that it is elsewhere, and not where")
                }
                Outcome::Failed(error) => return Err(error),
                Outcome::TooLarge(why) if repeat == Repeat::Safe => {
                    return Err(Error::Unexpected(why));
                }
                Outcome::TooLarge(why) => return Err(Error::Uncertain(why.into())),
                Outcome::Transient(transient) | Outcome::Unseen(transient)
                    if repeat == Repeat::Never =>
                {
                    return Err(Error::Uncertain(transient));
                }
                Outcome::Transient(transient) | Outcome::Unseen(transient) => transient,
            };
            let environment = &self.inner.options.environment;
            let Some(wait) = wait_here(attempt, environment.random(), transient.asked_ms) else {
                return Err(Error::Unreachable(transient));
            };
            environment.sleep(wait).await;
            attempt += 1;
        }
    }

    /// The session where the org is now: at the address it gave, if that is another one of
    /// Salesforce's, or else where a new sign-in says.
    async fn follow(&self, token: &Token, place: Option<String>) -> Result<Token> {
        let options = &self.inner.options;
        let place = place.and_then(|place| options.app.hosts.origin(&place).ok());
        let Some(place) = place.filter(|place| *place != token.instance_url) else {
            return self.session(Some(token)).await;
        };
        let moved = Token {
            instance_url: place,
            refresh_token: None,
            ..token.clone()
        };
        let mut session = self.inner.session.lock().await;
        options.tokens.save(moved.clone()).await?;
        *session = Some(moved.clone());
        Ok(moved)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.options.environment.now_ms()
    }

    /// The session in use; with `refused`, a newer one than that. One sign-in serves all who wait.
    async fn session(&self, refused: Option<&Token>) -> Result<Token> {
        let options = &self.inner.options;
        let mut session = self.inner.session.lock().await;
        if let Some(token) = session.as_ref().filter(|token| is_newer(token, refused)) {
            return Ok(token.clone());
        }
        let kept = options
            .tokens
            .load()
            .await?
            .filter(|token| is_newer(token, refused));
        let token = match kept {
            Some(token) => token,
            None => {
                let grant = options.tokens.grant().await?;
                let now_ms = options.environment.now_ms();
                let token = auth::sign_in(&options.transport, &options.app, &grant, now_ms).await?;
                options.tokens.save(token.clone()).await?;
                token
            }
        };
        *session = Some(token.clone());
        Ok(token)
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        token: &Token,
    ) -> Result<Request<Bytes>> {
        let hosts = self.inner.options.app.hosts;
        let resource = hosts.resource(&token.instance_url, path)?;
        let mut request = Request::builder()
            .method(method)
            .uri(resource.as_str())
            .extension(CallLimits::of(self.purpose))
            .header(
                "authorization",
                format!("Bearer {}", token.access_token.expose_secret()),
            )
            .header("accept", "application/json")
            .header(
                "sforce-call-options",
                format!("client={}", self.inner.options.client_name),
            );
        if body.is_some() {
            request = request.header("content-type", "application/json; charset=utf-8");
        }
        let body = body
            .map(|value| Bytes::from(value.to_string()))
            .unwrap_or_default();
        request
            .body(body)
            .map_err(|e| Error::Invalid(format!("the request cannot be sent: {e}")))
    }

    fn note_headers(&self, response: &Response<Bytes>) {
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if let Some(usage) = header("sforce-limit-info").and_then(parse_usage) {
            *locked(&self.inner.usage) = Some(usage);
        }
        if let Some(org_now_ms) = header("date").and_then(crate::time::parse_http_date) {
            let offset_ms = org_now_ms - self.now_ms();
            // The header has whole seconds, so less than that is no difference.
            let offset_ms = if offset_ms.abs() < 2_000 {
                0
            } else {
                offset_ms
            };
            *locked(&self.inner.clock_offset_ms) = Some(offset_ms);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_newer(token: &Token, refused: Option<&Token>) -> bool {
    refused.is_none_or(|old| old.access_token.expose_secret() != token.access_token.expose_secret())
}

fn read_json(response: &Response<Bytes>) -> Result<Value> {
    if response.body().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(response.body())
        .map_err(|e| Error::Unexpected(format!("an answer that is not JSON: {e}")))
}

/// `api-usage=18/5000`, with more behind a semicolon in some orgs.
fn parse_usage(header: &str) -> Option<Usage> {
    let (used, rest) = header.trim().strip_prefix("api-usage=")?.split_once('/')?;
    let max = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Usage {
        used: used.parse().ok()?,
        max: max.parse().ok()?,
    })
}

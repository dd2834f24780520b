//! Signing in: the pages and grants of OAuth 2.0 as an org offers them.

use crate::error::{Error, Result, Transient};
use crate::hosts::Hosts;
use crate::request::{
    CallLimits, Environment, MOVES_MAX, SendError, Transport, moved_to, retry_after_ms, send_once,
};
use crate::token::{Grant, Token};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use ring::digest::{SHA256, digest};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

/// An assertion is good for this long; orgs allow up to five minutes.
const ASSERTION_SECONDS: i64 = 180;

/// The app that a connection uses, as registered in the org.
#[derive(Debug, Clone)]
pub struct App {
    /// `https://login.salesforce.com`, `https://test.salesforce.com` or the org's own host; no slash at its end.
    pub login_url: String,
    /// The app's public name.
    pub consumer_key: String,
    /// The app's secret, if it has one.
    pub consumer_secret: Option<SecretString>,
    /// Where its sessions may go.
    pub hosts: Hosts,
}

/// A page that a browser is sent to, and what must be kept until it comes back.
pub struct Authorisation {
    /// Where to send the browser.
    pub url: String,
    /// Comes back unchanged; compare it.
    pub state: String,
    /// Proves, at the exchange, that the same party began (RFC 7636).
    pub code_verifier: SecretString,
}

/// Begins the web-server flow with PKCE (method S256).
pub fn authorise(
    app: &App,
    redirect_uri: &str,
    environment: &dyn Environment,
) -> Result<Authorisation> {
    let random = || {
        (0..4)
            .flat_map(|_| environment.random().to_be_bytes())
            .collect::<Vec<u8>>()
    };
    let verifier = URL_SAFE_NO_PAD.encode(random());
    let state = URL_SAFE_NO_PAD.encode(random());
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let mut url = app.hosts.sign_in(&app.login_url, "authorize")?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.consumer_key)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", "api refresh_token")
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(Authorisation {
        url: url.into(),
        state,
        code_verifier: verifier.into(),
    })
}

/// Ends the web-server flow: the code that the browser brought back becomes a token.
pub async fn exchange(
    transport: &Transport,
    app: &App,
    redirect_uri: &str,
    code: &str,
    code_verifier: &SecretString,
) -> Result<Token> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", code_verifier.expose_secret()),
    ];
    token_request(transport, app, &form).await
}

/// A token from a grant, without a person.
pub async fn sign_in(
    transport: &Transport,
    app: &App,
    grant: &Grant,
    now_ms: i64,
) -> Result<Token> {
    match grant {
        Grant::Refresh { refresh_token } => {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token.expose_secret()),
            ];
            token_request(transport, app, &form).await
        }
        Grant::ClientCredentials => {
            token_request(transport, app, &[("grant_type", "client_credentials")]).await
        }
        Grant::JwtBearer {
            username,
            private_key,
        } => {
            let assertion = assertion(app, username, private_key, now_ms)?;
            let form = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion),
            ];
            token_request(transport, app, &form).await
        }
        Grant::Password { username, password } => {
            let form = [
                ("grant_type", "password"),
                ("username", username),
                ("password", password.expose_secret()),
            ];
            token_request(transport, app, &form).await
        }
    }
}

/// Ends a session or, with a refresh token, the whole grant.
pub async fn revoke(transport: &Transport, app: &App, token: &SecretString) -> Result<()> {
    let body = Serializer::new(String::new())
        .append_pair("token", token.expose_secret())
        .finish();
    let response = post_form(transport, app, "revoke", body).await?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(oauth_error(response.body()))
    }
}

async fn token_request(transport: &Transport, app: &App, form: &[(&str, &str)]) -> Result<Token> {
    let response = post_form(transport, app, "token", token_form(app, form)).await?;
    if response.status().is_server_error() || response.status() == StatusCode::TOO_MANY_REQUESTS {
        return Err(Error::Unreachable(Transient {
            why: format!("the sign-in host answered {}", response.status()),
            asked_ms: retry_after_ms(response.headers()),
        }));
    }
    if !response.status().is_success() {
        return Err(oauth_error(response.body()));
    }
    let answer: Value = serde_json::from_slice(response.body())
        .map_err(|e| Error::Unexpected(format!("a token answer that is not JSON: {e}")))?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let required =
        |key| text(key).ok_or_else(|| Error::Unexpected(format!("a token answer without {key}")));
    // The session goes there: it is looked at before anybody uses or keeps it.
    let instance_url = app
        .hosts
        .origin(&required("instance_url")?)
        .map_err(|why| {
            Error::Unexpected(format!(
                "a token answer whose instance_url is refused: {why}"
            ))
        })?;
    Ok(Token {
        access_token: required("access_token")?.into(),
        instance_url,
        identity_url: required("id")?,
        refresh_token: text("refresh_token").map(Into::into),
    })
}

/// Sends a form to a page of the sign-in host, and to where that has moved within Salesforce's hosts.
async fn post_form(
    transport: &Transport,
    app: &App,
    page: &str,
    body: String,
) -> Result<Response<Bytes>> {
    let body = Bytes::from(body);
    let mut url = app.hosts.sign_in(&app.login_url, page)?;
    for _ in 0..MOVES_MAX {
        let request = form_request(&url, body.clone())?;
        let response = match send_once(transport, app.hosts, request).await {
            Ok(response) => response,
            Err(SendError::Refused(why)) => {
                return Err(Error::Invalid(format!("login_url: {why}")));
            }
            Err(error) => return Err(Error::Unreachable(error.to_string().into())),
        };
        let Some(place) = moved_to(&response) else {
            return Ok(response);
        };
        let place = place.and_then(|place| app.hosts.origin(&place).ok());
        let Some(place) = place.filter(|place| *place != url.origin().ascii_serialization()) else {
            let status = response.status();
            let why = format!("the sign-in host answered {status} and no other host of Salesforce");
            return Err(Error::Unreachable(why.into()));
        };
        url = app.hosts.sign_in(&place, page)?;
    }
    Err(Error::Unreachable(
        "the sign-in host moves in a circle".into(),
    ))
}

fn token_form(app: &App, form: &[(&str, &str)]) -> String {
    let mut body = Serializer::new(String::new());
    body.extend_pairs(form)
        .append_pair("client_id", &app.consumer_key);
    if let Some(secret) = &app.consumer_secret {
        body.append_pair("client_secret", secret.expose_secret());
    }
    body.finish()
}

fn form_request(url: &Url, body: Bytes) -> Result<Request<Bytes>> {
    Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .extension(CallLimits::SIGN_IN)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(body)
        .map_err(|e| Error::Invalid(format!("login_url: {e}")))
}

fn oauth_error(body: &[u8]) -> Error {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| {
        answer
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Error::SignInNeeded {
        code: text("error"),
        description: text("error_description"),
    }
}

fn assertion(app: &App, username: &str, private_key: &SecretString, now_ms: i64) -> Result<String> {
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256"}).to_string());
    let claims = json!({
        "iss": app.consumer_key, "sub": username, "aud": app.login_url, "exp": now_ms / 1_000 + ASSERTION_SECONDS,
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = key_pair(private_key.expose_secret())?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &ring::rand::SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| Error::Invalid("private key: it does not sign".to_owned()))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn key_pair(pem: &str) -> Result<RsaKeyPair> {
    let invalid = |why: &str| {
        Error::Invalid(format!(
            "private key: {why}; give a PKCS#8 key (BEGIN PRIVATE KEY)"
        ))
    };
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let der = STANDARD.decode(body).map_err(|_| invalid("not PEM"))?;
    RsaKeyPair::from_pkcs8(&der).map_err(|e| invalid(&e.to_string()))
}

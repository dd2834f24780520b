//! How requests leave: one HTTP client for all outside parties, which goes only where it may, gives
//! up in time, takes no more than it was told to and follows no redirects; or a router in the same
//! process.
//!
//! Client crates know their own party's hosts and check them too. This is the last door: what is
//! refused here leaves for nobody, whoever made the address.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;
use tieline_salesforce::{BoxError, CallLimits};
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};
use url::{Host, Url};

/// Carries requests out. Both crates with clients name the same type, and neither knows the other.
///
/// Two of its errors are `std::io::Error`s with a kind that callers may ask for: `ConnectionRefused`
/// when nothing has left for certain, `FileTooLarge` for an answer beyond its bound.
pub use tieline_salesforce::Transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For requests that bring no limits of their own: carriers answer small things soon.
const LIMITS: CallLimits = CallLimits {
    time: Duration::from_secs(20),
    answer_bytes_max: 1 << 20,
};

/// Where requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Named hosts over https: the real world.
    Outside,
    /// This machine as well, where pretend parties are.
    ThisMachineToo,
    /// Anywhere: the pretend carrier calls whoever tests with it.
    Anywhere,
}

impl Reach {
    /// Why a request may not go to an address.
    fn refuse(self, address: &str) -> Result<(), String> {
        let url =
            Url::parse(address).map_err(|error| format!("{address:?} is no address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a user name in it is not reached".to_owned());
        }
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_named = matches!(url.host(), Some(Host::Domain(_)));
        let allowed = match self {
            _ if is_here(&url) => is_web && self != Reach::Outside,
            Reach::Anywhere => is_web,
            Reach::Outside | Reach::ThisMachineToo => url.scheme() == "https" && is_named,
        };
        let host = url.host_str().unwrap_or_default();
        match allowed {
            true => Ok(()),
            false => Err(format!(
                "nothing is sent to {host}: only named hosts over https are reached"
            )),
        }
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// The transport of the real world.
pub fn http(reach: Reach) -> Result<Transport, BoxError> {
    // A second call finds the provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tieline/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let service = service_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        let limits = limits_of(&request);
        async move {
            let within = tokio::time::timeout(limits.time, send(client, reach, request));
            match within.await {
                Ok(answer) => answer,
                Err(_) => Err(format!("no whole answer within {:?}", limits.time).into()),
            }
        }
    });
    Ok(BoxCloneSyncService::new(service))
}

async fn send(
    client: reqwest::Client,
    reach: Reach,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, BoxError> {
    let limits = limits_of(&request);
    reach
        .refuse(&request.uri().to_string())
        .map_err(|why| IoError::new(ErrorKind::ConnectionRefused, why))?;
    let answer = client.execute(request.try_into()?).await;
    let answer = answer.map_err(|error| -> BoxError {
        match error.is_connect() {
            true => IoError::new(ErrorKind::ConnectionRefused, error).into(),
            false => error.into(),
        }
    })?;
    read(answer.into(), limits).await
}

/// The transport that hands requests to a router in this process.
pub fn in_process(router: axum::Router) -> Transport {
    let service = service_fn(move |request: Request<Bytes>| {
        let router = router.clone();
        let limits = limits_of(&request);
        async move {
            let response = router.oneshot(request.map(axum::body::Body::from)).await?;
            read(response, limits).await
        }
    });
    BoxCloneSyncService::new(service)
}

fn limits_of(request: &Request<Bytes>) -> CallLimits {
    request.extensions().get().copied().unwrap_or(LIMITS)
}

/// The whole answer; its bytes are counted as they come out of whatever they were packed in.
async fn read<B>(answer: Response<B>, limits: CallLimits) -> Result<Response<Bytes>, BoxError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (parts, body) = answer.into_parts();
    let whole = Limited::new(body, limits.answer_bytes_max).collect().await;
    let whole = whole.map_err(|error| match error.is::<LengthLimitError>() {
        true => IoError::new(
            ErrorKind::FileTooLarge,
            format!("an answer of more than {} bytes", limits.answer_bytes_max),
        )
        .into(),
        false => error,
    })?;
    Ok(Response::from_parts(parts, whole.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_for_where_it_may_not_go() {
        use Reach::{Anywhere, Outside, ThisMachineToo};
        for (address, allowed) in [
            (
                "https://api.twilio.com/2010-04-01",
                &[Outside, ThisMachineToo, Anywhere][..],
            ),
            ("http://127.0.0.1:4010", &[ThisMachineToo, Anywhere]),
            ("http://localhost:4010", &[ThisMachineToo, Anywhere]),
            (
                "http://[::ffff:127.0.0.1]:4010",
                &[ThisMachineToo, Anywhere],
            ),
            ("https://localhost.", &[ThisMachineToo, Anywhere]),
            ("http://api.twilio.com", &[Anywhere]),
            ("https://10.0.0.1", &[Anywhere]),
            ("http://169.254.169.254/latest/meta-data", &[Anywhere]),
            ("https://[fd00::1]", &[Anywhere]),
            ("https://0x7f.1:4010", &[ThisMachineToo, Anywhere]),
            ("https://me:secret@api.twilio.com", &[]),
            ("https://api.twilio.com@127.0.0.1", &[]),
            ("file:///etc/passwd", &[]),
            ("/2010-04-01", &[]),
        ] {
            for reach in [Outside, ThisMachineToo, Anywhere] {
                let goes = reach.refuse(address).is_ok();
                assert_eq!(goes, allowed.contains(&reach), "{reach:?} {address}");
            }
        }
    }
}

//! How requests leave: one HTTP client for all outside parties, which follows no redirects and
//! gives up in time; or a router in the same process.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use std::time::Duration;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// Carries requests out; the type that each client crate names `Transport`.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// An org may think this long.
const TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The transport of the real world.
pub fn http() -> Result<Transport, BoxError> {
    // A second call finds the provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tieline/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let service = service_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            let answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.extend(answer.headers().clone());
            }
            Ok::<_, BoxError>(response.body(answer.bytes().await?)?)
        }
    });
    Ok(BoxCloneSyncService::new(service))
}

/// The transport that hands requests to a router in this process.
pub fn in_process(router: axum::Router) -> Transport {
    let service = service_fn(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let response = router.oneshot(request.map(axum::body::Body::from)).await?;
            let (parts, body) = response.into_parts();
            Ok::<_, BoxError>(Response::from_parts(
                parts,
                body.collect().await?.to_bytes(),
            ))
        }
    });
    BoxCloneSyncService::new(service)
}

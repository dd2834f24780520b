//! What outside parties may do to the one that calls them: answer without end, or never.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use std::io::{ErrorKind, Write as _};
use std::time::{Duration, Instant};
use tieline::transport::{Reach, Transport, http, in_process};
use tieline_salesforce::CallLimits;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const ANSWER_BYTES_MAX: usize = 1 << 20;
const SOON: Duration = Duration::from_millis(500);
/// Unpacking takes its time when nothing is optimised.
const LATE: Duration = Duration::from_secs(30);

fn zeros(megabytes: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..megabytes {
        packed.write_all(&[0; 1 << 20]).unwrap();
    }
    packed.finish().unwrap()
}

fn router() -> Router {
    let gzip = [("content-encoding", "gzip")];
    let (bomb, packed) = (zeros(16), zeros(1));
    let trickle = || {
        futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        })
    };
    Router::new()
        .route("/bomb", get(move || async move { (gzip, bomb) }))
        .route("/packed", get(move || async move { (gzip, packed) }))
        .route("/large", get(|| async { vec![0; (1 << 20) + 1] }))
        .route(
            "/never",
            get(|| async { std::future::pending::<()>().await }),
        )
        .route(
            "/trickle",
            get(move || async move { Body::from_stream(trickle()) }),
        )
}

async fn ask(
    transport: &Transport,
    (base, path): (&str, &str),
    time: Duration,
) -> Result<usize, String> {
    let limits = CallLimits {
        time,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let request = Request::get(format!("{base}{path}")).extension(limits);
    let request = request.body(Bytes::new()).unwrap();
    match transport.clone().oneshot(request).await {
        Ok(response) => Ok(response.body().len()),
        Err(error) => Err(match error.downcast_ref::<std::io::Error>() {
            Some(io) => format!("{:?}", io.kind()),
            None => error.to_string(),
        }),
    }
}

async fn served() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router()).await });
    base
}

#[tokio::test]
async fn an_answer_that_swells_when_unpacked_is_cut_at_its_bound() {
    let (transport, base) = (http(Reach::ThisMachineToo).unwrap(), served().await);
    assert!(zeros(16).len() < ANSWER_BYTES_MAX / 8, "small on the way");
    let too_large = Err(format!("{:?}", ErrorKind::FileTooLarge));
    assert_eq!(ask(&transport, (&base, "/bomb"), LATE).await, too_large);
    assert_eq!(ask(&transport, (&base, "/large"), LATE).await, too_large);
    assert_eq!(ask(&transport, (&base, "/packed"), LATE).await, Ok(1 << 20));
    let inside = in_process(router());
    assert_eq!(
        ask(&inside, ("http://127.0.0.1", "/large"), LATE).await,
        too_large
    );
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_given_up_in_time() {
    let (transport, base) = (http(Reach::ThisMachineToo).unwrap(), served().await);
    for path in ["/never", "/trickle"] {
        let begun = Instant::now();
        assert!(
            ask(&transport, (&base, path), SOON).await.is_err(),
            "{path}"
        );
        assert!(begun.elapsed() < SOON * 4, "{path}");
    }
}

#[tokio::test]
async fn what_never_left_is_told_apart_from_what_was_lost() {
    let transport = http(Reach::ThisMachineToo).unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let refused = Err(format!("{:?}", ErrorKind::ConnectionRefused));
    assert_eq!(ask(&transport, (&base, "/"), SOON).await, refused);
    let outside = http(Reach::Outside).unwrap();
    assert_eq!(
        ask(&outside, (&served().await, "/packed"), SOON).await,
        refused
    );
}

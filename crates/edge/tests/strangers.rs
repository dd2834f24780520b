//! The accept loop against clients that mean no good, over real sockets with short limits.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Extension;
use axum::routing::{get, post};
use futures_util::stream;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tieline_edge::{ClientAddress, EdgeOptions, Limits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(10);

/// More than the system takes over for a client that reads nothing.
const MUCH: usize = 16 << 20;

struct Served {
    at: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    /// Lets `/slow` answer.
    go: Arc<Notify>,
    /// Told when the body of `/large` is dropped.
    dropped: Arc<Notify>,
}

impl Served {
    async fn new(limits: Limits, trusted: &str) -> Served {
        let (go, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (slow, large) = (go.clone(), dropped.clone());
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/echo", post(|body: Bytes| async move { body }))
            .route(
                "/from",
                get(|Extension(from): Extension<ClientAddress>| async move { from.0.to_string() }),
            )
            .route(
                "/slow",
                get(|| async move {
                    slow.notified().await;
                    "done"
                }),
            )
            .route(
                "/stream",
                get(|| async { ([("content-type", "text/event-stream")], endless(None)) }),
            )
            .route("/much", get(|| async { vec![b'x'; MUCH] }))
            .route("/large", get(|| async move { endless(Some(large)) }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let options = EdgeOptions {
            limits,
            trusted_proxies: trusted.parse().unwrap(),
            load: Arc::default(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, router, options, async move {
            let _ = stopped.await;
        }));
        Served {
            at,
            stop: Some(stop),
            served,
            go,
            dropped,
        }
    }

    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, text: &str) -> String {
        rest(self.say(text).await).await
    }
}

/// One event a while for ever, or as much as is taken.
fn endless(large: Option<Arc<Notify>>) -> Body {
    struct Tell(Option<Arc<Notify>>);
    impl Drop for Tell {
        fn drop(&mut self) {
            if let Some(told) = &self.0 {
                told.notify_one();
            }
        }
    }
    let size = if large.is_some() { 65_536 } else { 10 };
    Body::from_stream(stream::unfold(Tell(large), move |tell| async move {
        if size == 10 {
            sleep(Duration::from_millis(20)).await;
        }
        Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; size])), tell))
    }))
}

fn short() -> Limits {
    Limits {
        head_time: LIMIT,
        body_time: LIMIT,
        stall_time: LIMIT,
        grace: LIMIT,
        ..Limits::of(8_192)
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut text));
    // A reset is an end like any other.
    let _ = read.await.expect("the connection is never closed");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn whoever_does_not_finish_a_head_is_cut() {
    let served = Served::new(short(), "").await;
    let begun = Instant::now();
    let mut open = Vec::new();
    for text in [
        "",
        "G",
        "GET / HTTP/1.1\r\nhost: a\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        for _ in 0..10 {
            open.push(served.say(text).await);
        }
    }
    for stream in open {
        rest(stream).await;
    }
    let took = begun.elapsed();
    assert!(took >= LIMIT && took < LIMIT * 5, "{took:?}");
}

/// A second of the hub's takes a tenth here.
const SCALE: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_requests_that_are_sent_by_half_are_cut_within_thirty_seconds() {
    const HALVES: usize = 2_000;
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let more = rustix::process::Rlimit {
        current: files.maximum,
        ..files
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, more).unwrap();
    let usual = Limits::of(8_192);
    let limits = Limits {
        head_time: usual.head_time / SCALE,
        body_time: usual.body_time / SCALE,
        connections_per_peer_max: HALVES * 2,
        ..usual
    };
    let served = Served::new(limits, "").await;
    let mut halves = Vec::new();
    let begun = Instant::now();
    for number in 0..HALVES {
        let half = match number % 2 {
            0 => "GET / HTTP/1.1\r\nhost: a\r\n",
            _ => "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
        };
        halves.push(served.say(half).await);
    }
    let sent = begun.elapsed();
    let whole = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(served.ask(whole).await.ends_with("hello"), "others go on");
    for half in halves {
        rest(half).await;
    }
    let took = begun.elapsed() - sent;
    assert!(took < Duration::from_secs(30) / SCALE, "{took:?}");
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_all_the_same() {
    let served = Served::new(short(), "").await;
    let mut stream = served.say("GET / HTTP/1.1\r\n").await;
    let begun = Instant::now();
    while stream.write_all(b"a: b\r\n").await.is_ok() {
        sleep(LIMIT / 10).await;
        assert!(begun.elapsed() < LIMIT * 10, "still open");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_cut_and_one_in_time_is_taken() {
    let served = Served::new(short(), "").await;
    let whole =
        "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    assert!(served.ask(whole).await.ends_with("hello"));
    let mut stream = served
        .say("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n")
        .await;
    let begun = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        sleep(LIMIT / 10).await;
        assert!(begun.elapsed() < LIMIT * 10, "still open");
    }
}

#[tokio::test]
async fn one_peer_has_its_share_and_gets_it_back() {
    let limits = Limits {
        connections_per_peer_max: 2,
        head_time: PATIENCE,
        ..short()
    };
    let served = Served::new(limits, "").await;
    let ask = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let held = [served.say("GET").await, served.say("GET").await];
    sleep(LIMIT / 4).await;
    assert_eq!(
        served.ask(ask).await,
        "",
        "a third connection is closed at once"
    );
    drop(held);
    let begun = Instant::now();
    while !served.ask(ask).await.ends_with("hello") {
        assert!(
            begun.elapsed() < PATIENCE,
            "the places are never given back"
        );
    }
}

#[tokio::test]
async fn a_trusted_proxy_has_no_share_and_its_word_is_taken() {
    let limits = Limits {
        connections_per_peer_max: 1,
        ..short()
    };
    let served = Served::new(limits, "127.0.0.0/8").await;
    let _held = served.say("GET").await;
    let ask = "GET /from HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.7\r\nconnection: close\r\n\r\n";
    assert!(served.ask(ask).await.ends_with("203.0.113.7"));
    let served = Served::new(short(), "").await;
    assert!(
        served.ask(ask).await.ends_with("127.0.0.1"),
        "nobody else's word is"
    );
}

/// A request after which the connection stays.
const ASK: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

async fn hear_hello(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        assert!(read.unwrap().unwrap() > 0);
    }
}

#[tokio::test]
async fn a_trusted_proxy_may_keep_a_connection_for_later_and_nobody_else() {
    let limits = Limits {
        proxy_head_time: PATIENCE,
        ..short()
    };
    for (trusted, keeps) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let served = Served::new(limits.clone(), trusted).await;
        // One that has asked nothing yet, and one that has.
        let mut kept = [served.say("").await, served.say(ASK).await];
        hear_hello(&mut kept[1]).await;
        sleep(LIMIT * 2).await;
        let last = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        for mut stream in kept {
            let _ = stream.write_all(last.as_bytes()).await;
            let is_answered = rest(stream).await.ends_with("hello");
            assert_eq!(is_answered, keeps, "{trusted}");
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_one_of_half_the_size_is_not() {
    let served = Served::new(short(), "").await;
    let bytes_max = short().head_bytes_max;
    for (bytes, is_taken) in [(bytes_max / 2, true), (bytes_max * 3 / 2, false)] {
        let long = "x".repeat(bytes);
        let ask = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nlong: {long}\r\n\r\n");
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        // Who is refused may be cut before all is sent.
        let _ = stream.write_all(ask.as_bytes()).await;
        assert_eq!(rest(stream).await.ends_with("hello"), is_taken, "{bytes}");
    }
}

#[tokio::test]
async fn a_connection_that_nobody_uses_does_not_hold_up_the_end() {
    let limits = Limits {
        head_time: PATIENCE,
        grace: PATIENCE,
        ..short()
    };
    let mut served = Served::new(limits, "").await;
    let mut idle = served.say(ASK).await;
    hear_hello(&mut idle).await;
    let begun = Instant::now();
    served.stop.take();
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn whoever_takes_nothing_of_an_answer_is_cut() {
    let served = Served::new(short(), "").await;
    let _stream = served.say("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let dropped = timeout(PATIENCE, served.dropped.notified());
    dropped.await.expect("the answer waits for ever");
}

#[tokio::test]
async fn an_end_finishes_what_is_in_hand_and_cuts_streams() {
    let mut served = Served::new(
        Limits {
            grace: PATIENCE,
            ..short()
        },
        "",
    )
    .await;
    let slow = served.say("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut streaming = served.say("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await;
    streaming.read_u8().await.unwrap();
    sleep(LIMIT / 4).await;
    served.stop.take();
    rest(streaming).await;
    assert!(
        !served.served.is_finished(),
        "the slow answer is waited for"
    );
    assert!(
        TcpStream::connect(served.at).await.is_err(),
        "nobody new is let in"
    );
    served.go.notify_one();
    assert!(rest(slow).await.ends_with("done"));
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_end_is_not_held_up_for_longer_than_its_grace() {
    let mut served = Served::new(short(), "").await;
    let slow = served.say("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(LIMIT / 4).await;
    let begun = Instant::now();
    served.stop.take();
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
    assert!(begun.elapsed() >= LIMIT);
    assert_eq!(rest(slow).await, "");
}

/// Limits that are all far away but those of the end.
fn patient() -> Limits {
    Limits {
        head_time: PATIENCE,
        body_time: PATIENCE,
        stall_time: PATIENCE,
        grace: PATIENCE,
        last_body_time: LIMIT,
        ..Limits::of(8_192)
    }
}

#[tokio::test]
async fn an_end_does_not_wait_for_who_has_not_sent_a_whole_head() {
    let mut served = Served::new(patient(), "").await;
    let mut open = vec![served.say("GET /api").await, served.say("G").await];
    let mut again = served.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    again.read_u8().await.unwrap();
    again.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    open.push(again);
    sleep(LIMIT / 4).await;
    let begun = Instant::now();
    served.stop.take();
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    for stream in open {
        rest(stream).await;
    }
}

#[tokio::test]
async fn an_end_waits_shortly_for_the_rest_of_a_body() {
    let half = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nhalf";
    let mut served = Served::new(patient(), "").await;
    let lost = served.say(half).await;
    let mut whole = served.say(half).await;
    sleep(LIMIT / 4).await;
    let begun = Instant::now();
    served.stop.take();
    sleep(LIMIT / 4).await;
    whole.write_all(b"done").await.unwrap();
    assert!(rest(whole).await.ends_with("halfdone"));
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
    let took = begun.elapsed();
    assert!(took >= LIMIT && took < PATIENCE / 2, "{took:?}");
    assert!(!rest(lost).await.contains("half"));
}

#[tokio::test]
async fn an_end_waits_for_who_takes_their_answer_slowly() {
    let mut served = Served::new(patient(), "").await;
    let slow = served.say("GET /much HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(LIMIT / 4).await;
    served.stop.take();
    sleep(LIMIT / 2).await;
    assert!(!served.served.is_finished(), "it is waited for");
    assert!(rest(slow).await.len() > MUCH);
    timeout(PATIENCE, served.served).await.unwrap().unwrap();
}

//! The load: connections that are kept, each with one text on its way at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Where texts go, as a server says it in one line.
#[derive(Clone, Serialize, Deserialize)]
pub struct Target {
    /// The host and port that it listens on.
    pub address: String,
    /// The path of the webhook.
    pub path: String,
    /// The account at the carrier.
    pub account: String,
    /// Signs what is sent.
    pub token: String,
}

/// What came of it.
pub struct Outcome {
    /// Texts acknowledged.
    pub per_second: f64,
    /// Half were acknowledged within this time.
    pub p50_ms: f64,
    /// All but one in a hundred.
    pub p99_ms: f64,
    /// Answers other than a success.
    pub refused: u64,
}

/// Sends for so long; what is on its way at the end is waited for.
pub async fn load(target: &Target, senders: usize, time: Duration) -> Outcome {
    let began = Instant::now();
    let mut all = JoinSet::new();
    for sender in 0..senders {
        let target = target.clone();
        all.spawn(async move { send(&target, sender, began + time).await });
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(done) = all.join_next().await {
        let (mine, mine_refused) = done.expect("a sender does not panic");
        times.extend(mine);
        refused += mine_refused;
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: f64| {
        let place = (times.len() as f64 * part) as usize;
        let time = times.get(place.min(times.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
    };
    Outcome {
        per_second: times.len() as f64 / seconds,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        refused,
    }
}

/// The times of one sender's texts, and how many were refused.
async fn send(target: &Target, sender: usize, until: Instant) -> (Vec<Duration>, u64) {
    let mut stream = TcpStream::connect(&target.address)
        .await
        .expect("it listens");
    stream.set_nodelay(true).expect("a socket takes it");
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, target.token.as_bytes());
    let (mut times, mut refused, mut answer) = (Vec::new(), 0, Vec::new());
    for number in 0.. {
        let request = text(target, &key, sender, number);
        let began = Instant::now();
        if began >= until {
            break;
        }
        stream.write_all(&request).await.expect("it takes requests");
        if answered(&mut stream, &mut answer).await {
            times.push(began.elapsed());
        } else {
            refused += 1;
        }
    }
    (times, refused)
}

fn text(target: &Target, key: &Key, sender: usize, number: u64) -> Vec<u8> {
    let sid = format!("SM{:024x}{number:08x}", sender + 1);
    let from = format!("+4411349{sender:05}");
    // In the order of their names, as the signature takes them.
    let fields = [
        ("AccountSid", target.account.as_str()),
        ("Body", "Thank you, I will fetch them on Friday."),
        ("From", &from),
        ("MessageSid", &sid),
        ("NumMedia", "0"),
        ("To", tieline::demo::OUR_NUMBER),
    ];
    let mut signed = format!("http://{}{}", target.address, target.path);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
        form.append_pair(name, value);
    }
    let (form, signature) = (form.finish(), STANDARD.encode(sign(key, signed.as_bytes())));
    format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nx-twilio-signature: {signature}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        target.path,
        target.address,
        form.len()
    )
    .into_bytes()
}

/// Reads one answer to its end; whether it is a success.
async fn answered(stream: &mut TcpStream, answer: &mut Vec<u8>) -> bool {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.expect("it answers");
        assert!(read > 0, "it keeps the connection");
        let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        let words = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length = words
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |text| text.trim().parse().expect("a length"));
        if answer.len() >= head + 4 + length {
            return words.starts_with("http/1.1 2");
        }
    }
}

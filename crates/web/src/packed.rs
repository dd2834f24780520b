//! Bodies that are the same for everybody, packed once and not for each who asks.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue, Response};
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The packed bodies, by where the plain ones stand.
static PACKED: LazyLock<Mutex<HashMap<usize, Bytes>>> = LazyLock::new(Mutex::default);

/// An answer with these bytes, packed for who takes that.
pub(crate) fn answer(plain: &'static [u8], asked: &HeaderMap) -> Response<Body> {
    let takes = asked.get_all(ACCEPT_ENCODING).iter().any(names_gzip);
    let mut answer = Response::new(match takes {
        true => Body::from(packed(plain)),
        false => Body::from(Bytes::from_static(plain)),
    });
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if takes {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

/// Those who come first together wait here, and find it done.
fn packed(plain: &'static [u8]) -> Bytes {
    let mut all = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.entry(plain.as_ptr() as usize);
    known.or_insert_with(|| pack(plain)).clone()
}

fn pack(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("memory takes it").into()
}

fn names_gzip(value: &HeaderValue) -> bool {
    let named = |part: &str| {
        let (name, is_refused) = weighed(part);
        name.eq_ignore_ascii_case("gzip") && !is_refused
    };
    value.to_str().is_ok_and(|text| text.split(',').any(named))
}

/// An encoding that a client names, and whether it does so to refuse it.
fn weighed(part: &str) -> (&str, bool) {
    let (name, weight) = part.split_once(';').unwrap_or((part, ""));
    let weight = weight.trim().trim_start_matches(['q', 'Q']);
    let weight = weight.trim_start_matches('=').parse::<f32>();
    (name.trim(), weight == Ok(0.0))
}

/// Takes the refusal of whatever is not packed out of a request: who takes nothing that we have gets it
/// plain. What they asked for is done by then, and an answer that is refused would deny it.
pub(crate) async fn never_refused(mut request: Request) -> Request {
    let refuses_plain = |part: &&str| {
        let (name, is_refused) = weighed(part);
        is_refused && (name == "*" || name.eq_ignore_ascii_case("identity"))
    };
    let given = request.headers().get_all(ACCEPT_ENCODING).iter();
    let given = given.filter_map(|value| value.to_str().ok());
    let parts: Vec<&str> = given.flat_map(|text| text.split(',')).collect();
    if parts.iter().any(refuses_plain) {
        let kept: Vec<&str> = parts.into_iter().filter(|it| !refuses_plain(it)).collect();
        let kept = HeaderValue::from_str(&kept.join(","));
        let kept = kept.unwrap_or(HeaderValue::from_static(""));
        request.headers_mut().insert(ACCEPT_ENCODING, kept);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip_gets_it_and_nobody_else() {
        static PLAIN: [u8; 4_000] = [b'x'; 4_000];
        for (asked, packed) in [
            (None, false),
            (Some("br, deflate"), false),
            (Some("gzip;q=0"), false),
            (Some("gzip; q=0.000, br"), false),
            (Some("gzip, deflate, br"), true),
            (Some("br;q=1.0, GZIP;q=0.5"), true),
            (Some("gzip ; q=0.01"), true),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(asked.map(|it| (ACCEPT_ENCODING, HeaderValue::from_static(it))));
            let answer = answer(&PLAIN, &headers);
            let told = answer.headers().get(CONTENT_ENCODING).is_some();
            assert_eq!(told, packed, "{asked:?}");
            assert_eq!(answer.headers()[VARY], "accept-encoding", "{asked:?}");
        }
        assert!(packed(&PLAIN).len() < 100);
        assert_eq!(packed(&PLAIN).as_ptr(), packed(&PLAIN).as_ptr(), "once");
    }
}

//! Bodies on the wire: gzip and indentation, each only for who asks.

use crate::support::world;
use axum::body::Body;
use flate2::read::GzDecoder;
use http::Method;
use std::io::Read as _;

const CONTACTS: &str = "v62.0/query?q=SELECT+FIELDS(STANDARD)+FROM+Contact+ORDER+BY+Id";

#[tokio::test]
async fn a_large_answer_is_gzipped_for_who_accepts_it() {
    let world = world();
    let plain = world.get(CONTACTS).await;
    assert_eq!(plain.header("content-encoding"), None);
    let request = world
        .request(Method::GET, CONTACTS)
        .header("accept-encoding", "gzip, deflate");
    let packed = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let kind = packed.header("content-type");
    assert_eq!(kind, Some("application/json;charset=UTF-8"));
    let mut text = String::new();
    let mut decoder = GzDecoder::new(packed.body.as_ref());
    decoder.read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    assert!(packed.body.len() * 3 < text.len());
}

#[tokio::test]
async fn a_small_answer_stays_as_it_is() {
    let world = world();
    let request = world
        .request(Method::GET, "v62.0/query?q=SELECT+count()+FROM+Contact")
        .header("accept-encoding", "gzip");
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("content-encoding"), None);
}

#[tokio::test]
async fn json_is_indented_for_who_asks() {
    let world = world();
    let path = "v62.0/query?q=SELECT+count()+FROM+Organization";
    let request = world
        .request(Method::GET, path)
        .header("x-prettyprint", "1");
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    let text = "{\n  \"totalSize\" : 1,\n  \"done\" : true,\n  \"records\" : [ ]\n}";
    assert_eq!(reply.text(), text);
    assert_eq!(world.get(path).await.json(), reply.json());
}

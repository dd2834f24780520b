//! What old loaders hear that speak the first Bulk API.

use axum::body::Body;
use http::{Method, Request, StatusCode};

use crate::support::world;

#[tokio::test]
async fn the_first_bulk_api_is_refused_in_its_own_form() {
    let world = world();
    let cases = [
        (
            Method::POST,
            "application/xml",
            "<exceptionCode>FeatureNotEnabled</exceptionCode>",
        ),
        (
            Method::POST,
            "application/json",
            "\"exceptionCode\":\"FeatureNotEnabled\"",
        ),
        (
            Method::GET,
            "text/csv",
            "<exceptionCode>FeatureNotEnabled</exceptionCode>",
        ),
    ];
    for (method, kind, part) in cases {
        let request = Request::builder()
            .method(method)
            .uri("/services/async/62.0/job")
            .header("x-sfdc-session", &world.access.access_token)
            .header("content-type", kind)
            .body(Body::from("x"));
        let reply = world.send(request.unwrap()).await;
        assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED);
        assert!(reply.text().contains(part), "{}", reply.text());
    }
}

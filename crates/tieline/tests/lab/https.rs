//! The address that people use decides how they sign in: over https the browser is told to stay with
//! it, and over plain http nobody signs in but on this machine.

use super::world::World;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use tieline::hub::Hub;
use tieline_access::Visit;
use tieline_domain::access::Caller;
use tieline_storage::staff;
use tower::ServiceExt as _;

async fn ask(hub: &Hub, method: &str, path: &str, cookie: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request
        .header("cookie", cookie)
        .header("content-type", "application/json");
    let body = match path {
        "/api/v1/session" => r#"{"email": "nobody@harrow-vale.example", "password": "wrong"}"#,
        _ => "",
    };
    let request = request.body(Body::from(body)).unwrap();
    hub.router().oneshot(request).await.unwrap()
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn one_signs_in_over_https_or_on_this_machine_and_a_browser_stays_with_https() {
    let world = World::new(99).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let somebody = staff::all(&mut reader).await.unwrap().remove(0).id;
    drop(reader);
    for (url, signs_in, cookie, flags) in [
        ("https://hub.test", true, "__Host-tieline", "; Secure"),
        ("http://127.0.0.1:8080", true, "tieline", ""),
        ("http://hub.test", false, "", ""),
    ] {
        let hub = world.hub_at(url);
        let answer = ask(&hub, "GET", "/healthz", "").await;
        let stays = header(&answer, "strict-transport-security");
        let is_secure = url.starts_with("https://");
        assert_eq!(stays == "max-age=31536000", is_secure, "{url}: {stays:?}");
        assert_eq!(stays.is_empty(), !is_secure, "{url}");

        let answer = ask(&hub, "POST", "/api/v1/session", "").await;
        let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED][usize::from(signs_in)];
        assert_eq!(answer.status(), refused, "{url}");
        let operator = Caller::operator();
        let link = hub.access.sign_in_link(&operator, somebody, 60_000).await;
        let token = link.unwrap().token;
        let answer = ask(&hub, "POST", &format!("/sign-in/{token}"), "").await;
        if !signs_in {
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{url}");
            assert_eq!(header(&answer, "set-cookie"), "");
            let used = hub.access.use_link(&token, &Visit::default()).await;
            assert!(used.is_ok(), "it was used up");
            continue;
        }
        assert_eq!(header(&answer, "location"), "/app", "{url}");
        let set = header(&answer, "set-cookie");
        assert!(set.ends_with(&format!("Max-Age=2592000{flags}")), "{set}");
        let (pair, _) = set.split_once(';').unwrap();
        let (name, session) = pair.split_once('=').unwrap();
        assert_eq!(name, cookie);
        // A cookie of the other name, which a neighbour's site could set, is not looked at.
        let other = ["__Host-tieline", "tieline"][usize::from(is_secure)];
        for (cookie, status) in [
            (format!("a=b; {name}={session}"), StatusCode::OK),
            (format!("{other}={session}"), StatusCode::UNAUTHORIZED),
            (format!("{name}="), StatusCode::UNAUTHORIZED),
        ] {
            let answer = ask(&hub, "GET", "/api/v1/me", &cookie).await;
            assert_eq!(answer.status(), status, "{url}: {cookie}");
        }
    }
}

//! The door on the way out: who signs out is out, there and nowhere else, and the browser keeps nothing.

use crate::corpus::Probe;
use crate::people::ask;
use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn who_signs_out_is_out_there_and_nowhere_else_and_the_browser_keeps_nothing() {
    let world = World::start(None).await;
    let (here, elsewhere) = (world.people().await, world.people().await);
    let colleague = world.colleague().await;
    let out = Probe::new("delete", "/api/v1/session");
    let headers = world.headers(&here, &out).await;
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("tieline=;") && cookie.contains("Max-Age=0"));
    assert_eq!(headers["clear-site-data"], "\"cache\"");
    for (known, status) in [(&here, 401), (&elsewhere, 200), (&colleague, 200)] {
        let (told, _) = ask(&world, known, "get", "/api/v1/me", None).await;
        assert_eq!(told, status);
    }
    let (_, audit) = ask(&world, &elsewhere, "get", "/api/v1/audit", None).await;
    let priya = world.staff("priya").await.id.to_string();
    let line = &audit["items"][0];
    assert_eq!(
        (&line["act"], &line["target"]),
        (&json!("sign_out"), &json!(priya))
    );
    // Whoever is out already is out.
    assert_eq!(world.send(&here, &out).await.status, 204);
    world.stop().await;
}

#[tokio::test]
async fn what_is_about_people_is_kept_by_nobody_on_its_way_and_what_is_not_may_be() {
    let world = World::start(None).await;
    let known = world.people().await;
    let link = world.link_of("tom").await;
    for (method, path, is_personal) in [
        ("get", &*link, true),
        ("post", &*link, true),
        ("get", "/api/v1/me", true),
        ("get", "/api/v1/nowhere", true),
        ("delete", "/api/v1/session", true),
        ("get", "/pages.css", false),
        ("get", "/healthz", false),
    ] {
        let headers = world.headers(&known, &Probe::new(method, path)).await;
        let kept = headers.get("cache-control").map(|it| it.to_str().unwrap());
        assert_eq!(kept == Some("no-store"), is_personal, "{method} {path}");
    }
    world.stop().await;
}

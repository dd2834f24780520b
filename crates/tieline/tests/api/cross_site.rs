//! Pages of other sites, in a browser that is signed in here: they change nothing.

use crate::corpus::Probe;
use crate::world::World;
use serde_json::Value;
use tieline_domain::access::{Right, Rights};

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let world = World::start(None).await;
    let known = world.people().await;
    let ours = world.url();
    let cookie = format!("tieline={}", known.session);
    let read = format!("/api/v1/conversations/{}/read", known.ids["ConversationId"]);
    // One of staff, one about oneself, and one that takes nobody to be signed in.
    let changes = [
        Probe::new("post", &read),
        Probe::new("delete", "/api/v1/sessions"),
        Probe::new("post", "/api/v1/session"),
    ];
    for (headers, ours) in [
        (&[("sec-fetch-site", "same-origin")][..], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (
            &[("sec-fetch-site", "cross-site"), ("origin", &ours)],
            false,
        ),
        (&[("origin", &ours)], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (&[], true),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("authorization", "Basic eDp5"),
            ],
            false,
        ),
    ] {
        for probe in &changes {
            let mut headers = headers.to_vec();
            headers.push(("cookie", &cookie));
            let answer = world.send_bare(probe, &headers).await;
            let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let refused = answer.status == 403 && problem["code"] == "cross_site";
            assert_eq!(refused, !ours, "{probe:?} with {headers:?}: {answer:?}");
        }
        // Looking is no change, and its answer is for our pages alone.
        let mut headers = headers.to_vec();
        headers.push(("cookie", &cookie));
        headers.retain(|(name, _)| *name != "authorization");
        let looked = world
            .send_bare(&Probe::new("get", "/api/v1/me"), &headers)
            .await;
        assert_eq!(looked.status, 200, "{looked:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_key_opens_the_routes_of_staff_to_whichever_page_knows_it_and_no_others() {
    let world = World::start(None).await;
    let known = world.people().await;
    let key = world.key("page", Rights::of(&[Right::EditContacts])).await;
    let (bearer, cookie) = (
        format!("Bearer {key}"),
        format!("tieline={}", known.session),
    );
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("authorization", bearer.as_str()),
        ("cookie", cookie.as_str()),
    ];
    let mut add = Probe::new("post", "/api/v1/contacts");
    add.body = Some(br#"{"fields": {"last_name": "Okafor"}}"#.to_vec());
    let made = world.send_bare(&add, &headers).await;
    assert_eq!(made.status, 201, "{made:?}");
    for probe in [
        Probe::new("delete", "/api/v1/sessions"),
        Probe::new("delete", "/api/v1/session"),
    ] {
        let refused = world.send_bare(&probe, &headers).await;
        assert_eq!(refused.status, 403, "{probe:?}: {refused:?}");
        assert!(refused.body.contains("cross_site"), "{refused:?}");
    }
    // By a key alone, without the session that comes with it.
    let read = format!("/api/v1/conversations/{}/read", known.ids["ConversationId"]);
    let refused = world.send_bare(&Probe::new("post", &read), &headers).await;
    assert!(refused.body.contains("not_allowed"), "{refused:?}");
    world.stop().await;
}

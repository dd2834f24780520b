//! "Someone in Salesforce": the buttons of the plain pages.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use crate::support::{World, world};

async fn press(world: &World, path: &str, form: String) -> String {
    let request = Request::post(path).body(Body::from(form));
    let reply = world.send(request.unwrap()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.header("location").unwrap().to_owned()
}

fn create(world: &World, object: &str, fields: serde_json::Value) -> String {
    let org = world.simulator.org();
    let fields = fields.as_object().unwrap();
    org.create(&world.call(), object, fields)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_person_deletes_a_record_and_takes_it_out_of_the_recycle_bin() {
    let world = world();
    let id = create(&world, "Contact", json!({"LastName": "Binned & back"}));
    let page = format!("/lightning/r/Contact/{id}/view");
    press(&world, &page, "__act=delete".to_owned()).await;
    let bin = Request::get("/recycle-bin").body(Body::empty()).unwrap();
    let bin = world.send(bin).await.text();
    assert!(
        bin.contains(&id) && bin.contains("Binned &amp; back"),
        "{bin}"
    );
    press(&world, "/recycle-bin", format!("id={id}&__act=undelete")).await;
    let row = world.get(&format!("v62.0/sobjects/Contact/{id}")).await;
    assert_eq!(row.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_converts_a_lead_and_merges_two_contacts() {
    let world = world();
    let lead = create(&world, "Lead", json!({"LastName": "L", "Company": "C"}));
    let contact = press(
        &world,
        &format!("/lightning/r/Lead/{lead}/view"),
        "__act=convert".to_owned(),
    )
    .await;
    assert!(contact.starts_with("/lightning/r/Contact/003"), "{contact}");
    let other = create(&world, "Contact", json!({"LastName": "Other"}));
    let won = press(&world, &contact, format!("__act=merge&other={other}")).await;
    assert_eq!(won, contact);
    let gone = world.get(&format!("v62.0/sobjects/Contact/{other}")).await;
    assert_eq!(gone.code(), "ENTITY_IS_DELETED");
}

#[tokio::test]
async fn another_sites_page_presses_no_button_and_runs_nothing() {
    let world = world();
    let page = "/phones/+447700900317";
    for (headers, accepted) in [
        (&[][..], true),
        (
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://org.test"),
            ],
            true,
        ),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (
            &[("origin", "http://evil.example"), ("host", "org.test")],
            false,
        ),
        (&[("origin", "null"), ("host", "org.test")], false),
        (&[("origin", "http://org.test"), ("host", "org.test")], true),
    ] {
        for path in [
            page,
            "/phones",
            "/records/Contact",
            "/recycle-bin",
            "/services/oauth2/authorize",
        ] {
            let mut request = Request::post(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let reply = world.send(request.body(Body::empty()).unwrap()).await;
            let refused = reply.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !accepted, "{path} {headers:?}: {}", reply.status);
        }
    }
    for path in ["/", "/phones", page, "/recycle-bin"] {
        let reply = world
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
}

#[tokio::test]
async fn whatever_is_typed_as_a_phone_leads_to_a_page() {
    let world = world();
    for (typed, place) in [
        ("%2B44 7700 900317", "/phones/+447700900317"),
        ("1%0D%0Aset-cookie: a=b", "/phones/1setcookieab"),
        ("%00%E2%82%AC", "/phones/"),
        ("//evil.example/", "/phones/evilexample"),
    ] {
        assert_eq!(
            press(&world, "/phones", format!("phone={typed}")).await,
            place
        );
    }
    let path = "/phones/1%0D%0Aset-cookie";
    let place = press(&world, path, "to=%2B447700900010&text=x".to_owned()).await;
    assert_eq!(place, "/phones/1setcookie");
}

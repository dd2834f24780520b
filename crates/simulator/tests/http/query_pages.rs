//! Pages of a query.

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::Value as Json;
use tieline_simulator::org::OrgSettings;

use crate::support::{World, world_with};

async fn page(world: &World, path: &str, size: Option<usize>) -> Json {
    let mut request = world.request(Method::GET, path.trim_start_matches("/services/data/"));
    if let Some(size) = size {
        request = request.header("sforce-query-options", format!("batchSize={size}"));
    }
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()
}

fn rows(page: &Json) -> usize {
    page["records"].as_array().unwrap().len()
}

fn next(page: &Json) -> String {
    page["nextRecordsUrl"].as_str().unwrap().to_owned()
}

const CONTACTS: &str = "v62.0/query?q=SELECT+Id+FROM+Contact+ORDER+BY+Id";

#[tokio::test]
async fn mistake_26_a_locator_works_under_both_resources_every_version_and_again() {
    let world = world_with(900);
    let first = page(
        &world,
        "v62.0/queryAll?q=SELECT+Id+FROM+Contact+ORDER+BY+Id",
        Some(300),
    )
    .await;
    let url = next(&first);
    assert!(url.starts_with("/services/data/v62.0/query/0r8"), "{url}");
    let name = url.rsplit('/').next().unwrap();
    let expected = page(&world, &url, Some(300)).await["records"][0]["Id"].clone();
    for path in [
        "v62.0/query",
        "v62.0/queryAll",
        "v45.0/query",
        "v67.0/queryAll",
    ] {
        let again = page(&world, &format!("{path}/{name}"), Some(300)).await;
        assert_eq!(again["records"][0]["Id"], expected, "{path}");
    }
    let (locator, _) = name.rsplit_once('-').unwrap();
    let back = page(&world, &format!("v62.0/query/{locator}-0"), Some(300)).await;
    assert_eq!(back["records"][0]["Id"], first["records"][0]["Id"]);
}

#[tokio::test]
async fn locators_end_after_two_days_and_belong_to_their_user() {
    let world = world_with(900);
    let url = next(&page(&world, CONTACTS, Some(200)).await);
    let path = url.trim_start_matches("/services/data/").to_owned();
    world.clock.advance(2 * 86_400_000 - 1);
    let token = world.simulator.org_access().access_token;
    let ask = async |path: &str| {
        let request = http::Request::get(format!("/services/data/{path}"))
            .header("authorization", format!("Bearer {token}"));
        world.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask(&path).await.status, StatusCode::OK);
    world.clock.advance(1);
    for path in [
        path.as_str(),
        "v62.0/query/0r8xx0000000000009-200",
        "v62.0/query/x",
        "v62.0/query/é-1",
    ] {
        let token = world.simulator.org_access().access_token;
        let request = http::Request::get(format!("/services/data/{}", path.replace('é', "%C3%A9")))
            .header("authorization", format!("Bearer {token}"));
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(reply.code(), "INVALID_QUERY_LOCATOR");
    }
}

#[tokio::test]
async fn mistake_27_pages_are_of_200_to_2000_rows() {
    let world = world_with(2_500);
    for (asked, given) in [
        (None, 2_000),
        (Some(50), 200),
        (Some(500), 500),
        (Some(9_000), 2_000),
    ] {
        assert_eq!(
            rows(&page(&world, CONTACTS, asked).await),
            given,
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn mistake_27_a_server_may_send_fewer_rows_and_nothing_is_lost() {
    let world = world_with(2_500);
    world.simulator.org().set_settings(OrgSettings {
        page_jitter_percent: 60,
        ..OrgSettings::default()
    });
    let mut current = page(&world, CONTACTS, None).await;
    let total = current["totalSize"].as_u64().unwrap() as usize;
    let mut sizes = vec![rows(&current)];
    while current["done"] == false {
        current = page(&world, &next(&current), None).await;
        sizes.push(rows(&current));
    }
    assert_eq!(sizes.iter().sum::<usize>(), total);
    assert!(
        sizes.iter().any(|size| *size < 2_000 && size % 100 != 0),
        "{sizes:?}"
    );
}

#[tokio::test]
async fn mistake_27_child_rows_count_toward_a_page() {
    let world = world_with(2_000);
    let soql = "v62.0/query?q=SELECT+Id,(SELECT+Id+FROM+Contacts)+FROM+Account+ORDER+BY+Id";
    let mut current = page(&world, soql, Some(200)).await;
    let total = current["totalSize"].as_u64().unwrap() as usize;
    let (mut seen, mut pages) = (rows(&current), 1);
    while current["done"] == false {
        assert!(rows(&current) < 200);
        current = page(&world, &next(&current), Some(200)).await;
        seen += rows(&current);
        pages += 1;
    }
    assert_eq!(seen, total);
    assert!(pages > 3, "{pages}");
}

#[tokio::test]
async fn mistake_40_a_session_may_end_between_pages_and_the_locator_outlives_it() {
    let world = world_with(900);
    let url = next(&page(&world, CONTACTS, Some(200)).await);
    let path = url.trim_start_matches("/services/data/");
    world.simulator.end_sessions();
    let refused = world.get(path).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.code(), "INVALID_SESSION_ID");
    let token = world.simulator.org_access().access_token;
    let request = http::Request::get(&url)
        .header("authorization", format!("Bearer {token}"))
        .header("sforce-query-options", "batchSize=200");
    let reply = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(rows(&reply.json()), 200);
}

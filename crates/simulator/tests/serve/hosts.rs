//! Which org answers, and what it says its address is.

use crate::support::{PRODUCTION, SANDBOX, client, everything, get, nowhere, org_at, start};
use http::Version;
use serde_json::{Value as Json, json};
use tieline_simulator::{OrgAccess, ServeOptions};

#[tokio::test]
async fn both_protocols_are_spoken_to_who_trusts_the_ca() {
    let running = start(everything()).await;
    let url = format!("{PRODUCTION}/services/data");
    let newest = client(&running).build().unwrap();
    let oldest = client(&running).http1_only().build().unwrap();
    let versions = [
        newest.get(&url).send().await.unwrap().version(),
        oldest.get(&url).send().await.unwrap().version(),
    ];
    assert_eq!(versions, [Version::HTTP_2, Version::HTTP_11]);
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    let tls_url = running.info.tls_url.as_ref().unwrap();
    assert!(stranger.get(tls_url).send().await.is_err());
}

#[tokio::test]
async fn each_host_leads_to_its_org_and_a_token_opens_only_its_own() {
    let running = start(everything()).await;
    let [production, sandbox] = running.info.orgs.as_slice() else {
        panic!("two orgs")
    };
    assert_ne!(production.org_id, sandbox.org_id);
    let client = client(&running).build().unwrap();
    let tls_url = running.info.tls_url.as_deref().unwrap();
    let by_number = tls_url.replace("localhost", "127.0.0.1");
    let places = [
        (PRODUCTION, production),
        (SANDBOX, sandbox),
        (tls_url, production),
        (&by_number, production),
        (&production.instance_url, production),
        (&sandbox.instance_url, sandbox),
    ];
    for (url, org) in places {
        let found = org_at(&client, url, &org.access_token).await;
        assert_eq!(found, (200, json!(org.org_id)), "{url}");
    }
    let refused = (401, json!("INVALID_SESSION_ID"));
    for (url, org) in [(PRODUCTION, sandbox), (SANDBOX, production)] {
        assert_eq!(org_at(&client, url, &org.access_token).await, refused);
    }
    assert_ne!(production.instance_url, sandbox.instance_url);
}

#[tokio::test]
async fn each_login_host_signs_in_to_its_kind_of_org_and_serves_no_records() {
    let running = start(everything()).await;
    let client = client(&running).build().unwrap();
    let logins = [
        ("https://login.salesforce.com", PRODUCTION),
        ("https://test.salesforce.com", SANDBOX),
    ];
    for ((login, instance), org) in logins.into_iter().zip(&running.info.orgs) {
        let (status, token) = sign_in(&client, login, org, "password").await;
        assert_eq!((status, &token["instance_url"]), (200, &json!(instance)));
        let id = token["id"].as_str().unwrap();
        assert!(id.contains(&org.org_id), "{id}");
        let session = token["access_token"].as_str().unwrap();
        assert_eq!(org_at(&client, instance, session).await.0, 200);
        assert_eq!(org_at(&client, login, session).await.0, 401);
        assert_eq!(get(&client, id, session).await.0, 200);
        let (status, refused) = sign_in(&client, login, org, "client_credentials").await;
        let words = json!("request not supported on this domain");
        assert_eq!((status, &refused["error_description"]), (400, &words));
    }
    let (wrong, _) = sign_in(&client, logins[0].0, &running.info.orgs[1], "password").await;
    assert_eq!(wrong, 400);
}

#[tokio::test]
async fn answers_begin_with_the_address_that_was_asked() {
    let running = start(everything()).await;
    let org = &running.info.orgs[0];
    let client = client(&running).build().unwrap();
    let tls_url = running.info.tls_url.as_deref().unwrap();
    for url in [PRODUCTION, tls_url, &org.instance_url] {
        let (_, token) = sign_in(&client, url, org, "password").await;
        assert_eq!(token["instance_url"], json!(url));
        let root = format!("{url}/services/data/v62.0");
        let (_, root) = get(&client, &root, &org.access_token).await;
        let identity = root["identity"].as_str().unwrap();
        assert!(identity.starts_with(&format!("{url}/id/")), "{identity}");
        let (_, me) = get(&client, identity, &org.access_token).await;
        assert_eq!(me["id"], json!(identity));
    }
    assert_eq!(org.public_url.as_deref(), Some(PRODUCTION));
}

#[tokio::test]
async fn a_host_without_an_org_is_told_so() {
    let running = start(everything()).await;
    let client = client(&running).build().unwrap();
    let url = "https://api.pubsub.salesforce.com/services/data/v62.0/limits";
    let token = &running.info.orgs[0].access_token;
    assert_eq!(get(&client, url, token).await, (404, json!("NOT_FOUND")));
}

#[tokio::test]
async fn without_a_public_url_the_orgs_are_at_localhost_over_tls() {
    let running = start(ServeOptions {
        tls_port: Some(0),
        ..ServeOptions::new(nowhere())
    })
    .await;
    let org = &running.info.orgs[0];
    assert_eq!(org.public_url, running.info.tls_url);
    let client = client(&running).build().unwrap();
    let url = running.info.tls_url.as_deref().unwrap();
    assert_eq!(org_at(&client, url, &org.access_token).await.0, 200);
}

#[tokio::test]
async fn listeners_exist_only_when_asked_for_and_keys_lie_in_a_private_folder_until_the_stop() {
    let running = start(ServeOptions::new(nowhere())).await;
    let line = serde_json::to_value(&running.info).unwrap();
    for key in ["tls_url", "ca_file", "pubsub_endpoint", "proxy_url"] {
        assert_eq!(line.get(key), None);
    }
    let running = start(everything()).await;
    let line = serde_json::to_string(&running.info).unwrap();
    assert!(!line.contains("PRIVATE"));
    let ca_file = std::path::PathBuf::from(running.info.ca_file.as_ref().unwrap());
    let folder = ca_file.parent().unwrap().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let pem = std::fs::read_to_string(&ca_file).unwrap();
    assert!(pem.contains("BEGIN CERTIFICATE") && !pem.contains("PRIVATE"));
    running.stop();
    assert!(!folder.exists());
}

async fn sign_in(
    client: &reqwest::Client,
    base_url: &str,
    org: &OrgAccess,
    grant: &str,
) -> (u16, Json) {
    let password = format!("{}{}", org.password, org.security_token);
    let form = [
        ("grant_type", grant),
        ("client_id", &org.consumer_key),
        ("client_secret", &org.consumer_secret),
        ("username", &org.username),
        ("password", &password),
    ];
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form);
    let request = client
        .post(format!("{base_url}/services/oauth2/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish());
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

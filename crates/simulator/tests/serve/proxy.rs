//! The proxy for clients that insist on Salesforce's own hosts, and the Pub/Sub port behind it.

use crate::support::{PRODUCTION, SANDBOX, everything, org_at, start, trusting};
use reqwest::Proxy;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn the_proxy_leads_to_the_orgs_by_their_real_names_and_nowhere_else() {
    let running = start(everything()).await;
    let proxy = Proxy::all(running.info.proxy_url.as_ref().unwrap()).unwrap();
    let client = trusting(&running).proxy(proxy).build().unwrap();
    for (url, org) in [PRODUCTION, SANDBOX].into_iter().zip(&running.info.orgs) {
        let found = org_at(&client, url, &org.access_token).await;
        assert_eq!(found, (200, json!(org.org_id)));
    }
    assert!(client.get("https://example.com/").send().await.is_err());
    let plain = client.get("http://acme.my.salesforce.com/").send().await;
    assert_eq!(plain.unwrap().status(), 403);
}

#[tokio::test]
async fn a_tunnel_to_another_host_is_refused_with_403() {
    let running = start(everything()).await;
    let proxy = running.info.proxy_url.as_ref().unwrap();
    let address = proxy.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[tokio::test]
async fn the_pubsub_port_speaks_grpc_over_http_2_alone() {
    let running = start(everything()).await;
    let proxy = Proxy::all(running.info.proxy_url.as_ref().unwrap()).unwrap();
    let url = "https://api.pubsub.salesforce.com:7443/eventbus.v1.PubSub/NoSuchMethod";
    let client = trusting(&running).proxy(proxy.clone()).build().unwrap();
    let request = client.post(url).header("content-type", "application/grpc");
    let reply = request.send().await.unwrap();
    assert_eq!(reply.version(), http::Version::HTTP_2);
    assert_eq!(reply.headers()["grpc-status"], "12");
    let old = trusting(&running).proxy(proxy).http1_only();
    assert!(old.build().unwrap().post(url).send().await.is_err());
}

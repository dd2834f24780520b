//! The two servers of our own: the hub, and one that only checks the signature.

use crate::load::Target;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use tieline::demo::{Demo, DemoOptions};
use tieline_channels::form::Form;
use tieline_channels::twilio::signature;
use tieline_storage::inbox;

const TOKEN: &str = "the token of a bare server";

/// The hub as `tieline demo` runs it, in a folder of its own, on people that it does not know yet.
pub async fn hub() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let demo = Demo::start(DemoOptions {
        data: Some(folder.path().to_owned()),
        database: None,
        contacts: 0,
        leads: 0,
        port: 0,
        seed: 1,
    })
    .await
    .expect("it starts");
    let mut reader = demo.hub.store.reader().await.expect("the database answers");
    let inboxes = inbox::all(&mut reader).await.expect("the database answers");
    drop(reader);
    let inbox = inboxes.first().expect("the demo has an inbox");
    say(&Target {
        address: demo.url.trim_start_matches("http://").to_owned(),
        path: format!("/hooks/twilio/{}", inbox.id),
        account: demo.running.simulator.carrier_access().account_sid,
        token: demo.running.simulator.carrier_access().auth_token,
    });
    std::future::pending::<()>().await;
}

/// What the signature alone costs on our stack.
pub async fn bare() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let url = format!("http://{address}/");
    say(&Target {
        address,
        path: "/".to_owned(),
        account: "AC00000000000000000000000000000001".to_owned(),
        token: TOKEN.to_owned(),
    });
    let check = async move |headers: HeaderMap, body: Bytes| {
        let given = headers
            .get("x-twilio-signature")
            .and_then(|it| it.to_str().ok());
        match signature::is_valid(TOKEN, &url, &Form::parse(&body), given.unwrap_or_default()) {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        }
    };
    let router = Router::new().route("/", post(check));
    axum::serve(listener, router).await.expect("it serves");
}

fn say(target: &Target) {
    println!(
        "{}",
        serde_json::to_string(target).expect("plain texts serialise")
    );
}

//! Sealed secrets and the key that opens them: replaced step by step, and missed in words.

use super::desk;
use super::world::World;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use std::sync::{Arc, Mutex};
use tieline::demo::OUR_NUMBER;
use tieline::hub::Hub;
use tieline::keys;
use tieline::transport::{Transport, in_process};
use tieline_domain::access::Actor;
use tieline_domain::connection::ConnectionKind;
use tieline_domain::job::{JobKind, JobState};
use tieline_org::{Connections, NewConnection, Place, Vault};
use tieline_salesforce::CallPurpose;
use tieline_storage::carrier_account::CarrierAccount;
use tieline_storage::{Store, StoreOptions, carrier_account, connection, job};
use tieline_testkit::postgres::Database;
use tower::ServiceExt as _;
use tower::util::{BoxCloneSyncService, service_fn};

#[tokio::test]
async fn a_new_key_above_the_old_one_seals_everything_anew_and_then_stands_alone() {
    let world = World::new(71).await;
    let connections = |vault| {
        let transport = in_process(world.simulator.router());
        Connections::new(
            world.hub.store.clone(),
            vault,
            transport,
            world.computer.clone(),
        )
    };
    let old = [7; Vault::KEY_BYTES];
    let new = [8; Vault::KEY_BYTES];
    let both = connections(Vault::with_keys(&new, &[old]));
    let renewed = both.renew_seals().await.unwrap();
    assert!(renewed >= 2, "of the org and of the carrier: {renewed}");
    assert_eq!(both.renew_seals().await.unwrap(), 0, "once is enough");

    let alone = connections(Vault::new(&new));
    let calls = alone
        .client(world.connection, CallPurpose::Staff)
        .await
        .unwrap();
    calls.client.userinfo().await.unwrap();
    let row = carrier_account::all(&mut world.hub.store.reader().await.unwrap())
        .await
        .unwrap()
        .remove(0);
    let place = Place::of_carrier_secret(row.id);
    assert!(Vault::new(&new).open(place, &row.secret).is_ok());
    assert!(Vault::new(&old).open(place, &row.secret).is_err());
}

#[tokio::test]
async fn two_nodes_that_seal_anew_at_once_both_end_well_and_a_session_of_a_third_stays() {
    let world = World::new(73).await;
    let store = &world.hub.store;
    let (old, new) = ([7; Vault::KEY_BYTES], [8; Vault::KEY_BYTES]);
    let node = |vault| {
        let transport = in_process(world.simulator.router());
        Connections::new(store.clone(), vault, transport, world.computer.clone())
    };
    let nodes = [0, 1].map(|_| node(Vault::with_keys(&new, &[old])));
    let session = async {
        let place = Place::of_session(world.connection);
        let sealed = Vault::new(&old).seal(place, b"a session of the third");
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        let row = connection::by_id(&mut tx, world.connection).await.unwrap();
        let session = (sealed.as_slice(), row.instance_url.as_str());
        let saved = connection::save_session(&mut tx, row.id, row.token_version, session);
        saved.await.unwrap();
        tx.commit().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(nodes[0].renew_seals(), nodes[1].renew_seals(), session);
    let renewed = first.unwrap() + second.unwrap();
    assert!(
        renewed >= 2,
        "of org and of carrier; the session may come after both: {renewed}"
    );
    let mut reader = store.reader().await.unwrap();
    let row = connection::by_id(&mut reader, world.connection)
        .await
        .unwrap();
    let alone = Vault::new(&new);
    assert!(alone.open(Place::of_secrets(row.id), &row.secrets).is_ok());
    let place = Place::of_session(row.id);
    let session = row.access_token.unwrap();
    let opened = Vault::with_keys(&new, &[old])
        .open(place, &session)
        .unwrap();
    assert_eq!(opened, b"a session of the third");
}

#[tokio::test]
async fn a_missing_key_is_refused_where_the_database_holds_what_it_opens() {
    let world = World::new(72).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tieline.key");
    let refused = keys::open_for(&world.hub.store, &file).await;
    let words = refused.err().expect("refused").to_string();
    assert!(words.contains("restore it from a backup"), "{words}");
    assert!(!file.exists(), "nothing is made in its place");
    keys::open(&file).unwrap();
    assert!(keys::open_for(&world.hub.store, &file).await.is_ok());
}

/// A second account at the carrier, with a secret under this key.
async fn another_account(store: &Store, key: &[u8; Vault::KEY_BYTES]) {
    let mut tx = store.begin(&Actor::system()).await.unwrap();
    let mut account = carrier_account::all(&mut tx).await.unwrap().remove(0);
    account.id = tx.new_id();
    account.account = "AC2".to_owned();
    account.secret = Vault::new(key).seal(Place::of_carrier_secret(account.id), b"secret");
    carrier_account::create(&mut tx, &account).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_secrets_of_every_org_and_every_account_are_sealed_anew() {
    let world = World::of_two_orgs(74, None).await;
    let store = &world.hub.store;
    let (old, new) = ([7; Vault::KEY_BYTES], [8; Vault::KEY_BYTES]);
    let access = world.simulator.orgs()[1].org_access();
    let other = NewConnection {
        name: "The other".to_owned(),
        kind: ConnectionKind::Simulated,
        login_url: access.instance_url,
        consumer_key: access.consumer_key,
        consumer_secret: SecretString::from(access.consumer_secret),
    };
    world.hub.connections.connect(other).await.unwrap();
    another_account(store, &old).await;
    let transport = in_process(world.simulator.router());
    let both = Vault::with_keys(&new, &[old]);
    let both = Connections::new(store.clone(), both, transport, world.computer.clone());
    both.renew_seals().await.unwrap();
    let alone = Vault::new(&new);
    let mut reader = store.reader().await.unwrap();
    let orgs = connection::all(&mut reader).await.unwrap();
    let accounts = carrier_account::all(&mut reader).await.unwrap();
    assert_eq!((orgs.len(), accounts.len()), (2, 2));
    for org in &orgs {
        let opened = alone.open(Place::of_secrets(org.id), &org.secrets);
        assert!(opened.is_ok(), "{}", org.name);
        let place = Place::of_session(org.id);
        let mut session = org.access_token.iter();
        assert!(session.all(|it| alone.open(place, it).is_ok()));
    }
    assert!(orgs.iter().any(|it| it.access_token.is_some()));
    for account in &accounts {
        let opened = alone.open(Place::of_carrier_secret(account.id), &account.secret);
        assert!(opened.is_ok(), "{}", account.account);
    }
}

#[tokio::test]
async fn a_missing_key_is_refused_for_the_sake_of_an_org_alone_and_of_a_carrier_alone() {
    let world = World::new(75).await;
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.key");
    let mut tx = world.hub.store.begin(&Actor::system()).await.unwrap();
    let account = carrier_account::all(&mut tx).await.unwrap().remove(0);
    let without = CarrierAccount {
        secret: Vec::new(),
        ..account.clone()
    };
    carrier_account::save(&mut tx, &without).await.unwrap();
    tx.commit().await.unwrap();
    let of_the_org = keys::open_for(&world.hub.store, &missing).await;
    assert!(of_the_org.is_err());
    let empty = Store::open(StoreOptions {
        url: format!("sqlite:{}", folder.path().join("empty.db").display()),
        clock: world.computer.clone(),
        ids: world.computer.clone(),
    });
    let empty = empty.await.unwrap();
    let made = folder.path().join("made.key");
    assert!(keys::open_for(&empty, &made).await.is_ok());
    let mut tx = empty.begin(&Actor::system()).await.unwrap();
    carrier_account::create(&mut tx, &account).await.unwrap();
    tx.commit().await.unwrap();
    assert!(keys::open_for(&empty, &missing).await.is_err());
    assert!(!missing.exists());
}

/// What a node says of itself.
async fn readiness(node: &Hub) -> (StatusCode, String) {
    let asked = Request::get("/readyz").body(Body::empty()).unwrap();
    let answer = node.router().oneshot(asked).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Carries to a node, and notes its answers.
fn noting(node: &Hub, answers: &Arc<Mutex<Vec<StatusCode>>>) -> Transport {
    let (node, answers) = (in_process(node.router()), answers.clone());
    BoxCloneSyncService::new(service_fn(move |request: http::Request<bytes::Bytes>| {
        let (node, answers) = (node.clone(), answers.clone());
        async move {
            let answer = node.oneshot(request).await?;
            answers.lock().unwrap().push(answer.status());
            Ok(answer)
        }
    }))
}

#[tokio::test]
async fn a_node_without_the_key_of_an_account_refuses_no_text_and_leaves_what_goes_out_to_another()
{
    let world = World::new(76).await;
    let store = &world.hub.store;
    let (with, without) = (world.hub_with_keys(&[8, 7]), world.hub_with_keys(&[7]));
    with.connections.renew_seals().await.unwrap();
    let answers = Arc::default();
    world.simulator.set_outgoing(noting(&without, &answers));
    let theirs = "+441134960782";
    world.simulator.text_from_phone(theirs, OUR_NUMBER, "Hello");
    world.simulator.step().await;
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(*answers.lock().unwrap(), [unavailable]);
    let (status, words) = readiness(&without).await;
    assert!(
        status == unavailable && words.contains("key file"),
        "{words}"
    );
    assert_eq!(readiness(&with).await.0, StatusCode::OK);

    // The carrier comes again, to another node.
    world.simulator.set_outgoing(in_process(with.router()));
    for _ in 0..5 {
        world.wait(1_000);
        world.simulator.step().await;
    }
    let came: Vec<_> = desk::messages(store).await;
    assert!(came.iter().any(|it| it.text == "Hello"), "{came:?}");

    desk::text(store, theirs, "Out").await;
    without.worker().work_off().await;
    let mut reader = store.reader().await.unwrap();
    let waiting = job::list(&mut reader, JobState::Ready, None, 10).await;
    let waiting = waiting.unwrap();
    let text = waiting.iter().find(|it| it.kind == JobKind::MessageSend);
    let waits_ms = text.unwrap().run_at.since(store.now());
    assert!((5_000..7_500).contains(&waits_ms), "{waits_ms}");
    world.wait(7_500);
    with.worker().work_off().await;
    let sent = world.simulator.texts();
    assert!(sent.iter().any(|it| it.body == "Out"), "{sent:?}");
}

#[tokio::test]
async fn a_key_is_replaced_node_by_node_while_each_opens_what_the_others_seal() {
    let world = World::new(77).await;
    let mut files: [&[u8]; 2] = [&[7], &[7]];
    for (file, keys) in [
        (0, &[7, 8][..]),
        (1, &[7, 8]),
        (0, &[8, 7]),
        (1, &[8, 7]),
        (0, &[8]),
        (1, &[8]),
    ] {
        files[file] = keys;
        let started = world.hub_with_keys(keys);
        started.connections.renew_seals().await.unwrap();
        for (node, keys) in files.iter().enumerate() {
            let hub = world.hub_with_keys(keys);
            let (status, words) = readiness(&hub).await;
            assert_eq!(status, StatusCode::OK, "{node} of {files:?}: {words}");
            let opened = hub.connections.client(world.connection, CallPurpose::Staff);
            let calls = opened.await.unwrap();
            calls.client.userinfo().await.unwrap();
        }
    }
}

#[tokio::test]
async fn only_a_hub_that_is_alone_is_told_at_once_that_older_keys_may_go() {
    let world = World::new(78).await;
    let words = keys::when_others_may_go(&world.hub.store);
    assert_eq!(words, "the others may go.");
    let database = Database::create().await;
    let one_of_several = World::on_postgres(79, &database).await;
    let words = keys::when_others_may_go(&one_of_several.hub.store);
    assert!(words.contains("once every node was started"), "{words}");
    one_of_several.hub.store.close().await;
    database.remove().await;
}

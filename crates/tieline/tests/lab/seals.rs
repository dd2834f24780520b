//! Sealed secrets and the key that opens them: replaced step by step, and missed in words.

use super::world::World;
use secrecy::SecretString;
use tieline::keys;
use tieline::transport::in_process;
use tieline_domain::access::Actor;
use tieline_domain::connection::ConnectionKind;
use tieline_org::{Connections, NewConnection, Place, Vault};
use tieline_salesforce::CallPurpose;
use tieline_storage::carrier_account::CarrierAccount;
use tieline_storage::{Store, StoreOptions, carrier_account, connection};

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

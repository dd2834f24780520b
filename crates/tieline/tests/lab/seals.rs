//! Sealed secrets and the key that opens them: replaced step by step, and missed in words.

use super::world::World;
use tieline::keys;
use tieline::transport::in_process;
use tieline_domain::access::Actor;
use tieline_org::{Connections, Place, Vault};
use tieline_salesforce::Purpose;
use tieline_storage::{carrier_account, connection};

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
        .client(world.connection, Purpose::Staff)
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

//! Sealed secrets and the key that opens them: replaced step by step, and missed in words.

use super::world::World;
use tieline::keys;
use tieline::transport::in_process;
use tieline_org::{Connections, Place, Vault};
use tieline_salesforce::Purpose;
use tieline_storage::carrier_account;

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

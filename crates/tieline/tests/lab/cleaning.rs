//! What the worker clears away by itself: only what is over, and nothing that is still to come.

use super::desk;
use super::side_by_side::{Working, until};
use super::world::World;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;
use tieline::demo::OUR_NUMBER;
use tieline_domain::access::{Actor, Caller, Scope};
use tieline_domain::id::AttachmentId;
use tieline_storage::attachment_store::{AttachmentStore, Folder};
use tieline_storage::{contact, contact_field, event, staff, sync_run};
use tieline_sync::create_contact;

const HOUR_MS: i64 = 3_600_000;

/// A file without a message, put so long ago.
async fn put(world: &World, folder: &Path, age_ms: i64) -> AttachmentId {
    let id: AttachmentId = world.hub.store.new_id();
    let files = Folder::at(folder);
    files.put(id, b"bytes".to_vec()).await.unwrap();
    let at = u64::try_from(world.hub.store.now().0 - age_ms).unwrap();
    let file = std::fs::File::options()
        .write(true)
        .open(folder.join(id.to_string()));
    let at = UNIX_EPOCH + Duration::from_millis(at);
    file.unwrap().set_modified(at).unwrap();
    id
}

/// Whether the events behind one are kept.
async fn has_events_after(world: &World, seq: i64) -> bool {
    let mut reader = world.hub.store.reader().await.unwrap();
    let scope = Scope::system();
    let events = event::list_after(&mut reader, &scope, seq, 10_000).await;
    events.unwrap().is_some()
}

/// Somebody whom the org does not know yet.
async fn add(world: &World, last_name: &str) {
    let name = BTreeMap::from([("last_name".to_owned(), last_name.to_owned())]);
    let added = create_contact(&world.hub.store, &Actor::system(), &name).await;
    added.unwrap();
}

#[tokio::test]
async fn what_is_over_is_cleared_away_and_what_may_be_needed_is_kept() {
    let world = World::new(95).await;
    let folder = TempDir::new().unwrap();
    let hub = world.hub_with_files(Arc::new(Folder::at(folder.path())));
    world
        .simulator
        .text_from_phone("+441134960777", OUR_NUMBER, "Hello");
    world.pump().await;
    let mut reader = hub.store.reader().await.unwrap();
    let user = staff::all(&mut reader).await.unwrap().remove(0).id;
    drop(reader);
    let operator = Caller::operator();
    let link = hub.access.sign_in_link(&operator, user, HOUR_MS).await;
    link.unwrap();

    world.wait(23 * HOUR_MS);
    let (young, old) = (
        put(&world, folder.path(), HOUR_MS).await,
        put(&world, folder.path(), 25 * HOUR_MS).await,
    );
    // An earlier build read this one's numbers by another rule.
    add(&world, "Earlier").await;
    let mut tx = hub.store.begin(&Actor::system()).await.unwrap();
    let sql = "update contact set reading = 'earlier'";
    assert!(tx.run(sql, Vec::new()).await.unwrap() > 0);
    tx.commit().await.unwrap();
    let old_readings = async || {
        let mut reader = hub.store.reader().await.unwrap();
        let catalogue = contact_field::load(&mut reader).await.unwrap();
        let any = contact::any_to_read_anew(&mut reader, &catalogue).await;
        any.unwrap()
    };
    let files = Folder::at(folder.path());
    let is_kept = async |id| files.get(id).await.unwrap().is_some();
    let working = Working::of(&hub);
    until("the old file is gone", async || !is_kept(old).await).await;
    until("numbers are read anew", async || !old_readings().await).await;
    working.end().await;
    assert!(is_kept(young).await, "its message may be on its way");
    let all = has_events_after(&world, 0).await;
    assert!(all, "for browsers that were away");
    let left = hub.access.sweep().await.unwrap();
    assert_eq!(left, 0, "the link that was over is gone");

    world.wait(2 * HOUR_MS);
    let working = Working::of(&hub);
    until("events of the day before are gone", async || {
        !has_events_after(&world, 0).await
    })
    .await;
    // The same worker does so again, for as long as it works.
    let seq = event::head(&mut hub.store.reader().await.unwrap()).await;
    let seq = seq.unwrap();
    add(&world, "Later").await;
    assert!(has_events_after(&world, seq).await);
    world.wait(25 * HOUR_MS);
    until("events of the next day are gone", async || {
        !has_events_after(&world, seq).await
    })
    .await;
    working.end().await;
}

#[tokio::test]
async fn a_worker_that_could_take_nothing_for_a_while_has_all_its_slots_still() {
    let world = World::new(97).await;
    let store = &world.hub.store;
    let run = async |sql: &str| {
        let mut tx = store.begin(&Actor::system()).await.unwrap();
        tx.run(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    };
    run("create trigger refuse before update on job begin select raise(abort, 'refused'); end")
        .await;
    let asked_for = world.start().await;
    let working = Working::of(&world.hub);
    // It tries more often than it has slots for one org.
    tokio::time::sleep(Duration::from_secs(2)).await;
    run("drop trigger refuse").await;
    until("the run is done", async || {
        let mut reader = store.reader().await.unwrap();
        let row = sync_run::by_id(&mut reader, asked_for.id).await;
        row.unwrap().finished_at.is_some()
    })
    .await;
    working.end().await;
}

#[tokio::test]
async fn a_worker_goes_on_after_more_texts_than_it_has_slots() {
    let world = World::new(96).await;
    let working = Working::of(&world.hub);
    for number in 1..=20 {
        let words = format!("Number {number}");
        desk::text(&world.hub.store, "+441134960650", &words).await;
        let left = async || world.simulator.texts().len() >= number;
        until("the text has left", left).await;
    }
    working.end().await;
}

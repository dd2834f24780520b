//! Random histories with faults. When the faults are over and things are quiet, hub and org agree
//! field by field, and every text is there exactly once on both sides.

use super::history::History;
use super::mishaps;
use super::tasks::tasks;
use super::world::{World, Wrong};
use crate::desk;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Scope;
use tieline_domain::conversation::{Direction, Message};
use tieline_domain::id::MessageId;
use tieline_domain::job::JobState;
use tieline_domain::sync::change::ChangeState;
use tieline_domain::sync::link::LinkState;
use tieline_simulator::seeded::mix;
use tieline_storage::attempt;
use tieline_storage::job;
use tieline_storage::link;
use tieline_storage::mapping;
use tieline_storage::sync_run::{self, ChangeQuery, SyncRun};
use tieline_testkit::postgres::Database;

const SEEDS: u64 = 24;
const SEEDS_ON_POSTGRES: u64 = 6;
const SEEDS_OF_TWO_HUBS: u64 = 6;
const SEEDS_SIDE_BY_SIDE: u64 = 8;
const STEPS: usize = 50;
const HOUR_MS: i64 = 3_600_000;

type Fired = BTreeMap<String, u32>;

/// Records whose change the org refused in this run: an edit of a converted Lead, for one.
async fn refused(world: &World, run: &SyncRun) -> BTreeSet<String> {
    let mut reader = world.hub.store.reader().await.unwrap();
    let query = ChangeQuery {
        state: Some(ChangeState::Failed),
        limit: 1_000,
        ..ChangeQuery::default()
    };
    let failed = sync_run::changes(&mut reader, &Scope::system(), run.id, &query)
        .await
        .unwrap();
    let records = failed.into_iter().filter_map(|change| change.record_id);
    records.collect()
}

/// Hub and org hold the same people, with the same values; a change that the org refused waits.
async fn agree(world: &World, last: &SyncRun, seed: u64) {
    let refused = refused(world, last).await;
    let contacts = desk::contacts(&world.hub.store, 1_000).await;
    let mut reader = world.hub.store.reader().await.unwrap();
    let mappings = mapping::all(&mut reader, world.connection).await.unwrap();
    let ids: Vec<_> = contacts.iter().map(|contact| contact.id).collect();
    let links = link::load_by_contacts(&mut reader, &ids).await.unwrap();
    drop(reader);
    let org = world.simulator.org();
    let call = world.somebody();
    let mut linked = BTreeSet::new();
    for contact in &contacts {
        let link = links[&contact.id]
            .iter()
            .find(|link| link.is_primary)
            .unwrap_or_else(|| panic!("seed {seed}: {} has no record", contact.name));
        assert_eq!(
            link.state,
            LinkState::Active,
            "seed {seed}: {}",
            contact.name
        );
        linked.extend(links[&contact.id].iter().map(|link| link.record_id.clone()));
        assert_eq!(
            link.waiting_to_org,
            refused.contains(&link.record_id),
            "seed {seed}: {} waits for the org if refused",
            contact.name
        );
        if link.waiting_to_org {
            continue;
        }
        let mapping = mappings
            .iter()
            .find(|mapping| mapping.object == link.object)
            .unwrap();
        let fields: Vec<&str> = mapping
            .fields
            .iter()
            .map(|pair| pair.field.as_str())
            .collect();
        let soql = format!(
            "SELECT {} FROM {} WHERE Id = '{}'",
            fields.join(", "),
            link.object,
            link.record_id
        );
        let answer = org.query(&call, &soql, false).ok().unwrap();
        let record = org
            .rows(&call, &answer, 0..answer.len())
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("seed {seed}: {} is gone from the org", contact.name));
        for pair in &mapping.fields {
            let theirs = pair
                .field
                .split('.')
                .fold(&record, |value, step| &value[step])
                .as_str()
                .map(str::to_owned);
            let ours = contact.fields.get(&pair.attribute).cloned();
            assert_eq!(
                ours, theirs,
                "seed {seed}: {} of {}",
                pair.field, contact.name
            );
        }
    }
    for object in ["Contact", "Lead"] {
        let soql = format!("SELECT Id FROM {object}");
        let answer = org.query(&call, &soql, false).ok().unwrap();
        for row in org.rows(&call, &answer, 0..answer.len()) {
            let id = row["Id"].as_str().unwrap();
            assert!(
                linked.contains(id),
                "seed {seed}: {object} {id} has no link"
            );
        }
    }
}

/// Every text is there once, here and there.
async fn nothing_lost_or_doubled(history: &History, seed: u64) {
    let store = &history.world.hub.store;
    let messages = desk::messages(store).await;
    let ids: Vec<MessageId> = messages.iter().map(|it| it.id).collect();
    let attempts = attempt::load(&mut store.reader().await.unwrap(), &ids).await;
    let attempts = attempts.unwrap();
    let of = |direction: Direction| -> Vec<String> {
        let of_it = messages
            .iter()
            .filter(|message| message.direction() == Some(direction));
        of_it.map(|message| message.text.clone()).collect()
    };
    let came: Vec<String> = of(Direction::In);
    assert_eq!(
        came.len(),
        history.play.said_in.len(),
        "seed {seed}: each text came in once"
    );
    assert_eq!(
        came.into_iter().collect::<BTreeSet<_>>(),
        history.play.said_in
    );
    for text in &history.play.written {
        let kept: Vec<&Message> = messages.iter().filter(|it| it.text == *text).collect();
        assert_eq!(kept.len(), 1, "seed {seed}: {text:?} was written once");
        let texts = history.world.simulator.texts().into_iter();
        let sent: Vec<String> = texts
            .filter(|it| it.body == *text)
            .map(|it| it.status)
            .collect();
        let state = kept[0].state;
        let named = attempts.get(&kept[0].id).into_iter().flatten();
        let named = named.filter(|it| it.provider_id.is_some());
        let wanted: Vec<&str> = named.map(|it| it.state.as_str()).collect();
        assert_eq!(sent, wanted, "seed {seed}: {text:?} is {state:?} here");
    }
}

/// What is finished leaves nothing behind: no work that gave up, and nothing more to write.
async fn at_rest(history: &History, seed: u64) {
    let world = &history.world;
    let mut reader = world.hub.store.reader().await.unwrap();
    let dead = job::list(&mut reader, JobState::Dead, None, 10)
        .await
        .unwrap();
    assert_eq!(dead, [], "seed {seed}: work that gave up");
    drop(reader);
    let ours = || {
        let changes = world.simulator.org().changes().into_iter();
        changes
            .filter(|change| change.client.as_deref() == Some("tieline"))
            .count()
    };
    let (before, texts) = (ours(), world.simulator.texts().len());
    for _ in 0..4 {
        world.wait(5 * 60_000);
        world.pump().await;
    }
    assert_eq!(ours(), before, "seed {seed}: written when nothing changed");
    assert_eq!(world.simulator.texts().len(), texts, "seed {seed}");
}

/// What those said who stay in the org stands in one Task each.
fn logged_once(history: &History, seed: u64) {
    let tasks = tasks(&history.world);
    for text in &history.play.said_by_keepers {
        let holding = tasks.iter().filter(|(_, _, words)| words.contains(text));
        assert_eq!(holding.count(), 1, "seed {seed}: Tasks that hold {text:?}");
    }
}

async fn judge(history: History, fired: &mut Fired) {
    let seed = history.world.seed;
    let last = history.settle().await;
    agree(&history.world, &last, seed).await;
    nothing_lost_or_doubled(&history, seed).await;
    logged_once(&history, seed);
    at_rest(&history, seed).await;
    for (kind, times) in history.fired() {
        *fired.entry(kind).or_default() += times;
    }
}

#[tokio::test]
async fn after_any_history_hub_and_org_agree_and_no_text_is_lost_or_doubled() {
    let mut fired = Fired::new();
    for seed in 100..100 + SEEDS {
        judge(
            History::play(World::new(seed).await, STEPS).await,
            &mut fired,
        )
        .await;
    }
    let seen: Vec<&String> = fired.keys().collect();
    let mut all = mishaps::kinds();
    all.sort_unstable();
    assert_eq!(seen, all.iter().collect::<Vec<_>>(), "every mishap happens");
}

#[tokio::test]
async fn the_same_holds_on_postgresql() {
    let mut fired = Fired::new();
    for seed in 100..100 + SEEDS_ON_POSTGRES {
        let database = Database::create().await;
        let world = World::on_postgres(seed, &database).await;
        judge(History::play(world, STEPS).await, &mut fired).await;
        database.remove().await;
    }
    assert!(fired.values().sum::<u32>() > 0);
}

/// Clocks an hour wrong, to either side, each seed another pair.
fn wrong(seed: u64) -> Wrong {
    let by = |shift: u64| (mix(seed + shift) % 3) as i64 * HOUR_MS - HOUR_MS;
    Wrong {
        first: by(1),
        second: by(2),
        org: by(3),
        carrier: by(4),
    }
}

#[tokio::test]
async fn nor_do_jobs_side_by_side_or_clocks_an_hour_wrong_make_a_difference() {
    let mut fired = Fired::new();
    for seed in 200..200 + SEEDS_SIDE_BY_SIDE {
        let world = World::side_by_side(seed, wrong(seed)).await;
        let history = History::play_with_wrong_clocks(world, STEPS).await;
        judge(history, &mut fired).await;
    }
    assert!(fired.values().sum::<u32>() > 0);
}

#[tokio::test]
async fn nor_do_two_hubs_on_one_database() {
    let mut fired = Fired::new();
    for seed in 300..300 + SEEDS_OF_TWO_HUBS {
        let database = Database::create().await;
        let world = World::of_two_hubs(seed, &database, wrong(seed)).await;
        let history = History::play_with_wrong_clocks(world, STEPS).await;
        judge(history, &mut fired).await;
        database.remove().await;
    }
    assert!(fired.values().sum::<u32>() > 0);
}

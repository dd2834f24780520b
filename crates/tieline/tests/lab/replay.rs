//! The same seed gives the same history, to the last request, stamp and id.

use super::history::History;
use super::world::World;
use tieline_testkit::postgres::Database;

async fn trace(seed: u64, steps: usize) -> Vec<String> {
    History::play(World::new(seed).await, steps)
        .await
        .world
        .trace()
}

fn assert_same(first: &[String], second: &[String], seed: u64) {
    for (a, b) in first.iter().zip(second) {
        assert_eq!(a, b, "seed {seed}");
    }
    assert_eq!(first.len(), second.len(), "seed {seed}");
}

#[tokio::test]
async fn one_seed_gives_one_trace() {
    for seed in [1, 2, 3] {
        let (first, second) = (trace(seed, 60).await, trace(seed, 60).await);
        assert!(first.len() > 100, "something happened");
        assert_same(&first, &second, seed);
    }
}

#[tokio::test]
async fn the_database_makes_no_difference_to_what_the_outside_sees() {
    let database = Database::create().await;
    let world = World::on_postgres(6, &database).await;
    let there = History::play(world, 60).await.world.trace();
    assert_same(&trace(6, 60).await, &there, 6);
    database.remove().await;
}

#[tokio::test]
async fn another_seed_gives_another_trace() {
    assert_ne!(trace(4, 20).await, trace(5, 20).await);
}

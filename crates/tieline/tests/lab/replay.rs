//! The same seed gives the same history, to the last request, stamp and id.

use super::converge::History;

#[tokio::test]
async fn one_seed_gives_one_trace() {
    for seed in [1, 2, 3] {
        let (first, second) = (
            History::play(seed, 60).await.world.trace(),
            History::play(seed, 60).await.world.trace(),
        );
        assert!(first.len() > 100, "something happened");
        for (a, b) in first.iter().zip(&second) {
            assert_eq!(a, b, "seed {seed}");
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

#[tokio::test]
async fn another_seed_gives_another_trace() {
    let (first, second) = (History::play(4, 20).await, History::play(5, 20).await);
    assert_ne!(first.world.trace(), second.world.trace());
}

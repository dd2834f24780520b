//! Opens a fresh store on each database for a test; PostgreSQL is a throw-away server of our own.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tieline_domain::id::Ids;
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::{Store, StoreOptions};

/// A clock that a test moves.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// Lets `ms` milliseconds pass.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Ids in a row.
#[derive(Default)]
pub struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn random(&self) -> u128 {
        self.0.fetch_add(1, Ordering::SeqCst).into()
    }
}

/// A store and the clock that it looks at.
pub struct Fixture {
    /// The store under test.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<TestClock>,
}

/// A fresh store on SQLite.
pub async fn sqlite(folder: &std::path::Path) -> Fixture {
    open(&format!("sqlite:{}", folder.join("tieline.db").display())).await
}

/// Opens a store at this address.
pub async fn open(url: &str) -> Fixture {
    let clock = Arc::new(TestClock(AtomicI64::new(1_750_000_000_000)));
    let options = StoreOptions {
        url: url.to_owned(),
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
    };
    Fixture {
        store: Store::open(options).await.expect("the store opens"),
        clock,
    }
}

/// Runs a test on each database.
pub async fn on_both<F, Fut>(test: F)
where
    F: Fn(Fixture) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(sqlite(folder.path()).await).await;
}

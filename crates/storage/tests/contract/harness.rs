//! Opens a fresh store on each database for a test; a failure names
//! the database that it was seen on.

use futures_util::FutureExt as _;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tieline_domain::id::Ids;
use tieline_domain::time::{Clock, Timestamp};
use tieline_storage::{Store, StoreOptions};
use tieline_testkit::postgres::Database;

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

/// The clock of a node that goes ahead of the database's.
struct AheadClock(Arc<TestClock>, i64);

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }

    fn database_now(&self) -> Option<Timestamp> {
        Some(self.0.now())
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
    /// Where it is.
    pub url: String,
}

impl Fixture {
    /// A second hub on the same database, looking at the same clock.
    pub async fn second_hub(&self) -> Fixture {
        static HUBS: AtomicU64 = AtomicU64::new(1);
        let hub = HUBS.fetch_add(1, Ordering::SeqCst);
        connect(&self.url, self.clock.clone(), hub << 32).await
    }
}

impl Fixture {
    /// A second hub whose own clock goes ahead of the database's.
    pub async fn second_hub_ahead(&self, ms: i64) -> Store {
        let options = StoreOptions {
            url: self.url.clone(),
            clock: Arc::new(AheadClock(self.clock.clone(), ms)),
            ids: Arc::new(CountingIds(AtomicU64::new(1 << 48))),
        };
        Store::open(options).await.expect("the store opens")
    }
}

/// Opens a store at this address, with a clock of its own.
pub async fn open(url: &str) -> Fixture {
    let clock = Arc::new(TestClock(AtomicI64::new(1_750_000_000_000)));
    connect(url, clock, 0).await
}

async fn connect(url: &str, clock: Arc<TestClock>, first_id: u64) -> Fixture {
    let options = StoreOptions {
        url: url.to_owned(),
        clock: clock.clone(),
        ids: Arc::new(CountingIds(AtomicU64::new(first_id))),
    };
    Fixture {
        store: Store::open(options).await.expect("the store opens"),
        clock,
        url: url.to_owned(),
    }
}

/// Runs a test on each database.
pub async fn on_both<F, Fut>(test: F)
where
    F: Fn(Fixture) -> Fut,
    Fut: Future<Output = ()>,
{
    on_sqlite(&test).await;
    on_postgres(&test).await;
}

/// Runs a test on a fresh SQLite file.
pub async fn on_sqlite<F, Fut>(test: F)
where
    F: Fn(Fixture) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("tieline.db").display());
    let outcome = attempt(test(open(&url).await)).await;
    assert!(outcome.is_ok(), "it failed on SQLite, for the reason above");
}

/// Runs a test in a fresh PostgreSQL database.
pub async fn on_postgres<F, Fut>(test: F)
where
    F: Fn(Fixture) -> Fut,
    Fut: Future<Output = ()>,
{
    let database = Database::create().await;
    let outcome = attempt(test(open(&database.url).await)).await;
    database.remove().await;
    assert!(
        outcome.is_ok(),
        "it failed on PostgreSQL, for the reason above"
    );
}

/// So that a failure says which database it was, and leaves no database behind.
async fn attempt(test: impl Future<Output = ()>) -> std::thread::Result<()> {
    std::panic::AssertUnwindSafe(test).catch_unwind().await
}

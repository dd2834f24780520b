//! Time and chance, and the computers whose clocks may be wrong.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tieline_domain::id::Ids;
use tieline_domain::time::{Clock, Timestamp};
use tieline_salesforce::Environment;
use tieline_simulator::clock::SetClock;
use tieline_simulator::seeded::Seeded;

/// 2026-03-02, a Monday.
const MORNING_MS: i64 = 1_772_442_000_000;

/// Time that moves by hand, and chance that a seed decides.
pub struct Nature {
    /// What all look at.
    pub clock: Arc<SetClock>,
    chance: Mutex<Seeded>,
}

impl Nature {
    /// As the seed decides it.
    pub fn new(seed: u64) -> Nature {
        Nature {
            clock: Arc::new(SetClock::new(MORNING_MS)),
            chance: Mutex::new(Seeded::new(seed, "nature")),
        }
    }

    fn next(&self) -> u64 {
        self.chance.lock().unwrap().next_u64()
    }

    /// The true time, which is the database's.
    pub fn now(&self) -> Timestamp {
        Timestamp(tieline_simulator::clock::Clock::now_ms(&*self.clock))
    }
}

/// The computer of one hub: its clock may be wrong, the database's is not unless it is set.
pub struct Computer {
    nature: Arc<Nature>,
    wrong_by_ms: AtomicI64,
    /// Of a database on this computer, whose clock somebody sets.
    set_by_ms: AtomicI64,
    /// How many of the next ids it panics over instead of making them.
    panics: AtomicU32,
}

impl Computer {
    /// With a clock that is wrong by so much.
    pub fn new(nature: &Arc<Nature>, wrong_by_ms: i64) -> Arc<Computer> {
        Arc::new(Computer {
            nature: nature.clone(),
            wrong_by_ms: AtomicI64::new(wrong_by_ms),
            set_by_ms: AtomicI64::new(0),
            panics: AtomicU32::new(0),
        })
    }

    /// Has it panic over so many of the next ids, as a bug would wherever one is needed.
    pub fn panic_over_ids(&self, times: u32) {
        self.panics.store(times, Ordering::SeqCst);
    }

    /// Sets the clock of the database on it wrong by so much; the hub notices by and by.
    pub fn set_database_by(&self, ms: i64) {
        self.set_by_ms.store(ms, Ordering::SeqCst);
    }

    /// Sets its clock wrong by so much.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for Computer {
    fn now(&self) -> Timestamp {
        self.nature.now() + self.wrong_by_ms.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        self.nature.now().0 - MORNING_MS
    }

    fn database_now(&self) -> Option<Timestamp> {
        Some(self.nature.now() + self.set_by_ms.load(Ordering::SeqCst))
    }
}

impl Ids for Computer {
    fn random(&self) -> u128 {
        let one_less = |left: u32| left.checked_sub(1);
        let left = self
            .panics
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        assert!(left.is_err(), "planned: no id could be made");
        u128::from(self.nature.next()) << 64 | u128::from(self.nature.next())
    }
}

impl Environment for Computer {
    fn now_ms(&self) -> i64 {
        self.now().0
    }

    fn random(&self) -> u64 {
        self.nature.next()
    }

    /// Waiting is only the clock moving on.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.nature.clock.advance(time.as_millis() as i64);
        Box::pin(std::future::ready(()))
    }
}

/// By how much each clock is wrong, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wrong {
    /// Of the first hub's computer.
    pub first: i64,
    /// Of the second's.
    pub second: i64,
    /// Of the org.
    pub org: i64,
    /// Of the carrier.
    pub carrier: i64,
}

//! Time as the simulator sees it. Everything asks an injected clock, so that a test can stand
//! still, jump two days ahead of a locator's life, or replay a seed to the same stamps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the simulator reads the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, UTC.
    fn now_ms(&self) -> i64;
}

/// The computer's own clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that only moves when told to.
#[derive(Debug)]
pub struct SetClock {
    now_ms: AtomicI64,
}

impl SetClock {
    /// A clock standing at `now_ms` (epoch milliseconds).
    pub fn new(now_ms: i64) -> Self {
        Self {
            now_ms: AtomicI64::new(now_ms),
        }
    }

    /// Puts the clock to `now_ms` (epoch milliseconds), backwards too.
    pub fn set(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
    }

    /// Moves the clock forward by `by_ms` milliseconds and says the new time.
    pub fn advance(&self, by_ms: i64) -> i64 {
        self.now_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms
    }
}

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }
}

/// Another clock, shifted: it runs as that one does and can be moved besides.
pub struct ShiftedClock {
    under: Arc<dyn Clock>,
    shift_ms: AtomicI64,
}

impl ShiftedClock {
    /// A clock that shows what `under` shows, for now.
    pub fn over(under: Arc<dyn Clock>) -> Self {
        Self {
            under,
            shift_ms: AtomicI64::new(0),
        }
    }

    /// Milliseconds since the Unix epoch, UTC.
    pub fn now_ms(&self) -> i64 {
        let shift_ms = self.shift_ms.load(Ordering::SeqCst);
        self.under.now_ms().saturating_add(shift_ms)
    }

    /// Moves the clock forward and says the new time.
    pub fn advance(&self, by_ms: u64) -> i64 {
        let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
        let add = |shift: i64| Some(shift.saturating_add(by_ms));
        let order = Ordering::SeqCst;
        // The closure never declines, so there is no failure to see.
        let _ = self.shift_ms.fetch_update(order, order, add);
        self.now_ms()
    }

    /// Puts the clock to `now_ms` (epoch milliseconds), backwards too.
    pub fn set(&self, now_ms: i64) {
        let shift_ms = now_ms.saturating_sub(self.under.now_ms());
        self.shift_ms.store(shift_ms, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now_ms(&self) -> i64 {
        ShiftedClock::now_ms(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let clock = SetClock::new(1_000);
        assert_eq!(clock.now_ms(), 1_000);
        assert_eq!(clock.advance(500), 1_500);
        clock.set(7);
        assert_eq!(clock.now_ms(), 7);
    }

    #[test]
    fn a_shifted_clock_runs_with_the_one_under_it() {
        let under = Arc::new(SetClock::new(1_000));
        let clock = ShiftedClock::over(under.clone());
        assert_eq!(clock.advance(500), 1_500);
        under.advance(10);
        assert_eq!(clock.now_ms(), 1_510);
        clock.set(7);
        under.advance(3);
        assert_eq!(clock.now_ms(), 10);
    }
}

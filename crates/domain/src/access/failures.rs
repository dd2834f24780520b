//! How sign-ins that failed slow the next ones down. Nobody is locked out: who knows the password
//! waits at most [`WAIT_MAX_MS`], and only where the wrong ones came from.

use crate::time::Timestamp;

/// Failures on one account from one network before the next has to wait.
const FREE_OF_ACCOUNT: i64 = 5;
/// Failures on whatever accounts from one network before the next has to wait; many people may
/// share one.
const FREE_OF_NETWORK: i64 = 30;
/// The first wait; it doubles with each failure.
const WAIT_FIRST_MS: i64 = 1_000;
const WAIT_MAX_MS: i64 = 60_000;
/// After this time without a failure, the earlier ones no longer count.
pub const FAILURES_KEPT_MS: i64 = 15 * 60_000;

/// The failures of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Without a pause of [`FAILURES_KEPT_MS`] between them.
    pub count: i64,
    /// Of the last one.
    pub last_at: Timestamp,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKey {
    /// One account, tried from one network.
    AccountFromNetwork,
    /// One network, whatever it tried.
    Network,
}

impl Failures {
    /// None so far.
    pub fn none(now: Timestamp) -> Failures {
        Failures {
            count: 0,
            last_at: now,
        }
    }

    /// Milliseconds until the next try is weighed; 0 for at once. A failure that lies a little ahead, as
    /// by the clock of another node, counts as of now.
    pub fn wait_ms(self, key: FailureKey, now: Timestamp) -> i64 {
        let free = match key {
            FailureKey::AccountFromNetwork => FREE_OF_ACCOUNT,
            FailureKey::Network => FREE_OF_NETWORK,
        };
        let waiting = self.current(now).count - free;
        if waiting < 0 {
            return 0;
        }
        let doubled = WAIT_FIRST_MS << waiting.min(16);
        let until = self.last_at.min(now) + doubled.min(WAIT_MAX_MS);
        until.since(now).max(0)
    }

    /// One more.
    pub fn and_one(self, now: Timestamp) -> Failures {
        Failures {
            count: self.current(now).count + 1,
            last_at: now,
        }
    }

    /// One less: it was no failure after all.
    pub fn but_one(self) -> Failures {
        Failures {
            count: (self.count - 1).max(0),
            ..self
        }
    }

    fn current(self, now: Timestamp) -> Failures {
        // What lies further ahead was counted by a clock that was set back since: when it was is not known.
        let ago_ms = now.since(self.last_at);
        match (-WAIT_MAX_MS..FAILURES_KEPT_MS).contains(&ago_ms) {
            true => self,
            false => Failures::none(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(count: i64) -> Failures {
        Failures {
            count,
            last_at: Timestamp(0),
        }
    }

    fn check(key: FailureKey, count: i64, wait_ms: i64) {
        assert_eq!(
            after(count).wait_ms(key, Timestamp(0)),
            wait_ms,
            "{key:?} {count}"
        );
    }

    #[test]
    fn the_first_failures_are_free_then_each_doubles_the_wait_up_to_a_minute() {
        let account = FailureKey::AccountFromNetwork;
        for (count, wait_ms) in [(0, 0), (4, 0), (5, 1_000), (6, 2_000), (10, 32_000)] {
            check(account, count, wait_ms);
        }
        for count in [11, 12, 64, 1_000_000, i64::MAX] {
            check(account, count, 60_000);
        }
        check(FailureKey::Network, 29, 0);
        check(FailureKey::Network, 30, 1_000);
    }

    #[test]
    fn the_wait_passes_and_what_is_old_no_longer_counts() {
        let account = FailureKey::AccountFromNetwork;
        assert_eq!(after(6).wait_ms(account, Timestamp(1_500)), 500);
        assert_eq!(after(6).wait_ms(account, Timestamp(2_000)), 0);
        let later = Timestamp(FAILURES_KEPT_MS);
        assert_eq!(
            after(60).and_one(later),
            Failures {
                count: 1,
                last_at: later
            }
        );
        assert_eq!(after(1).but_one().but_one().count, 0);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
        let account = FailureKey::AccountFromNetwork;
        // Another node's clock may be a little ahead, and makes nobody free.
        for (ahead_ms, wait_ms) in [
            (0, 2_000),
            (500, 2_000),
            (WAIT_MAX_MS, 2_000),
            (3_600_000, 0),
        ] {
            let failures = Failures {
                count: 6,
                last_at: Timestamp(ahead_ms),
            };
            assert_eq!(
                failures.wait_ms(account, Timestamp(0)),
                wait_ms,
                "{ahead_ms}"
            );
        }
    }
}

//! Time as the hub counts it: epoch milliseconds in UTC.
//!
//! The domain never asks what time it is. Drivers hold a [`Clock`] and pass the answer in, so that
//! a test can replay a day in a second.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds from `earlier` to `self`; negative when `self` comes first.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }
}

impl Add<i64> for Timestamp {
    type Output = Timestamp;
    fn add(self, ms: i64) -> Timestamp {
        Timestamp(self.0 + ms)
    }
}

impl Sub<i64> for Timestamp {
    type Output = Timestamp;
    fn sub(self, ms: i64) -> Timestamp {
        Timestamp(self.0 - ms)
    }
}

/// Where drivers get the time from; injected, so that tests can set it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// A count of milliseconds that nobody can set, from whatever moment; only differences mean
    /// something. What runs meanwhile is measured by it.
    fn steady_ms(&self) -> i64 {
        self.now().0
    }

    /// What the database's clock shows, for clocks that are set by hand; `None` when the database
    /// is to be asked.
    fn database_now(&self) -> Option<Timestamp> {
        Some(self.now())
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn steady_ms(&self) -> i64 {
        (**self).steady_ms()
    }

    fn database_now(&self) -> Option<Timestamp> {
        (**self).database_now()
    }
}

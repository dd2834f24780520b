//! The real world: the computer's clock, its randomness, and waiting.

use ring::rand::{SecureRandom, SystemRandom};
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tieline_domain::id::Ids;
use tieline_domain::time::{Clock, Timestamp};
use tieline_salesforce::Environment;

/// The computer this runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealWorld;

impl Clock for RealWorld {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(since.as_millis() as i64)
    }

    fn steady_ms(&self) -> i64 {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed().as_millis() as i64
    }

    fn database_now(&self) -> Option<Timestamp> {
        None
    }
}

impl Ids for RealWorld {
    fn random(&self) -> u128 {
        u128::from_be_bytes(bytes())
    }
}

impl Environment for RealWorld {
    fn now_ms(&self) -> i64 {
        self.now().0
    }

    fn random(&self) -> u64 {
        u64::from_be_bytes(bytes())
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Random bytes of the operating system.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}

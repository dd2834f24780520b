//! When this node last set out to write down that a key was used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tieline_domain::id::ApiKeyId;
use tieline_domain::time::Timestamp;

/// However busy the database is, this node tries to write a key's use down only so often.
const STEP_MS: i64 = 60_000;

/// The last try for each key; as many as there are keys.
#[derive(Clone, Default)]
pub(crate) struct Noted(Arc<Mutex<HashMap<ApiKeyId, Timestamp>>>);

impl Noted {
    /// Whether it is time to try again, which then counts as tried.
    pub fn is_due(&self, key: ApiKeyId, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = noted.get(&key);
        let due = last.is_none_or(|at| now.since(*at).abs() >= STEP_MS);
        if due {
            noted.insert(key, now);
        }
        due
    }
}

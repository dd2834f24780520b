//! What Tieline allows itself of an org's calls, asked before every call.
//!
//! Calls of the last 24 hours are kept in the database by connection, hour and purpose, for all
//! nodes together. A node writes its own down after [`UNWRITTEN_MAX`] calls and reads the others'
//! at least every [`FRESH_MS`], so that nodes together go over by at most that many each. Bulk work
//! stops first, following live changes next, what a person waits for last.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use tieline_domain::access::Actor;
use tieline_domain::id::ConnectionId;
use tieline_domain::time::Timestamp;
use tieline_salesforce::{CallBudget, CallPurpose, Error};
use tieline_storage::connection::{self, HOUR_MS};
use tieline_storage::{StorageError, Store};
use tokio::sync::Mutex;

/// Calls that a node makes before it writes them down.
const UNWRITTEN_MAX: i64 = 10;
/// What other nodes used is known not older than this.
const FRESH_MS: i64 = 10_000;

/// One connection's budget on this node.
pub(crate) struct Budget {
    store: Store,
    id: ConnectionId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unwritten: BTreeMap<&'static str, i64>,
    seen: Option<Seen>,
}

/// What the database said.
struct Seen {
    at: Timestamp,
    /// Hours since 1970 and the calls in each, the earliest first.
    hours: Vec<(i64, i64)>,
    daily: i64,
}

/// The answer to a purpose that wants to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Permit,
    /// Not before this moment.
    Stop(Timestamp),
}

impl Budget {
    pub(crate) fn new(store: Store, id: ConnectionId) -> Budget {
        Budget {
            store,
            id,
            state: Mutex::default(),
        }
    }

    /// Writes down the calls made so far, and what the org said of everybody's.
    pub(crate) async fn write_down(
        &self,
        org_calls: Option<(i64, i64)>,
    ) -> Result<(), StorageError> {
        let mut state = self.state.lock().await;
        self.write(&mut state, org_calls).await
    }

    async fn write(
        &self,
        state: &mut State,
        org_calls: Option<(i64, i64)>,
    ) -> Result<(), StorageError> {
        if !state.unwritten.is_empty() || org_calls.is_some() {
            let calls: Vec<(&str, i64)> = state.unwritten.iter().map(|(k, n)| (*k, *n)).collect();
            let mut tx = self.store.begin_aside(&Actor::system()).await?;
            connection::add_usage(&mut tx, self.id, &calls, org_calls).await?;
            tx.commit().await?;
            // Only what is committed is no longer ours to remember.
            state.unwritten.clear();
        }
        let now = self.store.now();
        let mut reader = self.store.reader().await?;
        state.seen = Some(Seen {
            at: now,
            hours: connection::usage_by_hour(&mut reader, self.id, now).await?,
            daily: connection::by_id(&mut reader, self.id).await?.daily_budget,
        });
        Ok(())
    }

    async fn ask(&self, purpose: CallPurpose) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        let now = self.store.now();
        let fresh = |seen: &Seen| now.since(seen.at) <= FRESH_MS;
        if !state.seen.as_ref().is_some_and(fresh)
            || state.unwritten.values().sum::<i64>() >= UNWRITTEN_MAX
        {
            let written = self.write(&mut state, None).await;
            written.map_err(|error| Error::Local(error.to_string()))?;
        }
        if let Some(seen) = &state.seen {
            let unwritten = state.unwritten.values().sum();
            let allowed = seen.daily * share(purpose) / 100;
            if let Verdict::Stop(until) = judge(&seen.hours, unwritten, allowed, now) {
                return Err(Error::BudgetSpent { until_ms: until.0 });
            }
        }
        *state.unwritten.entry(purpose.as_str()).or_default() += 1;
        Ok(())
    }
}

impl CallBudget for Budget {
    fn take(
        &self,
        purpose: CallPurpose,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(self.ask(purpose))
    }

    fn give_back(&self, purpose: CallPurpose) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let mut state = self.state.lock().await;
            *state.unwritten.entry(purpose.as_str()).or_default() -= 1;
        })
    }
}

/// Of a hundred calls of the budget, how many may be used, by whomever, before this purpose stops.
fn share(purpose: CallPurpose) -> i64 {
    match purpose {
        CallPurpose::Sync => 70,
        CallPurpose::Live => 90,
        CallPurpose::Staff => 100,
    }
}

/// Whether another call stays within what is allowed; if not, when enough hours are out of the
/// window of 24.
fn judge(hours: &[(i64, i64)], unwritten: i64, allowed: i64, now: Timestamp) -> Verdict {
    let this_hour = now.0.div_euclid(HOUR_MS);
    let hours = || hours.iter().copied().chain([(this_hour, unwritten)]);
    let mut used: i64 = hours().map(|(_, calls)| calls).sum();
    if used < allowed {
        return Verdict::Permit;
    }
    let mut until = this_hour + 1;
    for (hour, calls) in hours() {
        used -= calls;
        until = until.max(hour + 24);
        if used < allowed {
            break;
        }
    }
    Verdict::Stop(Timestamp(until * HOUR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stops_is_told_when_enough_hours_have_passed() {
        let now = Timestamp(100 * HOUR_MS + 5);
        let stop = |hour: i64| Verdict::Stop(Timestamp(hour * HOUR_MS));
        let cases = [
            (vec![], 0, 10, Verdict::Permit),
            (vec![(99, 9)], 0, 10, Verdict::Permit),
            (vec![(99, 9)], 1, 10, stop(123)),
            (vec![(80, 5), (99, 5)], 0, 10, stop(104)),
            (vec![(80, 5), (99, 15)], 0, 10, stop(123)),
            (vec![], 10, 10, stop(124)),
        ];
        for (hours, unwritten, allowed, verdict) in cases {
            assert_eq!(judge(&hours, unwritten, allowed, now), verdict, "{hours:?}");
        }
    }

    #[test]
    fn bulk_work_stops_first_live_work_next_and_what_a_person_waits_for_last() {
        let purposes = [CallPurpose::Sync, CallPurpose::Live, CallPurpose::Staff];
        assert_eq!(purposes.map(share), [70, 90, 100]);
    }
}

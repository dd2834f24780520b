//! The worker: claims jobs that are due and hands each to its handler. Every kind of job is here.
//!
//! While a handler works, a heartbeat keeps its lease. Who loses the lease drops its work where it
//! stands, so that nobody sends what another sends again. A handler that panics or fails is tried
//! again by the schedule of its kind, and buried when that ends.

mod cleaning;

use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tieline_access::Access;
use tieline_domain::access::Actor;
use tieline_domain::job::{InHand, JobKind, Lane, Party};
use tieline_messaging::{Messaging, MessagingError};
use tieline_storage::attachment_store::AttachmentStore;
use tieline_storage::job::{self, Beat, ClaimedJob, Stop};
use tieline_storage::{StorageError, Store};
use tieline_sync::{Sync, SyncError};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the worker looks when nobody wakes it, and at the clock while a handler works.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);
/// What is in hand when the hub stops may go on for so long; whoever asked often kills after ten seconds.
const GRACE: Duration = Duration::from_secs(8);
/// A handler that has let its job go returns within this time.
const RETURN_WITHIN: Duration = Duration::from_secs(5);
/// A server's clock may be set while a node runs; its own, where that counts, is looked at each time.
const LEARN_TIME_EVERY: Duration = Duration::from_secs(30);
const CLEAN_EVERY_MS: i64 = 3_600_000;

type Slot = (Lane, Option<Party>);

/// Does the jobs of a hub; cheap to clone.
#[derive(Clone)]
pub struct Worker {
    store: Store,
    access: Access,
    sync: Sync,
    messaging: Messaging,
    attachments: Arc<dyn AttachmentStore>,
}

/// How a handler ended that did not end its job.
struct Failure {
    text: String,
    /// Whether trying the same again cannot help.
    is_permanent: bool,
}

/// The slots of one node, by lane.
struct Hands(BTreeMap<Lane, InHand>);

impl Hands {
    fn new() -> Hands {
        Hands(Lane::ALL.map(|lane| (lane, InHand::of(lane))).into())
    }

    fn give_back(&mut self, (lane, party): &Slot) {
        if let Some(hand) = self.0.get_mut(lane) {
            hand.give_back(party.as_ref());
        }
    }
}

impl Worker {
    pub(crate) fn new(
        store: Store,
        access: Access,
        sync: Sync,
        messaging: Messaging,
        attachments: Arc<dyn AttachmentStore>,
    ) -> Worker {
        Worker {
            store,
            access,
            sync,
            messaging,
            attachments,
        }
    }

    /// Works until told to stop, then waits a while for what is in hand.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.store.has_one_hub() {
            self.take_back().await;
        }
        let (cut, _) = watch::channel(false);
        let asked = Stop::default();
        let mut running = JoinSet::new();
        let mut hands = Hands::new();
        let mut cleaned_at = 0;
        let mut learned = Instant::now();
        let mut head = self.store.head();
        while !*stop.borrow() {
            while let Some(done) = running.try_join_next() {
                done.iter().for_each(|slot| hands.give_back(slot));
            }
            let mut may_be_more = false;
            match self.claim(&mut hands).await {
                Ok(jobs) => {
                    may_be_more = !jobs.is_empty();
                    for mut job in jobs {
                        job.stop = asked.clone();
                        let (worker, mut cut) = (self.clone(), cut.subscribe());
                        running.spawn(async move {
                            let cut = async move { _ = cut.wait_for(|cut| *cut).await };
                            worker.work(job, cut).await
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the worker cannot claim jobs; it tries again");
                }
            }
            if self.store.has_one_hub() || learned.elapsed() > LEARN_TIME_EVERY {
                learned = Instant::now();
                if let Err(error) = self.store.learn_time().await {
                    tracing::warn!(error = %error, "the database does not tell the time; it is asked again");
                }
            }
            if self.store.now().0 - cleaned_at > CLEAN_EVERY_MS {
                cleaned_at = self.store.now().0;
                self.clean().await;
            }
            if may_be_more {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                Some(done) = running.join_next() => done.iter().for_each(|slot| hands.give_back(slot)),
                _ = head.changed() => {}
                _ = stop.changed() => {}
            }
            // Commits come by hundreds a second; looking as often finds nothing more.
            tokio::time::sleep(PAUSE).await;
        }
        asked.ask();
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!(
                jobs = running.len(),
                "jobs that did not end in time are cut off"
            );
            cut.send_replace(true);
            running.join_all().await;
        }
    }

    /// Does all that is due by now, one after the other; how many jobs that were. For tests that
    /// move the clock by hand.
    pub async fn work_off(&self) -> usize {
        let mut done = 0;
        loop {
            let mut hands = Hands::new();
            let jobs = self.claim(&mut hands).await.unwrap_or_default();
            if jobs.is_empty() {
                return done;
            }
            for job in jobs {
                self.work(job, std::future::pending()).await;
                done += 1;
            }
        }
    }

    /// The same with all jobs that there are slots for side by side.
    pub async fn work_off_at_once(&self) -> usize {
        let mut done = 0;
        loop {
            let claimed = self.claim(&mut Hands::new()).await;
            let jobs = claimed.unwrap_or_default();
            if jobs.is_empty() {
                return done;
            }
            done += jobs.len();
            let works = jobs
                .into_iter()
                .map(|job| self.work(job, std::future::pending()));
            futures_util::future::join_all(works).await;
        }
    }

    async fn claim(&self, hands: &mut Hands) -> tieline_storage::Result<Vec<ClaimedJob>> {
        let now = self.store.now();
        if job::next_due(&mut *self.store.reader().await?)
            .await?
            .is_none_or(|at| at > now)
            && !job::any_expired(&mut *self.store.reader().await?, now).await?
        {
            return Ok(Vec::new());
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let expired = job::expire(&mut tx).await?;
        let mut claimed = Vec::new();
        // Slots are taken for good only by what is committed.
        let mut taken: Vec<InHand> = hands.0.values().cloned().collect();
        for hand in &mut taken {
            claimed.extend(job::claim(&mut tx, hand).await?);
        }
        tx.commit().await?;
        hands.0 = taken.into_iter().map(|hand| (hand.lane(), hand)).collect();
        for lost in &expired.uncertain {
            self.reconcile(lost).await;
        }
        Ok(claimed)
    }

    /// Only texts are sent once; another kind would be named here. What fails is handed out again.
    async fn reconcile(&self, lost: &ClaimedJob) {
        let outcome = AssertUnwindSafe(self.messaging.handle_uncertain(lost)).catch_unwind();
        let failure = match outcome.await {
            Ok(Ok(())) => return,
            Ok(Err(MessagingError::Storage(StorageError::Conflict(_)))) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        tracing::error!(job.id = %lost.id, error = failure, "an uncertain job could not be taken over; it is tried again");
    }

    /// Hands a job to its handler, keeps its lease meanwhile, and sees to its end.
    async fn work(&self, job: ClaimedJob, cut: impl Future<Output = ()>) -> Slot {
        let slot = (job.kind.lane(), job.party.clone());
        let handling = async {
            if job.failures >= job.kind.retry().failures_max {
                return Err(Failure {
                    text: "it failed too often".to_owned(),
                    is_permanent: true,
                });
            }
            match AssertUnwindSafe(Box::pin(self.handle(&job)))
                .catch_unwind()
                .await
            {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure {
                    text: "its handler panicked".to_owned(),
                    is_permanent: false,
                }),
            }
        };
        let ended = tokio::select! {
            biased;
            outcome = handling => match outcome {
                Ok(()) => Ok(()),
                Err(failure) => self.put_back(&job, &failure).await,
            },
            () = self.lease_lost(&job) => {
                tracing::warn!(job.kind = job.kind.as_str(), job.id = %job.id, "the lease of a job was lost; its work is dropped");
                Ok(())
            }
            () = cut => self.leave(&job).await,
        };
        if let Err(error) = ended
            && !matches!(error, StorageError::Conflict(_))
        {
            tracing::warn!(job.id = %job.id, error = %error, "a job could not be put back; its lease runs out");
        }
        slot
    }

    async fn handle(&self, job: &ClaimedJob) -> Result<(), Failure> {
        match job.kind {
            JobKind::MessageSend => self.messaging.handle_send(job).await?,
            JobKind::MessageConfirm => self.messaging.handle_confirm(job).await?,
            JobKind::ActivityLog => self.sync.handle_log(job).await?,
            JobKind::ActivityFlush => self.sync.handle_flush(job).await?,
            JobKind::SyncRun => self.sync.handle_run(job).await?,
            JobKind::SyncSoon => self.sync.handle_soon(job).await?,
            JobKind::ContactsReadAnew => self.sync.handle_read_anew(job).await?,
        }
        Ok(())
    }

    /// Says every third of a lease that the handler still works; returns when the job is another's.
    async fn lease_lost(&self, job: &ClaimedJob) {
        // What passed, not what a clock shows: one that is set back would keep it silent.
        let lease_ms = job.kind.lease_ms();
        let mut held_at = self.store.steady();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.store.steady() < held_at + lease_ms / 3 {
                continue;
            }
            let now = self.store.steady();
            match self.beat(job).await {
                Ok(Beat::Held) => held_at = now,
                Ok(Beat::LetGo) => return tokio::time::sleep(RETURN_WITHIN).await,
                Ok(Beat::Lost) => return,
                Err(_) if now >= held_at + lease_ms => return,
                Err(error) => {
                    tracing::warn!(job.id = %job.id, error = %error, "a lease could not be extended; it is tried again");
                }
            }
        }
    }

    async fn beat(&self, job: &ClaimedJob) -> tieline_storage::Result<Beat> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let beat = job::beat(&mut tx, job).await?;
        tx.commit().await?;
        Ok(beat)
    }

    async fn put_back(&self, job: &ClaimedJob, failure: &Failure) -> tieline_storage::Result<()> {
        let Failure { text, is_permanent } = failure;
        tracing::warn!(job.kind = job.kind.as_str(), job.id = %job.id, job.failures = job.failures + 1, is_permanent, error = text, "a job failed");
        let last = job.failures + 1 >= job.kind.retry().failures_max;
        let mut tx = self.store.begin(&Actor::system()).await?;
        if !*is_permanent && !last {
            job::fail(&mut tx, job, text).await?;
            return tx.commit().await;
        }
        job::bury(&mut tx, job, text).await?;
        let ended = match job.kind {
            JobKind::SyncRun => self
                .sync
                .give_up(&mut tx, job, text)
                .await
                .map_err(Failure::from),
            JobKind::MessageSend => self
                .messaging
                .give_up(&mut tx, job)
                .await
                .map_err(Failure::from),
            _ => Ok(()),
        };
        if let Err(Failure { text, .. }) = ended {
            tracing::error!(job.id = %job.id, error = text, "what a dead job was for could not be ended");
        }
        tx.commit().await
    }

    async fn leave(&self, job: &ClaimedJob) -> tieline_storage::Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        job::leave(&mut tx, job).await?;
        tx.commit().await
    }

    /// What a hub that was killed had in hand need not wait for its leases.
    async fn take_back(&self) {
        let taken = async {
            let mut tx = self.store.begin(&Actor::system()).await?;
            let jobs = job::end_leases(&mut tx).await?;
            tx.commit().await?;
            tieline_storage::Result::Ok(jobs)
        };
        match taken.await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "the jobs of a hub that was stopped are taken over"),
            Err(error) => {
                tracing::warn!(error = %error, "the jobs of a stopped hub wait for their leases");
            }
        }
    }
}

impl From<MessagingError> for Failure {
    fn from(error: MessagingError) -> Failure {
        let is_permanent = match &error {
            MessagingError::Storage(error) => never_passes(error),
            error => error.is_permanent(),
        };
        Failure {
            text: error.to_string(),
            is_permanent,
        }
    }
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Failure {
        let is_permanent = match &error {
            SyncError::Storage(error) => never_passes(error),
            error => error.is_permanent(),
        };
        Failure {
            text: error.to_string(),
            is_permanent,
        }
    }
}

/// A full disk reads like a wrong statement, and passes.
fn never_passes(error: &StorageError) -> bool {
    error.is_permanent() && !matches!(error, StorageError::Database(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_refuses_may_pass_and_what_is_not_there_never_comes() {
        for (error, passes) in [
            (StorageError::Database("disk is full".to_owned()), true),
            (StorageError::Unavailable("busy".to_owned()), true),
            (StorageError::Conflict("message"), true),
            (StorageError::NotFound("message"), false),
            (StorageError::Duplicate("key".to_owned()), false),
        ] {
            let failure = Failure::from(MessagingError::Storage(error));
            assert_eq!(failure.is_permanent, !passes, "{}", failure.text);
        }
    }
}

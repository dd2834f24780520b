//! The worker: claims jobs that are due and hands each to its handler. Every kind of job is here.

use std::time::Duration;
use tieline_domain::access::Actor;
use tieline_messaging::{JOB_CONFIRM, JOB_LOG, JOB_SEND, Messaging};
use tieline_storage::job::{self, ClaimedJob};
use tieline_storage::{StorageError, Store, event};
use tieline_sync::activity::JOB_FLUSH;
use tieline_sync::{JOB_RUN, JOB_SOON, Sync};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A worker must say within this time that it still works.
const LEASE_MS: i64 = 60_000;
const JOBS_AT_ONCE: usize = 16;
/// How often the worker looks when nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A job whose handler failed unexpectedly waits this long.
const AGAIN_MS: i64 = 5_000;
/// Events are kept this long for browsers that were away.
const EVENTS_KEPT_MS: i64 = 24 * 3_600_000;
const CLEAN_EVERY_MS: i64 = 3_600_000;
const KINDS: &[&str] = &[JOB_SEND, JOB_CONFIRM, JOB_LOG, JOB_FLUSH, JOB_RUN, JOB_SOON];

/// Does the jobs of a hub; cheap to clone.
#[derive(Clone)]
pub struct Worker {
    store: Store,
    sync: Sync,
    messaging: Messaging,
}

impl Worker {
    pub(crate) fn new(store: Store, sync: Sync, messaging: Messaging) -> Worker {
        Worker {
            store,
            sync,
            messaging,
        }
    }

    /// Works until told to stop, then waits for what is in hand.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.store.has_one_hub() {
            self.take_back().await;
        }
        let mut running = JoinSet::new();
        let mut cleaned_at = 0;
        let mut head = self.store.head();
        while !*stop.borrow() {
            while running.try_join_next().is_some() {}
            let free = JOBS_AT_ONCE - running.len();
            match self.claim(free).await {
                Ok(jobs) => {
                    for job in jobs {
                        let worker = self.clone();
                        running.spawn(async move { worker.handle(job).await });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the worker cannot claim jobs; it tries again");
                }
            }
            if self.store.now().0 - cleaned_at > CLEAN_EVERY_MS {
                cleaned_at = self.store.now().0;
                self.clean().await;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = head.changed() => {}
                _ = stop.changed() => {}
            }
        }
        running.join_all().await;
    }

    /// Does all that is due by now, one after the other; how many jobs that were. For tests that
    /// move the clock by hand.
    pub async fn work_off(&self) -> usize {
        let mut done = 0;
        loop {
            let jobs = self.claim(JOBS_AT_ONCE).await.unwrap_or_default();
            if jobs.is_empty() {
                return done;
            }
            for job in jobs {
                self.handle(job).await;
                done += 1;
            }
        }
    }

    async fn claim(&self, limit: usize) -> tieline_storage::Result<Vec<ClaimedJob>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        if job::next_due(&mut *self.store.reader().await?)
            .await?
            .is_none_or(|at| at > self.store.now())
            && !job::any_expired(&mut *self.store.reader().await?, self.store.now()).await?
        {
            return Ok(Vec::new());
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let expired = job::expire(&mut tx).await?;
        let jobs = job::claim(&mut tx, KINDS, limit as i64, LEASE_MS).await?;
        tx.commit().await?;
        for lost in &expired.uncertain {
            // Only texts are sent once; another kind would be named here.
            if let Err(error) = self.messaging.handle_uncertain(lost).await {
                tracing::error!(job.id = %lost.id, error = %error, "an uncertain job could not be taken over");
            }
        }
        Ok(jobs)
    }

    async fn handle(&self, job: ClaimedJob) {
        let outcome: Result<(), Box<dyn std::error::Error + Send + std::marker::Sync>> =
            match job.kind.as_str() {
                JOB_SEND => self.messaging.handle_send(&job).await.map_err(Into::into),
                JOB_CONFIRM => self
                    .messaging
                    .handle_confirm(&job)
                    .await
                    .map_err(Into::into),
                JOB_LOG => self.sync.handle_log(&job).await.map_err(Into::into),
                JOB_FLUSH => self.sync.handle_flush(&job).await.map_err(Into::into),
                JOB_RUN => self.sync.handle_run(&job).await.map_err(Into::into),
                JOB_SOON => self.sync.handle_soon(&job).await.map_err(Into::into),
                other => Err(format!("no handler for jobs of kind {other}").into()),
            };
        let Err(error) = outcome else { return };
        tracing::warn!(job.kind = %job.kind, job.id = %job.id, error = %error, "a job failed; it is tried again");
        if let Err(error) = self.put_back(&job, &error.to_string()).await
            && !matches!(error, StorageError::Conflict(_))
        {
            tracing::warn!(job.id = %job.id, error = %error, "a job could not be put back; its lease runs out");
        }
    }

    /// A text that may have left is not put back: its lease runs out and it is reconciled.
    async fn put_back(&self, job: &ClaimedJob, error: &str) -> tieline_storage::Result<()> {
        if job.class == job::Class::Once {
            return Ok(());
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let at = tx.now() + AGAIN_MS;
        job::retry(&mut tx, job, at, error).await?;
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

    async fn clean(&self) {
        let cleaned = async {
            let mut tx = self.store.begin(&Actor::system()).await?;
            let before = tx.now() - EVENTS_KEPT_MS;
            event::forget_before(&mut tx, before).await?;
            tx.commit().await
        };
        if let Err(error) = cleaned.await {
            tracing::warn!(error = %error, "old events could not be dropped; it is tried again");
        }
    }
}

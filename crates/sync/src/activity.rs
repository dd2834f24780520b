//! Conversations in the org: one Task per conversation and UTC day, holding the day's transcript.
//!
//! One job per connection collects all days with news and writes them by two hundred. Creating a
//! Task has no external id to rely on, so it is written down first; when its outcome is not known it
//! is looked for, and sent anew only when the first call can be going on no more. A day whose person
//! has no record yet waits, and is asked for again when a run ends.

use crate::ask::{EVERY_MS, FlushPayload, LOCKED_MS, ask_flush, first_day};
use crate::create::CALL_MAX_MS;
use crate::error::{Result, SyncError};
use crate::push::first_error;
use crate::retry;
use crate::run::Sync;
use crate::transcript::{DAY_MS, subject, task};
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::access::Actor;
use tieline_domain::conversation::Message;
use tieline_domain::id::{ConnectionId, ConversationId};
use tieline_domain::time::Timestamp;
use tieline_org::{CallScope, OrgError};
use tieline_salesforce::collections::{Fields as OrgFields, RECORDS_MAX, SaveResult};
use tieline_salesforce::soql::{Condition, Select};
use tieline_salesforce::{CallPurpose, Error};
use tieline_storage::activity::{self, Stage, WaitingDay, WaitingQuery, Written};
use tieline_storage::job::{self, ClaimedJob};
use tieline_storage::{Store, Tx, connection, message};

/// Codes of an org whose Task was deleted, or deleted for good.
const GONE: [&str; 3] = [
    "ENTITY_IS_DELETED",
    "INVALID_CROSS_REFERENCE_KEY",
    "NOT_FOUND",
];

impl Sync {
    /// Handles [`JobKind::ActivityLog`].
    pub async fn handle_log(&self, claimed: &ClaimedJob) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        ask_flush(&mut tx, now).await?;
        job::finish(&mut tx, claimed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Handles [`JobKind::ActivityFlush`]; it goes on until all is written, and is never given up.
    pub async fn handle_flush(&self, claimed: &ClaimedJob) -> Result<()> {
        let FlushPayload { connection_id } = claimed.payload()?;
        let outcome = self.flush(claimed, connection_id).await;
        if let Err(SyncError::Storage(error)) = &outcome
            && error.is_lost_job()
        {
            return Ok(());
        }
        if let Err(SyncError::Salesforce(error) | SyncError::Org(OrgError::Salesforce(error))) =
            &outcome
        {
            self.connections.note(connection_id, error).await?;
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        match outcome {
            Ok(None) => job::finish(&mut tx, claimed).await?,
            Ok(Some(at)) => job::retry(&mut tx, claimed, at, "some days wait").await?,
            Err(error) => {
                let at = retry::after(&error, claimed.attempts, claimed.chance(), now);
                let at = at.unwrap_or(now + EVERY_MS);
                job::retry(&mut tx, claimed, at, &error.to_string()).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Writes all that waits; when to look again, if some of it must.
    async fn flush(&self, claimed: &ClaimedJob, id: ConnectionId) -> Result<Option<Timestamp>> {
        self.connections.is_back(id).await?;
        let calls = self.connections.client(id, CallPurpose::Live).await?;
        let row = connection::by_id(&mut *self.store.reader().await?, id).await?;
        let mut flush = Flush {
            store: &self.store,
            calls,
            claimed,
            id,
            user_id: row.user_id,
            again_at: None,
        };
        let outcome = flush.all().await;
        flush.calls.record().await?;
        outcome.map(|()| flush.again_at)
    }
}

/// One connection's days, in hand.
struct Flush<'a> {
    store: &'a Store,
    calls: CallScope,
    claimed: &'a ClaimedJob,
    id: ConnectionId,
    user_id: String,
    /// When something that waits may have ended.
    again_at: Option<Timestamp>,
}

/// A Task of ours that the org has.
struct Found {
    record_id: String,
    subject: String,
    who: String,
}

/// A day and the Task it is to be.
struct Log {
    day: WaitingDay,
    fields: OrgFields,
}

impl Flush<'_> {
    async fn all(&mut self) -> Result<()> {
        for stage in [Stage::Begun, Stage::Missing, Stage::Known] {
            let mut after = None;
            loop {
                if self.claimed.stop.is_asked() {
                    self.look_again(self.store.now());
                    return Ok(());
                }
                let query = WaitingQuery {
                    stage,
                    since_day: first_day(self.store.now()),
                    after,
                    limit: RECORDS_MAX as i64,
                };
                let mut reader = self.store.reader().await?;
                let days = activity::waiting(&mut reader, self.id, &query).await?;
                drop(reader);
                let Some(last) = days.last() else { break };
                after = Some((last.day, last.conversation_id, last.tie_from));
                match stage {
                    Stage::Begun => self.look_for(days).await?,
                    Stage::Missing => self.create(days).await?,
                    Stage::Known => self.update(days).await?,
                }
            }
        }
        Ok(())
    }

    /// Finds out what became of creates whose answer never came, 200 by one query.
    async fn look_for(&mut self, days: Vec<WaitingDay>) -> Result<()> {
        let subjects: BTreeSet<String> = days.iter().map(subject).collect();
        let select = Select::new("Task", ["Id", "Subject", "WhoId"])
            .filter(Condition::equals("CreatedById", self.user_id.as_str()))
            .filter(Condition::one_of(
                "Subject",
                subjects.iter().map(String::as_str),
            ))
            .order_by("Id");
        let mut page = self.calls.client.query(&select.to_string()).await?;
        let mut found: Vec<Found> = Vec::new();
        loop {
            for record in &page.records {
                found.push(Found {
                    record_id: record.id()?.to_string(),
                    subject: record.text("Subject").unwrap_or_default().to_owned(),
                    who: record.text("WhoId").unwrap_or_default().to_owned(),
                });
            }
            page = match page.next {
                Some(next) => self.calls.client.next_page(&next).await?,
                None => break,
            };
        }
        let records: Vec<String> = found.iter().map(|it| it.record_id.clone()).collect();
        let mut reader = self.store.reader().await?;
        let known = activity::known_records(&mut reader, self.id, &records).await?;
        drop(reader);
        found.retain(|it| !known.contains(&it.record_id));
        let now = self.store.now();
        let mut outcomes = Vec::new();
        for day in days {
            let whole_day = day.tie_from == 0 && day.tie_until.is_none();
            let is_of_day = |it: &Found| it.subject == subject(&day);
            let theirs = found
                .iter()
                .position(|it| it.who == day.who && is_of_day(it));
            // A lead that was converted meanwhile took its Tasks along.
            let at = theirs.or_else(|| found.iter().position(|it| whole_day && is_of_day(it)));
            let over_at = day.begun_at.unwrap_or(now) + CALL_MAX_MS;
            if let Some(at) = at {
                let record_id = found.remove(at).record_id;
                outcomes.push((day, Written::Found { record_id }));
            } else if now >= over_at {
                outcomes.push((day, Written::NotMade));
            } else {
                self.look_again(over_at);
            }
        }
        self.record(outcomes).await
    }

    async fn create(&mut self, days: Vec<WaitingDay>) -> Result<()> {
        let logs = self.logs(days).await?;
        if logs.is_empty() {
            return Ok(());
        }
        let days: Vec<WaitingDay> = logs.iter().map(|log| log.day.clone()).collect();
        let mut tx = self.store.begin(&Actor::system()).await?;
        activity::begin(&mut tx, self.id, &days).await?;
        self.commit(tx).await?;
        let bodies = logs.into_iter().map(|log| log.fields).collect();
        let results = match self.calls.client.create_many("Task", bodies).await {
            Ok(results) => results,
            Err(error @ (Error::Uncertain(_) | Error::Unexpected(_))) => return Err(error.into()),
            // Nothing was carried out.
            Err(error) => {
                let outcomes = days.into_iter().map(|day| (day, Written::NotMade));
                self.record(outcomes.collect()).await?;
                return Err(error.into());
            }
        };
        self.take(days, results, |code| {
            // Its person was deleted in the org: the next run learns of that, and asks again.
            GONE.contains(&code).then_some(Written::NotMade)
        })
        .await
    }

    async fn update(&mut self, days: Vec<WaitingDay>) -> Result<()> {
        let logs = self.logs(days).await?;
        if logs.is_empty() {
            return Ok(());
        }
        let mut bodies = Vec::new();
        let mut days = Vec::new();
        for Log { day, mut fields } in logs {
            fields.insert("Id".to_owned(), day.record_id.clone().into());
            fields.remove("WhoId");
            bodies.push(fields);
            days.push(day);
        }
        let results = self.calls.client.update_many("Task", bodies).await?;
        self.take(days, results, |code| {
            GONE.contains(&code).then_some(Written::Ended)
        })
        .await
    }

    /// Records a result for each: one that was refused never holds the others.
    async fn take(
        &mut self,
        days: Vec<WaitingDay>,
        results: Vec<SaveResult>,
        special: impl Fn(&str) -> Option<Written>,
    ) -> Result<()> {
        let locked_until = self.store.now() + LOCKED_MS;
        let mut outcomes = Vec::new();
        for (day, result) in days.into_iter().zip(results) {
            let id = result.id.as_ref().map(ToString::to_string);
            let record_id = id.or_else(|| day.record_id.clone());
            let written = match (record_id, result.success) {
                (Some(record_id), true) => Written::Held { record_id },
                (record_id, _) if result.is_retryable() => {
                    self.look_again(locked_until);
                    record_id.map_or(Written::NotMade, |record_id| Written::Found { record_id })
                }
                _ => {
                    let (code, words) = first_error(&result.errors).unwrap_or_default();
                    let error = format!("{code} {words}");
                    special(&code).unwrap_or(Written::Refused { error })
                }
            };
            outcomes.push((day, written));
        }
        self.record(outcomes).await
    }

    /// What each day's Task is to hold; a day on which nothing was said has none.
    async fn logs(&self, days: Vec<WaitingDay>) -> Result<Vec<Log>> {
        let mut by_day: BTreeMap<i64, Vec<ConversationId>> = BTreeMap::new();
        for it in &days {
            by_day.entry(it.day).or_default().push(it.conversation_id);
        }
        let mut said: BTreeMap<(i64, ConversationId), Vec<Message>> = BTreeMap::new();
        let mut reader = self.store.reader().await?;
        for (day, conversations) in by_day {
            let from = Timestamp(day * DAY_MS);
            let until = Timestamp((day + 1) * DAY_MS);
            let found = message::load_span(&mut reader, &conversations, from, until).await?;
            said.extend(
                found
                    .into_iter()
                    .map(|(id, messages)| ((day, id), messages)),
            );
        }
        Ok(days
            .into_iter()
            .filter_map(|day| {
                let messages = said.get(&(day.day, day.conversation_id))?;
                let fields = task(&day, messages)?;
                Some(Log { day, fields })
            })
            .collect())
    }

    async fn record(&mut self, outcomes: Vec<(WaitingDay, Written)>) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        for (day, written) in &outcomes {
            if let Written::Refused { error } = written {
                tracing::warn!(conversation.id = %day.conversation_id, error = %error, "the org refused a transcript");
            }
            activity::record(&mut tx, self.id, day, written).await?;
        }
        self.commit(tx).await
    }

    fn look_again(&mut self, at: Timestamp) {
        self.again_at = Some(self.again_at.map_or(at, |known| known.min(at)));
    }

    async fn commit(&self, mut tx: Tx) -> Result<()> {
        job::extend(&mut tx, self.claimed).await?;
        Ok(tx.commit().await?)
    }
}

//! Conversations in the org: one Task per conversation and UTC day, holding the day's transcript.
//!
//! Creating a Task has no external id to rely on, so it is written down first and, when its outcome
//! is not known, looked for by its own key before it is sent again.

use crate::error::Result;
use crate::run::Sync;
use serde::Deserialize;
use serde_json::{Value, json};
use tieline_domain::access::{Actor, Scope};
use tieline_domain::conversation::{Direction, Message};
use tieline_domain::id::{ConnectionId, ConversationId};
use tieline_domain::time::Timestamp;
use tieline_org::CallScope;
use tieline_salesforce::collections::Fields as OrgFields;
use tieline_salesforce::soql::{Condition, Select};
use tieline_salesforce::{Error, Purpose};
use tieline_storage::activity::{self, Activity};
use tieline_storage::conversation::{self, Listed};
use tieline_storage::create_intent::{self, CreateIntent, IntentState};
use tieline_storage::job::{self, ClaimedJob};
use tieline_storage::{connection, link, message};

/// The job that logs a conversation's day.
pub const JOB_LOG: &str = "activity.log";
const DAY_MS: i64 = 86_400_000;
/// Characters that Task.Description takes.
const DESCRIPTION_MAX: usize = 32_000;
/// A day that could not be logged is tried again after this long.
const AGAIN_MS: i64 = 30_000;
/// How often it is tried before it is shown as stuck.
const ATTEMPTS_MAX: i64 = 200;

#[derive(Deserialize)]
struct LogPayload {
    conversation_id: ConversationId,
    day: i64,
}

/// What the org is to hold.
struct Log {
    connection: ConnectionId,
    conversation: ConversationId,
    day: String,
    last_seq: i64,
    known: Option<Activity>,
    fields: OrgFields,
}

impl Sync {
    /// Handles [`JOB_LOG`].
    pub async fn handle_log(&self, claimed: &ClaimedJob) -> Result<()> {
        let payload: LogPayload = claimed.payload()?;
        let outcome = self.log_day(&payload).await;
        let mut tx = self.store.begin(&Actor::system()).await?;
        match outcome {
            Ok(()) => job::finish(&mut tx, claimed).await?,
            Err(error) if claimed.attempts >= ATTEMPTS_MAX => {
                job::bury(&mut tx, claimed, &error.to_string()).await?;
            }
            Err(error) => {
                let at = tx.now() + AGAIN_MS;
                job::retry(&mut tx, claimed, at, &error.to_string()).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn log_day(&self, payload: &LogPayload) -> Result<()> {
        let Some(log) = self.prepare(payload).await? else {
            return Ok(());
        };
        let calls = self
            .connections
            .client(log.connection, Purpose::Live)
            .await?;
        let record_id = match log.known.as_ref().and_then(|known| known.record_id.clone()) {
            Some(record_id) => {
                let mut fields = log.fields.clone();
                fields.insert("Id".to_owned(), Value::from(record_id.clone()));
                fields.remove("WhoId");
                let results = calls.client.update_many("Task", vec![fields]).await?;
                refused(results.first())?;
                record_id
            }
            None => self.create_task(&log, &calls).await?,
        };
        let mut tx = self.store.begin(&Actor::system()).await?;
        let done = Activity {
            record_id: Some(record_id),
            logged_seq: log.last_seq,
        };
        activity::save(&mut tx, log.connection, log.conversation, &log.day, &done).await?;
        calls.record(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What is to be logged; nothing when the org has it, or has no record of the person.
    async fn prepare(&self, payload: &LogPayload) -> Result<Option<Log>> {
        let mut reader = self.store.reader().await?;
        let listed =
            conversation::get(&mut reader, &Scope::system(), payload.conversation_id).await?;
        let Some(contact) = listed.conversation.contact_id else {
            return Ok(None);
        };
        let links = link::of_contacts(&mut reader, &[contact])
            .await?
            .remove(&contact)
            .unwrap_or_default();
        let Some(link) = links.into_iter().find(|link| link.is_primary) else {
            return Ok(None);
        };
        let (from, until) = (
            Timestamp(payload.day * DAY_MS),
            Timestamp((payload.day + 1) * DAY_MS),
        );
        let messages =
            message::load_span(&mut reader, payload.conversation_id, from, until).await?;
        let Some(last_seq) = messages.last().map(|message| message.seq) else {
            return Ok(None);
        };
        let day = tieline_salesforce::time::date_of(from.0);
        let known = activity::of_day(
            &mut reader,
            link.connection_id,
            payload.conversation_id,
            &day,
        )
        .await?;
        if known
            .as_ref()
            .is_some_and(|known| known.record_id.is_some() && known.logged_seq >= last_seq)
        {
            return Ok(None);
        }
        let fields = task(&listed, &messages, &link.record_id, &day);
        Ok(Some(Log {
            connection: link.connection_id,
            conversation: payload.conversation_id,
            day,
            last_seq,
            known,
            fields,
        }))
    }

    async fn create_task(&self, log: &Log, calls: &CallScope) -> Result<String> {
        // Begun before: then it may exist.
        if log.known.is_some()
            && let Some(found) = self.look_for_task(log, calls).await?
        {
            return Ok(found);
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        let intent = CreateIntent {
            id: tx.new_id(),
            connection_id: log.connection,
            object: "Task".to_owned(),
            contact_id: None,
            conversation_id: Some(log.conversation),
            body: log.fields.clone(),
            state: IntentState::Open,
            created_at: tx.now(),
        };
        create_intent::create_many(&mut tx, std::slice::from_ref(&intent)).await?;
        let begun = Activity {
            record_id: None,
            logged_seq: 0,
        };
        activity::save(&mut tx, log.connection, log.conversation, &log.day, &begun).await?;
        tx.commit().await?;
        let results = calls
            .client
            .create_many("Task", vec![log.fields.clone()])
            .await?;
        refused(results.first())?;
        let record_id = results
            .into_iter()
            .next()
            .and_then(|result| result.id)
            .map(|id| id.to_string());
        let record_id = record_id
            .ok_or_else(|| Error::Unexpected("a created Task without an id".to_owned()))?;
        let mut tx = self.store.begin(&Actor::system()).await?;
        create_intent::settle(&mut tx, intent.id, Some(&record_id)).await?;
        tx.commit().await?;
        Ok(record_id)
    }

    async fn look_for_task(&self, log: &Log, calls: &CallScope) -> Result<Option<String>> {
        let row = connection::by_id(&mut *self.store.reader().await?, log.connection).await?;
        let text = |field: &str| {
            log.fields
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let select = Select::new("Task", ["Id"])
            .filter(Condition::equals("CreatedById", row.user_id.as_str()))
            .filter(Condition::equals("WhoId", text("WhoId").as_str()))
            .filter(Condition::equals("Subject", text("Subject").as_str()));
        let page = calls.client.query(&select.limit(1).to_string()).await?;
        Ok(page
            .records
            .first()
            .map(|record| record.id())
            .transpose()?
            .map(|id| id.to_string()))
    }
}

fn refused(result: Option<&tieline_salesforce::collections::SaveResult>) -> Result<()> {
    match result {
        Some(result) if !result.success => Err(Error::Refused {
            status: 200,
            errors: result.errors.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// The Task's fields; its subject is unique for the conversation and day.
fn task(listed: &Listed, messages: &[Message], who: &str, day: &str) -> OrgFields {
    let subject = format!("Text messages with {} on {day}", listed.address);
    let value = json!({
        "WhoId": who,
        "Subject": subject,
        "ActivityDate": day,
        "Status": "Completed",
        "Description": transcript(listed, messages),
    });
    match value {
        Value::Object(fields) => fields,
        _ => OrgFields::new(),
    }
}

/// A line a message, the latest kept when the field is too short; notes stay inside.
fn transcript(listed: &Listed, messages: &[Message]) -> String {
    let them = listed.contact_name.as_deref().unwrap_or(&listed.address);
    let lines: Vec<String> = messages
        .iter()
        .filter(|message| message.direction != Direction::Note)
        .map(|message| {
            let who = if message.direction == Direction::In {
                them
            } else {
                "Us"
            };
            let at = tieline_salesforce::time::format(message.at.0);
            format!("{} {who}: {}", &at[11..16], message.text)
        })
        .collect();
    let text = lines.join("\n");
    let length = text.chars().count();
    if length <= DESCRIPTION_MAX {
        text
    } else {
        text.chars().skip(length - DESCRIPTION_MAX).collect()
    }
}

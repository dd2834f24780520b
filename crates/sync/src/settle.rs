//! Finds out what became of creates whose answer never came: one look-up for a hundred of them, all
//! judged together, each written by itself, so that one of them never ends a run.

use crate::ask::ask_at;
use crate::create::{CALL_MAX_MS, journal_row, new_link, sent_values};
use crate::error::Result;
use crate::run::Driver;
use serde_json::Value;
use tieline_domain::access::Actor;
use tieline_domain::sync::change::ChangeState;
use tieline_domain::sync::counts::BothWays;
use tieline_domain::sync::link::IntentState;
use tieline_domain::sync::settle::{Loose, Outcome, Sought, Values, settle};
use tieline_salesforce::soql::{Condition, Literal, Select};
use tieline_salesforce::{ApiError, Client, Record};
use tieline_storage::create_intent::{self, CreateIntent};
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::{StorageError, connection, contact, link, sync_run};

/// What people are told apart by, on every object that contacts go to.
const KNOWN_BY: [&str; 5] = ["LastName", "FirstName", "Email", "MobilePhone", "Phone"];
/// Names in one look-up: an org takes addresses of 16 KB.
const NAMES_MAX: usize = 100;
/// How much later than asked for a create may seem to be sent, as the two clocks are compared.
const CLOCK_SKEW_MS: i64 = 5 * 60 * 1_000;

impl Driver {
    /// Settles the open creates of an object. Goes before the pull, which would take such a record
    /// for somebody new.
    pub(crate) async fn settle_open(&mut self, mapping: &ObjectMapping) -> Result<()> {
        let mut reader = self.store.reader().await?;
        let connection = self.run.connection_id;
        let open = create_intent::open(&mut reader, connection, &mapping.object).await?;
        drop(reader);
        let mut loose = Vec::new();
        for intents in open.chunks(NAMES_MAX) {
            loose.extend(self.loose(mapping, intents).await?);
        }
        let client = &self.calls.client;
        loose.sort_by(|a, b| (a.created_ms, &a.record_id).cmp(&(b.created_ms, &b.record_id)));
        loose.dedup();
        let sought: Vec<Sought> = open.iter().map(|it| sought(client, it)).collect();
        for (intent, outcome) in open.iter().zip(settle(&sought, &loose)) {
            let before = self.run.clone();
            match self.settle_one(mapping, intent, outcome).await {
                Ok(()) => {}
                Err(error) if error.is_lost_job() => return Err(error.into()),
                Err(error @ (StorageError::Conflict(_) | StorageError::Duplicate(_))) => {
                    self.run = before;
                    tracing::warn!(intent.id = %intent.id, error = %error, "a create is settled by a later run");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Records that these may have made, less those that are linked.
    async fn loose(&self, mapping: &ObjectMapping, intents: &[CreateIntent]) -> Result<Vec<Loose>> {
        let mut reader = self.store.reader().await?;
        let row = connection::by_id(&mut reader, self.run.connection_id).await?;
        drop(reader);
        let names = intents
            .iter()
            .filter_map(|intent| intent.body.get("LastName").and_then(Value::as_str));
        let since = intents.iter().map(|intent| intent.not_before.0).min();
        let Some(since) = since else {
            return Ok(Vec::new());
        };
        let client = &self.calls.client;
        let since = client.ask_org_time(since).await?;
        let select = Select::new(
            &mapping.object,
            ["Id", "CreatedDate"].into_iter().chain(KNOWN_BY),
        )
        .filter(Condition::equals("CreatedById", row.user_id.as_str()))
        .filter(Condition::compare(
            "CreatedDate",
            ">=",
            Literal::Time(since - CLOCK_SKEW_MS),
        ))
        .filter(Condition::one_of("LastName", names));
        let mut page = client.query(&select.to_string()).await?;
        let mut found = Vec::new();
        loop {
            for record in &page.records {
                found.push(read(record)?);
            }
            page = match page.next {
                Some(next) => client.next_page(&next).await?,
                None => break,
            };
        }
        let ids: Vec<String> = found.iter().map(|it| it.record_id.clone()).collect();
        let mut reader = self.store.reader().await?;
        let connection = self.run.connection_id;
        let linked = link::load_by_records(&mut reader, connection, &mapping.object, &ids).await?;
        found.retain(|it| !linked.contains_key(&it.record_id));
        Ok(found)
    }

    async fn settle_one(
        &mut self,
        mapping: &ObjectMapping,
        intent: &CreateIntent,
        outcome: Outcome,
    ) -> tieline_storage::Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        let over_at = intent.begun_at + CALL_MAX_MS;
        match outcome {
            Outcome::Made(record_id) => {
                self.link_made(&mut tx, mapping, intent, &record_id).await?;
                create_intent::settle(&mut tx, intent.id, Some(&record_id)).await?;
            }
            Outcome::Several(_) if intent.state == IntentState::Ambiguous => return Ok(()),
            Outcome::Several(count) => {
                create_intent::mark_ambiguous(&mut tx, intent.id).await?;
                let error = ApiError {
                    code: "several_matches".to_owned(),
                    message: format!(
                        "{count} records in Salesforce fit a contact whose create was cut off; link the right one by hand"
                    ),
                    fields: Vec::new(),
                };
                let sent = sent_values(mapping, &intent.body);
                let mut row = journal_row(intent, None, sent, &[error], now);
                row.state = ChangeState::Skipped;
                sync_run::add_changes(&mut tx, &mut self.run, &[row]).await?;
            }
            // Those that fitted are linked by now; whether one of them was it, nobody can say.
            Outcome::Nothing if intent.state == IntentState::Ambiguous => return Ok(()),
            // The call cannot be going on any more, so nothing came of it.
            Outcome::Nothing if now >= over_at => {
                create_intent::settle(&mut tx, intent.id, None).await?;
            }
            Outcome::Nothing => ask_at(&mut tx, intent.connection_id, over_at).await?,
        }
        self.commit(tx).await
    }

    async fn link_made(
        &mut self,
        tx: &mut tieline_storage::Tx,
        mapping: &ObjectMapping,
        intent: &CreateIntent,
        record_id: &str,
    ) -> tieline_storage::Result<()> {
        let Some(contact_id) = intent.contact_id else {
            return Ok(());
        };
        let contacts = contact::load_by_ids(tx, &[contact_id]).await?;
        let links = link::load_by_contacts(tx, &[contact_id]).await?;
        let taken = links
            .values()
            .flatten()
            .any(|link| link.connection_id == intent.connection_id);
        let Some(contact) = contacts.get(&contact_id).filter(|_| !taken) else {
            return Ok(());
        };
        let sent = sent_values(mapping, &intent.body);
        let mut link = new_link(tx, intent, record_id, contact);
        link.base = Some(sent.clone());
        link.waiting_to_org = true;
        link::create_many(tx, &[link]).await?;
        let mut counts = BothWays::default();
        counts.to_org.created += 1;
        self.run.counts.add(&mapping.object, counts);
        let row = journal_row(intent, Some(record_id.to_owned()), sent, &[], tx.now());
        sync_run::add_changes(tx, &mut self.run, &[row]).await
    }
}

fn sought(client: &Client, intent: &CreateIntent) -> Sought {
    Sought {
        values: known_by(|field| intent.body.get(field)),
        not_before_ms: client.org_time(intent.not_before.0) - CLOCK_SKEW_MS,
    }
}

fn read(record: &Record) -> Result<Loose> {
    Ok(Loose {
        record_id: record.id()?.to_string(),
        created_ms: record.time_ms("CreatedDate")?,
        values: known_by(|field| Some(record.get(field))),
    })
}

fn known_by<'a>(value: impl Fn(&str) -> Option<&'a Value>) -> Values {
    KNOWN_BY
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), value(field)?.as_str()?.to_owned())))
        .collect()
}

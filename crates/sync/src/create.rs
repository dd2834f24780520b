//! Contacts that have no record get one. A create is written down before it is sent; when nobody
//! knows what came of it, the next run looks for the record and only then sends it again.

use crate::error::Result;
use crate::push::first_error;
use crate::run::Driver;
use serde_json::Value;
use std::collections::BTreeMap;
use tieline_domain::access::Actor;
use tieline_domain::contact::Fields;
use tieline_domain::id::ContactId;
use tieline_domain::sync::counts::BothWays;
use tieline_domain::time::Timestamp;
use tieline_salesforce::collections::{Fields as OrgFields, RECORDS_MAX, SaveResult};
use tieline_salesforce::soql::{Condition, Literal, Select};
use tieline_salesforce::{ApiError, Error};
use tieline_storage::contact::{self, Contact};
use tieline_storage::create_intent::{self, CreateIntent};
use tieline_storage::link::{self, Link, LinkState};
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::sync_run::{self, Change};

/// A call of the org may go on for this long after the connection was lost.
const CALL_MAX_MS: i64 = 10 * 60 * 1_000;
/// How far the two clocks may differ when a record is looked for by the time of its creation.
const CLOCK_SKEW_MS: i64 = 5 * 60 * 1_000;

impl Driver {
    /// Creates what is missing of one object.
    pub(crate) async fn create(&mut self, mapping: &ObjectMapping) -> Result<()> {
        let mut after: Option<ContactId> = None;
        loop {
            self.check_cancelled().await?;
            let connection = self.run.connection_id;
            let mut reader = self.store.reader().await?;
            let open = create_intent::open(&mut reader, connection, &mapping.object).await?;
            let mut contacts =
                contact::load_unlinked(&mut reader, connection, after, RECORDS_MAX as i64).await?;
            drop(reader);
            let Some(last) = contacts.last() else {
                return Ok(());
            };
            after = Some(last.id);
            contacts.retain(|contact| {
                !open
                    .iter()
                    .any(|intent| intent.contact_id == Some(contact.id))
            });
            if !contacts.is_empty() {
                self.create_batch(mapping, contacts).await?;
            }
        }
    }

    async fn create_batch(
        &mut self,
        mapping: &ObjectMapping,
        contacts: Vec<Contact>,
    ) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        let intents: Vec<CreateIntent> = contacts
            .iter()
            .map(|contact| CreateIntent {
                id: tx.new_id(),
                connection_id: self.run.connection_id,
                object: mapping.object.clone(),
                contact_id: Some(contact.id),
                conversation_id: None,
                body: body(mapping, &contact.fields),
                created_at: now,
            })
            .collect();
        create_intent::create_many(&mut tx, &intents).await?;
        self.commit(tx).await?;
        self.run.api_calls_minimum += 1;
        let bodies = intents.iter().map(|intent| intent.body.clone()).collect();
        let results = match self.calls.client.create_many(&mapping.object, bodies).await {
            // Nothing was carried out; the next run sends it anew.
            Err(
                error @ (Error::LimitReached(_)
                | Error::SignInNeeded { .. }
                | Error::Refused { .. }),
            ) => {
                let mut tx = self.store.begin(&Actor::system()).await?;
                for intent in &intents {
                    create_intent::settle(&mut tx, intent.id, None).await?;
                }
                self.commit(tx).await?;
                return Err(error.into());
            }
            other => other?,
        };
        self.record_created(mapping, &intents, &results).await
    }

    async fn record_created(
        &mut self,
        mapping: &ObjectMapping,
        intents: &[CreateIntent],
        results: &[SaveResult],
    ) -> Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        let ids: Vec<ContactId> = intents
            .iter()
            .filter_map(|intent| intent.contact_id)
            .collect();
        let contacts = contact::load_by_ids(&mut tx, &ids).await?;
        let mut counts = BothWays::default();
        let (mut links, mut journal) = (Vec::new(), Vec::new());
        for (intent, result) in intents.iter().zip(results) {
            let Some(contact) = intent.contact_id.and_then(|id| contacts.get(&id)) else {
                continue;
            };
            let record_id = result.id.as_ref().map(ToString::to_string);
            let sent = sent_values(mapping, &intent.body);
            if let (true, Some(record_id)) = (result.success, &record_id) {
                counts.to_org.created += 1;
                let mut link = new_link(&mut tx, intent, record_id, contact);
                // What changed here while the call was on its way still waits.
                link.waiting_to_org = sent != sent_values(mapping, &body(mapping, &contact.fields));
                link.base = Some(sent.clone());
                links.push(link);
            } else {
                counts.to_org.failed += 1;
            }
            create_intent::settle(&mut tx, intent.id, record_id.as_deref()).await?;
            journal.push(journal_row(intent, record_id, sent, &result.errors, now));
        }
        link::create_many(&mut tx, &links).await?;
        self.run.counts.add(&mapping.object, counts);
        self.run.progress_done += intents.len() as i64;
        self.run.progress_total = Some(self.run.progress_total.unwrap_or(0) + intents.len() as i64);
        sync_run::add_changes(&mut tx, &mut self.run, &journal).await?;
        Ok(self.commit(tx).await?)
    }

    /// Finds out what became of creates whose answer never came.
    /// Goes before the pull, which would take such a record for somebody new.
    pub(crate) async fn settle_open(&mut self, mapping: &ObjectMapping) -> Result<()> {
        let connection = self.run.connection_id;
        let open = create_intent::open(
            &mut *self.store.reader().await?,
            connection,
            &mapping.object,
        )
        .await?;
        for intent in open {
            let found = self.look_for(&intent).await?;
            let over = self.store.now().since(intent.created_at) > CALL_MAX_MS;
            let Some(contact_id) = intent.contact_id else {
                continue;
            };
            let mut tx = self.store.begin(&Actor::system()).await?;
            match found {
                Some(record_id) => {
                    let contacts = contact::load_by_ids(&mut tx, &[contact_id]).await?;
                    let taken = link::of_contacts(&mut tx, &[contact_id])
                        .await?
                        .contains_key(&contact_id);
                    if let Some(contact) = contacts.get(&contact_id).filter(|_| !taken) {
                        let mut link = new_link(&mut tx, &intent, &record_id, contact);
                        link.base = Some(sent_values(mapping, &intent.body));
                        link.waiting_to_org = true;
                        link::create_many(&mut tx, &[link]).await?;
                    }
                    create_intent::settle(&mut tx, intent.id, Some(&record_id)).await?;
                }
                // The call cannot be going on any more, so nothing came of it.
                None if over => create_intent::settle(&mut tx, intent.id, None).await?,
                None => {}
            }
            self.commit(tx).await?;
        }
        Ok(())
    }

    /// The record that an intent made: ours, not older than the intent, with the same values.
    async fn look_for(&self, intent: &CreateIntent) -> Result<Option<String>> {
        let connection = self.run.connection_id;
        let row = tieline_storage::connection::by_id(&mut *self.store.reader().await?, connection)
            .await?;
        let since = intent.created_at.0 - CLOCK_SKEW_MS;
        let mut select = Select::new(&intent.object, ["Id"])
            .filter(Condition::equals("CreatedById", row.user_id.as_str()))
            .filter(Condition::compare(
                "CreatedDate",
                ">=",
                Literal::Time(since),
            ));
        for field in ["LastName", "FirstName", "Email", "MobilePhone", "Phone"] {
            if let Some(value) = intent.body.get(field).and_then(Value::as_str) {
                select = select.filter(Condition::equals(field, value));
            }
        }
        let page = self
            .calls
            .client
            .query(&select.order_by("CreatedDate").limit(2).to_string())
            .await?;
        match page.records.first() {
            Some(record) => Ok(Some(record.id()?.to_string())),
            None => Ok(None),
        }
    }
}

fn body(mapping: &ObjectMapping, fields: &Fields) -> OrgFields {
    use tieline_domain::sync::mapping::Direction;
    let mut body = OrgFields::new();
    for pair in mapping
        .fields
        .iter()
        .filter(|pair| pair.direction != Direction::ToHub)
    {
        if let Some(value) = fields.get(&pair.attribute) {
            body.insert(pair.field.clone(), Value::from(value.clone()));
        }
    }
    body
}

fn sent_values(mapping: &ObjectMapping, body: &OrgFields) -> Fields {
    let by_field: BTreeMap<&str, &str> = mapping
        .fields
        .iter()
        .map(|pair| (pair.field.as_str(), pair.attribute.as_str()))
        .collect();
    body.iter()
        .filter_map(|(field, value)| {
            Some((
                (*by_field.get(field.as_str())?).to_owned(),
                value.as_str()?.to_owned(),
            ))
        })
        .collect()
}

fn new_link(
    tx: &mut tieline_storage::Tx,
    intent: &CreateIntent,
    record_id: &str,
    contact: &Contact,
) -> Link {
    Link {
        id: tx.new_id(),
        connection_id: intent.connection_id,
        object: intent.object.clone(),
        record_id: record_id.to_owned(),
        contact_id: contact.id,
        is_primary: true,
        state: LinkState::Active,
        base: None,
        // Not read yet: the next run reads it and finds what the org made of our values.
        modified_at: Timestamp(0),
        waiting_to_org: false,
        synced_at: tx.now(),
        version: 1,
    }
}

fn journal_row(
    intent: &CreateIntent,
    record_id: Option<String>,
    sent: Fields,
    errors: &[ApiError],
    now: Timestamp,
) -> Change {
    Change {
        seq: 0,
        object: intent.object.clone(),
        state: if record_id.is_some() {
            "applied"
        } else {
            "failed"
        },
        record_id,
        contact_id: intent.contact_id,
        direction: "to_org",
        act: "create",
        before: None,
        after: Some(sent),
        error: first_error(errors),
        at: now,
    }
}

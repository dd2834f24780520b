//! Contacts that have no record get one. A create is written down before it is sent; when nobody
//! knows what came of it, the next run looks for the record and only then sends it again.

use crate::ask::{LOCKED_MS, ask_at, ask_soon};
use crate::error::Result;
use crate::push::{first_error, tell};
use crate::run::Driver;
use serde_json::Value;
use std::collections::BTreeMap;
use tieline_domain::access::Actor;
use tieline_domain::contact::Fields;
use tieline_domain::id::ContactId;
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::BothWays;
use tieline_domain::sync::link::IntentState;
use tieline_domain::sync::link::LinkState;
use tieline_domain::time::Timestamp;
use tieline_salesforce::collections::{Fields as OrgFields, RECORDS_MAX, SaveResult};
use tieline_salesforce::{ApiError, Error};
use tieline_storage::contact::{self, Contact};
use tieline_storage::create_intent::{self, CreateIntent};
use tieline_storage::link::{self, Link};
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::sync_run::{self, Change};

/// A call of the org may go on for this long after the connection was lost.
pub(crate) const CALL_MAX_MS: i64 = 10 * 60 * 1_000;

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
                body: body(mapping, &contact.fields),
                state: IntentState::Open,
                begun_at: now,
                not_before: now,
            })
            .collect();
        create_intent::create_many(&mut tx, &intents).await?;
        self.commit(tx).await?;
        self.run.api_calls_minimum += 1;
        let bodies = intents.iter().map(|intent| intent.body.clone()).collect();
        let results = match self.calls.client.create_many(&mapping.object, bodies).await {
            // Nothing was carried out; the next run sends it anew.
            Err(error) if !matches!(error, Error::Uncertain(_) | Error::Unexpected(_)) => {
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
        let linked = link::load_by_contacts(&mut tx, &ids).await?;
        let connection = self.run.connection_id;
        let taken = |id: &ContactId| {
            let links = linked.get(id);
            links.is_some_and(|links| links.iter().any(|it| it.connection_id == connection))
        };
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
                if !taken(&contact.id) {
                    links.push(link);
                }
            } else {
                counts.to_org.failed += 1;
            }
            create_intent::settle(&mut tx, intent.id, record_id.as_deref()).await?;
            journal.push(journal_row(intent, record_id, sent, &result.errors, now));
        }
        link::create_many(&mut tx, &links).await?;
        tell(&mut tx, &links);
        if links.iter().any(|link| link.waiting_to_org) {
            ask_soon(&mut tx, connection).await?;
        }
        if results.iter().any(SaveResult::is_retryable) {
            let at = now + LOCKED_MS;
            ask_at(&mut tx, connection, at).await?;
        }
        self.run.counts.add(&mapping.object, counts);
        self.run.progress_done += intents.len() as i64;
        self.run.progress_total = Some(self.run.progress_total.unwrap_or(0) + intents.len() as i64);
        sync_run::add_changes(&mut tx, &mut self.run, &journal).await?;
        Ok(self.commit(tx).await?)
    }
}

fn body(mapping: &ObjectMapping, fields: &Fields) -> OrgFields {
    use tieline_domain::sync::mapping::MappingDirection;
    let mut body = OrgFields::new();
    for pair in mapping
        .fields
        .iter()
        .filter(|pair| pair.direction != MappingDirection::ToHub)
    {
        if let Some(value) = fields.get(&pair.attribute) {
            body.insert(pair.field.clone(), Value::from(value.clone()));
        }
    }
    body
}

pub(crate) fn sent_values(mapping: &ObjectMapping, body: &OrgFields) -> Fields {
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

pub(crate) fn new_link(
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

pub(crate) fn journal_row(
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
            ChangeState::Applied
        } else {
            ChangeState::Failed
        },
        record_id,
        contact_id: intent.contact_id,
        direction: ChangeDirection::ToOrg,
        act: ChangeAct::Create,
        before: None,
        after: Some(sent),
        error: first_error(errors),
        at: now,
    }
}

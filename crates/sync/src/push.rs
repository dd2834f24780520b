//! From the hub into the org: contacts whose record lacks a change, 200 a call, a result for each.

use crate::ask::{LOCKED_MS, ask_at};
use crate::error::Result;
use crate::run::{Driver, Tries};
use serde_json::Value;
use std::collections::BTreeMap;
use tieline_domain::access::Actor;
use tieline_domain::contact::Fields;
use tieline_domain::event::Event;
use tieline_domain::id::{ContactId, LinkId};
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::BothWays;
use tieline_domain::sync::merge::{FieldChange, Sides, Times, merge};
use tieline_domain::time::Timestamp;
use tieline_salesforce::ApiError;
use tieline_salesforce::collections::{Fields as OrgFields, RECORDS_MAX, SaveResult};
use tieline_storage::Tx;
use tieline_storage::contact::{self, Contact};
use tieline_storage::link::{self, Link};
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::sync_run::{self, Change};

/// How often rows that another transaction held are sent.
const LOCK_ATTEMPTS: usize = 3;

/// What is to be written to one record.
struct Outgoing {
    link: Link,
    changes: Vec<FieldChange>,
    body: OrgFields,
}

impl Driver {
    /// Writes what the records of one object lack.
    pub(crate) async fn push(&mut self, mapping: &ObjectMapping) -> Result<()> {
        self.phase(format!("Writing {} records", mapping.object));
        let mut after: Option<LinkId> = None;
        loop {
            self.check_cancelled().await?;
            let mut reader = self.store.reader().await?;
            let connection = self.run.connection_id;
            let links = link::load_waiting(
                &mut reader,
                connection,
                &mapping.object,
                after,
                RECORDS_MAX as i64,
            )
            .await?;
            let Some(last) = links.last() else {
                return Ok(());
            };
            after = Some(last.id);
            let ids: Vec<ContactId> = links.iter().map(|link| link.contact_id).collect();
            let contacts = contact::load_by_ids(&mut reader, &ids).await?;
            drop(reader);
            let outgoing: Vec<Outgoing> = links
                .into_iter()
                .filter_map(|link| prepare(mapping, link, &contacts))
                .collect();
            let results = self.send(mapping, &outgoing).await?;
            let mut tries = Tries::of(&self.run);
            loop {
                let outcome = self.record_pushed(mapping, &outgoing, &results).await;
                if let Some(outcome) = tries.judge(&mut self.run, outcome) {
                    break outcome?;
                }
            }
        }
    }

    /// Sends the rows; those that another transaction held are sent again, alone.
    async fn send(
        &mut self,
        mapping: &ObjectMapping,
        outgoing: &[Outgoing],
    ) -> Result<Vec<SaveResult>> {
        let unchanged = || SaveResult {
            id: None,
            success: true,
            created: None,
            errors: Vec::new(),
        };
        let mut results: Vec<SaveResult> = outgoing.iter().map(|_| unchanged()).collect();
        let mut open: Vec<usize> = (0..outgoing.len())
            .filter(|i| !outgoing[*i].changes.is_empty())
            .collect();
        for attempt in 0..LOCK_ATTEMPTS {
            if open.is_empty() {
                break;
            }
            if attempt == 0 {
                self.run.api_calls_minimum += 1;
            }
            let bodies = open.iter().map(|i| outgoing[*i].body.clone()).collect();
            let answers = self
                .calls
                .client
                .update_many(&mapping.object, bodies)
                .await?;
            for (i, answer) in open.iter().zip(answers) {
                results[*i] = answer;
            }
            open.retain(|i| results[*i].is_retryable());
        }
        Ok(results)
    }

    async fn record_pushed(
        &mut self,
        mapping: &ObjectMapping,
        outgoing: &[Outgoing],
        results: &[SaveResult],
    ) -> tieline_storage::Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let now = tx.now();
        let records: Vec<String> = outgoing
            .iter()
            .map(|row| row.link.record_id.clone())
            .collect();
        let mut current =
            link::load_by_records(&mut tx, self.run.connection_id, &mapping.object, &records)
                .await?;
        let mut counts = BothWays::default();
        let (mut changed, mut journal) = (Vec::new(), Vec::new());
        for (row, result) in outgoing.iter().zip(results) {
            let Some(mut link) = current.remove(&row.link.record_id) else {
                continue;
            };
            if result.success {
                // A change that came while the call was on its way still waits.
                link.waiting_to_org &= link.version != row.link.version;
                link.synced_at = now;
                let base = link.base.get_or_insert_with(Fields::new);
                for change in &row.changes {
                    match &change.after {
                        Some(value) => base.insert(change.attribute.clone(), value.clone()),
                        None => base.remove(&change.attribute),
                    };
                }
                changed.push(link);
            }
            if !row.changes.is_empty() {
                if result.success {
                    counts.to_org.updated += 1;
                } else {
                    counts.to_org.failed += 1;
                }
                journal.push(journal_row(mapping, row, result, now));
            }
        }
        link::update_many(&mut tx, &changed).await?;
        tell(&mut tx, &changed);
        if results.iter().any(SaveResult::is_retryable) {
            ask_at(&mut tx, self.run.connection_id, now + LOCKED_MS).await?;
        }
        self.run.progress_done += outgoing.len() as i64;
        self.run.progress_total =
            Some(self.run.progress_total.unwrap_or(0) + outgoing.len() as i64);
        self.run.counts.add(&mapping.object, counts);
        sync_run::add_changes(&mut tx, &mut self.run, &journal).await?;
        self.commit(tx).await
    }
}

/// Screens show by each contact whether the org has what changed here.
pub(crate) fn tell(tx: &mut Tx, settled: &[Link]) {
    let contact_ids: Vec<ContactId> = settled.iter().map(|link| link.contact_id).collect();
    if !contact_ids.is_empty() {
        tx.emit(Event::Contacts { contact_ids });
    }
}

/// What the record lacks; a link whose contact is gone or equal is only marked as settled.
fn prepare(
    mapping: &ObjectMapping,
    link: Link,
    contacts: &BTreeMap<ContactId, Contact>,
) -> Option<Outgoing> {
    let contact = contacts.get(&link.contact_id)?;
    let base = link.base.clone().unwrap_or_default();
    let times = Times {
        org_modified_at: 0,
        hub_changed_at: &|_| 0,
    };
    // The pull before has made the base the org's present values.
    let sides = Sides {
        base: Some(&base),
        org: &base,
        hub: &contact.fields,
    };
    let mut changes = merge(&mapping.fields, sides, &times).to_org;
    if contact.deleted_at.is_some() {
        // A delete in the hub hides the contact here and leaves the record alone.
        changes.clear();
    }
    let mut body = OrgFields::new();
    body.insert("Id".to_owned(), Value::from(link.record_id.clone()));
    for change in &changes {
        for pair in mapping
            .fields
            .iter()
            .filter(|pair| pair.attribute == change.attribute)
        {
            body.insert(
                pair.field.clone(),
                change.after.clone().map_or(Value::Null, Value::from),
            );
        }
    }
    Some(Outgoing {
        link,
        changes,
        body,
    })
}

fn journal_row(
    mapping: &ObjectMapping,
    row: &Outgoing,
    result: &SaveResult,
    now: Timestamp,
) -> Change {
    let values = |side: fn(&FieldChange) -> &Option<String>| -> Fields {
        row.changes
            .iter()
            .filter_map(|change| Some((change.attribute.clone(), side(change).clone()?)))
            .collect()
    };
    Change {
        seq: 0,
        object: mapping.object.clone(),
        record_id: Some(row.link.record_id.clone()),
        contact_id: Some(row.link.contact_id),
        direction: ChangeDirection::ToOrg,
        act: ChangeAct::Update,
        state: if result.success {
            ChangeState::Applied
        } else {
            ChangeState::Failed
        },
        before: Some(values(|change| &change.before)),
        after: Some(values(|change| &change.after)),
        error: first_error(&result.errors),
        at: now,
    }
}

/// Code and words of a refusal, with the fields it names.
pub(crate) fn first_error(errors: &[ApiError]) -> Option<(String, String)> {
    errors.first().map(|error| {
        let fields = if error.fields.is_empty() {
            String::new()
        } else {
            format!(" ({})", error.fields.join(", "))
        };
        (error.code.clone(), format!("{}{fields}", error.message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_first_error_with_the_fields_that_it_names() {
        let error = |fields: &[&str]| ApiError {
            code: "REQUIRED_FIELD_MISSING".to_owned(),
            message: "Required fields are missing".to_owned(),
            fields: fields.iter().map(ToString::to_string).collect(),
        };
        for (errors, words) in [
            (vec![], None),
            (vec![error(&[])], Some("Required fields are missing")),
            (
                vec![error(&["LastName", "Company"]), error(&["Email"])],
                Some("Required fields are missing (LastName, Company)"),
            ),
        ] {
            let expected = words.map(|it| ("REQUIRED_FIELD_MISSING".to_owned(), it.to_owned()));
            assert_eq!(first_error(&errors), expected);
        }
    }
}

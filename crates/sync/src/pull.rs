//! From the org into the hub: read what changed, decide record by record, write page by page.
//!
//! What is read is everything stamped since the last run began, less an overlap: a stamp is set when
//! a record is saved but seen when its transaction commits. Records of the overlap whose stamp is
//! known already are passed over.

use crate::batch::Batch;
use crate::error::Result;
use crate::incoming::{Incoming, read};
use crate::run::{Driver, Tries};
use tieline_domain::access::Actor;
use tieline_domain::catalogue::Catalogue;
use tieline_domain::time::Timestamp;
use tieline_salesforce::query::Page;
use tieline_salesforce::soql::{Condition, Literal, Select};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::sync_run;
use tokio::task::JoinSet;

/// How long a transaction of the org may take between stamp and commit.
const OVERLAP_MS: i64 = 10 * 60 * 1_000;
/// Records of one page of a query.
const PAGE_ROWS: i64 = 2_000;

/// A page of records.
struct IncomingPage {
    records: Vec<Incoming>,
    /// Rows of the whole answer.
    total: i64,
    /// Where the next page is.
    next: Option<String>,
}

impl Driver {
    /// Reads one object to its end.
    pub(crate) async fn pull(
        &mut self,
        mapping: &ObjectMapping,
        all: &[ObjectMapping],
    ) -> Result<()> {
        self.phase(format!("Reading {} records", mapping.object));
        let mut page = self.first_page(mapping).await?;
        // By now the org's clock is known, which is not known before an answer of its own.
        let (began_at, client) = (self.began_at, &self.calls.client);
        let checkpoint = &mut self.run.checkpoint;
        let org_began = || client.org_time(began_at.0);
        checkpoint.org_started_at.get_or_insert_with(org_began);
        let begun = checkpoint.begin(&mapping.object).org_started_at;
        self.run.progress_total = Some(self.run.progress_total.unwrap_or(0) + page.total);
        self.run.api_calls_minimum += (page.total + PAGE_ROWS - 1).div_euclid(PAGE_ROWS).max(1);
        loop {
            self.check_cancelled().await?;
            let (next, taken) = self.ahead(mapping, all, &page).await;
            taken?;
            page = match next {
                None => break,
                // The locator is over: ask anew for what comes behind the last committed record.
                Some(Err(error)) if error.has_code("INVALID_QUERY_LOCATOR") => {
                    self.first_page(mapping).await?
                }
                Some(next) => next?,
            };
        }
        let mut tx = self.store.begin(&Actor::system()).await?;
        mapping::set_read_until(&mut tx, mapping.id, Timestamp(begun)).await?;
        self.run.checkpoint.pulled.push(mapping.object.clone());
        self.run.checkpoint.reading.remove(&mapping.object);
        Ok(self.commit(tx).await?)
    }

    /// Takes one page in while the next is fetched and read on a task of its own, which ends with
    /// this one.
    async fn ahead(
        &mut self,
        mapping: &ObjectMapping,
        all: &[ObjectMapping],
        page: &IncomingPage,
    ) -> (
        Option<tieline_salesforce::Result<IncomingPage>>,
        tieline_storage::Result<()>,
    ) {
        let mut reader = JoinSet::new();
        if let Some(locator) = page.next.clone() {
            let client = self.calls.client.clone();
            let (mapping, catalogue) = (mapping.clone(), self.catalogue.clone());
            reader.spawn(async move {
                let page = client.next_page(&locator).await?;
                read_page(page, &mapping, &catalogue)
            });
            // It asks first, so that a history can be played again to the last request.
            tokio::task::yield_now().await;
        }
        let mut tries = Tries::of(&self.run);
        let taken = loop {
            let outcome = self.take_in(mapping, all, &page.records).await;
            if let Some(outcome) = tries.judge(&mut self.run, outcome) {
                break outcome;
            }
        };
        let next = reader.join_next().await.map(|end| match end {
            Ok(next) => next,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        });
        (next, taken)
    }

    async fn first_page(&self, mapping: &ObjectMapping) -> Result<IncomingPage> {
        let system = ["Id", "SystemModstamp", "LastModifiedDate", "IsDeleted"];
        let fields = mapping.fields.iter().map(|pair| pair.field.as_str());
        let mut select = Select::new(&mapping.object, system.into_iter().chain(fields));
        if let Some(until) = mapping.read_until {
            let since = Literal::Time(until.0 - OVERLAP_MS);
            select = select.filter(Condition::compare("SystemModstamp", ">=", since));
        }
        let reading = self.run.checkpoint.reading.get(&mapping.object);
        let after = reading.and_then(|reading| reading.after.as_ref());
        if let Some((stamp, id)) = after {
            select = select.filter(Condition::after(*stamp, id));
        }
        let soql = select.order_by("SystemModstamp").order_by("Id").to_string();
        let client = &self.calls.client;
        // A first load from its start has nothing to delete.
        let page = if mapping.read_until.is_none() && after.is_none() {
            client.query(&soql).await?
        } else {
            client.query_all(&soql).await?
        };
        Ok(read_page(page, mapping, &self.catalogue)?)
    }

    /// Takes one page in: load the state of all, decide in order, write in set statements, commit.
    async fn take_in(
        &mut self,
        mapping: &ObjectMapping,
        all: &[ObjectMapping],
        incoming: &[Incoming],
    ) -> tieline_storage::Result<()> {
        let mut tx = self.store.begin(&Actor::system()).await?;
        let mut batch = Batch::load(&mut tx, self, mapping, incoming).await?;
        batch.mappings = all.to_vec();
        self.catalogue = batch.catalogue.clone();
        for record in incoming {
            batch.decide(&mut tx, mapping, record);
        }
        self.run.progress_done += incoming.len() as i64;
        if let Some(last) = incoming.last() {
            let reading = self.run.checkpoint.begin(&mapping.object);
            reading.after = Some((last.stamp.0, last.record_id.clone()));
        }
        self.run.counts.add(&mapping.object, batch.counts);
        batch.write(&mut tx).await?;
        if !batch.changes.is_empty() {
            mapping::touch(&mut tx, mapping.id).await?;
        }
        sync_run::add_changes(&mut tx, &mut self.run, &batch.changes).await?;
        self.commit(tx).await
    }
}

fn read_page(
    page: Page,
    mapping: &ObjectMapping,
    catalogue: &Catalogue,
) -> tieline_salesforce::Result<IncomingPage> {
    let records = page.records.iter();
    Ok(IncomingPage {
        records: records
            .map(|record| read(record, mapping, catalogue))
            .collect::<tieline_salesforce::Result<_>>()?,
        total: page.total,
        next: page.next,
    })
}

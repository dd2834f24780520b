//! From the org into the hub: read what changed, decide record by record, write page by page.
//!
//! What is read is everything stamped since the last run began, less an overlap: a stamp is set when
//! a record is saved but seen when its transaction commits. Records of the overlap whose stamp is
//! known already are passed over.

use crate::error::Result;
use crate::run::{Driver, decided_again};
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::contact::{self as rules, Fields};
use tieline_domain::event::Event;
use tieline_domain::id::ContactId;
use tieline_domain::sync::counts::BothWays;
use tieline_domain::sync::identify::{Candidate, Identity, identify};
use tieline_domain::sync::mapping::Deletes;
use tieline_domain::sync::merge::{Merged, Sides, Times, merge};
use tieline_domain::time::Timestamp;
use tieline_salesforce::Record;
use tieline_salesforce::query::Page;
use tieline_salesforce::soql::{Condition, Literal, Select};
use tieline_storage::Tx;
use tieline_storage::contact::{self, Contact};
use tieline_storage::link::{self, Link, LinkState};
use tieline_storage::mapping::{self, ObjectMapping};
use tieline_storage::sync_run::{self, Change};

/// How long a transaction of the org may take between stamp and commit.
const OVERLAP_MS: i64 = 10 * 60 * 1_000;
/// Records of one page of a query.
const PAGE_ROWS: i64 = 2_000;
/// Contacts named in one live event.
const EVENT_CONTACTS: usize = 200;

/// A record as it came.
struct Incoming {
    record_id: String,
    stamp: Timestamp,
    modified_ms: i64,
    deleted: bool,
    fields: Fields,
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
        self.run.progress_total = Some(self.run.progress_total.unwrap_or(0) + page.total);
        self.run.api_calls_minimum += (page.total + PAGE_ROWS - 1).div_euclid(PAGE_ROWS).max(1);
        loop {
            self.check_cancelled().await?;
            let incoming: Vec<Incoming> = page
                .records
                .iter()
                .map(|record| read(record, mapping))
                .collect::<Result<_>>()?;
            decided_again!(self, self.take_in(mapping, all, &incoming).await)?;
            let Some(next) = page.next else { break };
            page = match self.calls.client.next_page(&next).await {
                // The locator is over: ask anew for what comes behind the last committed record.
                Err(error) if error.has_code("INVALID_QUERY_LOCATOR") => {
                    self.first_page(mapping).await?
                }
                other => other?,
            };
        }
        let until = Timestamp(self.run.checkpoint.org_started_at.unwrap_or_default());
        self.run.checkpoint.pulled.push(mapping.object.clone());
        self.run.checkpoint.after = None;
        let mut tx = self.store.begin().await?;
        mapping::set_read_until(&mut tx, mapping.id, until).await?;
        Ok(self.commit(tx).await?)
    }

    async fn first_page(&self, mapping: &ObjectMapping) -> Result<Page> {
        let system = ["Id", "SystemModstamp", "LastModifiedDate", "IsDeleted"];
        let fields = mapping.fields.iter().map(|pair| pair.field.as_str());
        let mut select = Select::new(&mapping.object, system.into_iter().chain(fields));
        if let Some(until) = mapping.read_until {
            let since = Literal::Time(until.0 - OVERLAP_MS);
            select = select.filter(Condition::compare("SystemModstamp", ">=", since));
        }
        if let Some((stamp, id)) = &self.run.checkpoint.after {
            select = select.filter(Condition::after(*stamp, id));
        }
        let soql = select.order_by("SystemModstamp").order_by("Id").to_string();
        let client = &self.calls.client;
        // The first load has nothing to delete.
        Ok(if mapping.read_until.is_none() {
            client.query(&soql).await?
        } else {
            client.query_all(&soql).await?
        })
    }

    /// Takes one page in: load the state of all, decide in order, write in set statements, commit.
    async fn take_in(
        &mut self,
        mapping: &ObjectMapping,
        all: &[ObjectMapping],
        incoming: &[Incoming],
    ) -> tieline_storage::Result<()> {
        let mut tx = self.store.begin().await?;
        let mut batch = Batch::load(&mut tx, self, mapping, incoming).await?;
        batch.objects = all.iter().map(|mapping| mapping.object.clone()).collect();
        for record in incoming {
            batch.decide(&mut tx, mapping, record);
        }
        self.run.progress_done += incoming.len() as i64;
        if let Some(last) = incoming.last() {
            self.run.checkpoint.after = Some((last.stamp.0, last.record_id.clone()));
        }
        self.run.counts.add(&mapping.object, batch.counts);
        let country = self.country.clone();
        batch.write(&mut tx, &country).await?;
        if !batch.changes.is_empty() {
            mapping::touch(&mut tx, mapping.id).await?;
        }
        sync_run::add_changes(&mut tx, &mut self.run, &batch.changes).await?;
        self.commit(tx).await
    }
}

fn read(record: &Record, mapping: &ObjectMapping) -> Result<Incoming> {
    let mut fields = Fields::new();
    for pair in &mapping.fields {
        if let Some(text) = text_of(record.get(&pair.field)) {
            fields.insert(pair.attribute.clone(), text);
        }
    }
    Ok(Incoming {
        record_id: record.id()?.to_string(),
        stamp: Timestamp(record.time_ms("SystemModstamp")?),
        modified_ms: record.time_ms("LastModifiedDate")?,
        deleted: record.get("IsDeleted").as_bool().unwrap_or(false),
        fields,
    })
}

/// A value of the org as the hub keeps it: trimmed, a blank is nothing.
fn text_of(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// The state that a page is decided on, and what comes of it.
struct Batch {
    connection: tieline_domain::id::ConnectionId,
    object: String,
    country: String,
    now: Timestamp,
    /// Objects in the order in which their records are primary.
    objects: Vec<String>,
    /// Links by record, of this object.
    links: BTreeMap<String, Link>,
    /// Other links of the contacts at hand.
    others: BTreeMap<ContactId, Vec<Link>>,
    contacts: BTreeMap<ContactId, Contact>,
    holders: BTreeMap<String, BTreeSet<ContactId>>,
    changed_links: BTreeMap<String, Link>,
    new_links: BTreeMap<String, Link>,
    changed_contacts: BTreeSet<ContactId>,
    changes: Vec<Change>,
    counts: BothWays,
}

impl Batch {
    async fn load(
        tx: &mut Tx,
        driver: &Driver,
        mapping: &ObjectMapping,
        incoming: &[Incoming],
    ) -> tieline_storage::Result<Batch> {
        let connection = driver.run.connection_id;
        let records: Vec<String> = incoming
            .iter()
            .map(|record| record.record_id.clone())
            .collect();
        let links = link::load_by_records(tx, connection, &mapping.object, &records).await?;
        let numbers: BTreeSet<String> = incoming
            .iter()
            .filter(|record| !record.deleted && !links.contains_key(&record.record_id))
            .flat_map(|record| rules::numbers(&record.fields, &driver.country))
            .map(|(_, number)| number)
            .collect();
        let numbers: Vec<String> = numbers.into_iter().collect();
        let holders = contact::load_holders(tx, "sms", &numbers).await?;
        let ids: BTreeSet<ContactId> = links
            .values()
            .map(|link| link.contact_id)
            .chain(holders.values().flatten().copied())
            .collect();
        let ids: Vec<ContactId> = ids.into_iter().collect();
        Ok(Batch {
            connection,
            object: mapping.object.clone(),
            country: driver.country.clone(),
            now: tx.now(),
            objects: Vec::new(),
            others: link::of_contacts(tx, &ids).await?,
            contacts: contact::load_by_ids(tx, &ids).await?,
            links,
            holders,
            changed_links: BTreeMap::new(),
            new_links: BTreeMap::new(),
            changed_contacts: BTreeSet::new(),
            changes: Vec::new(),
            counts: BothWays::default(),
        })
    }

    fn decide(&mut self, tx: &mut Tx, mapping: &ObjectMapping, record: &Incoming) {
        match self.links.get(&record.record_id).cloned() {
            None if record.deleted => {}
            None => self.meet(tx, mapping, record),
            Some(link) if record.deleted && link.state == LinkState::Gone => {}
            Some(link) if record.deleted => self.lose(mapping, record, link),
            Some(link) if is_known(&link, record) => {}
            Some(link) => self.follow(mapping, record, link),
        }
    }

    /// A record that is not linked yet.
    fn meet(&mut self, tx: &mut Tx, mapping: &ObjectMapping, record: &Incoming) {
        let numbers = rules::numbers(&record.fields, &self.country);
        let ids: BTreeSet<ContactId> = numbers
            .iter()
            .filter_map(|(_, number)| self.holders.get(number))
            .flatten()
            .copied()
            .collect();
        let candidates: Vec<Candidate<'_>> = ids
            .iter()
            .filter_map(|id| self.contacts.get(id))
            .filter(|contact| contact.deleted_at.is_none())
            .map(|contact| Candidate {
                id: contact.id,
                fields: &contact.fields,
                taken: self.is_taken(contact.id),
            })
            .collect();
        match identify(&record.fields, &candidates) {
            Identity::Known(id) => self.join(tx, mapping, record, id),
            Identity::New => self.welcome(tx, record, None),
            Identity::Several(ids) => self.welcome(tx, record, Some(ids.len())),
        }
        let id = self.links[&record.record_id].contact_id;
        for (_, number) in numbers {
            self.holders.entry(number).or_default().insert(id);
        }
    }

    /// A record that belongs to a contact the hub has.
    fn join(&mut self, tx: &mut Tx, mapping: &ObjectMapping, record: &Incoming, id: ContactId) {
        let mine = self.rank(&self.object);
        let primary = self
            .others
            .get(&id)
            .and_then(|links| links.iter().find(|link| link.is_primary))
            .cloned();
        let is_primary = primary
            .as_ref()
            .is_none_or(|other| self.rank(&other.object) > mine);
        if let Some(mut other) = primary.filter(|_| is_primary) {
            other.is_primary = false;
            self.keep_other(other);
        }
        let mut link = self.new_link(tx, record, id, is_primary);
        let mut change = self.change(record, Some(id), "link");
        if is_primary {
            let merged = self.merge(mapping, record, &link);
            self.apply(&mut link, &merged, id);
            change.before = Some(values(&merged, |change| &change.before));
            change.after = Some(values(&merged, |change| &change.after));
            self.counts.to_hub.updated += 1;
        } else {
            link.base = Some(record.fields.clone());
            self.counts.to_hub.unchanged += 1;
        }
        self.changes.push(change);
        self.keep_new(link);
    }

    /// A record of somebody the hub does not know, or cannot tell from others.
    fn welcome(&mut self, tx: &mut Tx, record: &Incoming, alike: Option<usize>) {
        let contact = contact::new(tx.new_id(), record.fields.clone(), self.now);
        let id = contact.id;
        self.contacts.insert(id, contact);
        self.changed_contacts.insert(id);
        let mut link = self.new_link(tx, record, id, true);
        link.base = Some(record.fields.clone());
        self.keep_new(link);
        let mut change = self.change(record, Some(id), "create");
        change.after = Some(record.fields.clone());
        change.error = alike.map(|count| {
            let words =
                format!("{count} contacts have this name and number; it got a contact of its own");
            ("several_matches".to_owned(), words)
        });
        self.changes.push(change);
        self.counts.to_hub.created += 1;
    }

    /// A linked record that changed.
    fn follow(&mut self, mapping: &ObjectMapping, record: &Incoming, mut link: Link) {
        let id = link.contact_id;
        if link.state == LinkState::Gone {
            self.take_back(&mut link);
        }
        let hidden = self
            .contacts
            .get(&id)
            .is_none_or(|contact| contact.deleted_at.is_some());
        let merged = if hidden || !link.is_primary {
            None
        } else {
            Some(self.merge(mapping, record, &link))
        };
        link.modified_at = record.stamp;
        match merged {
            None => {
                link.base = Some(record.fields.clone());
                self.counts.to_hub.unchanged += 1;
            }
            Some(merged) => {
                if merged.to_hub.is_empty() {
                    self.counts.to_hub.unchanged += 1;
                } else {
                    let mut change = self.change(record, Some(id), "update");
                    change.before = Some(values(&merged, |change| &change.before));
                    change.after = Some(values(&merged, |change| &change.after));
                    self.changes.push(change);
                    self.counts.to_hub.updated += 1;
                }
                self.apply(&mut link, &merged, id);
                self.ask(record, &merged, id);
            }
        }
        self.keep_changed(link);
    }

    /// A linked record that was deleted.
    fn lose(&mut self, mapping: &ObjectMapping, record: &Incoming, mut link: Link) {
        let id = link.contact_id;
        let was_primary = link.is_primary;
        link.state = LinkState::Gone;
        link.is_primary = false;
        link.waiting_to_org = false;
        link.modified_at = record.stamp;
        self.keep_changed(link);
        let next = self.others.get(&id).and_then(|links| {
            links
                .iter()
                .find(|other| other.record_id != record.record_id && other.state != LinkState::Gone)
        });
        let mut change = self.change(record, Some(id), "delete");
        match (next.cloned(), mapping.deletes) {
            // Another record stands for the same person: it takes over.
            (Some(mut next), _) => {
                next.is_primary |= was_primary;
                self.keep_other(next);
                change.act = "link";
                self.counts.to_hub.unchanged += 1;
            }
            (None, Deletes::Ignore) => {
                change.state = "skipped";
                self.counts.to_hub.unchanged += 1;
            }
            (None, Deletes::Honour) => {
                if let Some(contact) = self.contacts.get_mut(&id) {
                    contact.deleted_at = Some(self.now);
                    change.before = Some(contact.fields.clone());
                    self.changed_contacts.insert(id);
                }
                self.counts.to_hub.deleted += 1;
            }
        }
        self.changes.push(change);
    }

    /// A record that came back from the recycle bin.
    fn take_back(&mut self, link: &mut Link) {
        link.state = LinkState::Active;
        let others = self.others.get(&link.contact_id);
        link.is_primary = !others.is_some_and(|links| links.iter().any(|other| other.is_primary));
        if let Some(contact) = self.contacts.get_mut(&link.contact_id)
            && contact.deleted_at.take().is_some()
        {
            self.changed_contacts.insert(link.contact_id);
        }
    }

    fn merge(&self, mapping: &ObjectMapping, record: &Incoming, link: &Link) -> Merged {
        let contact = &self.contacts[&link.contact_id];
        let sides = Sides {
            base: link.base.as_ref(),
            org: &record.fields,
            hub: &contact.fields,
        };
        let hub_changed_at = |name: &str| contact.field_times.get(name).copied().unwrap_or(0);
        merge(
            &mapping.fields,
            sides,
            &Times {
                org_modified_at: record.modified_ms,
                hub_changed_at: &hub_changed_at,
            },
        )
    }

    fn apply(&mut self, link: &mut Link, merged: &Merged, id: ContactId) {
        link.base = Some(merged.base.clone());
        link.waiting_to_org = !merged.to_org.is_empty();
        link.state = if merged.conflicts.is_empty() {
            LinkState::Active
        } else {
            LinkState::Conflict
        };
        link.synced_at = self.now;
        if merged.to_hub.is_empty() {
            return;
        }
        let Some(contact) = self.contacts.get_mut(&id) else {
            return;
        };
        for change in &merged.to_hub {
            match &change.after {
                Some(value) => contact
                    .fields
                    .insert(change.attribute.clone(), value.clone()),
                None => contact.fields.remove(&change.attribute),
            };
        }
        self.changed_contacts.insert(id);
    }

    fn ask(&mut self, record: &Incoming, merged: &Merged, id: ContactId) {
        if merged.conflicts.is_empty() {
            return;
        }
        self.counts.conflicts += merged.conflicts.len() as i64;
        let of = |fields: &Fields| -> Fields {
            let named = |name: &String| fields.get(name).map(|value| (name.clone(), value.clone()));
            merged.conflicts.iter().filter_map(named).collect()
        };
        let mut change = self.change(record, Some(id), "conflict");
        change.state = "skipped";
        change.before = self.contacts.get(&id).map(|contact| of(&contact.fields));
        change.after = Some(of(&record.fields));
        self.changes.push(change);
    }

    fn change(
        &self,
        record: &Incoming,
        contact_id: Option<ContactId>,
        act: &'static str,
    ) -> Change {
        Change {
            seq: 0,
            object: self.object.clone(),
            record_id: Some(record.record_id.clone()),
            contact_id,
            direction: "to_hub",
            act,
            state: "applied",
            before: None,
            after: None,
            error: None,
            at: self.now,
        }
    }

    fn new_link(
        &self,
        tx: &mut Tx,
        record: &Incoming,
        contact_id: ContactId,
        is_primary: bool,
    ) -> Link {
        Link {
            id: tx.new_id(),
            connection_id: self.connection,
            object: self.object.clone(),
            record_id: record.record_id.clone(),
            contact_id,
            is_primary,
            state: LinkState::Active,
            base: None,
            modified_at: record.stamp,
            waiting_to_org: false,
            synced_at: self.now,
            version: 1,
        }
    }

    fn is_taken(&self, id: ContactId) -> bool {
        self.others.get(&id).is_some_and(|links| {
            links.iter().any(|link| {
                link.connection_id == self.connection
                    && link.object == self.object
                    && link.state != LinkState::Gone
            })
        })
    }

    /// The position of an object's mapping; smaller is primary.
    fn rank(&self, object: &str) -> usize {
        self.objects
            .iter()
            .position(|known| known == object)
            .unwrap_or(usize::MAX)
    }

    fn keep_new(&mut self, link: Link) {
        self.remember(&link);
        self.new_links.insert(link.record_id.clone(), link.clone());
        self.links.insert(link.record_id.clone(), link);
    }

    fn keep_changed(&mut self, link: Link) {
        self.keep_other(link.clone());
        self.links.insert(link.record_id.clone(), link);
    }

    /// A change of a link that may be of another object; one that is new in this page stays new.
    fn keep_other(&mut self, link: Link) {
        self.remember(&link);
        match self.new_links.get_mut(&link.record_id) {
            Some(new) => *new = link,
            None => {
                self.changed_links.insert(link.record_id.clone(), link);
            }
        }
    }

    fn remember(&mut self, link: &Link) {
        let links = self.others.entry(link.contact_id).or_default();
        links.retain(|known| known.id != link.id);
        links.push(link.clone());
    }

    async fn write(&mut self, tx: &mut Tx, country: &str) -> tieline_storage::Result<()> {
        let contacts: Vec<Contact> = self
            .changed_contacts
            .iter()
            .map(|id| self.contacts[id].clone())
            .collect();
        contact::save_many(tx, &contacts, country).await?;
        // At most one link of a contact is primary at any time, so those that give way go first.
        let (primary, giving_way): (Vec<Link>, Vec<Link>) = std::mem::take(&mut self.changed_links)
            .into_values()
            .partition(|link| link.is_primary);
        link::update_many(tx, &giving_way).await?;
        link::update_many(tx, &primary).await?;
        let new: Vec<Link> = std::mem::take(&mut self.new_links).into_values().collect();
        link::create_many(tx, &new).await?;
        let ids: Vec<ContactId> = self.changed_contacts.iter().copied().collect();
        for ids in ids.chunks(EVENT_CONTACTS) {
            tx.emit(Event::Contacts {
                contact_ids: ids.to_vec(),
            });
        }
        Ok(())
    }
}

/// Read before, as it still is. The stamp alone does not tell: it has whole seconds, and a record
/// may change twice within one.
fn is_known(link: &Link, record: &Incoming) -> bool {
    link.modified_at == record.stamp
        && link.state != LinkState::Gone
        && link.base.as_ref() == Some(&record.fields)
}

fn values(
    merged: &Merged,
    side: impl Fn(&tieline_domain::sync::merge::FieldChange) -> &Option<String>,
) -> Fields {
    merged
        .to_hub
        .iter()
        .filter_map(|change| Some((change.attribute.clone(), side(change).clone()?)))
        .collect()
}

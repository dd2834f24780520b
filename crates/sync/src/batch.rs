//! One page of records and all that it touches: loaded at once, changed in memory, written at once.

use crate::ask::ask_soon;
use crate::incoming::Incoming;
use crate::run::Driver;
use std::collections::{BTreeMap, BTreeSet};
use tieline_domain::catalogue::Catalogue;
use tieline_domain::event::Event;
use tieline_domain::id::ContactId;
use tieline_domain::sync::change::{ChangeAct, ChangeDirection, ChangeState};
use tieline_domain::sync::counts::BothWays;
use tieline_domain::sync::link::LinkState;
use tieline_domain::time::Timestamp;
use tieline_storage::Tx;
use tieline_storage::contact::{self, Contact};
use tieline_storage::contact_field;
use tieline_storage::link::{self, Link};
use tieline_storage::mapping::ObjectMapping;
use tieline_storage::sync_run::Change;

/// Contacts named in one live event.
const EVENT_CONTACTS: usize = 200;

/// The state that a page is decided on, and what comes of it.
pub(crate) struct Batch {
    pub(crate) connection: tieline_domain::id::ConnectionId,
    pub(crate) object: String,
    /// As it stands in this transaction.
    pub(crate) catalogue: Catalogue,
    pub(crate) now: Timestamp,
    /// All mappings, in the order in which their records are primary.
    pub(crate) mappings: Vec<ObjectMapping>,
    /// Links by record, of this object.
    pub(crate) links: BTreeMap<String, Link>,
    /// Other links of the contacts at hand, to records of this org.
    pub(crate) others: BTreeMap<ContactId, Vec<Link>>,
    /// Those of them who have a record in another org.
    pub(crate) elsewhere: BTreeSet<ContactId>,
    pub(crate) contacts: BTreeMap<ContactId, Contact>,
    /// By number, contacts that stand for no record of this object.
    pub(crate) holders: BTreeMap<String, BTreeSet<ContactId>>,
    pub(crate) changed_links: BTreeMap<String, Link>,
    pub(crate) new_links: BTreeMap<String, Link>,
    pub(crate) changed_contacts: BTreeSet<ContactId>,
    pub(crate) changes: Vec<Change>,
    pub(crate) counts: BothWays,
}

impl Batch {
    pub(crate) async fn load(
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
            .flat_map(|record| record.numbers.iter().cloned())
            .collect();
        let numbers: Vec<String> = numbers.into_iter().collect();
        let holders =
            contact::load_unlinked_holders(tx, &numbers, connection, &mapping.object).await?;
        let ids: BTreeSet<ContactId> = links
            .values()
            .map(|link| link.contact_id)
            .chain(holders.values().flatten().copied())
            .collect();
        let ids: Vec<ContactId> = ids.into_iter().collect();
        let (mut others, mut elsewhere) =
            (link::load_by_contacts(tx, &ids).await?, BTreeSet::new());
        for (id, links) in &mut others {
            let (here, there): (Vec<Link>, Vec<Link>) = std::mem::take(links)
                .into_iter()
                .partition(|link| link.connection_id == connection);
            *links = here;
            if there.iter().any(|link| link.state != LinkState::Gone) {
                elsewhere.insert(*id);
            }
        }
        Ok(Batch {
            connection,
            object: mapping.object.clone(),
            catalogue: contact_field::load(tx).await?,
            now: tx.now(),
            mappings: Vec::new(),
            others,
            elsewhere,
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

    pub(crate) fn change(
        &self,
        record: &Incoming,
        contact_id: Option<ContactId>,
        act: ChangeAct,
    ) -> Change {
        Change {
            seq: 0,
            object: self.object.clone(),
            record_id: Some(record.record_id.clone()),
            contact_id,
            direction: ChangeDirection::ToHub,
            act,
            state: ChangeState::Applied,
            before: None,
            after: None,
            error: None,
            at: self.now,
        }
    }

    pub(crate) fn new_link(
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

    pub(crate) fn is_taken(&self, id: ContactId) -> bool {
        self.others.get(&id).is_some_and(|links| {
            links
                .iter()
                .any(|link| link.object == self.object && link.state != LinkState::Gone)
        })
    }

    /// The position of an object's mapping; smaller is primary.
    pub(crate) fn rank(&self, object: &str) -> usize {
        self.mappings
            .iter()
            .position(|known| known.object == object)
            .unwrap_or(usize::MAX)
    }

    pub(crate) fn keep_new(&mut self, link: Link) {
        self.remember(&link);
        self.new_links.insert(link.record_id.clone(), link.clone());
        self.links.insert(link.record_id.clone(), link);
    }

    pub(crate) fn keep_changed(&mut self, link: Link) {
        self.keep_other(link.clone());
        self.links.insert(link.record_id.clone(), link);
    }

    /// A change of a link that may be of another object; one that is new in this page stays new.
    pub(crate) fn keep_other(&mut self, link: Link) {
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

    pub(crate) async fn write(&mut self, tx: &mut Tx) -> tieline_storage::Result<()> {
        let contacts: Vec<Contact> = self
            .changed_contacts
            .iter()
            .map(|id| self.contacts[id].clone())
            .collect();
        contact::save_many(tx, &contacts, &self.catalogue).await?;
        // At most one link of a contact is primary at any time, so those that give way go first.
        let (primary, giving_way): (Vec<Link>, Vec<Link>) = std::mem::take(&mut self.changed_links)
            .into_values()
            .partition(|link| link.is_primary);
        link::update_many(tx, &giving_way).await?;
        link::update_many(tx, &primary).await?;
        let new: Vec<Link> = std::mem::take(&mut self.new_links).into_values().collect();
        link::create_many(tx, &new).await?;
        let there = self.changed_contacts.intersection(&self.elsewhere);
        let there: Vec<ContactId> = there.copied().collect();
        for other in link::mark_waiting(tx, &there, Some(self.connection)).await? {
            ask_soon(tx, other).await?;
        }
        let ids: Vec<ContactId> = self.changed_contacts.iter().copied().collect();
        for ids in ids.chunks(EVENT_CONTACTS) {
            tx.emit(Event::Contacts {
                contact_ids: ids.to_vec(),
            });
        }
        Ok(())
    }
}

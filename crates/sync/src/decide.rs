//! What becomes of each record that came: who it is, what it changes, who takes over when it goes.

use crate::batch::Batch;
use crate::incoming::Incoming;
use std::collections::BTreeSet;
use tieline_domain::contact::Fields;
use tieline_domain::id::ContactId;
use tieline_domain::sync::change::{ChangeAct, ChangeState};
use tieline_domain::sync::identify::{Candidate, Identity, identify};
use tieline_domain::sync::link::LinkState;
use tieline_domain::sync::mapping::Deletes;
use tieline_domain::sync::merge::{Merged, Sides, Times, merge};
use tieline_storage::Tx;
use tieline_storage::contact::{self, Contact};
use tieline_storage::link::Link;
use tieline_storage::mapping::ObjectMapping;

impl Batch {
    /// Decides what `record` means; the state at hand is changed, nothing is written.
    pub(crate) fn decide(&mut self, tx: &mut Tx, mapping: &ObjectMapping, record: &Incoming) {
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
        let ids: BTreeSet<ContactId> = record
            .numbers
            .iter()
            .filter_map(|number| self.holders.get(number))
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
        for number in &record.numbers {
            self.holders.entry(number.clone()).or_default().insert(id);
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
        let mut change = self.change(record, Some(id), ChangeAct::Link);
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
        let contact = contact::new(
            &self.catalogue,
            tx.new_id(),
            record.fields.clone(),
            self.now,
        );
        let id = contact.id;
        self.contacts.insert(id, contact);
        self.changed_contacts.insert(id);
        let mut link = self.new_link(tx, record, id, true);
        link.base = Some(record.fields.clone());
        self.keep_new(link);
        let mut change = self.change(record, Some(id), ChangeAct::Create);
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
                    let mut change = self.change(record, Some(id), ChangeAct::Update);
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
        self.keep_changed(link.clone());
        // A new record of the same person may join what is left.
        let left = self.contacts.get(&id).map(|contact| &contact.fields);
        for number in left.map_or(Vec::new(), |it| self.catalogue.numbers(it)) {
            self.holders.entry(number).or_default().insert(id);
        }
        let next = self.others.get(&id).and_then(|links| {
            links
                .iter()
                .find(|other| other.record_id != record.record_id && other.state != LinkState::Gone)
        });
        let mut change = self.change(record, Some(id), ChangeAct::Delete);
        match (next.cloned(), mapping.deletes) {
            // Another record stands for the same person: it takes over.
            (Some(next), _) => {
                change.act = ChangeAct::Link;
                match was_primary.then(|| self.succeed(next, &link)).flatten() {
                    Some(merged) if !merged.to_hub.is_empty() => {
                        change.before = Some(values(&merged, |change| &change.before));
                        change.after = Some(values(&merged, |change| &change.after));
                        self.counts.to_hub.updated += 1;
                    }
                    _ => self.counts.to_hub.unchanged += 1,
                }
            }
            // Another org has them still.
            (None, _) if self.elsewhere.contains(&id) => {
                change.act = ChangeAct::Link;
                self.counts.to_hub.unchanged += 1;
            }
            (None, Deletes::Ignore) => {
                change.state = ChangeState::Skipped;
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

    /// Makes `next` primary in place of `lost`. What the lost record said goes with it, or it would
    /// be written over the other one; what was edited here since it was last agreed stays.
    fn succeed(&mut self, mut next: Link, lost: &Link) -> Option<Merged> {
        next.is_primary = true;
        let mapping = self
            .mappings
            .iter()
            .find(|mapping| mapping.object == next.object);
        let contact = self.contacts.get(&next.contact_id);
        let merged = match (mapping, contact, &next.base) {
            (Some(mapping), Some(contact), Some(theirs)) => {
                let sides = Sides {
                    base: lost.base.as_ref(),
                    org: theirs,
                    hub: &contact.fields,
                };
                Some(three_way(mapping, contact, sides, next.modified_at.0))
            }
            _ => None,
        };
        if let Some(merged) = &merged {
            let id = next.contact_id;
            self.apply(&mut next, merged, id);
        }
        self.keep_other(next);
        merged
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
        three_way(mapping, contact, sides, record.modified_ms)
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
        let mut change = self.change(record, Some(id), ChangeAct::Conflict);
        change.state = ChangeState::Skipped;
        change.before = self.contacts.get(&id).map(|contact| of(&contact.fields));
        change.after = Some(of(&record.fields));
        self.changes.push(change);
    }
}

fn three_way(
    mapping: &ObjectMapping,
    contact: &Contact,
    sides: Sides<'_>,
    org_modified_at: i64,
) -> Merged {
    let hub_changed_at = |name: &str| contact.field_times.get(name).copied().unwrap_or(0);
    let times = Times {
        org_modified_at,
        hub_changed_at: &hub_changed_at,
    };
    merge(&mapping.fields, sides, &times)
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

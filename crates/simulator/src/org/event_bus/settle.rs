//! Turns entries of the log into change events: equal changes of several records in one
//! transaction become one event, what is too much becomes a gap or an overflow.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::mishap::Mishaps;
use super::shape::{Shape, carried, signature, supports_events};
use super::{Change, EventBus, Stored, What};
use crate::org::change::{Act, FieldChange, RecordedChange};
use crate::org::schema::{ObjectDef, Schema};

impl EventBus {
    /// Makes the events of everything that was logged since the last time, and forgets old ones.
    pub(crate) fn settle(&mut self, schema: &Schema, changes: &[RecordedChange], now_ms: i64) {
        let horizon_ms = now_ms - self.settings.retention_ms;
        self.forget_before(horizon_ms);
        let mut from = self.settled.min(changes.len());
        while let Some(first) = changes.get(from) {
            let same = |change: &&RecordedChange| change.transaction == first.transaction;
            let until = from + changes[from..].iter().take_while(same).count();
            if first.at_ms >= horizon_ms {
                self.settle_transaction(schema, changes, from..until);
            }
            from = until;
        }
        self.settled = changes.len();
    }

    /// The current shape of an object's change event.
    pub(crate) fn shape_of(&mut self, def: &ObjectDef) -> Arc<Shape> {
        let now = signature(def);
        if let Some(known) = self.shapes.get(&def.name)
            && known.signature == now
        {
            return Arc::clone(known);
        }
        let shape = self.register(Shape::of_object(def));
        self.shapes.insert(def.name.clone(), Arc::clone(&shape));
        shape
    }

    /// Puts something at the end of the order; its replay id.
    pub(crate) fn store(&mut self, at_ms: i64, due_ms: i64, what: What) -> u64 {
        let replay = self.ids.next();
        self.events.push_back(Stored {
            replay,
            at_ms,
            due_ms,
            what,
        });
        replay
    }

    fn forget_before(&mut self, horizon_ms: i64) {
        while self.events.front().is_some_and(|e| e.at_ms < horizon_ms) {
            self.events.pop_front();
        }
    }

    fn settle_transaction(
        &mut self,
        schema: &Schema,
        changes: &[RecordedChange],
        range: Range<usize>,
    ) {
        let entries = range
            .map(|entry| (entry, &changes[entry]))
            // Of what leaves the recycle bin nobody hears: its deletion was told.
            .filter(|(_, change)| change.act != Act::Purge && self.selected(&change.object));
        let entries: Vec<(usize, &RecordedChange)> = entries.collect();
        let Some(at_ms) = entries.first().map(|(_, change)| change.at_ms) else {
            return;
        };
        let counted: usize = entries.iter().map(|(_, change)| weight(change)).sum();
        let planned = self.mishaps.overflows > 0;
        let events = match planned || counted > self.settings.overflow_changes {
            true => {
                self.mishaps.overflows = self.mishaps.overflows.saturating_sub(1);
                self.overflow(schema, &entries)
            }
            false => self.merge(schema, &entries),
        };
        let due_ms = at_ms + self.mishaps.late_ms;
        for event in events {
            self.store(at_ms, due_ms, What::Change(Box::new(event)));
        }
    }

    fn selected(&self, object: &str) -> bool {
        supports_events(object) && !self.deselected.contains(object)
    }

    /// One event per kind of change; `sequenceNumber` counts them.
    fn merge(&mut self, schema: &Schema, entries: &[(usize, &RecordedChange)]) -> Vec<Change> {
        let mut events: Vec<Change> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (entry, change) in entries {
            let Some(def) = schema.object(&change.object) else {
                continue;
            };
            let shown = shown_fields(def, change);
            if shown.is_empty() && change.by_system && change.act == Act::Update {
                continue;
            }
            if Mishaps::fires(&mut self.mishaps.drops, &change.object) {
                self.ids.next();
                continue;
            }
            let key = sameness(change, &shown);
            let gap = key.len() > self.settings.event_bytes_max
                || Mishaps::fires(&mut self.mishaps.gaps, &change.object);
            if !gap && let Some(place) = places.get(&key) {
                events[*place].record_ids.push(change.id.clone());
                continue;
            }
            let mut event = Change {
                shape: self.shape_of(def),
                object: def.name.clone(),
                change_type: change_type(change),
                sequence: events.len() as u32 + 1,
                entry: *entry,
                record_ids: vec![change.id.clone()],
                header_only: false,
            };
            match gap {
                true => mark_gap(&mut event),
                false => drop(places.insert(key, events.len())),
            }
            events.push(event);
        }
        events
    }

    /// One event per object, without any record.
    fn overflow(&mut self, schema: &Schema, entries: &[(usize, &RecordedChange)]) -> Vec<Change> {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (entry, change) in entries {
            first.entry(&change.object).or_insert(*entry);
        }
        let objects = first.into_iter().enumerate();
        objects
            .filter_map(|(order, (object, entry))| {
                let def = schema.object(object)?;
                Some(Change {
                    shape: self.shape_of(def),
                    object: def.name.clone(),
                    change_type: "GAP_OVERFLOW".to_owned(),
                    sequence: order as u32 + 1,
                    entry,
                    record_ids: vec!["000000000000000AAA".to_owned()],
                    header_only: true,
                })
            })
            .collect()
    }
}

fn mark_gap(event: &mut Change) {
    event.change_type = format!("GAP_{}", event.change_type);
    event.sequence = 1;
    event.header_only = true;
}

/// The act's name in capitals is the name of the change type.
fn change_type(change: &RecordedChange) -> String {
    format!("{:?}", change.act).to_uppercase()
}

/// Each changed field of an update counts.
fn weight(change: &RecordedChange) -> usize {
    match change.act {
        Act::Update => change.fields.len().max(1),
        _ => 1,
    }
}

fn shown_fields<'c>(def: &ObjectDef, change: &'c RecordedChange) -> Vec<&'c FieldChange> {
    let shown = |field: &&FieldChange| def.field(&field.field).is_some_and(carried);
    change.fields.iter().filter(shown).collect()
}

/// Equal for changes that may share an event. Two people may be one only by what they are after
/// the change; what they were before stands in no event.
fn sameness(change: &RecordedChange, shown: &[&FieldChange]) -> String {
    use std::fmt::Write as _;
    let mut key = format!(
        "{:?} {} {} {} {}",
        change.act,
        change.object,
        change.by_system,
        change.user,
        change.at_ms / 1_000
    );
    for field in shown {
        // Writing to a string cannot fail.
        let _ = write!(key, "\n{}={}", field.field, field.new);
    }
    if change.act == Act::Delete {
        key.truncate(key.find('\n').unwrap_or(key.len()));
    }
    key
}

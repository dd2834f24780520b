//! Owners: queues beside users, what follows an account to its new owner, and the assignment of
//! new leads.

use super::{Pending, Writer};
use crate::org::Org;
use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::schema::ObjectDef;
use crate::org::store::Slot;
use crate::org::value::Value;

impl Org {
    /// Switches the assignment rule for new leads on, with the queue that gets them, or off.
    pub fn assign_new_leads_to(&self, queue: Option<RecordId>) -> Result<(), ApiError> {
        let mut state = self.lock();
        let known = |id: &RecordId| state.store.live(id).is_some() && id.prefix() == *b"00G";
        if queue.as_ref().is_some_and(|id| !known(id)) {
            return Err(ApiError::not_found());
        }
        state.lead_queue = queue;
        Ok(())
    }
}

impl Writer<'_> {
    /// A queue owns only records of the objects that it was set up for.
    pub(super) fn check_queue(&self, def: &ObjectDef, pending: &Pending) -> Result<(), ApiError> {
        let Some(owner) = def.field_index("OwnerId") else {
            return Ok(());
        };
        let queue = pending.record.cell(owner).as_id();
        let Some(queue) = queue.filter(|id| id.prefix() == *b"00G") else {
            return Ok(());
        };
        let store = &self.state.store;
        let kinds = store.schema.index("QueueSobject");
        let of_queue = store.children(kinds, store.def(kinds).at("QueueId"), &queue);
        let takes = |slot: Slot| store.read_named(kinds, slot, "SobjectType");
        match of_queue
            .into_iter()
            .any(|slot| takes(slot).as_str() == Some(&def.name))
        {
            true => Ok(()),
            false => {
                let text = "Queue not associated with this SObject type";
                Err(ApiError::record("INVALID_OPERATION", text, &[]))
            }
        }
    }

    /// The assignment rule decides over the owner of a new lead, unless the caller said not to.
    pub(super) fn assign_lead(&self, def: &ObjectDef, pending: &mut Pending) {
        let queue = self.state.lead_queue.filter(|_| self.call.auto_assign);
        if let (Some(queue), "Lead") = (queue, def.name.as_str()) {
            pending.record.set(def.at("OwnerId"), Value::Id(queue));
        }
    }

    /// Contacts and open activities that the old owner of an account had go along to the new one.
    pub(super) fn hand_over_account(&mut self, object: usize, slot: Slot, old: &Value) {
        let store = &self.state.store;
        let new = store.read_named(object, slot, "OwnerId");
        if store.def(object).name != "Account" || new == *old {
            return;
        }
        let account = store.id_at(object, slot);
        for (child, lookup) in [
            ("Contact", "AccountId"),
            ("Task", "WhatId"),
            ("Event", "WhatId"),
        ] {
            let child = self.state.store.schema.index(child);
            let lookup = self.state.store.def(child).at(lookup);
            let owner = self.state.store.def(child).at("OwnerId");
            for at in self.state.store.children(child, lookup, &account) {
                let mut record = self.state.store.record((child, at)).clone();
                if record.cell(owner) == old && self.is_open((child, at)) {
                    record.set(owner, new.clone());
                    record.touch(self.call.user, self.now());
                    self.commit_change(child, at, record, true);
                }
            }
        }
    }

    /// False for a task that is done and an event that is over.
    pub(super) fn is_open(&self, (object, slot): (usize, Slot)) -> bool {
        let read = |field: &str| self.state.store.read_named(object, slot, field);
        match self.state.store.def(object).name.as_str() {
            "Task" => !read("IsClosed").is_true(),
            "Event" => !matches!(read("EndDateTime"), Value::Time(end) if end < self.now()),
            _ => true,
        }
    }
}

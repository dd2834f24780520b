//! What goes along with a converted lead: open activities and memberships of campaigns.

use super::Writer;
use crate::org::id::RecordId;
use crate::org::record::Record;
use crate::org::store::Place;
use crate::org::value::Value;

impl Writer<'_> {
    /// Open tasks and events: the person becomes the contact, the subject the deal or the account.
    pub(super) fn move_activities(&mut self, lead: Place, contact: RecordId, what: RecordId) {
        let account = self.state.store.locate(&contact);
        let account = account.map(|(o, s)| self.state.store.read_named(o, s, "AccountId"));
        for object in ["Task", "Event"] {
            let object = self.state.store.schema.index(object);
            let def = self.state.store.def(object);
            let (who_at, what_at) = (def.at("WhoId"), def.at("WhatId"));
            let account_at = def.at("AccountId");
            for slot in self.of_lead(lead, object, who_at) {
                if self.is_open((object, slot)) {
                    let mut record = self.state.store.record((object, slot)).clone();
                    record.set(who_at, Value::Id(contact));
                    record.set(what_at, Value::Id(what));
                    record.set(account_at, account.clone().unwrap_or(Value::Null));
                    self.commit_followed((object, slot), record);
                }
            }
        }
    }

    /// Members keep the lead and gain the contact, unless the contact is in the campaign already.
    pub(super) fn move_memberships(&mut self, lead: Place, contact: RecordId) {
        let store = &self.state.store;
        let members = store.schema.index("CampaignMember");
        let def = store.def(members);
        let (lead_at, contact_at, campaign_at) =
            (def.at("LeadId"), def.at("ContactId"), def.at("CampaignId"));
        for slot in self.of_lead(lead, members, lead_at) {
            let store = &self.state.store;
            let mut record = store.record((members, slot)).clone();
            let campaign = record.cell(campaign_at);
            let own = store.children(members, contact_at, &contact);
            let campaign_of = |at: u32| store.record((members, at)).cell(campaign_at);
            if !own.into_iter().any(|at| campaign_of(at) == campaign) {
                record.set(contact_at, Value::Id(contact));
                self.commit_followed((members, slot), record);
            }
        }
    }

    /// The campaign that the lead came into last.
    pub(super) fn latest_campaign(&self, lead: Place) -> Value {
        let store = &self.state.store;
        let members = store.schema.index("CampaignMember");
        let of_lead = self.of_lead(lead, members, store.def(members).at("LeadId"));
        let latest = of_lead.last();
        latest.map_or(Value::Null, |slot| {
            store.read_named(members, *slot, "CampaignId")
        })
    }

    fn of_lead(&self, lead: Place, object: usize, field: u16) -> Vec<u32> {
        let id = self.state.store.id_at(lead.0, lead.1);
        self.state.store.children(object, field, &id)
    }

    /// The org's own change: SystemModstamp moves and nothing else.
    fn commit_followed(&mut self, (object, slot): Place, mut record: Record) {
        record.stamp = record.stamp.max(self.now());
        self.commit_change(object, slot, record, true);
    }
}
